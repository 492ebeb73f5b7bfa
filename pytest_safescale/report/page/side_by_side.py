"""Several runs beside each other: what each was, and how each figure went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.report.page.chart_words import figures_are_of
from pytest_safescale.report.page.charts.drawn import draw_for_page
from pytest_safescale.report.page.shell import page_parts, render_page
from pytest_safescale.report.page.trends import (
    RunInOrder,
    followed,
    of_one_data_set,
    trend_chart,
    trends,
)
from pytest_safescale.report.table import COLUMNS
from pytest_safescale.results.run_file import read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["write_side_by_side"]


def write_side_by_side(folders: Sequence[Path], target: Path) -> Path:
    """Write one HTML page on several report folders, in the order their runs ended.

    ``target`` is the page's path. Raises DatasetError where a run.json cannot be read.
    """
    read = [(folder.name, read_run(folder)) for folder in folders]
    read.sort(key=lambda run: str(run[1].manifest.get("end") or ""))
    runs = [
        RunInOrder(number=number, folder=name, file=file)
        for number, (name, file) in enumerate(read, start=1)
    ]
    lines = followed(runs)
    groups = [
        group
        for _, regime, metric in COLUMNS
        if (group := trends(runs, lines, metric, regime))["rows"]
    ]
    page = render_page(
        "side_by_side.html.j2",
        page=page_parts(scripts=("charts.js",)),
        runs=runs,
        notices=_notices(runs),
        groups=groups,
        charts=[
            draw_for_page(
                trend_chart(runs, lines, group),
                source="rows of each metrics.csv",
                label=figures_are_of(run.file.manifest for run in runs),
            )
            for group in groups
        ],
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8", newline="\n")
    return target


def _notices(runs: Sequence[RunInOrder]) -> list[str]:
    """Return the runs' own notices, and what makes their figures hard to compare."""
    said: dict[str, list[str]] = {}
    for run in runs:
        for notice in run.file.manifest.get("notices", ()):
            said.setdefault(notice.rstrip("."), []).append(str(run.number))
    found = [f"Run {', '.join(numbers)}: {notice}" for notice, numbers in said.items()]
    if not of_one_data_set(runs):
        found.append("These runs do not share one data set: differences may come from the items")
    if len({run.file.manifest.get("prompt_sha256") for run in runs}) > 1:
        found.append("These runs do not share one prompt")
    return found
