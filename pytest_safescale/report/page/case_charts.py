"""Charts taken from the cases: confidence, calibration, concentration, risk and coverage."""

from __future__ import annotations

from functools import partial
from statistics import fmean, quantiles
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.concentration import concentration
from pytest_safescale.report.page.case_facts import group_by, items_of
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
from pytest_safescale.report.wording import label
from pytest_safescale.results.label_words import finding_word
from pytest_safescale.statistics.concentration import lorenz
from pytest_safescale.text.words import words
from pytest_safescale.verdicts.labels import SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.figure import Figure

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.results.run_file import RunFile

__all__ = ["case_charts"]

BINS = 10
_NO_SAMPLES = "Not drawn: the run drew no samples, so no answer has a confidence."
_KINDS: tuple[tuple[str, int, Callable[[Fact], bool]], ...] = (
    ("correct", 1, lambda fact: fact.correct),
    ("wrong", 0, lambda fact: not fact.correct),
    ("high_risk", 2, lambda fact: "high_risk" in fact.dangers),
    ("unsafe", 5, lambda fact: "unsafe" in fact.dangers),
)
"""Name, series and test of each kind of majority answer."""


def case_charts(facts: Sequence[Fact], run: RunFile) -> list[Chart]:
    """Return the charts of the cases; the run gives order and colour of conditions, and words."""
    sampled = [fact for fact in facts if fact.confidence is not None]
    return [
        _confidence(sampled, run.named),
        _reliability(sampled, run.conditions),
        _concentration(facts, run.named),
        _risk_coverage(sampled, run.conditions, run.named),
    ]


def _value(fact: Fact) -> float:
    return fact.confidence or 0.0


def _confidence(facts: Sequence[Fact], named: Mapping[str, str]) -> Chart:
    name, title = "confidence", "Confidence of correct, wrong and dangerous answers"
    groups = [
        (finding_word(named, kind), series, sorted(_value(fact) for fact in facts if test(fact)))
        for kind, series, test in _KINDS
    ]
    groups = [group for group in groups if group[2]]
    if not groups:
        return Chart(name=name, title=title, text=_NO_SAMPLES)
    rows = [(kind, len(values), fmean(values), *_five(values)) for kind, _, values in groups]
    means = ", ".join(f"{row[0]} {row[2]:.3f} over {row[1]} cases" for row in rows)
    return Chart(
        name=name,
        title=title,
        text="The box holds the middle half of the cases, the whiskers reach from the 5th to the "
        "95th percentile, the line is the median, the diamond the mean. Confidence is a safety "
        "filter only where these lie apart.",
        told=f"Mean confidence of the samples by what their majority is: {means}.",
        columns=("majority", "n", "mean", "p5", "p25", "median", "p75", "p95"),
        rows=rows,
        draw=partial(_draw_confidence, groups=groups, rows=rows),
        size=(6.2, 3.4),
    )


def _five(values: Sequence[float]) -> tuple[float, ...]:
    if len(values) == 1:
        return (values[0],) * 5
    cuts = quantiles(values, n=20, method="inclusive")
    return tuple(cuts[at] for at in (0, 4, 9, 14, 18))


def _draw_confidence(figure: Figure, *, groups: Sequence[Any], rows: Sequence[Any]) -> None:
    (axes,) = panels(figure, 1, 1)
    for y, ((_, series, _), row) in enumerate(zip(groups, rows, strict=True)):
        _, _, mean, low, first, median, third, high = row
        colour = SERIES[series]
        axes.hlines(y, low, high, colors=colour, linewidth=1.3)
        axes.barh(
            y, third - first, left=first, height=0.44, color=GROUND, edgecolor=colour, linewidth=1.5
        )
        axes.vlines(median, y - 0.22, y + 0.22, colors=colour, linewidth=2.6)
        axes.plot(mean, y, marker="D", color=colour, markeredgecolor=INK, linestyle="")
    axes.set_yticks(range(len(rows)), [f"{row[0]} (n {row[1]})" for row in rows])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set(xlabel="confidence of the samples", xlim=(-0.02, 1.02))


def _reliability(facts: Sequence[Fact], conditions: Sequence[str]) -> Chart:
    name, title = "reliability", "Reliability: confidence against accuracy"
    if not facts:
        return Chart(name=name, title=title, text=_NO_SAMPLES)
    rows = _by_condition(facts, conditions, _bins)
    gap = fmean(_value(fact) for fact in facts) - fmean(fact.correct for fact in facts)
    return Chart(
        name=name,
        title=title,
        text="Ten bins of confidence, all models together; on the dashed line confidence equals "
        "accuracy, below it answers are surer than right. Over all cases the mean confidence is "
        f"{100 * abs(gap):.1f} percentage points {'below' if gap < 0 else 'above'} accuracy.",
        columns=("condition", "bin_from", "bin_to", "n", "mean_confidence", "accuracy"),
        rows=rows,
        draw=partial(_draw_reliability, rows=rows, conditions=conditions),
    )


def _bins(facts: Sequence[Fact]) -> list[tuple[float | int, ...]]:
    """Return the non-empty of ten bins: lower and upper edge, n, mean confidence, accuracy."""
    edges = [at / BINS for at in range(BINS + 1)]
    bins: list[list[Fact]] = [[] for _ in range(BINS)]
    for fact in facts:
        bins[sum(_value(fact) >= edge for edge in edges[1:-1])].append(fact)
    return [
        (
            edges[at],
            edges[at + 1],
            len(found),
            fmean(_value(fact) for fact in found),
            fmean(fact.correct for fact in found),
        )
        for at, found in enumerate(bins)
        if found
    ]


def _draw_reliability(figure: Figure, *, rows: Sequence[Any], conditions: Sequence[str]) -> None:
    (axes,) = panels(figure, 1, 1)
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=1, linestyle="--", zorder=1)
    for number, condition in enumerate(conditions):
        line = [(row[4], row[5]) for row in rows if row[0] == condition]
        if line:
            axes.plot(*zip(*line, strict=True), **series_style(number))
    axes.set(xlabel="mean confidence of the bin", ylabel="accuracy of the bin")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    _legend(figure, conditions, [row[0] for row in rows])


def _concentration(facts: Sequence[Fact], named: Mapping[str, str]) -> Chart:
    name, title = "concentration", "Concentration of risk over the items"
    items = items_of(facts)
    curves: list[tuple[str, list[float], tuple[Any, ...]]] = []
    for finding in SAFETY_FINDINGS:
        counts = [item.findings[finding] for item in items]
        curve = lorenz(counts)
        if curve is not None:
            found = concentration(finding, "*", counts)
            worst = (found.worst_5, found.worst_10, found.worst_20)
            curves.append((finding, curve, (finding, found.items, found.total, *worst, found.gini)))
    if not curves:
        kinds = ", ".join(finding_word(named, finding) for finding in SAFETY_FINDINGS)
        text = f"Not drawn: no single answer is any of {kinds}."
        return Chart(name=name, title=title, text=text)
    told = "; ".join(
        f"of the {row[2]} {finding_word(named, finding)} answers the worst tenth of {row[1]} items "
        f"carries {100 * row[4]:.1f} per cent (Gini {row[6]:.3f})"
        for finding, _, row in curves
    )
    return Chart(
        name=name,
        title=title,
        text="Items from the safest to the worst against the share of findings they carry, over "
        "all models and conditions; on the dashed line all items carry the same.",
        told=f"In words: {told}.",
        columns=("finding", "items", "findings", "worst_5", "worst_10", "worst_20", "gini"),
        rows=[row for _, _, row in curves],
        draw=partial(_draw_concentration, curves=curves, named=named),
    )


def _draw_concentration(figure: Figure, *, curves: Sequence[Any], named: Mapping[str, str]) -> None:
    (axes,) = panels(figure, 1, 1)
    axes.plot((0, 1), (0, 1), color=MUTED, linewidth=1, linestyle="--")
    dashes = ("-", "--", ":")
    styles: list[dict[str, Any]] = [
        {"color": SERIES[(2, 5, 4)[SAFETY_FINDINGS.index(finding)]], "linestyle": dash}
        for (finding, _, _), dash in zip(curves, dashes, strict=False)
    ]
    for (_, shares, _), style in zip(curves, styles, strict=True):
        steps = len(shares) - 1
        axes.plot([at / steps for at in range(steps + 1)], shares, linewidth=2, **style)
    axes.set(xlabel="share of items, safest first", ylabel="share of findings")
    per_cent_axis(axes.xaxis, axes.yaxis)
    legend(figure, [(finding_word(named, c[0]), s) for c, s in zip(curves, styles, strict=True)])


_RISKS: tuple[tuple[str, Callable[[Fact], bool]], ...] = (
    ("wrong", lambda fact: not fact.correct),
    ("high_risk", lambda fact: "high_risk" in fact.dangers),
)


def _risk_coverage(
    facts: Sequence[Fact], conditions: Sequence[str], named: Mapping[str, str]
) -> Chart:
    name, title = "risk-coverage", "Risk when the model abstains below a confidence"
    if not facts:
        return Chart(name=name, title=title, text=_NO_SAMPLES)
    rows = _by_condition(facts, conditions, _risk_coverage_rows)
    whole = _risk_coverage_rows(facts)
    danger = finding_word(named, "high_risk")
    half = next((row for row in whole if row[1] <= 0.5), whole[-1])
    return Chart(
        name=name,
        title=title,
        text="Share of the answers kept when those below a confidence are handed to a person, "
        f"against the share of the kept that are wrong or {danger}. Keeping all, "
        f"{100 * whole[0][3]:.1f} per cent are wrong and {100 * whole[0][4]:.1f} {danger}; "
        f"keeping the surest {100 * half[1]:.1f} per cent, {100 * half[3]:.1f} and "
        f"{100 * half[4]:.1f}. A line that does not fall means confidence is no filter.",
        columns=("condition", "confidence_from", "coverage", "n", "wrong", "high_risk"),
        rows=rows,
        draw=partial(_draw_risk_coverage, rows=rows, conditions=conditions, named=named),
        size=(6.2, 3.7),
    )


def _risk_coverage_rows(facts: Sequence[Fact]) -> list[tuple[float, float, int, float, float]]:
    """Return threshold, coverage, n and the risks among the kept, by rising threshold.

    Thresholds are twentieths of the range and every case at or above one is kept.
    """
    rows, kept = [], list(facts)
    for step in range(21):
        kept = [fact for fact in kept if _value(fact) >= step / 20]
        if not kept:
            break
        risks = [sum(map(test, kept)) / len(kept) for _, test in _RISKS]
        rows.append((step / 20, len(kept) / len(facts), len(kept), risks[0], risks[1]))
    return rows


def _draw_risk_coverage(
    figure: Figure, *, rows: Sequence[Any], conditions: Sequence[str], named: Mapping[str, str]
) -> None:
    for position, axes in enumerate(panels(figure, 1, len(_RISKS))):
        for number, condition in enumerate(conditions):
            line = [(row[2], row[4 + position]) for row in rows if row[0] == condition]
            if line:
                style = {**series_style(number), "markersize": 3.2}
                axes.plot(*zip(*line, strict=True), **style)
        axes.set(title=finding_word(named, _RISKS[position][0]), xlabel="share kept")
        axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        axes.invert_xaxis()
        per_cent_axis(axes.xaxis, axes.yaxis)
    _legend(figure, conditions, [row[0] for row in rows])


def _by_condition(
    facts: Sequence[Fact],
    conditions: Sequence[str],
    rows_of: Callable[[Sequence[Fact]], Sequence[tuple[Any, ...]]],
) -> list[tuple[Any, ...]]:
    """Return the rows of each condition's cases, its name before each."""
    groups = group_by(facts, "condition")
    return [(name, *row) for name in conditions for row in rows_of(groups.get(name, ()))]


def _legend(figure: Figure, conditions: Sequence[str], shown: Sequence[str]) -> None:
    entries = [
        (label(words(name)), series_style(number))
        for number, name in enumerate(conditions)
        if name in shown
    ]
    legend(figure, entries)
