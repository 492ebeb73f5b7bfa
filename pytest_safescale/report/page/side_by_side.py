"""Several runs beside each other: what each was, and how each figure went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.metric_table import METRICS, is_rate
from pytest_safescale.report.page.chart_words import figures_are_of, mark_told
from pytest_safescale.report.page.charts.chart import Chart, Line, Mark, Panel, series_entry
from pytest_safescale.report.page.charts.drawn import draw_for_page
from pytest_safescale.report.page.charts.scales import Axis, nice_ends, per_cent_axis
from pytest_safescale.report.page.page_tables import RunVerdict, run_verdict
from pytest_safescale.report.page.shell import page_parts, render_page
from pytest_safescale.report.table import COLUMNS
from pytest_safescale.report.wording import NOTHING, label, model_label
from pytest_safescale.report.wording import figure as written
from pytest_safescale.results.run_file import read_run
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["write_side_by_side"]


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One of the runs."""

    number: int
    """From 1, by the end of the run."""
    folder: str
    file: RunFile

    @property
    def run_verdict(self) -> RunVerdict:
        return run_verdict(self.file)

    @property
    def end(self) -> str:
        return str(self.file.manifest.get("end") or NOTHING)


def write_side_by_side(folders: Sequence[Path], target: Path) -> Path:
    """Write one HTML page on several report folders, in the order their runs ended.

    ``target`` is the page's path. Raises DatasetError where a run.json cannot be read.
    """
    read = [(folder.name, read_run(folder)) for folder in folders]
    read.sort(key=lambda run: str(run[1].manifest.get("end") or ""))
    runs = [
        _Run(number=number, folder=name, file=file)
        for number, (name, file) in enumerate(read, start=1)
    ]
    groups = [
        group for _, regime, metric in COLUMNS if (group := _trends(runs, metric, regime))["rows"]
    ]
    page = render_page(
        "side_by_side.html.j2",
        page=page_parts(scripts=("charts.js",)),
        runs=runs,
        notices=_notices(runs),
        groups=groups,
        charts=[
            draw_for_page(
                _chart(runs, group),
                source="rows of each metrics.csv",
                label=figures_are_of(run.file.manifest for run in runs),
            )
            for group in groups
        ],
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8", newline="\n")
    return target


def _notices(runs: Sequence[_Run]) -> list[str]:
    """Return the runs' own notices, and what makes their figures hard to compare."""
    said: dict[str, list[str]] = {}
    for run in runs:
        for notice in run.file.manifest.get("notices", ()):
            said.setdefault(notice.rstrip("."), []).append(str(run.number))
    found = [f"Run {', '.join(numbers)}: {notice}" for notice, numbers in said.items()]
    if _other_items(runs):
        found.append("These runs do not share one data set: differences may come from the items")
    if len({run.file.manifest.get("prompt_sha256") for run in runs}) > 1:
        found.append("These runs do not share one prompt")
    return found


def _followed(runs: Sequence[_Run]) -> list[tuple[str, Sequence[str]]]:
    """Return what is followed from run to run: its name, and its model in each run.

    Models of one name. Where each run has one model and all have the same data set, each model
    replaces the one before, whatever it is called.
    """
    names = dict.fromkeys(name for run in runs for name in run.file.all_names)
    single = all(len(run.file.all_names) == 1 for run in runs)
    if len(names) > 1 and single and not _other_items(runs):
        return [(", then ".join(names), [run.file.all_names[0] for run in runs])]
    return [(model_label(name), [name] * len(runs)) for name in names]


def _other_items(runs: Sequence[_Run]) -> bool:
    """Say whether the runs are about several data sets."""
    return len({run.file.manifest["dataset"]["sha256"] for run in runs}) > 1


def _trends(runs: Sequence[_Run], metric: str, regime: str) -> dict[str, Any]:
    """Return a row per model and condition with its figure in each run, and the way it went."""
    conditions = dict.fromkeys(name for run in runs for name in run.file.conditions)
    rows = []
    for line, models in _followed(runs):
        for condition in conditions:
            found = [
                run.file.row(model, condition, metric, regime)
                for run, model in zip(runs, models, strict=True)
            ]
            if any(found):
                rows.append(
                    {
                        "model": line,
                        "condition": condition,
                        "figures": [
                            (run.number, row) for run, row in zip(runs, found, strict=True)
                        ],
                        "trend": _trend(metric, [row for row in found if row]),
                    }
                )
    return {"metric": metric, "regime": regime, "rows": rows}


def _trend(metric: str, rows: Sequence[KnownFigure]) -> str:
    """Say how the last figure differs from the first, in words and not by a sign alone."""
    if len(rows) < 2:
        return "one run only"
    change = rows[-1]["value"] - rows[0]["value"]
    if not change:
        return "unchanged"
    size = written(metric, abs(change))
    better = METRICS[metric].higher_is_better if metric in METRICS else None
    judged = "" if better is None else ", better" if (change > 0) == better else ", worse"
    return f"{'up' if change > 0 else 'down'} {size}{judged}"


def _chart(runs: Sequence[_Run], group: dict[str, Any]) -> Chart:
    metric, rows = group["metric"], group["rows"]
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    # One colour a model in every chart, also where a model lacks the figure.
    names = [line for line, _ in _followed(runs)]
    axis = _axis(metric, [row["value"] for r in rows for _, row in r["figures"] if row])
    trends = [f"{r['model']}, {words(r['condition'])}: {r['trend']}" for r in rows]
    return Chart(
        name=f"trend-{metric.replace('_', '-')}",
        title=f"Trend of {words(metric)}",
        text="One panel a condition, one line a model, runs in the order they ended.",
        told=f"From the first to the last run: {'; '.join(trends)}.",
        columns=(
            *("model", "condition", "regime", "metric", "run"),
            *("value", "n", "ci_low", "ci_high"),
        ),
        rows=[
            (
                *(figure[name] for name in ("model", "condition", "regime", "metric")),
                run,
                *(figure[name] for name in ("value", "n", "ci_low", "ci_high")),
            )
            for row in rows
            for run, figure in row["figures"]
            if figure
        ],
        panels=[
            _panel(runs, [row for row in rows if row["condition"] == name], names, axis)
            for name in conditions
        ],
        entries=[series_entry(at, label(name)) for at, name in enumerate(names)],
    )


def _axis(metric: str, values: Sequence[float]) -> Axis:
    if is_rate(metric):
        return per_cent_axis(words(metric), values)
    return Axis(label=words(metric), ends=nice_ends(values, within=None))


def _panel(
    runs: Sequence[_Run], rows: Sequence[dict[str, Any]], names: Sequence[str], y: Axis
) -> Panel:
    """Return one condition's panel: a line a model, which has the same series in every chart."""
    numbers = [run.number for run in runs]
    ends = (min(numbers) - 0.2, max(numbers) + 0.2)
    lines, marks = [], []
    for row in rows:
        series = (names.index(row["model"]),)
        found = [(number, figure) for number, figure in row["figures"] if figure]
        points = [(number, figure["value"]) for number, figure in found]
        if len(points) > 1:
            lines.append(Line(points=points, series=series, opacity=0.6))
        marks += [
            Mark(
                x=number,
                y=figure["value"],
                told=f"run {number}, {mark_told(runs[number - 1].file, figure)}",
                series=series,
            )
            for number, figure in found
        ]
    return Panel(
        title=words(rows[0]["condition"]),
        x=Axis(label="run", ends=ends, values=numbers),
        y=y,
        lines=lines,
        marks=marks,
    )
