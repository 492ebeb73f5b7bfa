"""A chart drawn: its panels and legend for the page, or all in one for a file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from pytest_safescale.report.page.charts.elements import element, fitted, number, text_width
from pytest_safescale.report.page.charts.panel import (
    SIZE,
    TITLE,
    WIDTH,
    draw_mark,
    draw_panel,
    series_colour,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.report.page.charts.chart import Chart, Entry

__all__ = ["Drawn", "draw_for_page", "draw_png", "draw_svg"]

_INK = {"ink": "#1d2529", "muted": "#56626a", "line": "#d5dbde", "edge": "#7c8890"}
_FIXED = {
    **_INK,
    "ground": "#ffffff",
    **{
        f"s{number}": colour
        for number, colour in enumerate(
            (
                *("#5b6770", "#00796c", "#b3261e", "#1f5fbf"),
                *("#8e3bb0", "#a85600", "#2e7d32", "#ad1457"),
            )
        )
    },
}
"""The colours of files: those of the page in the light, each at least 3:1 against white."""
_COLUMNS = 3
_APART = 24
_SWATCH = (26, 14)
_FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A chart as the page's template takes it."""

    chart: Chart
    panels: Sequence[Markup]
    legend: Sequence[tuple[int, Entry, Markup]]
    """Place, entry and sign of each series that is shown; empty where there is but one."""
    source: str
    """Where the figures come from."""
    label: str
    """What the figures are of where they are of no model under test; may be empty."""

    @property
    def wide(self) -> bool:
        """Whether the chart takes the whole width of the page."""
        return len(self.chart.panels) > 1


def draw_for_page(chart: Chart, *, source: str, label: str) -> Drawn:
    """Draw a chart in the page's own colours (``var(--ink)``), a picture a panel."""
    panels = []
    for panel in chart.panels:
        root, _ = draw_panel(panel, chart.entries, "var(--{})".format)
        root.set("role", "img")
        root.set("aria-label", f"{chart.title}: {panel.title}" if panel.title else chart.title)
        panels.append(_markup(root))
    legend = [
        (at, entry, _markup(_sign(entry, "var(--{})".format))) for at, entry in _legend_of(chart)
    ]
    return Drawn(chart=chart, panels=panels, legend=legend, source=source, label=label)


def _legend_of(chart: Chart) -> list[tuple[int, Entry]]:
    """Return the series that marks or lines have, by their places; of one alone nothing."""
    of_panels = [
        series
        for panel in chart.panels
        for series in (*(m.series for m in panel.marks), *(n.series for n in panel.lines))
    ]
    used = {at for series in of_panels for at in series}
    found = [(at, entry) for at, entry in enumerate(chart.entries) if at in used]
    return found if len(found) > 1 else []


def _markup(root: ET.Element) -> Markup:
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree escapes


def _sign(entry: Entry, colour: Callable[[str], str]) -> ET.Element:
    """Return the little picture of a series beside its name in the legend."""
    root = element(None, "svg", viewBox=f"0 0 {_SWATCH[0]} {_SWATCH[1]}", aria_hidden="true")
    root.set("class", "sign")
    middle = _SWATCH[1] / 2
    if entry.shape == "line":
        stroke = colour(series_colour((0,), (entry,)))
        d = f"M1 {number(middle)}L{_SWATCH[0] - 1} {number(middle)}"
        element(
            root, "path", d=d, stroke=stroke, stroke_width=2, stroke_dasharray=entry.dashes or None
        )
    else:
        draw_mark(root, entry, (_SWATCH[0] / 2, middle), colour)
    return root


def draw_svg(chart: Chart, *, label: str = "") -> str:
    """Return the chart as one SVG that stands by itself, in fixed colours on white."""
    columns = min(_COLUMNS, len(chart.panels))
    width = columns * WIDTH + (columns - 1) * _APART + 2 * _APART
    root = element(None, "svg", xmlns="http://www.w3.org/2000/svg", role="img")
    element(root, "title", chart.title)
    element(root, "desc", f"{chart.text} {chart.told}".strip())
    ground = element(root, "rect", width=width, fill=_FIXED["ground"])
    top = _heading(root, chart, label, width)
    for start in range(0, len(chart.panels), columns):
        heights = []
        for at, panel in enumerate(chart.panels[start : start + columns]):
            drawn, height = draw_panel(panel, chart.entries, _FIXED.__getitem__)
            place = {"x": number(_APART + at * (WIDTH + _APART)), "y": number(top)}
            for name, value in {**place, "width": str(WIDTH), "height": number(height)}.items():
                drawn.set(name, value)
            root.append(drawn)
            heights.append(height)
        top += max(heights) + _APART / 2
    height = _legend(root, [entry for _, entry in _legend_of(chart)], top, width) + _APART / 2
    ground.set("height", number(height))
    size = {"width": number(width), "height": number(height)}
    box = {"viewBox": f"0 0 {number(width)} {number(height)}", "font-family": _FONT}
    root.attrib.update({**size, **box})
    return ET.tostring(root, encoding="unicode")


def _heading(root: ET.Element, chart: Chart, label: str, width: float) -> float:
    """Write title and label; returns where the panels begin."""
    top, room = _APART + TITLE, width - 2 * _APART
    title = fitted(chart.title, 15, room)
    element(root, "text", title, x=_APART, y=top, font_size=15, font_weight="600", fill=_INK["ink"])
    if label:
        top += SIZE + 7
        said = fitted(label, SIZE, room)
        element(root, "text", said, x=_APART, y=top, font_size=SIZE, fill=_INK["muted"])
    return top + 14


def _legend(root: ET.Element, entries: Sequence[Entry], top: float, width: float) -> float:
    """Write the legend in lines; returns where it ends."""
    left = float(_APART)
    for entry in entries:
        name = fitted(entry.name, SIZE, width - 2 * _APART - _SWATCH[0])
        room = _SWATCH[0] + 4 + text_width(name, SIZE) + 14
        if left > _APART and left + room > width - _APART:
            left, top = float(_APART), top + _SWATCH[1] + 6
        sign = _sign(entry, _FIXED.__getitem__)
        place = {"x": number(left), "y": number(top)}
        sign.attrib.update(place, width=str(_SWATCH[0]), height=str(_SWATCH[1]))
        root.append(sign)
        y = top + _SWATCH[1] - 3
        element(root, "text", name, x=left + _SWATCH[0] + 4, y=y, font_size=SIZE, fill=_INK["ink"])
        left += room
    return top + (_SWATCH[1] if entries else 0)


def draw_png(drawing: str) -> bytes | None:
    """Return an SVG of ``draw_svg`` as PNG of twice its size; ``None`` without the library."""
    try:
        import resvg_py
    except ImportError:
        return None
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing, zoom=2))
