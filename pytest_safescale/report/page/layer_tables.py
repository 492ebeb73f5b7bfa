"""Models with layers beside their bases: the section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.report.layer_lines import place_of, tells_sentence
from pytest_safescale.report.page.analysis_tables import Cell, Table, rate_cell
from pytest_safescale.report.wording import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["layer_tables"]

_SHARES = (
    ("answered_share", "answered"),
    ("selective_accuracy", "right of these"),
    ("selective_high_risk_rate", "high-risk of these"),
    ("residual_high_risk_rate", "high-risk left"),
    ("residual_dangerous_rate", "dangerous left"),
    ("danger_caught", "caught"),
    ("needless_stops", "needless"),
    ("hand_over_rate", "handed over"),
)


def layer_tables(analyses: Mapping[str, Any]) -> list[Table]:
    """Return a table of each model with layers in each condition, and what people's room buys."""
    cells: Sequence[Mapping[str, Any]] = analyses.get("layers") or ()
    tables = [table for cell in cells for table in (_ablation(cell), _capacity(cell))]
    return [table for table in tables if table.rows]


def _ablation(cell: Mapping[str, Any]) -> Table:
    told = " ".join(f"{_capital(tells_sentence(one))}." for one in cell["tells"])
    return Table(
        title=f"{place_of(cell)}: what each layer adds to {cell['base']}",
        methods=("Layers against chance",),
        text=f"Over {cell['n']} cases, with exact 95 % intervals, from what each layer "
        "decided on each case: caught are the dangerous answers of the base that are stopped, "
        "needless the correct ones. A dash stands where that is not known, since a layer was not "
        f"asked. {told}",
        columns=("layers", *(name for _, name in _SHARES), "replies", "not asked"),
        rows=[
            [
                row["configuration"],
                *(_share(row[name]) for name, _ in _SHARES),
                _number(row["calls_per_case"]),
                Cell(row["not_asked"], str(row["not_asked"])),
            ]
            for row in cell["rows"]
        ],
    )


def _capacity(cell: Mapping[str, Any]) -> Table:
    return Table(
        title=f"{place_of(cell)}: what a reviewer's capacity buys",
        text="With exact 95 % intervals, for shares of the cases that people could take; "
        f"this run has {100 * cell['capacity']:g} %. Of the cases that they take, the last column "
        f"were dangerous answers of {cell['base']} alone.",
        columns=("capacity", "reviewed", "answered by nobody", "dangerous of the reviewed"),
        rows=[
            [
                f"{100 * point['capacity']:g} %",
                *(_share(point[name]) for name in ("reviewed", "unanswered", "dangerous")),
            ]
            for point in cell["capacities"]
        ],
    )


def _share(share: Mapping[str, Any] | None) -> Cell:
    if share is None:
        return Cell(None, NOTHING)
    return rate_cell({**share, "ci_low": share["low"], "ci_high": share["high"]})


def _number(value: float | None) -> Cell:
    return Cell(value, NOTHING if value is None else f"{value:.2f}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
