"""``safescale lock``: what a test is, fixed before the first call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.out_file import check_place, writing
from pytest_safescale.cli.output import Output
from pytest_safescale.cli.prepared_run import prepared_run, settings_given
from pytest_safescale.cli.run_options import add_run_options
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.results.lock import LockFile

__all__ = ["HELP", "add_options", "run"]

HELP = "fix gates, data, prompts and decoding before the first call"
_OUT = Path("safescale.lock.json")
_NOT_FIXED = (
    *("model", "base-url", "concurrency", "store", "replay", "max-age", "fresh"),
    *("lock", "ledger", "sealed", "report", "figures", "stop-when-decided", "self-check"),
    *("max-calls", "max-cost"),
)
"""Options of a run that no lock depends on; taken, so that a command can be pasted."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of a run, and where the lock goes."""
    add_run_options(command, hidden=_NOT_FIXED)
    command.add_argument(
        "--out", type=Path, default=_OUT, metavar="FILE", help=f"the lock; default {_OUT}"
    )


def run(given: argparse.Namespace) -> Output:
    """Write the lock of the run that is meant; returns its hash and what it fixes.

    Raises UsageError for a run that cannot be, and writes nothing then. No model is needed: a lock
    is what models are put to.
    """
    from dataclasses import replace
    from datetime import datetime, timezone

    from pytest_safescale.analysis.custom_metrics import PresumedSpecs
    from pytest_safescale.gates.gate_fields import EARLIER_RUNS
    from pytest_safescale.gates.requirements import require_earlier_runs, require_of_items
    from pytest_safescale.gates.written_gates import load_gates, robustness_gates
    from pytest_safescale.packaged import data_folder
    from pytest_safescale.results.certificate_file import GateCertificates
    from pytest_safescale.results.lock import KIND, lock_of
    from pytest_safescale.runs.lock import fixed_facts

    settings, configuration = settings_given(given)
    if settings.shard is not None:
        raise SettingsError("--shard: a lock is of the whole run; leave it out")
    check_place(given.out, option="--out", kind=KIND, word="lock")
    suites = data_folder("suites")
    gates = load_gates(
        settings.gates,
        suites / "gates.toml",
        PresumedSpecs(),
        GateCertificates().read,
        and_of_searches=robustness_gates(suites, searches=settings.wants_robustness),
    )
    given_runs = [called for called in EARLIER_RUNS if getattr(settings, called)]
    require_earlier_runs(gates, given=given_runs)
    # Nobody is asked, so no model is built: neither those under test nor who reads their replies.
    modelless = settings.model_copy(update={"model": (), "ensembles": (), "reader": None})
    planned = replace(prepared_run(modelless, configuration.folder), settings=settings)
    require_of_items(gates, planned.dataset.items)
    made = datetime.now(timezone.utc).isoformat(timespec="seconds")
    lock = lock_of(fixed_facts(planned, gates), made)
    with writing(given.out):
        given.out.write_text(f"{json.dumps(lock, indent=1)}\n", encoding="utf-8", newline="\n")
    return Output([*_lines(lock), f"Written: {given.out}"])


def _lines(lock: LockFile) -> list[str]:
    fixed = lock["fixed"]
    data = f"{fixed['items']['count']} items, data set sha256 {fixed['data set'][:12]}"
    return [
        f"Lock {lock['sha256']}",
        f"fixes {len(fixed['gates'])} gates, {data}, and",
        *(
            f"  {name}"
            for name in fixed
            if name not in ("gates", "items", "data set") and fixed[name]
        ),
    ]
