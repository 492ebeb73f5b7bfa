"""Figures of several runs, in the order the runs ended: which way each went, and its chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.metric_table import METRICS, is_rate
from pytest_safescale.report.page.chart_words import mark_told
from pytest_safescale.report.page.charts.chart import (
    Chart,
    Line,
    Mark,
    Panel,
    interval_lines,
    series_entry,
)
from pytest_safescale.report.page.charts.scales import Axis, nice_ends, per_cent_axis
from pytest_safescale.report.page.page_tables import RunVerdict, run_verdict
from pytest_safescale.report.wording import NOTHING, label, model_label
from pytest_safescale.report.wording import figure as written
from pytest_safescale.results.manifest_facts import fact
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = [
    "Followed",
    "RunInOrder",
    "by_name",
    "followed",
    "of_one_data_set",
    "trend_chart",
    "trends",
]

Followed = tuple[str, "Sequence[str]"]
"""What is followed from run to run: its name, and its model in each run."""
_NAMED = 3
"""Models that follow each other and are named one by one."""
_BESIDE = 0.4
"""Room, of that between two runs, over which the models of one run stand apart."""


@dataclass(frozen=True, kw_only=True)
class RunInOrder:
    """One of the runs."""

    number: int
    """From 1, by the end of the run."""
    folder: str
    file: RunFile

    @property
    def run_verdict(self) -> RunVerdict:
        """What its gates say."""
        return run_verdict(self.file)

    @property
    def end(self) -> str:
        """When it ended."""
        return str(self.file.manifest.get("end") or NOTHING)


def of_one_data_set(runs: Sequence[RunInOrder]) -> bool:
    """Say whether the runs are about the same data set."""
    return len({fact(run.file.manifest, "data set") for run in runs}) <= 1


def by_name(runs: Sequence[RunInOrder]) -> list[Followed]:
    """Return each model, which is followed by its name."""
    names = dict.fromkeys(name for run in runs for name in run.file.all_names)
    return [(model_label(name), [name] * len(runs)) for name in names]


def followed(runs: Sequence[RunInOrder]) -> list[Followed]:
    """Return what is followed from run to run: models of one name.

    Where each run has one model and all have the same data set, each model replaces the one before,
    whatever it is called.
    """
    names = list(dict.fromkeys(name for run in runs for name in run.file.all_names))
    single = all(len(run.file.all_names) == 1 for run in runs)
    if len(names) > 1 and single and of_one_data_set(runs):
        told = ", then ".join(names) if len(names) <= _NAMED else "the model of each run"
        return [(told, [run.file.all_names[0] for run in runs])]
    return by_name(runs)


def trends(
    runs: Sequence[RunInOrder], lines: Sequence[Followed], metric: str, regime: str
) -> dict[str, Any]:
    """Return a row per model and condition with its figure in each run, and the way it went."""
    conditions = dict.fromkeys(name for run in runs for name in run.file.conditions)
    rows = []
    for line, models in lines:
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


def trend_chart(
    runs: Sequence[RunInOrder], lines: Sequence[Followed], group: dict[str, Any]
) -> Chart:
    """Return the chart of what ``trends`` found: a panel a condition, a line a model."""
    metric, rows = group["metric"], group["rows"]
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    # One colour a model in every chart, also where a model lacks the figure.
    names = [line for line, _ in lines]
    axis = _axis(metric, [v for r in rows for _, row in r["figures"] if row for v in _reach(row)])
    told = [f"{r['model']}, {words(r['condition'])}: {r['trend']}" for r in rows]
    return Chart(
        name=f"trend-{metric.replace('_', '-')}",
        title=f"Trend of {words(metric)}",
        text="One panel a condition, one line a model, runs in the order they ended, with 95 % "
        "intervals.",
        told=f"From the first to the last run: {'; '.join(told)}.",
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


def _reach(row: KnownFigure) -> list[float]:
    """Return the value and the ends of its interval, as far as they are known."""
    return [end for end in (row["value"], row["ci_low"], row["ci_high"]) if end is not None]


def _axis(metric: str, values: Sequence[float]) -> Axis:
    if is_rate(metric):
        return per_cent_axis(words(metric), values)
    return Axis(label=words(metric), ends=nice_ends(values, within=None))


def _figures(row: Mapping[str, Any]) -> list[KnownFigure | None]:
    return [figure for _, figure in row["figures"]]


def _place(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any], at: int) -> float:
    """Return where on the axis a row's mark of a run stands, beside those of other models.

    ``at`` is the run's place, from 0; the runs are numbered from 1.
    """
    beside = [one["model"] for one in rows if _figures(one)[at]]
    share = (beside.index(row["model"]) + 0.5) / len(beside) - 0.5
    return at + 1 + _BESIDE * share


def _panel(
    runs: Sequence[RunInOrder], rows: Sequence[dict[str, Any]], names: Sequence[str], y: Axis
) -> Panel:
    """Return one condition's panel: a line a model, which has the same series in every chart.

    The models of a run stand a little apart, so that their intervals do not hide each other.
    """
    numbers = [run.number for run in runs]
    ends = (min(numbers) - 0.5, max(numbers) + 0.5)
    lines, marks = [], []
    for row in rows:
        series = (names.index(row["model"]),)
        found = [
            (_place(rows, row, at), figure) for at, figure in enumerate(_figures(row)) if figure
        ]
        points = [(x, figure["value"]) for x, figure in found]
        if len(points) > 1:
            lines.append(Line(points=points, series=series, opacity=0.6))
        for x, figure in found:
            reach = (figure["value"], figure["ci_low"], figure["ci_high"])
            lines += interval_lines(series, x=(x, None, None), y=reach)
            told = f"run {round(x)}, {mark_told(runs[round(x) - 1].file, figure)}"
            marks.append(Mark(x=x, y=figure["value"], told=told, series=series))
    return Panel(
        title=words(rows[0]["condition"]),
        x=Axis(label="run", ends=ends, values=numbers),
        y=y,
        lines=lines,
        marks=marks,
    )
