"""Lines put into a ledger: one process at a time, each line as a whole."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.database import alone
from pytest_safescale.dataset.item import SEALED
from pytest_safescale.errors import ReportError, SettingsError, StoreError
from pytest_safescale.results.certificate_file import model_identity
from pytest_safescale.results.ledger import BEGUN, FINISHED, Ledger, packed_line, read_ledger
from pytest_safescale.runs.manifest import described_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.ledger import LedgerLine
    from pytest_safescale.runs.run import Run

__all__ = ["OPTION", "begin_attempt", "begun_line", "finish_attempt"]

OPTION = "--safescale-ledger"
_LOCK = ".lock"
"""Ends the name of the file beside a ledger that is locked while a line is put in."""


def begun_line(run: Run, *, run_id: str, lock: str, items_sha256: str) -> LedgerLine:
    """Return the line with which an attempt begins."""
    return {
        "event": BEGUN,
        "run_id": run_id,
        "time": _now(),
        "lock": lock,
        "items_sha256": items_sha256,
        "models": _fingerprints(run),
        "cases": len(run.cases),
        "sealed": sum(item.pool == SEALED for item in run.dataset.items),
    }


def begin_attempt(
    path: Path, line: LedgerLine, *, check: Callable[[Ledger], None] = lambda _: None
) -> Ledger:
    """Put in the line of an attempt that begins; returns the ledger as it was before.

    ``check`` raises UsageError where there must be no such attempt; nobody puts a line in between.
    Raises SettingsError for a file that cannot be written, DatasetError for one that cannot be
    read.
    """
    try:
        with _writing(path):
            before = read_ledger(path, option=OPTION)
            check(before)
            _append(path, line)
    except (OSError, StoreError) as error:
        raise SettingsError(f"{OPTION}: {path} cannot be written: {error}") from error
    return before


def finish_attempt(path: Path, begun: LedgerLine, conclusion: Conclusion, verdict: str) -> None:
    """Put in the line of an attempt that came to its end; raises ReportError."""
    line: LedgerLine = {
        **begun,
        "event": FINISHED,
        "time": _now(),
        "asked": conclusion.manifest["cases"]["recorded"],
        "gates": [{"gate": one.id, "outcome": one.decision.value} for one in conclusion.gates],
        "verdict": verdict,
    }
    try:
        with _writing(path):
            _append(path, line)
    except (OSError, StoreError) as error:
        raise ReportError(f"{OPTION}: {path} cannot be written: {error}") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_name(f"{path.name}{_LOCK}")):
        yield


def _append(path: Path, line: LedgerLine) -> None:
    with path.open("ab+") as file:
        packed = packed_line(line)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # whoever wrote last was ended within a line
                packed = b"\n" + packed
        file.write(packed)
        file.flush()
        os.fsync(file.fileno())


def _fingerprints(run: Run) -> dict[str, str]:
    """Return a hash over what tells each model from others, by name."""
    rows = {model.info.name: model_identity(described_model(model)) for model in run.models}
    return {name: _hash(row) for name, row in rows.items()}


def _hash(row: Any) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
