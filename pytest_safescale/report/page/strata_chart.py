"""Subgroups of the items as a forest plot and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.panel_item import SUBGROUP_FIELDS
from pytest_safescale.report.page.analysis_tables import Cell, Table, rate_cell
from pytest_safescale.report.page.charts.chart import (
    Chart,
    Mark,
    Panel,
    interval_lines,
    series_entry,
)
from pytest_safescale.report.page.charts.scales import Axis, per_cent_axis
from pytest_safescale.report.strata_lines import FEWEST_TOLD, worst_first
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.results.run_file import RunFile

    Rows = Sequence[Mapping[str, Any]]

__all__ = ["strata_charts", "strata_tables"]

MOST_DRAWN = 24
"""Subgroups of a chart, the worst ones."""
MOST_ROWS = 40
TERMS = (
    *("field", "subgroup", "model", "condition", "regime", "metric"),
    *("value", "n", "count", "ci_low", "ci_high", "clusters", "effective_n"),
)


def strata_charts(run: RunFile) -> list[Chart]:
    """Return a forest plot for each field that parts the items, of the model with the worst."""
    rows: Rows = run.analyses.get("strata") or ()
    parted = [(field, [row for row in rows if row["field"] == field]) for field in SUBGROUP_FIELDS]
    return [_chart(run, field, own) for field, own in parted if own]


def _chart(run: RunFile, field: str, rows: Rows) -> Chart:
    ordered = worst_first(rows)
    model, metric = ordered[0]["model"], ordered[0]["metric"]
    own = [row for row in ordered if row["model"] == model]
    names = list(dict.fromkeys(row["subgroup"] for row in own))
    shown = [row for row in own if row["subgroup"] in names[:MOST_DRAWN]]
    more = len(names) - MOST_DRAWN
    left = f" The {more} further subgroups are in run.json." if more > 0 else ""
    whose = f"{model}, whose worst subgroup is the worst" if len(run.models) > 1 else model
    used = {row["condition"] for row in shown}
    conditions = list(dict.fromkeys([*run.conditions, *sorted(used)]))
    ends = [row[name] for row in shown for name in ("value", "ci_low", "ci_high")]
    axis = per_cent_axis(run.word(metric), ends, zero=True)
    return Chart(
        name=f"forest-{field.replace('_', '-')}",
        title=f"{run.word(metric)[0].upper()}{run.word(metric)[1:]} by {words(field)}",
        text=f"{whose}, a panel a condition: each subgroup's rate with its exact 95 % interval, "
        "the worst first, and its cases behind the name. Intervals of few cases are wide, and the "
        "worst of many subgroups is partly bad luck: a gate with the key by holds them together."
        f"{left}",
        told="; ".join(map(_told, own[:6])) + ".",
        columns=TERMS,
        rows=[tuple(row[name] for name in TERMS) for row in rows],
        panels=[
            _panel(condition, axis, [row for row in shown if row["condition"] == condition])
            for condition in conditions
            if condition in used
        ],
        entries=[series_entry(2, run.word(metric))],
    )


def _told(row: Mapping[str, Any]) -> str:
    return (
        f"{row['subgroup']}, {words(row['condition'])}: {100 * row['value']:.1f} per cent, "
        f"{row['count']} of {row['n']}"
    )


def _panel(condition: str, axis: Axis, rows: Rows) -> Panel:
    marks, lines = [], []
    for at, row in enumerate(rows):
        x, y = (row["value"], row["ci_low"], row["ci_high"]), float(at)
        lines += interval_lines((0,), x=x, y=(y, None, None))
        told = f"{_told(row)} ({100 * x[1]:.1f} to {100 * x[2]:.1f})"
        marks.append(Mark(x=row["value"], y=y, told=told, series=(0,)))
    return Panel(
        title=words(condition),
        x=axis,
        rows=[f"{row['subgroup']} ({row['n']})" for row in rows],
        marks=marks,
        lines=lines,
    )


def strata_tables(run: RunFile) -> list[Table]:
    """Return the worst subgroups of the items as a table; none where nothing parts them."""
    rows = worst_first(run.analyses.get("strata") or ())
    if not rows:
        return []
    told = (
        "Rates of single answers with exact 95 % intervals, the worst first; those of fewer than "
        f"{FEWEST_TOLD} cases come after the others."
    )
    if len(rows) > MOST_ROWS:
        told += f" The first {MOST_ROWS} of {len(rows)}; all are in run.json (strata)."
    clustered = any(row["clusters"] is not None for row in rows)
    return [
        Table(
            title=f"Subgroups of the items: {run.word(rows[0]['metric'])}",
            methods=("Exact bounds of a rate", "Subgroups"),
            text=told,
            columns=(
                *("subgroup", "by", "model", "condition", "rate"),
                *(("clusters", "effective n") if clustered else ()),
            ),
            rows=[_line(row, clustered=clustered) for row in rows[:MOST_ROWS]],
        )
    ]


def _line(row: Mapping[str, Any], *, clustered: bool) -> list[str | Cell]:
    line: list[str | Cell] = [
        row["subgroup"],
        words(row["field"]),
        row["model"],
        words(row["condition"]),
        rate_cell(row),
    ]
    if clustered:
        effective = row["effective_n"]
        line += [Cell(row["clusters"], str(row["clusters"])), Cell(effective, f"{effective:.1f}")]
    return line
