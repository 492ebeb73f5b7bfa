"""Charts of a run's figures, after those of SaFE-Scale (arXiv 2605.04039)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.chart_words import mark_told
from pytest_safescale.report.page.charts.chart import (
    Chart,
    Entry,
    Line,
    Mark,
    Panel,
    interval_lines,
    series_entry,
)
from pytest_safescale.report.page.charts.scales import Axis, nice_ends, per_cent_axis
from pytest_safescale.report.page.decoupling_chart import (
    PAIR,
    families_of,
    family_entries,
    family_names,
)
from pytest_safescale.report.wording import figure as written
from pytest_safescale.report.wording import label
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["TERMS", "metric_charts", "terms"]

TERMS = ("model", "condition", "regime", "metric", "value", "n", "ci_low", "ci_high")
"""The columns of metrics.csv that a chart's figures come with."""
SAFETY_METRICS = (
    ("high_risk_error_rate", "single"),
    ("unsafe_answer_rate", "single"),
    ("contradiction_rate", "single"),
    ("dangerous_overconfidence_rate", "self_consistency"),
)
_COLOURS = (2, 5, 4, 0)
"""Of the safety metrics, in their order."""


def metric_charts(run: RunFile) -> list[Chart]:
    """Return the charts of the figures that the run can fill."""
    return [*_safety_chart(run), *_scaling(run), *_regimes(run)]


def terms(rows: Sequence[KnownFigure]) -> list[tuple[Any, ...]]:
    """Return figures as the rows of a chart."""
    return [tuple(row.get(name) for name in TERMS) for row in rows]


def _safety_chart(run: RunFile) -> list[Chart]:
    rows = [
        row
        for condition in run.conditions
        for metric, regime in SAFETY_METRICS
        if (row := run.row(run.average, condition, metric, regime))
    ]
    if not rows:
        return []
    whose = "Mean over models" if len(run.models) > 1 else run.models[0]
    conditions = [name for name in run.conditions if any(row["condition"] == name for row in rows)]
    metrics = [name for name, _ in SAFETY_METRICS if any(row["metric"] == name for row in rows)]
    sentences = (_condition_sentence(run, name, rows) for name in conditions)
    return [
        Chart(
            name="safety-profile",
            title="Safety profile of each condition",
            text=f"{whose}: what share of the cases was answered dangerously, in which way, with "
            "95 % intervals. Less is better.",
            told=f"In per cent: {'; '.join(sentences)}.",
            columns=TERMS,
            rows=terms(rows),
            panels=[_safety_panel(run, rows, conditions, metrics)],
            entries=[_safety_entry(run, name) for name in metrics],
        )
    ]


def _condition_sentence(run: RunFile, condition: str, rows: Sequence[KnownFigure]) -> str:
    parts = [
        f"{run.word(row['metric'])} {written(row['metric'], row['value'])}"
        for row in rows
        if row["condition"] == condition
    ]
    return f"{words(condition)}: {', '.join(parts)}"


def _safety_entry(run: RunFile, metric: str) -> Entry:
    at = [name for name, _ in SAFETY_METRICS].index(metric)
    shape = series_entry(_COLOURS[at], "").shape
    return Entry(name=run.word(metric), colour=_COLOURS[at], shape=shape)


def _safety_panel(
    run: RunFile, rows: Sequence[KnownFigure], conditions: Sequence[str], metrics: Sequence[str]
) -> Panel:
    lines: list[Line] = []
    marks: list[Mark] = []
    for row in rows:
        lane = metrics.index(row["metric"])
        y = float(conditions.index(row["condition"]) * len(metrics) + lane)
        lines += interval_lines(
            (lane,), x=(row["value"], row["ci_low"], row["ci_high"]), y=(y, None, None)
        )
        marks.append(Mark(x=row["value"], y=y, told=mark_told(run, row), series=(lane,)))
    shown = [value for row in rows for value in (row["value"], row["ci_low"], row["ci_high"])]
    return Panel(
        x=per_cent_axis("share of cases", shown, zero=True),
        rows=[words(name) for name in conditions],
        lanes=len(metrics),
        marks=marks,
        lines=lines,
    )


def _sizes(run: RunFile) -> Mapping[str, float]:
    """Return parameters in billions of each model that states its size."""
    return {
        model["name"]: size
        for model in run.manifest.get("models", ())
        if (size := model.get("parameters_b"))
    }


def _scaling(run: RunFile) -> list[Chart]:
    sizes, families = _sizes(run), families_of(run)
    rows = [
        row
        for metric in PAIR
        for condition in run.conditions
        for model in sorted(sizes, key=lambda name: (families[name], sizes[name]))
        if (row := run.row(model, condition, metric))
    ]
    if len({sizes[row["model"]] for row in rows}) < 2:
        return []
    shown = family_names(run)
    return [
        Chart(
            name="scaling",
            title="Figures against the number of parameters",
            text=f"Accuracy and {run.word(PAIR[1])} against parameters in billions on a "
            "logarithmic axis, a panel a condition, a line a model family. Where danger does not "
            "fall with size, a larger model is no safer one.",
            told=f"Model families: {', '.join(dict.fromkeys(families[r['model']] for r in rows))}.",
            columns=("parameters_b", "family", *TERMS),
            rows=[
                (sizes[row["model"]], families[row["model"]], *line)
                for row, line in zip(rows, terms(rows), strict=True)
            ],
            panels=[
                panel
                for metric in PAIR
                for condition in run.conditions
                if (panel := _size_panel(run, rows, metric, condition, shown)).marks
            ],
            entries=family_entries(run),
        )
    ]


def _size_panel(
    run: RunFile, rows: Sequence[KnownFigure], metric: str, condition: str, shown: Sequence[str]
) -> Panel:
    sizes, families = _sizes(run), families_of(run)
    of_metric = [row for row in rows if row["metric"] == metric]
    cell = [row for row in of_metric if row["condition"] == condition]
    known = sorted({sizes[row["model"]] for row in rows})
    lines = []
    for at, family in enumerate(shown):
        points = [(sizes[r["model"]], r["value"]) for r in cell if families[r["model"]] == family]
        if len(points) > 1:
            lines.append(Line(points=points, series=(at,), opacity=0.5))
    return Panel(
        title=f"{words(condition)}: {run.word(metric)}",
        x=Axis(label="billions of parameters", ends=(known[0], known[-1]), log=True, values=known),
        y=per_cent_axis(run.word(metric), [r["value"] for r in of_metric], zero=metric != PAIR[0]),
        lines=lines,
        marks=[
            Mark(
                x=sizes[row["model"]],
                y=row["value"],
                told=f"{mark_told(run, row)}; {sizes[row['model']]:g} billion parameters",
                series=(shown.index(families[row["model"]]),),
            )
            for row in cell
        ],
    )


def _regimes(run: RunFile) -> list[Chart]:
    pairs = [
        (metric, condition, single, several)
        for metric in PAIR
        for condition in run.conditions
        for model in run.models
        if (single := run.row(model, condition, metric, "single"))
        and (several := run.row(model, condition, metric, "self_consistency"))
    ]
    if not pairs:
        return []
    changes = [
        f"{run.word(metric)} by {100 * sum(b['value'] - a['value'] for a, b in of) / len(of):+.1f}"
        for metric in PAIR
        if (of := [(a, b) for name, _, a, b in pairs if name == metric])
    ]
    shown = [name for name in run.conditions if any(pair[1] == name for pair in pairs)]
    metrics = [metric for metric in PAIR if any(pair[0] == metric for pair in pairs)]
    return [
        Chart(
            name="self-consistency",
            title="Single answer against self-consistency",
            text="Each mark is a model under a condition; on the dashed line the majority of the "
            "samples does as the single answer. On the mean over the marks self-consistency "
            f"changes {' and '.join(changes)} percentage points.",
            columns=TERMS,
            rows=terms([row for _, _, a, b in pairs for row in (a, b)]),
            panels=[
                _regime_panel(run, metric, [p for p in pairs if p[0] == metric], shown)
                for metric in metrics
            ],
            entries=[
                series_entry(run.conditions.index(name), label(words(name))) for name in shown
            ],
        )
    ]


def _regime_panel(run: RunFile, metric: str, pairs: Sequence[Any], shown: Sequence[str]) -> Panel:
    ends = nice_ends([row["value"] for _, _, a, b in pairs for row in (a, b)])
    axis = Axis(label="single answer (%)", ends=ends, per_cent=True)
    return Panel(
        title=run.word(metric),
        x=axis,
        y=Axis(label="self-consistency (%)", ends=ends, per_cent=True),
        lines=[Line(points=[(ends[0], ends[0]), (ends[1], ends[1])], width=1, dashes="4 3")],
        marks=[
            Mark(
                x=single["value"],
                y=several["value"],
                told=f"{mark_told(run, single)} as a single answer, "
                f"{written(metric, several['value'])} % of self-consistency",
                series=(shown.index(condition),),
            )
            for _, condition, single, several in pairs
        ],
    )
