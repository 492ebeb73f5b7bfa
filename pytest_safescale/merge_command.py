"""The command ``safescale merge``: shards become one report, and the gates are judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.merge import Merged

__all__ = ["add_merge_options", "merged"]


def add_merge_options(merge: argparse.ArgumentParser) -> None:
    """Add the shards' folders, where the report goes, and what the whole is held against."""
    merge.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="the report folder of each shard"
    )
    merge.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where the report goes"
    )
    merge.add_argument(
        "--gates", metavar="FILE", help="TOML file of gates, or 'default'; without it the shards'"
    )
    merge.add_argument(
        "--baseline", type=Path, metavar="FILE", help="run.json of an earlier run; or the shards'"
    )
    merge.add_argument("--junit", type=Path, metavar="FILE", help="write the gates as JUnit XML")


def merged(given: argparse.Namespace) -> tuple[list[str], int]:
    """Join the shards; returns the whole run's table, and 1 where a gate does not hold.

    Raises UsageError for shards that are not one run.
    """
    from pytest_safescale.merge import merge_shards

    found = merge_shards(given.folders, given.out, gates=given.gates, baseline=given.baseline)
    if given.junit is not None:
        from pytest_safescale.report.junit import write_junit

        try:
            write_junit(given.junit, found.conclusion, found.unanswered)
        except OSError as error:
            raise DatasetError(f"--junit: {given.junit} cannot be written: {error}") from error
    return _lines(found, given.out), int(found.blocked())


def _lines(found: Merged, out: Path) -> list[str]:
    from pytest_safescale.gates.result import GateOutcome
    from pytest_safescale.report.markdown import verdict_line
    from pytest_safescale.report.terminal import render_terminal

    conclusion = found.conclusion
    open_gates = [gate for gate in conclusion.gates if gate.outcome is not GateOutcome.PASSED]
    shards, cases = len(conclusion.manifest["merged"]), conclusion.manifest["cases"]["recorded"]
    return [
        f"{shards} shards, {cases} cases",
        *render_terminal(conclusion),
        "",
        *(f"{gate.outcome.value}: {gate.sentence}" for gate in open_gates),
        verdict_line(conclusion),
        *([f"failed: {found.unanswered}"] if found.unanswered else []),
        f"Report: {out}",
    ]
