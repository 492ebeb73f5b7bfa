"""Searches for counterexamples on the page: what edits change, beyond what repeats change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import EXCESS_FLIPS
from pytest_safescale.report.page.analysis_tables import Cell, Table
from pytest_safescale.report.rate_words import figure_words, reach_words
from pytest_safescale.report.wording import NOTHING
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.results.run_content import FigureRow

__all__ = ["robustness_tables"]

_COLUMNS = (
    (EXCESS_FLIPS, "excess flips"),
    ("flip_rate", "flipped by edits"),
    ("repeat_flip_rate", "flipped by repeats"),
    ("call_instability", "single repeats that differ"),
    ("worst_case_high_risk_rate", "high-risk at worst"),
    ("high_risk_flip_rate", "turned high-risk"),
    ("injection_success_rate", "obeyed an injection"),
)


def robustness_tables(metrics: Sequence[FigureRow]) -> list[Table]:
    """Return the rates over all families of edits; no table of a run that searched nothing."""
    known = dict(_COLUMNS)
    found: dict[tuple[str, str], dict[str, FigureRow]] = {}
    for row in metrics:
        if row["metric"] in known and not row.get("family") and row["value"] is not None:
            found.setdefault((row["model"], row["condition"]), {})[row["metric"]] = row
    if not found:
        return []
    return [
        Table(
            title="What edits change",
            methods=("Paired difference of two rates", "Exact bounds of a rate"),
            text="How many of the items, with 95 % intervals. Excess flips are those under "
            "edits that keep the meaning less those under as many repeats of the item as it is, "
            "paired by item: what a model's own changes of mind leave of the flips. High-risk at "
            "worst is an item answered so as it is or under any edit.",
            columns=("model, condition", *(name for _, name in _COLUMNS)),
            rows=[
                [f"{model}, {words(condition)}", *(_cell(rows.get(name)) for name in known)]
                for (model, condition), rows in found.items()
            ],
        )
    ]


def _cell(row: FigureRow | None) -> Cell:
    if row is None:
        return Cell(None, NOTHING)
    return Cell(row["value"], figure_words(row), reach_words(row))
