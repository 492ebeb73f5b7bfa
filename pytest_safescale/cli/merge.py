"""``safescale merge``: shards become one report, and the gates are judged."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.output import Output
from pytest_safescale.errors import DatasetError, UsageError

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.runs.merge import Merged

__all__ = ["HELP", "add_options", "merged_lines", "run"]

HELP = "join the shards of a run, and judge its gates"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the shards' folders, where the report goes, and what the whole is held against."""
    command.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="the report folder of each shard"
    )
    command.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where the report goes"
    )
    command.add_argument(
        "--gates", metavar="FILE", help="TOML file of gates, or 'default'; without it the shards'"
    )
    command.add_argument(
        "--baseline", type=Path, metavar="FILE", help="run.json of an earlier run; or the shards'"
    )
    command.add_argument(
        "--anchor", type=Path, metavar="FILE", help="run.json of a run that stays; or the shards'"
    )
    command.add_argument("--junit", type=Path, metavar="FILE", help="write the gates as JUnit XML")


def run(given: argparse.Namespace) -> Output:
    """Join the shards; returns the whole run's table, and 1 where a gate does not hold.

    Raises UsageError for shards that are not one run.
    """
    from pytest_safescale.runs.merge import merge_shards

    try:
        found = merge_shards(
            given.folders,
            given.out,
            gates=given.gates,
            baseline=given.baseline,
            anchor=given.anchor,
        )
    except UsageError:
        _remove(given.junit)
        raise
    if given.junit is not None:
        from pytest_safescale.report.junit import write_junit

        try:
            write_junit(given.junit, found.conclusion, found.unanswered)
        except OSError as error:
            raise DatasetError(f"--junit: {given.junit} cannot be written: {error}") from error
    return Output(merged_lines(found, given.out), int(found.blocked()))


def _remove(junit: Path | None) -> None:
    """Leave no gates of an earlier merge that passed where this one was refused."""
    if junit is not None:
        with suppress(OSError):
            junit.unlink()


def merged_lines(found: Merged, out: Path) -> list[str]:
    """Return what is said of a run whose shards were joined; its report is in ``out``."""
    from pytest_safescale.gates.result import Decision
    from pytest_safescale.report.markdown import run_verdict_line
    from pytest_safescale.report.terminal import render_terminal
    from pytest_safescale.report.verdict_notes import verdict_notes
    from pytest_safescale.report.wording import in_columns

    conclusion = found.conclusion
    open_gates = [gate for gate in conclusion.gates if gate.decision is not Decision.PASSED]
    shards, cases = len(conclusion.manifest["merged"]), conclusion.manifest["cases"]["recorded"]
    return [
        f"{shards} shards, {cases} cases",
        *render_terminal(conclusion),
        "",
        *(f"{gate.decision.value}: {gate.sentence}" for gate in open_gates),
        *in_columns(verdict_notes(conclusion.manifest)),
        run_verdict_line(conclusion),
        *([f"failed: {found.unanswered}"] if found.unanswered else []),
        f"Report: {out}",
    ]
