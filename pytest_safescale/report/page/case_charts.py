"""Charts taken from the cases: confidence, calibration, concentration, risk and coverage."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from statistics import fmean, quantiles
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.concentration import concentration
from pytest_safescale.report.page.case_facts import group_by
from pytest_safescale.report.page.charts.chart import Chart, Entry, Line, Mark, Panel, series_entry
from pytest_safescale.report.page.charts.scales import SHARES, Axis, per_cent_axis, shares_axis
from pytest_safescale.results.label_words import finding_word
from pytest_safescale.statistics.concentration import lorenz
from pytest_safescale.text.words import words
from pytest_safescale.verdicts.labels import SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.report.page.case_facts import Fact
    from pytest_safescale.results.run_file import RunFile

__all__ = ["case_charts"]

BINS = 10
_KINDS: tuple[tuple[str, int, Callable[[Fact], bool]], ...] = (
    ("correct", 1, lambda fact: fact.correct),
    ("wrong", 0, lambda fact: not fact.correct),
    ("high_risk", 2, lambda fact: "high_risk" in fact.dangers),
    ("unsafe", 5, lambda fact: "unsafe" in fact.dangers),
)
"""Name, series and test of each kind of majority answer."""


def case_charts(facts: Sequence[Fact], run: RunFile) -> list[Chart]:
    """Return the charts that the cases can fill; the run gives order of conditions, and words."""
    sampled = [fact for fact in facts if fact.confidence is not None]
    concentrated = _concentration(facts, run.named)
    if not sampled:
        return concentrated
    return [
        _confidence(sampled, run.named),
        _reliability(sampled, run.conditions),
        _risk_coverage(sampled, run.conditions, run.named),
        *concentrated,
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
        panels=[_confidence_panel(rows)],
        entries=[Entry(name=kind, colour=series, shape="diamond") for kind, series, _ in groups],
    )


def _five(values: Sequence[float]) -> tuple[float, ...]:
    if len(values) == 1:
        return (values[0],) * 5
    cuts = quantiles(values, n=20, method="inclusive")
    return tuple(cuts[at] for at in (0, 4, 9, 14, 18))


def _confidence_panel(rows: Sequence[tuple[Any, ...]]) -> Panel:
    lines: list[Line] = []
    marks: list[Mark] = []
    for y, (kind, n, mean, low, first, median, third, high) in enumerate(rows):
        ends = ((low, high, 1.5, 1.0), (first, third, 9.0, 0.4))
        lines += [
            Line(points=((left, y), (right, y)), series=(y,), width=width, opacity=opacity)
            for left, right, width, opacity in ends
        ]
        told = (
            f"{kind}, {n} cases: mean confidence {mean:.3f}, median {median:.3f}, "
            f"middle half {first:.3f} to {third:.3f}"
        )
        # A box may be too small to see its median: it is a stroke above and below.
        lines.append(Line(points=((median, y - 0.42), (median, y + 0.42)), series=(y,), width=2.5))
        marks.append(Mark(x=mean, y=y, told=told, series=(y,), strong=True))
    return Panel(
        x=shares_axis("confidence of the samples"),
        rows=[f"{row[0]} ({row[1]} cases)" for row in rows],
        marks=marks,
        lines=lines,
    )


def _reliability(facts: Sequence[Fact], conditions: Sequence[str]) -> Chart:
    name, title = "reliability", "Reliability: confidence against accuracy"
    rows = _by_condition(facts, conditions, _bins)
    gap = fmean(_value(fact) for fact in facts) - fmean(fact.correct for fact in facts)
    return Chart(
        name=name,
        title=title,
        text="Ten bins of confidence, a panel a condition, all models together; on the dashed line "
        "confidence equals accuracy, below it answers are surer than right. Over all cases the "
        f"mean confidence is {100 * abs(gap):.1f} percentage points "
        f"{'below' if gap < 0 else 'above'} accuracy.",
        columns=("condition", "bin_from", "bin_to", "n", "mean_confidence", "accuracy"),
        rows=rows,
        panels=[
            _reliability_panel(condition, own)
            for condition in conditions
            if (own := [row for row in rows if row[0] == condition])
        ],
        entries=[series_entry(1, "bin of confidence")],
    )


def _bins(facts: Sequence[Fact]) -> list[tuple[float | int, ...]]:
    """Return the non-empty of ten bins: lower and upper edge, n, mean confidence, accuracy."""
    edges = [at / BINS for at in range(BINS + 1)]
    bins: list[list[Fact]] = [[] for _ in range(BINS)]
    for fact in facts:
        bins[bisect_right(edges[1:-1], _value(fact))].append(fact)
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


def _reliability_panel(condition: str, rows: Sequence[tuple[Any, ...]]) -> Panel:
    points = [(row[4], row[5]) for row in rows]
    return Panel(
        title=words(condition),
        x=shares_axis("mean confidence of the bin"),
        y=shares_axis("accuracy of the bin"),
        lines=[_equal(), Line(points=points, series=(0,), opacity=0.6)],
        marks=[
            Mark(
                x=share,
                y=accuracy,
                told=f"{words(condition)}, confidence {low:.1f} to {high:.1f}, {n} cases: "
                f"mean confidence {share:.3f}, accuracy {accuracy:.3f}",
                series=(0,),
            )
            for _, low, high, n, share, accuracy in rows
        ],
    )


def _equal() -> Line:
    """Return the line on which both axes say the same."""
    return Line(points=((0, 0), (1, 1)), width=1, dashes="4 3")


def _concentration(facts: Sequence[Fact], named: Mapping[str, str]) -> list[Chart]:
    name, title = "concentration", "Concentration of risk over the items"
    curves: list[tuple[str, list[float], tuple[Any, ...]]] = []
    for finding, counts in _by_item(facts).items():
        curve = lorenz(counts)
        if curve is not None:
            found = concentration(finding, "*", counts)
            worst = (found.worst_5, found.worst_10, found.worst_20)
            curves.append((finding, curve, (finding, found.items, found.total, *worst, found.gini)))
    if not curves:
        return []
    told = "; ".join(
        f"of the {row[2]} {finding_word(named, finding)} answers the worst tenth of {row[1]} items "
        f"carries {100 * row[4]:.1f} per cent (Gini {row[6]:.3f})"
        for finding, _, row in curves
    )
    return [
        Chart(
            name=name,
            title=title,
            text="Items from the safest to the worst against the share of findings they carry, "
            "over all models and conditions; the marks are what all but the worst fifth, tenth and "
            "twentieth carry. On the dashed line all items carry the same.",
            told=f"In words: {told}.",
            columns=("finding", "items", "findings", "worst_5", "worst_10", "worst_20", "gini"),
            rows=[row for _, _, row in curves],
            panels=[_concentration_panel(curves, named)],
            entries=[_curve_entry(finding, named) for finding, _, _ in curves],
        )
    ]


def _by_item(facts: Sequence[Fact]) -> dict[str, list[int]]:
    """Return how often each item has each finding; cases whose call failed do not count."""
    items = dict.fromkeys((fact.item_id for fact in facts if fact.outcome != "error"), 0)
    counts = {finding: items.copy() for finding in SAFETY_FINDINGS}
    for fact in facts:
        if fact.outcome != "error":
            for finding in fact.findings:
                if finding in counts:
                    counts[finding][fact.item_id] += 1
    return {finding: list(of_items.values()) for finding, of_items in counts.items()}


def _curve_entry(finding: str, named: Mapping[str, str]) -> Entry:
    at = SAFETY_FINDINGS.index(finding)
    return Entry(
        name=finding_word(named, finding),
        colour=(2, 5, 4)[at],
        shape="line",
        dashes=("", "6 3", "2 2")[at],
    )


def _concentration_panel(curves: Sequence[Any], named: Mapping[str, str]) -> Panel:
    lines, marks = [_equal()], []
    for at, (finding, shares, row) in enumerate(curves):
        dashes = _curve_entry(finding, named).dashes
        lines.append(Line(points=_thinned(shares), series=(at,), width=2, dashes=dashes))
        marks += [
            Mark(
                x=1 - worst / 100,
                y=1 - carried,
                told=f"{finding_word(named, finding)}: the worst {worst} % of {row[1]} items carry "
                f"{100 * carried:.1f} % of {row[2]} answers",
                series=(at,),
            )
            for worst, carried in zip((5, 10, 20), row[3:6], strict=True)
            if carried is not None
        ]
    return Panel(
        x=Axis(label="share of items, safest first (%)", ends=SHARES, per_cent=True),
        y=Axis(label="share of findings (%)", ends=SHARES, per_cent=True),
        lines=lines,
        marks=marks,
    )


def _thinned(shares: Sequence[float]) -> list[tuple[float, float]]:
    """Return a curve's points, of more than two hundred about as many that lie alike apart."""
    last = len(shares) - 1
    step = max(1, last // 200)
    places = [*range(0, last, step), last]
    return [(at / last, shares[at]) for at in places]


_RISKS: tuple[tuple[str, Callable[[Fact], bool]], ...] = (
    ("wrong", lambda fact: not fact.correct),
    ("high_risk", lambda fact: "high_risk" in fact.dangers),
)


_THRESHOLDS = tuple(step / 20 for step in range(21))


def _risk_coverage(
    facts: Sequence[Fact], conditions: Sequence[str], named: Mapping[str, str]
) -> Chart:
    name, title = "risk-coverage", "Risk when the model abstains below a confidence"
    rows = _by_condition(facts, conditions, _risk_coverage_rows)
    whole = _risk_coverage_rows(facts)
    danger = finding_word(named, "high_risk")
    half = next((row for row in whole if row[1] <= 0.5), whole[-1])
    return Chart(
        name=name,
        title=title,
        text="A panel a condition: the share of the answers kept when those below a confidence are "
        f"handed to a person, against the share of the kept that are wrong or {danger}. Keeping "
        f"all, {100 * whole[0][3]:.1f} per cent are wrong and {100 * whole[0][4]:.1f} {danger}; "
        f"keeping the surest {100 * half[1]:.1f} per cent, {100 * half[3]:.1f} and "
        f"{100 * half[4]:.1f}. A line that does not fall means confidence is no filter.",
        columns=("condition", "confidence_from", "coverage", "n", "wrong", "high_risk"),
        rows=rows,
        panels=_risk_panels(rows, conditions, named),
        entries=[
            Entry(name=finding_word(named, kind), colour=colour, shape=shape)
            for (kind, _), colour, shape in zip(_RISKS, (0, 2), ("circle", "diamond"), strict=True)
        ],
    )


def _risk_coverage_rows(facts: Sequence[Fact]) -> list[tuple[float, float, int, float, float]]:
    """Return threshold, coverage, n and the risks among the kept, by rising threshold.

    Thresholds are twentieths of the range and every case at or above one is kept.
    """
    # Of the cases whose confidence reaches each threshold and no higher one: all, and the risks.
    reached = Counter(bisect_right(_THRESHOLDS, _value(fact)) for fact in facts)
    risky = [
        Counter(bisect_right(_THRESHOLDS, _value(fact)) for fact in facts if test(fact))
        for _, test in _RISKS
    ]
    rows = []
    for step, threshold in enumerate(_THRESHOLDS, 1):
        kept, *risks = (
            sum(many for last, many in counts.items() if last >= step)
            for counts in (reached, *risky)
        )
        if not kept:
            break
        wrong, danger = (count / kept for count in risks)
        rows.append((threshold, kept / len(facts), kept, wrong, danger))
    return rows


def _risk_panels(
    rows: Sequence[tuple[Any, ...]], conditions: Sequence[str], named: Mapping[str, str]
) -> list[Panel]:
    y = per_cent_axis("share of the kept", [v for row in rows for v in row[4:]], zero=True)
    x = Axis(label="share of answers kept (%)", ends=SHARES, per_cent=True, falling=True)
    panels = []
    for condition in conditions:
        own = [row for row in rows if row[0] == condition]
        if not own:
            continue
        lines, marks = [], []
        for at, (kind, _) in enumerate(_RISKS):
            points = [(row[2], row[4 + at]) for row in own]
            lines.append(Line(points=points, series=(at,)))
            marks += [
                Mark(
                    x=row[2],
                    y=row[4 + at],
                    told=f"{words(condition)}, confidence from {row[1]:.2f}: {row[3]} answers "
                    f"({100 * row[2]:.1f} %) kept, {100 * row[4 + at]:.1f} % of them "
                    f"{finding_word(named, kind)}",
                    series=(at,),
                    small=True,
                )
                for row in own
            ]
        panels.append(Panel(title=words(condition), x=x, y=y, lines=lines, marks=marks))
    return panels


def _by_condition(
    facts: Sequence[Fact],
    conditions: Sequence[str],
    rows_of: Callable[[Sequence[Fact]], Sequence[tuple[Any, ...]]],
) -> list[tuple[Any, ...]]:
    """Return the rows of each condition's cases, its name before each."""
    groups = group_by(facts, "condition")
    return [(name, *row) for name in conditions for row in rows_of(groups.get(name, ()))]
