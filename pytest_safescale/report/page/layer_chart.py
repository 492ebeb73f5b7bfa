"""Risk against coverage for sets of layers, and what a reviewer's capacity buys, as one chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.analysis.layer_configurations import ALL, BARE
from pytest_safescale.report.layer_lines import place_of
from pytest_safescale.report.page.charts.chart import (
    Chart,
    Entry,
    Line,
    Mark,
    Panel,
    interval_lines,
    series_entry,
)
from pytest_safescale.report.page.charts.scales import per_cent_axis
from pytest_safescale.report.wording import label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.results.run_file import RunFile

__all__ = ["layer_charts"]

MOST_CELLS = 6
_CAPACITY = (
    Entry(name="answered by nobody", colour=3, shape="circle"),
    Entry(name="dangerous of the reviewed", colour=2, shape="diamond", dashes="5 3"),
)
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
    names = list(dict.fromkeys(point.name for cell in cells for point in _points(cell)))
    return [
        Chart(
            name="layers",
            title="Layers: risk against coverage, and what reviewers buy",
            text="First: each mark is a set of layers, the share of cases that it answers against "
            "the high-risk share of the answers, with its exact 95 % interval; further down and to "
            "the right is better. The line is the base alone where it withholds answers below a "
            "confidence of its samples. Under reviewers: with more cases that people can take "
            "fewer are answered by nobody; the dashed line is the share of the reviewed that would "
            "have been dangerous.",
            told=" ".join(map(_told, cells)),
            columns=TERMS,
            rows=[row for cell in cells for row in _rows(run, cell)],
            panels=[
                panel
                for cell in cells
                for panel in (_risk_panel(run, cell, names), *_capacity_panels(cell, len(names)))
            ],
            entries=[
                *(series_entry(at, label(name)) for at, name in enumerate(names)),
                *(_CAPACITY if any(cell["capacities"] for cell in cells) else ()),
            ],
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


def _risk_panel(run: RunFile, cell: Mapping[str, Any], names: Sequence[str]) -> Panel:
    points, curve = _points(cell), _curve(run, cell)
    lines: list[Line] = []
    if len(curve) > 1:
        lines.append(Line(points=[(one.coverage, one.risk) for one in curve]))
    for point in points:
        x, y = (point.coverage, None, None), (point.risk, point.low, point.high)
        lines += interval_lines((names.index(point.name),), x=x, y=y)
    ends = [value for one in points for value in (one.low, one.high)]
    return Panel(
        title=place_of(cell),
        x=per_cent_axis("cases answered", [one.coverage for one in (*points, *curve)]),
        y=per_cent_axis(
            "high-risk of the answered",
            [*ends, *(one.risk for one in (*points, *curve))],
            zero=True,
        ),
        lines=lines,
        marks=[
            Mark(
                x=point.coverage,
                y=point.risk,
                told=f"{place_of(cell)}, {point.name}: {100 * point.coverage:.1f} % answered, "
                f"{100 * point.risk:.1f} % of these high-risk "
                f"({100 * point.low:.1f} to {100 * point.high:.1f})",
                series=(names.index(point.name),),
                strong=point.name == ALL,
            )
            for point in points
        ],
    )


def _capacity_panels(cell: Mapping[str, Any], first: int) -> list[Panel]:
    """Return the panel of reviewers; none where nothing is handed over.

    ``first`` is the place of its first series in the legend.
    """
    points = cell["capacities"]
    if not points:
        return []
    curves = [
        [(point["capacity"], point[name]["value"]) for point in points]
        for name in ("unanswered", "dangerous")
    ]
    known = [[(x, y) for x, y in curve if y is not None] for curve in curves]
    lines = [
        Line(points=curve, series=(first + at,), dashes=_CAPACITY[at].dashes)
        for at, curve in enumerate(known)
        if len(curve) > 1
    ]
    values = [y for curve in known for _, y in curve]
    y_axis = per_cent_axis("share of cases", values, zero=True)
    now = cell["capacity"]
    lines.append(Line(points=[(now, end) for end in y_axis.ends], width=1, dashes="2 3"))
    return [
        Panel(
            title=f"{place_of(cell)}: reviewers",
            x=per_cent_axis("cases that people can take", [now, *(x for x, _ in curves[0])]),
            y=y_axis,
            lines=lines,
            marks=[
                Mark(
                    x=x,
                    y=y,
                    told=f"{place_of(cell)}, people take {100 * x:.1f} % of the cases: "
                    f"{100 * y:.1f} % {_CAPACITY[at].name}",
                    series=(first + at,),
                )
                for at, curve in enumerate(known)
                for x, y in curve
            ],
        )
    ]
