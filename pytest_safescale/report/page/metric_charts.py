"""Charts of a run's figures, after those of SaFE-Scale (arXiv 2605.04039)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.metrics import ENSEMBLE
from pytest_safescale.report.page.drawing import (
    GROUND,
    INK,
    MUTED,
    SERIES,
    Chart,
    legend,
    panels,
    per_cent_axis,
    series_style,
)
from pytest_safescale.report.wording import figure as written
from pytest_safescale.report.wording import label
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pytest_safescale.results.run_content import KnownFigure
    from pytest_safescale.results.run_file import RunFile

__all__ = ["metric_charts"]

TERMS = ("model", "condition", "regime", "metric", "value", "n", "ci_low", "ci_high")
"""The columns of metrics.csv that a chart's figures come with."""
SAFETY_METRICS = (
    ("high_risk_error_rate", "single"),
    ("unsafe_answer_rate", "single"),
    ("contradiction_rate", "single"),
    ("dangerous_overconfidence_rate", "self_consistency"),
)
PAIR = ("accuracy", "high_risk_error_rate")


def metric_charts(run: RunFile) -> list[Chart]:
    """Return the charts of the figures; one that the run cannot fill says why."""
    return [
        _scatter(run),
        _safety_chart(run),
        _scaling(run),
        _regimes(run),
        _ensembles(run),
    ]


def _terms(rows: Sequence[KnownFigure]) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in TERMS) for row in rows]


def _style(run: RunFile, condition: str) -> dict[str, Any]:
    return series_style(run.conditions.index(condition))


def _condition_legend(figure: Figure, run: RunFile, shown: Sequence[str]) -> None:
    used = [name for name in run.conditions if name in shown]
    legend(figure, [(label(words(name)), _style(run, name)) for name in used])


def _scatter(run: RunFile) -> Chart:
    pairs = [
        (condition, model, [run.row(model, condition, metric) for metric in PAIR])
        for condition in run.conditions
        for model in dict.fromkeys([*run.models, run.average])
    ]
    points = [(condition, model, (x, y)) for condition, model, (x, y) in pairs if x and y]
    title = f"Accuracy against {run.word(PAIR[1])}"
    if not points:
        return _absent("accuracy-risk", title, "the run holds no rate of high-risk errors")
    means = [
        f"{words(condition)} {written(PAIR[0], x['value'])} and {written(PAIR[1], y['value'])}"
        for condition, model, (x, y) in points
        if model == run.average
    ]
    return Chart(
        name="accuracy-risk",
        title=title,
        text="Each mark is a model under a condition; the larger, outlined mark is the condition's "
        "mean, with its 95 % intervals. Down and to the right is better.",
        told=f"Mean accuracy and {run.word(PAIR[1])} in per cent: {'; '.join(means)}.",
        columns=TERMS,
        rows=_terms([row for _, _, pair in points for row in pair]),
        draw=partial(_draw_scatter, run=run, points=points),
    )


def _draw_scatter(figure: Figure, *, run: RunFile, points: Sequence[Any]) -> None:
    (axes,) = panels(figure, 1, 1)
    for condition, model, (x, y) in points:
        mean = model == run.average
        outline = {"markersize": 10, "markeredgecolor": INK, "zorder": 4} if mean else {}
        style = {**_style(run, condition), "linestyle": "", "alpha": 1 if mean else 0.7, **outline}
        if mean:
            _error_bars(axes, x, y, SERIES[run.conditions.index(condition) % len(SERIES)])
        axes.plot(x["value"], y["value"], **style)
    axes.set(xlabel="accuracy", ylabel=run.word(PAIR[1]))
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    per_cent_axis(axes.xaxis, axes.yaxis)
    _condition_legend(figure, run, [condition for condition, _, _ in points])


def _error_bars(axes: Axes, x: KnownFigure, y: KnownFigure, colour: str) -> None:
    for row, other, draw in ((x, y, axes.hlines), (y, x, axes.vlines)):
        low, high = row["ci_low"], row["ci_high"]
        if low is not None and high is not None:
            draw(other["value"], low, high, colors=colour, linewidth=1)


def _safety_chart(run: RunFile) -> Chart:
    rows = [
        row
        for condition in run.conditions
        for metric, regime in SAFETY_METRICS
        if (row := run.row(run.average, condition, metric, regime))
    ]
    title = "Safety profile of each condition"
    if not rows:
        return _absent("safety-profile", title, "the run holds no rate of dangerous answers")
    whose = "Mean over models" if len(run.models) > 1 else run.models[0]
    sentences = (_condition_sentence(run, name, rows) for name in run.conditions)
    return Chart(
        name="safety-profile",
        title=title,
        text=f"{whose}, with 95 % intervals. Less is better.",
        told=f"In per cent: {'; '.join(sentences)}.",
        columns=TERMS,
        rows=_terms(rows),
        draw=partial(_draw_safety, run=run, rows=rows),
        size=(6.2, 1.6 + 0.62 * len(run.conditions)),
    )


def _condition_sentence(run: RunFile, condition: str, rows: Sequence[KnownFigure]) -> str:
    parts = [
        f"{run.word(row['metric'])} {written(row['metric'], row['value'])}"
        for row in rows
        if row["condition"] == condition
    ]
    return f"{words(condition)}: {', '.join(parts)}"


def _draw_safety(figure: Figure, *, run: RunFile, rows: Sequence[KnownFigure]) -> None:
    (axes,) = panels(figure, 1, 1)
    order = [metric for metric, _ in SAFETY_METRICS]
    styles = [series_style(number) for number in (2, 5, 4, 0)]
    for row in rows:
        position = order.index(row["metric"])
        y = run.conditions.index(row["condition"]) + (position - 1.5) * 0.19
        style = styles[position]
        low, high = row["ci_low"], row["ci_high"]
        if low is not None and high is not None:
            axes.hlines(y, low, high, colors=style["color"], linewidth=1.3)
        axes.plot(row["value"], y, linestyle="", **style)
    names = [label(words(condition)) for condition in run.conditions]
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlim(left=0)
    axes.set_xlabel("share of cases")
    per_cent_axis(axes.xaxis)
    used = {row["metric"] for row in rows}
    entries = [(run.word(name), styles[at]) for at, name in enumerate(order) if name in used]
    legend(figure, entries, columns=2)


def _sizes(run: RunFile) -> Mapping[str, tuple[float, str]]:
    """Return parameters in billions and model family of each model that states its size."""
    return {
        model["name"]: (size, model.get("family") or "no family")
        for model in run.manifest.get("models", ())
        if (size := model.get("parameters_b"))
    }


def _scaling(run: RunFile) -> Chart:
    sizes = _sizes(run)
    rows = [
        row
        for metric in PAIR
        for condition in run.conditions
        for model in sorted(sizes, key=lambda name: (sizes[name][1], sizes[name][0]))
        if (row := run.row(model, condition, metric))
    ]
    title = "Figures against the number of parameters"
    if len({sizes[row["model"]][0] for row in rows}) < 2:
        reason = "fewer than two sizes of model are stated (parameters_b of the models)"
        return _absent("scaling", title, reason)
    model_families = list(dict.fromkeys(name for _, name in sizes.values()))
    return Chart(
        name="scaling",
        title=title,
        text=f"Accuracy (above) and {run.word(PAIR[1])} (below) against parameters in billions on "
        "a logarithmic axis, one panel a condition, one line a model family: "
        f"{', '.join(model_families)}.",
        columns=("family", "parameters_b", *TERMS),
        rows=[
            (*reversed(sizes[row["model"]]), *terms)
            for row, terms in zip(rows, _terms(rows), strict=True)
        ],
        draw=partial(_draw_scaling, run=run, rows=rows, sizes=sizes, model_families=model_families),
        size=(max(6.2, 2.1 * len(run.conditions)), 5.2),
    )


def _draw_scaling(
    figure: Figure,
    *,
    run: RunFile,
    rows: Sequence[KnownFigure],
    sizes: Mapping[str, tuple[float, str]],
    model_families: Sequence[str],
) -> None:
    grid = panels(figure, len(PAIR), len(run.conditions), sharex=True, sharey="row")
    for metric in PAIR:
        for condition in run.conditions:
            axes = next(grid)
            cell = [r for r in rows if (r["metric"], r["condition"]) == (metric, condition)]
            for number, name in enumerate(model_families):
                line = [
                    (sizes[r["model"]][0], r["value"]) for r in cell if sizes[r["model"]][1] == name
                ]
                axes.plot(*zip(*line, strict=True), **series_style(number)) if line else None
            _size_axis(axes, sorted({sizes[r["model"]][0] for r in rows}))
            per_cent_axis(axes.yaxis)
            if metric == PAIR[0]:
                axes.set_title(label(words(condition)))
            else:
                axes.set_xlabel("billions")
            if condition == run.conditions[0]:
                axes.set_ylabel(run.word(metric))
    entries = [(label(name), series_style(number)) for number, name in enumerate(model_families)]
    legend(figure, entries, columns=6)


def _size_axis(axes: Axes, sizes: Sequence[float]) -> None:
    axes.set_xscale("log")
    shown = sizes if len(sizes) <= 3 else [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    axes.set_xticks(shown, [f"{size:g}" for size in shown])
    axes.set_xticks([], minor=True)


def _regimes(run: RunFile) -> Chart:
    pairs = [
        (metric, condition, single, several)
        for metric in PAIR
        for condition in run.conditions
        for model in run.models
        if (single := run.row(model, condition, metric, "single"))
        and (several := run.row(model, condition, metric, "self_consistency"))
    ]
    title = "Single answer against self-consistency"
    if not pairs:
        return _absent("self-consistency", title, "the run drew no samples")
    changes = [
        f"{run.word(metric)} by {100 * sum(b['value'] - a['value'] for a, b in of) / len(of):+.1f}"
        for metric in PAIR
        if (of := [(a, b) for name, _, a, b in pairs if name == metric])
    ]
    return Chart(
        name="self-consistency",
        title=title,
        text="Each mark is a model under a condition; on the line the majority of the samples does "
        "as the single answer. On the mean over the marks self-consistency changes "
        f"{' and '.join(changes)} percentage points.",
        columns=TERMS,
        rows=_terms([row for _, _, a, b in pairs for row in (a, b)]),
        draw=partial(_draw_regimes, run=run, pairs=pairs),
        size=(6.2, 3.7),
    )


def _draw_regimes(figure: Figure, *, run: RunFile, pairs: Sequence[Any]) -> None:
    shown = [metric for metric in PAIR if any(pair[0] == metric for pair in pairs)]
    for metric, axes in zip(shown, panels(figure, 1, len(shown)), strict=True):
        of = [pair for pair in pairs if pair[0] == metric]
        for _, condition, single, several in of:
            style = _style(run, condition)
            axes.plot(single["value"], several["value"], linestyle="", alpha=0.85, **style)
        values = [row["value"] for _, _, a, b in of for row in (a, b)]
        ends = (max(0, min(values) - 0.02), min(1, max(values) + 0.02))
        axes.plot(ends, ends, color=MUTED, linewidth=1, linestyle="--", zorder=1)
        axes.set(title=run.word(metric), xlabel="single answer", ylabel="self-consistency")
        axes.locator_params(axis="x", nbins=4)  # of more the labels run into each other
        per_cent_axis(axes.xaxis, axes.yaxis)
    _condition_legend(figure, run, [pair[1] for pair in pairs])


def _members(run: RunFile, ensemble: str) -> Sequence[str]:
    """Return the ensemble's models as the manifest states them, else every model of the run."""
    for stated in run.manifest.get("ensembles", ()):
        if f"{ENSEMBLE}{stated['name']}" == ensemble:
            return [name for name in stated["models"] if name in run.models]
    return run.models


def _ensembles(run: RunFile) -> Chart:
    title = "Ensembles against their members"
    metrics = (*PAIR, "synchronized_failure_rate")
    rows = [
        row
        for ensemble in run.ensembles
        for metric in metrics
        for condition in run.conditions
        for name in (ensemble, *(_members(run, ensemble) if metric in PAIR else ()))
        if (row := run.row(name, condition, metric) or _any_regime(run, name, condition, metric))
    ]
    if not rows:
        return _absent("ensembles", title, "the run has no ensemble of three models or more")
    return Chart(
        name="ensembles",
        title=title,
        text="Diamonds are the ensembles' votes, dots their members. Synchronised failure is the "
        "share of items on which all members give the same wrong letter.",
        told=f"Synchronised failure: {'; '.join(_together(rows))}.",
        columns=TERMS,
        rows=_terms(rows),
        draw=partial(_draw_ensembles, run=run, rows=rows, metrics=metrics),
        size=(9.6, 1.5 + 0.5 * len(run.conditions)),
    )


def _any_regime(run: RunFile, name: str, condition: str, metric: str) -> KnownFigure | None:
    if not name.startswith(ENSEMBLE):
        return None
    return run.row(name, condition, metric, "self_consistency")


def _together(rows: Sequence[KnownFigure]) -> list[str]:
    found = [row for row in rows if row["metric"] == "synchronized_failure_rate"]
    return [
        f"{row['model'].removeprefix(ENSEMBLE)}, {words(row['condition'])} "
        f"{written(row['metric'], row['value'])} per cent"
        for row in found
    ] or ["not measured"]


def _draw_ensembles(
    figure: Figure, *, run: RunFile, rows: Sequence[KnownFigure], metrics: Sequence[str]
) -> None:
    for metric, axes in zip(metrics, panels(figure, 1, len(metrics), sharey=True), strict=True):
        for row in (row for row in rows if row["metric"] == metric):
            y = run.conditions.index(row["condition"])
            vote = row["model"] in run.ensembles
            offset = 0.16 * run.ensembles.index(row["model"]) if vote else 0
            style = series_style(run.ensembles.index(row["model"]) + 1) if vote else {}
            mark = (
                {**style, "marker": "D", "markersize": 8, "markeredgecolor": INK}
                if vote
                else {
                    "marker": "o",
                    "color": GROUND,
                    "markeredgecolor": MUTED,
                }
            )
            axes.plot(row["value"], y + offset, linestyle="", zorder=4 if vote else 3, **mark)
        axes.set_title(run.word(metric))
        axes.grid(axis="y", visible=False)
        per_cent_axis(axes.xaxis)
        axes.set_yticks(range(len(run.conditions)), [label(words(c)) for c in run.conditions])
    axes.invert_yaxis()
    entries = [
        (label(name.removeprefix(ENSEMBLE)), {**series_style(number + 1), "marker": "D"})
        for number, name in enumerate(run.ensembles)
    ]
    member = {"marker": "o", "color": GROUND, "markeredgecolor": MUTED}
    legend(figure, [*entries, ("member", member)], columns=5)


def _absent(name: str, title: str, reason: str) -> Chart:
    return Chart(name=name, title=title, text=f"Not drawn: {reason}.")
