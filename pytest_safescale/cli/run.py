"""``safescale run``: the shards of a run on a cluster or in processes here, joined and judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.cli.progress import tell
from pytest_safescale.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.cli.pytest_options import PytestCall

__all__ = ["HELP", "add_options", "run"]

HELP = "ask a run in shards, on a cluster or in processes here, and join and judge them"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add where the shards run, how many there are, and what pytest is given."""
    command.add_argument(
        "--on",
        required=True,
        metavar="WHERE",
        help="ray, ray://HOST:PORT for a cluster's address, or local for processes of this machine",
    )
    command.add_argument("--shards", required=True, metavar="N", help="parts of the run")
    command.add_argument(
        "--at-once",
        metavar="K",
        help="shards that run at once; default: all with local, what the cluster has room for",
    )
    command.add_argument(
        "--resources",
        default="{}",
        metavar="JSON",
        help='what each shard takes of a node, such as \'{"num_cpus": 1, "num_gpus": 0}\'',
    )
    command.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME",
        help="hand this environment variable on to the shards too (repeatable); keys are already",
    )
    command.add_argument(
        "pytest", nargs="*", metavar="-- PYTEST OPTIONS", help="what pytest is called with"
    )


def run(given: argparse.Namespace) -> Output:
    """Run the shards and join them; returns the whole run's table, and 1 where a gate fails.

    Raises UsageError for what cannot be used, and where a shard has not come back.
    """
    from pytest_safescale.cli.pytest_options import read_pytest_options
    from pytest_safescale.report.folder import ReportFolder
    from pytest_safescale.runs.cluster.asking import Wanted, ask_in_shards

    call = read_pytest_options(given.pytest)
    shards = _number("--shards", given.shards)
    at_once = None if given.at_once is None else _number("--at-once", given.at_once)
    wanted = Wanted(
        on=given.on,
        shards=shards,
        at_once=at_once,
        resources=_resources(given.resources),
        words=call.words,
        variables=tuple(given.env),
        junit=call.junit is not None,
        project=call.project,
    )
    try:
        folders = ask_in_shards(wanted, call.settings, tell)
    except BaseException as error:
        reason = str(error) or "it was interrupted"
        ReportFolder(call.settings.report, run_id="").refuse(f"safescale run: {reason}")
        raise
    return _judge(call, folders)


def _number(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
        raise SettingsError(f"{option}: found {text!r}; allowed: a whole number from 1 to 100000")
    return int(text)


def _resources(text: str) -> dict[str, float]:
    allowed = 'a JSON object of numbers from 0 on, such as {"num_cpus": 1, "num_gpus": 0}'
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(_is_amount(value) for value in found.values()):
        raise SettingsError(f"--resources: found {text[:80]!r}; allowed: {allowed}")
    return {str(name): float(value) for name, value in found.items()}


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _judge(call: PytestCall, folders: list[Path]) -> Output:
    from pytest_safescale.cli.merge import merged_lines
    from pytest_safescale.runs.cluster.shard_process import JUNIT
    from pytest_safescale.runs.merge import merge_shards

    settings = call.settings
    found = merge_shards(
        folders,
        settings.report,
        baseline=Path(settings.baseline) if settings.baseline else None,
        anchor=Path(settings.anchor) if settings.anchor else None,
    )
    if call.junit is not None:
        from pytest_safescale.report.junit import write_junit

        files = [folder.with_name(JUNIT) for folder in folders]
        try:
            write_junit(call.junit, found.conclusion, found.unanswered, shards=files)
        except OSError as error:
            raise DatasetError(f"--junitxml: {call.junit} cannot be written: {error}") from error
    return Output(merged_lines(found, settings.report), int(found.blocked()))
