"""How figures read on the page: ``0 of 30, up to 11.6 %``; rates in per cent alone.

A rate is told as how many of how many, with its interval; what has no count (means over models,
confidences, calibration) as its value with its interval. Differences have their sign before them
and are in points: percentage points of a rate. Harm is in per cent of the worst there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metric_table import is_rate
from pytest_safescale.analysis.metrics import EXCESS_FLIPS
from pytest_safescale.report.plain_words import per_cent
from pytest_safescale.report.table import signed_points
from pytest_safescale.report.wording import NOTHING, figure, in_per_cent

if TYPE_CHECKING:
    from pytest_safescale.results.run_content import ComparisonRow, FigureRow, KnownFigure

__all__ = [
    "difference_span",
    "figure_words",
    "in_full",
    "points",
    "rate_reach",
    "rate_words",
    "reach_words",
    "value_words",
]


def points(value: float, metric: str = "accuracy") -> str:
    """Write a difference with its sign, such as ``+3.0 points``; of what is no rate as a figure."""
    if in_per_cent(metric) or metric == EXCESS_FLIPS:
        return f"{signed_points(value)} points"
    told = figure(metric, value + 0.0)
    return f"+{told}" if value > 0 else told


def value_words(metric: str, value: float | None) -> str:
    """Write the value of a figure with its unit; nothing measured is a dash, never a zero."""
    if value is None:
        return NOTHING
    if metric == EXCESS_FLIPS:
        return points(value, metric)
    if in_per_cent(metric):
        return per_cent(value)
    return f"{figure(metric, value)} s" if metric.endswith("_s") else figure(metric, value)


def rate_words(value: float | None, count: int | None, n: int | None) -> str:
    """Write a rate as how many of how many; in per cent where it is not known how many."""
    if value is None:
        return NOTHING
    return per_cent(value) if count is None or not n else f"{count:,} of {n:,}"


def rate_reach(
    value: float | None,
    ends: tuple[float | None, float | None],
    *,
    count: int | None = None,
    n: int | None = None,
) -> str:
    """Write what stands below ``rate_words``: the rate in per cent and how far it may reach.

    ``ends`` are those of the interval. Of none ``up to 11.6 %``, of all ``at least 88.4 %``, else
    ``10.6 %, 4.4 to 20.6 %``. Empty where nothing was measured.
    """
    low, high = ends
    if value is None:
        return ""
    counted = count is not None and bool(n)
    own = [per_cent(value)] if counted else []
    if low is None or high is None:
        return "".join(own)
    if counted and count == 0 and low == 0:
        return f"up to {per_cent(high)}"
    if counted and count == n and high == 1:
        return f"at least {per_cent(low)}"
    return ", ".join([*own, f"{100 * low:.1f} to {100 * high:.1f} %"])


def figure_words(row: FigureRow | KnownFigure) -> str:
    """Write a figure: of a rate how many cases of how many, of anything else its value."""
    if not is_rate(row["metric"]):
        return value_words(row["metric"], row["value"])
    return rate_words(row["value"], row.get("count"), row["n"])


def reach_words(row: FigureRow | KnownFigure) -> str:
    """Write what stands below ``figure_words``; empty where no interval is meant."""
    value, low, high = row["value"], row["ci_low"], row["ci_high"]
    without = "no interval" if row.get("ci_reason") and low is None and value is not None else ""
    if is_rate(row["metric"]):
        told = rate_reach(value, (low, high), count=row.get("count"), n=row["n"])
    else:
        told = "" if low is None or high is None else _span(row["metric"], low, high)
    return ", ".join(filter(None, (told, without)))


def in_full(row: FigureRow | KnownFigure) -> str:
    """Write a figure with its interval in one line, such as ``0 of 30, up to 11.6 %``."""
    return ", ".join(filter(None, (figure_words(row), reach_words(row))))


def difference_span(row: FigureRow | ComparisonRow) -> str:
    """Write the interval of a difference; empty where it has none."""
    low, high = row["ci_low"], row["ci_high"]
    if low is None or high is None:
        return ""
    first = points(low, row["metric"]).removesuffix(" points")
    return f"{first} to {points(high, row['metric'])}"


def _span(metric: str, low: float, high: float) -> str:
    if in_per_cent(metric):
        return rate_reach(0.0, (low, high))
    unit = " points" if metric == EXCESS_FLIPS else " s"
    return f"{value_words(metric, low).removesuffix(unit)} to {value_words(metric, high)}"
