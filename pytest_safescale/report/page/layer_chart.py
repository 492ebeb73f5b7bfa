"""Risk against coverage for sets of layers, and what a reviewer's capacity buys, as one chart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.analysis.layer_configurations import ALL, BARE
from pytest_safescale.report.layer_lines import place_of
from pytest_safescale.report.page.drawing import (
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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pytest_safescale.results.run_file import RunFile

__all__ = ["layer_charts"]

MOST_CELLS = 6
TERMS = ("model", "condition", "what", "at", "coverage", "risk", "low", "high")


class _Point(NamedTuple):
    """One set of layers, or one threshold on the base's confidence."""

    name: str
    coverage: float
    risk: float
    low: float
    high: float


def layer_charts(run: RunFile) -> list[Chart]:
    """Return the chart of a run with a model that has layers; none of any other run."""
    cells: Sequence[Mapping[str, Any]] = run.analyses.get("layers") or ()
    cells = [cell for cell in cells if _points(cell)][:MOST_CELLS]
    if not cells:
        return []
    return [
        Chart(
            name="layers",
            title="Layers: risk against coverage, and what reviewers buy",
            text="Left: each mark is a set of layers, the share of cases that it answers against "
            "the high-risk share of the answers, with its exact 95 % interval; further down and to "
            "the right is better. The line is the base alone where it withholds answers below a "
            "confidence of its samples. Right: with more cases that people can take fewer are "
            "answered by nobody; the dashed line is the share of the reviewed that would have been "
            "dangerous.",
            told=" ".join(map(_told, cells)),
            columns=TERMS,
            rows=[row for cell in cells for row in _rows(run, cell)],
            draw=partial(_draw, run=run, cells=cells),
            size=(9.6, 1.2 + 2.9 * len(cells)),
        )
    ]


def _points(cell: Mapping[str, Any]) -> list[_Point]:
    found = []
    for row in cell["rows"]:
        coverage, risk = row["answered_share"], row["selective_high_risk_rate"]
        if coverage and risk and risk["value"] is not None:
            ends = risk["low"], risk["high"]
            found.append(_Point(row["configuration"], coverage["value"], risk["value"], *ends))
    return found


def _curve(run: RunFile, cell: Mapping[str, Any]) -> list[_Point]:
    """Return the base's risk and coverage by its confidence, where it was asked for samples."""
    mechanisms = run.analyses.get("mechanisms") or {}
    for row in mechanisms.get("confident_errors") or ():
        if (row["model"], row["condition"]) == (cell["base"], cell["condition"]):
            return [
                _Point(f"{one['threshold']:g}", one["coverage"], *(one["high_risk_rate"],) * 3)
                for one in row["abstaining"]
                if one["coverage"] and one["high_risk_rate"] is not None
            ]
    return []


def _rows(run: RunFile, cell: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    names = cell["model"], cell["condition"]
    return [
        *((*names, "layers", *point) for point in _points(cell)),
        *((*names, "confidence", *point[:3], None, None) for point in _curve(run, cell)),
        *(
            (*names, "capacity", point["capacity"], None, point["unanswered"]["value"], None, None)
            for point in cell["capacities"]
        ),
    ]


def _told(cell: Mapping[str, Any]) -> str:
    points = {point.name: point for point in _points(cell)}
    told = [
        f"{name} answers {100 * points[name].coverage:.1f} per cent, of these "
        f"{100 * points[name].risk:.1f} per cent high-risk"
        for name in (BARE, ALL)
        if name in points
    ]
    return f"{place_of(cell)}: {'; '.join(told)}."


def _draw(figure: Figure, *, run: RunFile, cells: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(point.name for cell in cells for point in _points(cell)))
    styles = {name: series_style(number) for number, name in enumerate(names)}
    grid = list(panels(figure, len(cells), 2))
    for cell, left, right in zip(cells, grid[::2], grid[1::2], strict=True):
        _draw_risk(left, run, cell, styles)
        _draw_capacity(right, cell)
    legend(figure, [(label(name), style) for name, style in styles.items()], columns=4)


def _draw_risk(
    axes: Axes, run: RunFile, cell: Mapping[str, Any], styles: Mapping[str, dict[str, Any]]
) -> None:
    curve = _curve(run, cell)
    axes.plot([one.coverage for one in curve], [one.risk for one in curve], color=MUTED, zorder=1)
    for point in _points(cell):
        axes.vlines(
            point.coverage, point.low, point.high, colors=styles[point.name]["color"], alpha=0.4
        )
        outline: dict[str, Any] = {}
        if point.name == ALL:
            outline = {"markersize": 9, "markeredgecolor": INK}
        axes.plot(
            point.coverage,
            point.risk,
            linestyle="",
            zorder=3,
            alpha=0.9,
            **styles[point.name],
            **outline,
        )
    axes.set(
        title=label(place_of(cell)), xlabel="cases answered", ylabel="high-risk of the answered"
    )
    per_cent_axis(axes.xaxis, axes.yaxis)


def _draw_capacity(axes: Axes, cell: Mapping[str, Any]) -> None:
    points = cell["capacities"]
    axes.set(title="reviewers", xlabel="cases that people can take", ylabel="share of cases")
    per_cent_axis(axes.xaxis, axes.yaxis)
    if not points:
        axes.text(0.5, 0.5, "nothing is handed over", ha="center", transform=axes.transAxes)
        return
    at = [point["capacity"] for point in points]
    nobody = [point["unanswered"]["value"] for point in points]
    axes.plot(at, nobody, color=SERIES[3], marker="o", label="answered by nobody")
    known = [(x, one["dangerous"]["value"]) for x, one in zip(at, points, strict=True)]
    some = [(x, y) for x, y in known if y is not None]
    if some:
        axes.plot(
            *zip(*some, strict=True),
            color=SERIES[2],
            marker="D",
            linestyle="--",
            label="dangerous of the reviewed",
        )
    axes.axvline(cell["capacity"], color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_ylim(bottom=0)
    axes.legend(loc="best")
