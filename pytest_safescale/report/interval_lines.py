"""The intervals of the first figures of the table, where there is no room for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.report.table import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.report.table import Row

__all__ = ["FIRST_FIGURES", "interval_of", "interval_sentences"]

FIRST_FIGURES = 2
"""Columns of the table whose intervals are told: accuracy and high-risk."""


def interval_of(row: Metric | None) -> str:
    """Write an interval in per cent; empty where there is none."""
    if row is None or row.ci_low is None or row.ci_high is None:
        return ""
    return f"{percent(row.ci_low)} to {percent(row.ci_high)}"


def interval_sentences(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Return the intervals of a model's conditions, a sentence for each of the first figures.

    ``names`` are the headings of the columns. A figure that was measured nowhere has none.
    """
    sentences = []
    for place, name in enumerate(names[:FIRST_FIGURES]):
        told = [
            f"{row.condition} {found}" for row in rows if (found := interval_of(row.figures[place]))
        ]
        if told:
            sentences.append(f"95 % intervals, {name}: {'; '.join(told)}.")
    return sentences
