"""``safescale compare``: two runs that exist, compared as a run is with its baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.cli.out_file import writing
from pytest_safescale.cli.output import Output

if TYPE_CHECKING:
    import argparse

    from pytest_safescale.results.baseline import Baseline

__all__ = ["HELP", "add_options", "run"]

HELP = "a run against an earlier one, item by item"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the two runs, and where the text goes as a file."""
    command.add_argument("before", type=Path, metavar="A", help="run.json of the earlier run")
    command.add_argument("now", type=Path, metavar="B", help="run.json of the run held against it")
    command.add_argument("--out", type=Path, metavar="FILE.md", help="write it as Markdown too")


def run(given: argparse.Namespace) -> Output:
    """Return what the run B is against the run A, line by line.

    Raises UsageError where a file cannot be read or the runs have nothing in common.
    """
    from pytest_safescale.report.baseline_lines import change_summary, full_lines
    from pytest_safescale.report.wording import in_columns
    from pytest_safescale.results.baseline import read_baseline
    from pytest_safescale.runs.compare import compare_runs_of

    before = read_baseline(given.before, option="safescale compare")
    now = read_baseline(given.now, option="safescale compare")
    against = compare_runs_of(now, before)
    heads = [*_heading_lines("A", before), *_heading_lines("B", now)]
    notices = list(against.manifest["notices"])
    lines = [*change_summary(against)[:1], *full_lines(against)]
    if given.out is not None:
        _write(given.out, heads, notices, lines)
    told = in_columns([*heads, *(f"! {notice}" for notice in notices)])
    return Output([*told, "", *lines])


def _heading_lines(letter: str, run: Baseline) -> list[str]:
    manifest = run.manifest
    models = ", ".join(model["name"] for model in manifest.get("models") or ())
    dataset = manifest.get("dataset") or {}
    return [
        f"{letter}: {run.path}: {models}; {dataset.get('name')}, {dataset.get('items')} items; "
        f"ended {manifest.get('end')}"
    ]


def _write(path: Path, heads: list[str], notices: list[str], lines: list[str]) -> None:
    from pytest_safescale.text.escaping import markdown, markdown_block

    head = [f"- {markdown(line)}" for line in heads]
    said = [f"> **{markdown(notice)}**\n" for notice in notices]
    text = "\n".join(
        ["## Run B against run A", "", *head, "", *said, "", *markdown_block(lines), ""]
    )
    with writing(path):
        path.write_text(text, encoding="utf-8", newline="\n")
