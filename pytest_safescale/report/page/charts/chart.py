"""What a chart is: panels of marks and lines in the figures' own units, and a legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.report.page.charts.scales import Axis

__all__ = ["Chart", "Entry", "Line", "Mark", "Panel", "interval_lines", "series_entry"]

SHAPES = ("circle", "square", "diamond", "triangle", "wedge", "plus", "cross", "pentagon")
COLOURS = 8
"""Colours of series; the page has a light and a dark one of each (``--s0`` to ``--s7``)."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One series, as the legend shows it."""

    name: str
    colour: int | None = None
    """Number of its colour; ``None`` is muted."""
    shape: str = "circle"
    """One of ``SHAPES``, ``tick`` (an upright stroke) or ``line``."""
    hollow: bool = False
    dashes: str = ""
    """The lengths of dashes and gaps of its line; empty is solid."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One figure, in the units of its panel's axes."""

    x: float
    y: float
    told: str
    """The figure in words, for who points at it or comes to it by keyboard."""
    series: tuple[int, ...] = ()
    """Places in the chart's legend: the first gives the colour, the last the shape."""
    strong: bool = False
    """Larger and outlined, as a mean is."""
    hollow: bool = False
    small: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line through points: a curve, an interval, a box or a reference."""

    points: Sequence[tuple[float, float]]
    series: tuple[int, ...] = ()
    """As of a mark; a line of no series is muted and is always seen."""
    width: float = 1.5
    opacity: float = 1.0
    dashes: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes; with ``rows`` its upright axis is a list of names."""

    x: Axis
    y: Axis | None = None
    title: str = ""
    rows: Sequence[str] = ()
    """Names from the top; y then counts lanes from the top: row times ``lanes`` plus lane."""
    lanes: int = 1
    marks: Sequence[Mark] = ()
    lines: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart: what it says, its figures as data, and its panels."""

    name: str
    """As in the names of its files."""
    title: str
    text: str
    """What is seen and how to read it, in a sentence or two."""
    told: str = ""
    """Its main figures in words, for who does not see it."""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    """The figures behind it."""
    panels: Sequence[Panel]
    entries: Sequence[Entry] = ()
    """The legend, which the series of marks and lines point into."""


def series_entry(number: int, name: str) -> Entry:
    """Return the legend's entry of a series; colour and shape differ, so colour is not all."""
    shape = SHAPES[(number + number // COLOURS) % len(SHAPES)]
    return Entry(name=name, colour=number % COLOURS, shape=shape)


def interval_lines(
    series: tuple[int, ...],
    *,
    x: tuple[float, float | None, float | None],
    y: tuple[float, float | None, float | None],
) -> list[Line]:
    """Return the intervals of a mark as lines; ``x`` and ``y`` are value, low and high."""
    found = []
    if x[1] is not None and x[2] is not None:
        found.append(Line(points=((x[1], y[0]), (x[2], y[0])), series=series, opacity=0.8))
    if y[1] is not None and y[2] is not None:
        found.append(Line(points=((x[0], y[1]), (x[0], y[2])), series=series, opacity=0.8))
    return found
