"""``safescale compare``: two runs that exist, compared as a run is with its baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from pytest_safescale.gates.baseline import Baseline
    from pytest_safescale.report.changes import Against

__all__ = ["add_compare_options", "compare_runs_of", "compared"]


def add_compare_options(compare: argparse.ArgumentParser) -> None:
    """Add the two runs, and where the text goes as a file."""
    compare.add_argument("before", type=Path, metavar="A", help="run.json of the earlier run")
    compare.add_argument("now", type=Path, metavar="B", help="run.json of the run held against it")
    compare.add_argument("--out", type=Path, metavar="FILE.md", help="write it as Markdown too")


def compared(given: argparse.Namespace) -> list[str]:
    """Return what the run B is against the run A, line by line.

    Raises UsageError where a file cannot be read or the runs have nothing in common.
    """
    from pytest_safescale.gates.baseline import read_baseline
    from pytest_safescale.report.changes import change_summary, full_lines

    before = read_baseline(given.before, option="safescale compare")
    now = read_baseline(given.now, option="safescale compare")
    against = compare_runs_of(now, before)
    told = [*_told("A", before), *_told("B", now)]
    notices = list(against.manifest["notices"])
    lines = [*change_summary(against)[:1], *full_lines(against)]
    if given.out is not None:
        _write(given.out, told, notices, lines)
    return [*told, *(f"! {notice}" for notice in notices), "", *lines]


def compare_runs_of(now: Baseline, before: Baseline) -> Against:
    """Compare a run with an earlier one; its manifest holds what differs between them.

    Raises SettingsError where they have no item, condition or model in common.
    """
    from dataclasses import asdict

    from pytest_safescale.conclude import against, earlier_run
    from pytest_safescale.gates.baseline import check_comparable, item_marks
    from pytest_safescale.report.changes import Against
    from pytest_safescale.scoring.panel import panel_from_records

    panel = panel_from_records(now.records)
    check_comparable(
        before,
        items=item_marks(now.records),
        conditions=panel.conditions,
        models=panel.models,
        option="safescale compare",
    )
    manifest: dict[str, Any] = {**now.manifest, "notices": []}
    rows, changed = against(before, earlier_run(before, panel), panel, manifest)
    return Against.of(manifest, map(asdict, rows), {"changes": [asdict(row) for row in changed]})


def _told(letter: str, run: Baseline) -> list[str]:
    manifest: Mapping[str, Any] = run.manifest
    models = ", ".join(model["name"] for model in manifest.get("models") or ())
    dataset = manifest.get("dataset") or {}
    return [
        f"{letter}: {run.path}: {models}; {dataset.get('name')}, {dataset.get('items')} items; "
        f"ended {manifest.get('end')}"
    ]


def _write(path: Path, told: list[str], notices: list[str], lines: list[str]) -> None:
    from pytest_safescale.report.markdown import escape

    head = [f"- {escape(line)}" for line in told]
    said = [f"> **{escape(notice)}**\n" for notice in notices]
    # A code block keeps the columns, and nothing in it is read as markup.
    text = "\n".join(
        ["## Run B against run A", "", *head, "", *said, "", "```text", *lines, "```", ""]
    )
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DatasetError(f"--out: {path} cannot be written: {error.strerror}") from error
