"""Charts drawn with matplotlib: the one look they share, and their files.

The only module that imports matplotlib, and only when something is drawn.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.report.page.svg import clean_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "GROUND",
    "INK",
    "LINE",
    "MARKERS",
    "MUTED",
    "SERIES",
    "Chart",
    "draw_png",
    "draw_svg",
    "legend",
    "panels",
    "per_cent_axis",
    "series_style",
]

INK, MUTED, LINE, GROUND = "#1d2529", "#56626a", "#d5dbde", "#ffffff"
SERIES = (
    "#5b6770",
    "#00796c",
    "#b3261e",
    "#1f5fbf",
    "#8e3bb0",
    "#a85600",
    "#2e7d32",
    "#ad1457",
)
"""Colours of series, each at least 3:1 against white; the page has a dark twin of each."""
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p")

_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    GROUND: "var(--ground)",
    **{colour: f"var(--s{number})" for number, colour in enumerate(SERIES)},
}
_LOOK: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.facecolor": GROUND,
    "figure.facecolor": GROUND,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.5,
    "lines.markersize": 5.5,
}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart: what it says, its figures as data, and how it is drawn."""

    name: str
    """As in the names of its files."""
    title: str
    text: str
    """How to read it, in a sentence or two; where nothing is drawn, why."""
    told: str = ""
    """Its main figures in words, for who does not see it."""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    """The figures behind it."""
    draw: Callable[[Figure], None] | None = None
    """``None`` where the run does not hold what the chart shows."""
    size: tuple[float, float] = (6.2, 4.2)
    """In inches of 72 points."""


def series_style(number: int) -> dict[str, Any]:
    """Return colour and marker of a series; both differ, so that colour is not all."""
    return {"color": SERIES[number % len(SERIES)], "marker": MARKERS[number % len(MARKERS)]}


def draw_svg(chart: Chart, *, standalone: bool = False) -> str:
    """Return the chart as SVG: for the page with the page's colours, standalone with its own."""
    written = io.StringIO()
    _save(chart, written, "svg", metadata={"Date": None, "Creator": None})
    variables = {} if standalone else _VARIABLES
    return clean_svg(
        written.getvalue(), chart.name, chart.title, f"{chart.text} {chart.told}", variables
    )


def draw_png(chart: Chart) -> bytes:
    """Return the chart as PNG at 200 dots per inch."""
    written = io.BytesIO()
    _save(chart, written, "png", dpi=200)
    return written.getvalue()


def _save(chart: Chart, target: io.StringIO | io.BytesIO, kind: str, **options: Any) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    assert chart.draw is not None
    look: Any = {**_LOOK, "svg.hashsalt": chart.name}
    with mpl.rc_context(look), warnings.catch_warnings():
        # A name in a script the drawing font lacks is drawn by the reader's browser.
        warnings.simplefilter("ignore")
        figure = Figure(figsize=chart.size, layout="constrained")
        chart.draw(figure)
        # Laid out here, the figure is drawn once; savefig would draw it for its layout as well.
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine(None)
        figure.savefig(target, format=kind, **options)


def panels(figure: Figure, rows: int, columns: int, **options: Any) -> Iterator[Axes]:
    """Give the axes of a grid of panels, row by row."""
    yield from figure.subplots(rows, columns, squeeze=False, **options).flat


def per_cent_axis(*axes: Any) -> None:
    """Label an axis (``ax.xaxis``) that shows fractions in per cent."""
    from matplotlib.ticker import PercentFormatter

    for axis in axes:
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))


def legend(figure: Figure, entries: Sequence[tuple[str, dict[str, Any]]], columns: int = 3) -> None:
    """Put one legend under all panels."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=name, **{"linestyle": "", **style}) for name, style in entries]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(columns, len(handles)))
