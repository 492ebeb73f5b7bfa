"""Subgroups of the items as a forest plot and as a table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.panel_item import SUBGROUP_FIELDS
from pytest_safescale.report.page.analysis_tables import Cell, Table, rate_cell
from pytest_safescale.report.page.drawing import (
    MUTED,
    Chart,
    legend,
    panels,
    per_cent_axis,
    series_style,
)
from pytest_safescale.report.strata_lines import worst_first
from pytest_safescale.report.wording import label
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

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
    series = len({row["condition"] for row in shown})
    return Chart(
        name=f"forest-{field.replace('_', '-')}",
        title=f"{run.word(metric)[0].upper()}{run.word(metric)[1:]} by {words(field)}",
        text=f"{whose}: each subgroup's rate with its exact 95 % interval, the worst first, and "
        f"its cases behind the name. Intervals of few cases are wide, and the worst of many "
        f"subgroups is partly bad luck: a gate with the key by holds them together.{left}",
        told="; ".join(map(_told, own[:6])) + ".",
        columns=TERMS,
        rows=[tuple(row[name] for name in TERMS) for row in rows],
        draw=partial(_draw, run=run, rows=shown, names=names[:MOST_DRAWN]),
        size=(6.2, 1.4 + min(len(names), MOST_DRAWN) * (0.16 + 0.12 * series)),
    )


def _told(row: Mapping[str, Any]) -> str:
    return (
        f"{row['subgroup']}, {words(row['condition'])}: {100 * row['value']:.1f} per cent, "
        f"{row['count']} of {row['n']}"
    )


def _draw(figure: Figure, *, run: RunFile, rows: Rows, names: Sequence[str]) -> None:
    (axes,) = panels(figure, 1, 1)
    used = {row["condition"] for row in rows}
    known = list(dict.fromkeys([*run.conditions, *sorted(used)]))
    styles = {name: series_style(at) for at, name in enumerate(known) if name in used}
    step = 0.7 / len(styles)
    for row in rows:
        style, place = styles[row["condition"]], list(styles).index(row["condition"])
        at = names.index(row["subgroup"]) + step * (place - (len(styles) - 1) / 2)
        axes.hlines(at, row["ci_low"], row["ci_high"], colors=style["color"], linewidth=1)
        axes.plot(row["value"], at, **{**style, "linestyle": "", "markersize": 4})
    cases = {row["subgroup"]: row["n"] for row in rows}
    axes.set_yticks(range(len(names)), [f"{label(name)} ({cases[name]})" for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel(label(run.word(rows[0]["metric"])), color=MUTED)
    per_cent_axis(axes.xaxis)
    legend(figure, [(label(words(name)), style) for name, style in styles.items()])


def strata_tables(run: RunFile) -> list[Table]:
    """Return the worst subgroups of the items as a table; none where nothing parts them."""
    rows = worst_first(run.analyses.get("strata") or ())
    if not rows:
        return []
    told = "Rates of single answers with exact 95 % intervals, the worst first."
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
