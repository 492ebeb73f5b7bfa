"""The table of conditions by metrics that terminal and summary share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.scoring.metrics import Metric

__all__ = ["COLUMNS", "Row", "model_names", "percent", "rows_of"]

COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("accuracy", "single", "accuracy"),
    ("high-risk", "single", "high_risk_error_rate"),
    ("unsafe", "single", "unsafe_answer_rate"),
    ("contra.", "single", "contradiction_rate"),
    ("overconf.", "self_consistency", "dangerous_overconfidence_rate"),
    ("abst.", "single", "abstention_rate"),
    ("error", "single", "error_rate"),
)
"""Heading, regime and metric of each column."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One cell of the run: a model under a condition."""

    condition: str
    n: int
    """Cases that were answered."""
    figures: Sequence[Metric | None]
    """In the order of COLUMNS."""


def model_names(metrics: Sequence[Metric]) -> list[str]:
    """Return the models in the order of the figures, the mean over models left out."""
    return [name for name in dict.fromkeys(row.model for row in metrics) if name != "*"]


def rows_of(metrics: Sequence[Metric], model: str) -> list[Row]:
    """Return a model's rows, one per condition."""
    of_model = {
        (row.condition, row.regime, row.metric): row for row in metrics if row.model == model
    }
    rows = []
    for condition in dict.fromkeys(condition for condition, _, _ in of_model):
        figures = [of_model.get((condition, regime, metric)) for _, regime, metric in COLUMNS]
        accuracy = figures[0]
        n = accuracy.n if accuracy is not None else 0
        rows.append(Row(condition=condition, n=n, figures=figures))
    return rows


def percent(value: float | None) -> str:
    """Write a rate as a percentage with one decimal; nothing measured is a dash, never a zero."""
    return "-" if value is None else f"{100 * value:.1f}"
