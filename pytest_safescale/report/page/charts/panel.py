"""A panel drawn: frame, ticks and names, lines, then marks that know their figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.report.page.charts.elements import element, fitted, number, text_width
from pytest_safescale.report.page.charts.scales import place, ticks_of
from pytest_safescale.report.page.charts.shapes import shape_path
from pytest_safescale.text.escaping import one_line

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Callable, Sequence

    from pytest_safescale.report.page.charts.chart import Entry, Line, Mark, Panel

    Colours = Callable[[str], str]

__all__ = ["WIDTH", "draw_mark", "draw_panel", "series_colour"]

WIDTH = 360
SIZE = 11.0
"""Of letters, in units of the drawing; a panel is shown at about its own width."""
TITLE = 12.5
_HEIGHT = 190
"""Of the frame where the upright axis has values."""
_INSET = 9
"""Between the frame and the least and greatest value, so that no mark leaves the frame."""
_NAME, _LANE, _BETWEEN = 17, 12, 4
"""Heights of a row's name, of a lane, and between rows."""
_RADIUS = 4.2


@dataclass(frozen=True, kw_only=True)
class _Frame:
    left: float
    right: float
    top: float
    bottom: float


def draw_panel(panel: Panel, entries: Sequence[Entry], colour: Colours) -> tuple[ET.Element, float]:
    """Return the panel's ``<svg>``, ``WIDTH`` broad, and its height.

    ``colour`` makes a name (``ink``, ``muted``, ``line``, ``ground``, ``s0`` and so on) a colour.
    """
    root = element(None, "svg", font_size=SIZE, fill=colour("ink"))
    top = _head(root, panel, colour)
    frame = _frame(panel, top)
    height = frame.bottom + 2.7 * SIZE + 5
    root.set("viewBox", f"0 0 {WIDTH} {number(height)}")
    _x_axis(root, panel, frame, colour)
    if panel.y is None:
        _names(root, panel, frame, colour)
    else:
        _y_axis(root, panel, frame, colour)
    for line in panel.lines:
        _line(root, panel, line, frame, entries, colour)
    for mark in sorted(panel.marks, key=lambda mark: mark.strong):
        at = _point(panel, frame, (mark.x, mark.y))
        drawn = draw_mark(root, _look(mark, entries), at, colour, _radius(mark), mark.strong)
        for name, value in _data(mark).items():
            drawn.set(name, value)
    return root, height


def _head(root: ET.Element, panel: Panel, colour: Colours) -> float:
    """Write the title and the name of the upright axis; returns where the frame begins."""
    at = 2.0
    if panel.title:
        at += TITLE
        title = fitted(panel.title, TITLE * 1.06, WIDTH - 4)
        element(root, "text", title, x=2, y=at, font_size=TITLE, font_weight="600")
        at += 4
    if panel.y is not None:
        at += SIZE
        label = fitted(panel.y.label, SIZE, WIDTH - 4)
        element(root, "text", label, x=2, y=at, fill=colour("muted"))
        at += 2
    return at + 5


def _frame(panel: Panel, top: float) -> _Frame:
    if panel.y is None:
        height = len(panel.rows) * _row_height(panel)
        return _Frame(left=2, right=WIDTH - 6, top=top, bottom=top + height)
    labels = [text for _, text in _y_ticks(panel)]
    left = 8 + max((text_width(text, SIZE) for text in labels), default=0)
    return _Frame(left=left, right=WIDTH - 6, top=top, bottom=top + _HEIGHT)


def _row_height(panel: Panel) -> float:
    return _NAME + panel.lanes * _LANE + _BETWEEN


def _y_ticks(panel: Panel) -> list[tuple[float, str]]:
    assert panel.y is not None
    # An upright axis has a line of letters a label: six of them are always apart.
    return ticks_of(panel.y, 4 * _HEIGHT, SIZE)


def _point(panel: Panel, frame: _Frame, value: tuple[float, float]) -> tuple[float, float]:
    """Return where a point lies in the drawing."""
    x = place(panel.x, value[0], frame.left + _INSET, frame.right - _INSET)
    if panel.y is not None:
        return x, place(panel.y, value[1], frame.bottom - _INSET, frame.top + _INSET)
    lane_of_all = round(value[1])
    row, lane = divmod(lane_of_all, panel.lanes)
    within = lane + 0.5 + value[1] - lane_of_all
    return x, frame.top + row * _row_height(panel) + _NAME + within * _LANE


def _x_axis(root: ET.Element, panel: Panel, frame: _Frame, colour: Colours) -> None:
    length = frame.right - frame.left - 2 * _INSET
    below = frame.bottom + SIZE + 4
    for value, text in ticks_of(panel.x, length, SIZE):
        x = place(panel.x, value, frame.left + _INSET, frame.right - _INSET)
        _grid(root, (x, frame.top), (x, frame.bottom), colour)
        half = text_width(text, SIZE) / 2
        middle = min(max(x, half), WIDTH - half)
        element(root, "text", text, x=middle, y=below, text_anchor="middle", class_="tick")
    _grid(root, (frame.left, frame.bottom), (frame.right, frame.bottom), colour, "edge")
    label = fitted(panel.x.label, SIZE, frame.right - frame.left)
    element(
        root,
        "text",
        label,
        x=(frame.left + frame.right) / 2,
        y=below + SIZE + 4,
        text_anchor="middle",
        fill=colour("muted"),
    )


def _y_axis(root: ET.Element, panel: Panel, frame: _Frame, colour: Colours) -> None:
    assert panel.y is not None
    for value, text in _y_ticks(panel):
        y = place(panel.y, value, frame.bottom - _INSET, frame.top + _INSET)
        _grid(root, (frame.left, y), (frame.right, y), colour)
        element(root, "text", text, x=frame.left - 5, y=y + 4, text_anchor="end", class_="tick")


def _names(root: ET.Element, panel: Panel, frame: _Frame, colour: Colours) -> None:
    """Write each row's name above its lanes, where long names have room."""
    for at, name in enumerate(panel.rows):
        top = frame.top + at * _row_height(panel)
        if at:
            _grid(root, (frame.left, top), (frame.right, top), colour)
        shown = fitted(name, SIZE, frame.right - frame.left)
        element(
            root,
            "text",
            shown,
            x=frame.left,
            y=top + SIZE + 2,
            stroke=colour("ground"),
            stroke_width=3,
            paint_order="stroke",
        )


def _grid(
    root: ET.Element,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: Colours,
    name: str = "line",
) -> None:
    d = f"M{number(start[0])} {number(start[1])}L{number(end[0])} {number(end[1])}"
    element(root, "path", d=d, stroke=colour(name), stroke_width=0.8)


def series_colour(series: Sequence[int], entries: Sequence[Entry]) -> str:
    """Return the name of the colour of what belongs to series; of none it is muted."""
    number_of = entries[series[0]].colour if series else None
    return "muted" if number_of is None else f"s{number_of}"


def _line(
    root: ET.Element,
    panel: Panel,
    line: Line,
    frame: _Frame,
    entries: Sequence[Entry],
    colour: Colours,
) -> None:
    points = [_point(panel, frame, point) for point in line.points]
    element(
        root,
        "path",
        d="M" + "L".join(f"{number(x)} {number(y)}" for x, y in points),
        fill="none",
        stroke=colour(series_colour(line.series, entries)),
        stroke_width=float(line.width),
        stroke_dasharray=line.dashes or None,
        stroke_linejoin="round",
        opacity=None if line.opacity == 1 else line.opacity,
        data_series=" ".join(map(str, line.series)) or None,
    )


def _look(mark: Mark, entries: Sequence[Entry]) -> Entry:
    """Return what a mark looks like: the colour of its first series, the shape of its last."""
    first, last = entries[mark.series[0]], entries[mark.series[-1]]
    hollow = mark.hollow or last.hollow
    shape = "circle" if last.shape == "line" else last.shape
    return type(first)(name="", colour=first.colour, shape=shape, hollow=hollow)


def _radius(mark: Mark) -> float:
    return _RADIUS * (1.5 if mark.strong else 0.7 if mark.small else 1)


def draw_mark(
    root: ET.Element,
    entry: Entry,
    at: tuple[float, float],
    colour: Colours,
    radius: float = _RADIUS,
    outlined: bool = False,
) -> ET.Element:
    """Draw the mark of a series at a place, and return its element."""
    own = colour("muted" if entry.colour is None else f"s{entry.colour}")
    return element(
        root,
        "path",
        d=shape_path(entry.shape, radius),
        transform=f"translate({number(at[0])} {number(at[1])})",
        fill=colour("ground") if entry.hollow else own,
        stroke=colour("ink") if outlined else own if entry.hollow else colour("ground"),
        stroke_width=1.5 if outlined or entry.hollow else 0.7,
    )


def _data(mark: Mark) -> dict[str, str]:
    """Return what a mark's element says of its figure: exact values, series and words."""
    return {
        "class": "mark",
        "data-x": repr(float(mark.x)),
        "data-y": repr(float(mark.y)),
        "data-series": " ".join(map(str, mark.series)),
        "data-told": one_line(mark.told),
    }
