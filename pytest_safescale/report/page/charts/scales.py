"""Axes: where a value lies, which ticks an axis has, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from pytest_safescale.report.page.charts.elements import text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["SHARES", "Axis", "nice_ends", "per_cent_axis", "place", "shares_axis", "ticks_of"]

SHARES = (0.0, 1.0)
"""Where shares and rates lie: an axis of them never goes beyond."""
_NEAR = 1e-9
_GAP = 10
"""Least room between two labels, in units of the drawing."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis: its name, its ends and how its values are written."""

    label: str
    ends: tuple[float, float]
    """The least and the greatest value, the first below the second."""
    per_cent: bool = False
    """Values are shares, written in per cent."""
    log: bool = False
    values: Sequence[float] | None = None
    """The only values that get ticks, in rising order, where a round step says nothing."""
    falling: bool = False
    """Values fall from left to right."""


def per_cent_axis(label: str, values: Iterable[float | None], *, zero: bool = False) -> Axis:
    """Return an axis of shares in per cent, wide enough for the values that are known."""
    return Axis(label=f"{label} (%)", ends=nice_ends(values, zero=zero), per_cent=True)


def shares_axis(label: str) -> Axis:
    """Return an axis of shares from 0 to 1."""
    return Axis(label=label, ends=SHARES)


def nice_ends(
    values: Iterable[float | None],
    *,
    zero: bool = False,
    within: tuple[float, float] | None = SHARES,
) -> tuple[float, float]:
    """Return ends at round steps around the values; ``zero`` begins the axis at 0.

    The ends stay ``within`` these bounds, where there are any. Around one value alone the axis
    reaches 0.05 to either side.
    """
    known = [value for value in values if value is not None] or list(SHARES)
    low, high = (min(0.0, *known) if zero else min(known)), max(known)
    if high - low < _NEAR:
        low, high = low - 0.05, high + 0.05
    step = _round_step(high - low, 4)
    low, high = floor(low / step + _NEAR) * step, ceil(high / step - _NEAR) * step
    least, most = within or (low, high)
    return max(least, round(low, 12)), min(most, round(high, 12))


def _round_step(span: float, most: int) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that parts a span into ``most``."""
    raw = span / most
    power = float(10 ** floor(log10(raw)))
    return next(f * power for f in (1, 2, 5, 10) if f * power >= raw * (1 - _NEAR))


def place(axis: Axis, value: float, start: float, end: float) -> float:
    """Return where a value lies between two ends of the drawing."""
    low, high = axis.ends
    if axis.log:
        low, high, value = log10(low), log10(high), log10(value)
    share = (value - low) / (high - low)
    return start + (1 - share if axis.falling else share) * (end - start)


def ticks_of(axis: Axis, length: float, size: float) -> list[tuple[float, str]]:
    """Return values and labels of an axis of a length, so few that no two labels touch.

    ``size`` is that of the letters; of an upright axis give their height and no more matters.
    """
    if axis.values is not None:
        return _thinned(axis, [(value, f"{value:g}") for value in axis.values], length, size)
    for most in (6, 5, 4, 3, 2):
        found = _round_ticks(axis, most)
        if _apart(axis, found, length, size):
            return found
    return _thinned(axis, _round_ticks(axis, 1), length, size)


def _round_ticks(axis: Axis, most: int) -> list[tuple[float, str]]:
    low, high = axis.ends
    step = _round_step(high - low, most)
    shown = step * (100 if axis.per_cent else 1)
    digits = max(0, -floor(log10(shown) + _NEAR))
    values = [
        round(number * step, 12)
        for number in range(ceil(low / step - _NEAR), floor(high / step + _NEAR) + 1)
    ]
    # Adding zero takes the sign from what rounds to minus nothing.
    return [
        (value, f"{round(value * (100 if axis.per_cent else 1), digits) + 0.0:.{digits}f}")
        for value in values
    ]


def _apart(axis: Axis, ticks: Sequence[tuple[float, str]], length: float, size: float) -> bool:
    return _thinned(axis, ticks, length, size) == list(ticks)


def _thinned(
    axis: Axis, ticks: Sequence[tuple[float, str]], length: float, size: float
) -> list[tuple[float, str]]:
    """Return the first tick, the last, and those between whose labels touch none that is kept."""
    if len(ticks) < 2:
        return list(ticks)
    last = ticks[-1]
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if _clear(axis, kept[-1], tick, length, size) and _clear(axis, tick, last, length, size):
            kept.append(tick)
    return [*kept, last] if _clear(axis, kept[-1], last, length, size) else kept


def _clear(
    axis: Axis, one: tuple[float, str], other: tuple[float, str], length: float, size: float
) -> bool:
    away = abs(place(axis, other[0], 0, length) - place(axis, one[0], 0, length))
    return away >= (text_width(one[1], size) + text_width(other[1], size)) / 2 + _GAP
