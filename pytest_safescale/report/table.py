"""The table of conditions by metrics that terminal, summary and page share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.cells import PLAIN, is_repaired, split_condition, unrepaired
from pytest_safescale.results.label_words import own_metric_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.results.manifest import Manifest

__all__ = [
    "COLUMNS",
    "NARROW_COLUMNS",
    "Column",
    "Row",
    "headings",
    "model_names",
    "percent",
    "row_names",
    "rows_of",
    "signed_points",
]

Column = tuple[str, str, str]
"""Heading, decoding mode and metric."""

COLUMNS: tuple[Column, ...] = (
    ("accuracy", "single", "accuracy"),
    ("high-risk", "single", "high_risk_error_rate"),
    ("unsafe", "single", "unsafe_answer_rate"),
    ("contra.", "single", "contradiction_rate"),
    ("overconf.", "self_consistency", "dangerous_overconfidence_rate"),
    ("harm", "single", "expected_harm"),
    ("abstained", "single", "refusal_rate"),
    ("unreadable", "single", "unreadable_rate"),
    ("error", "single", "error_rate"),
)
"""Where there is room: summary and page."""
NARROW_COLUMNS = (
    *COLUMNS[:5],
    ("no ans.", "single", "abstention_rate"),
    COLUMNS[-1],
)
"""For 80 columns of a terminal: replies without an answer, abstained and unreadable, in one."""


def headings(manifest: Manifest, columns: Sequence[Column] = COLUMNS) -> list[str]:
    """Return the headings of columns, the user's words in place of ours."""
    own = own_metric_words(manifest)
    return [own.get(metric, name) for name, _, metric in columns]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One cell of the run: a model under a condition."""

    condition: str
    n: int
    """Cases that were answered."""
    figures: Sequence[Metric | None]
    """In the order of the columns."""


def model_names(metrics: Sequence[Metric]) -> list[str]:
    """Return the models in the order of the figures, the mean over models excluded."""
    return [name for name in dict.fromkeys(row.model for row in metrics) if name != "*"]


def rows_of(
    metrics: Sequence[Metric], model: str, columns: Sequence[Column] = COLUMNS
) -> list[Row]:
    """Return a model's rows, one per condition."""
    of_model = {
        (row.condition, row.regime, row.metric): row for row in metrics if row.model == model
    }
    rows = []
    for condition in dict.fromkeys(condition for condition, _, _ in of_model):
        figures = [of_model.get((condition, regime, metric)) for _, regime, metric in columns]
        accuracy = figures[0]
        n = accuracy.n if accuracy is not None else 0
        rows.append(Row(condition=condition, n=n, figures=figures))
    return rows


def row_names(conditions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give, for each row of a narrow table, the line above it, mostly empty, and its own name.

    Prompt profiles and the repaired corpus stand below their condition; it has a line of its own
    where it has no row.
    """
    told = ""
    for name in conditions:
        condition, profile = split_condition(name)
        base = unrepaired(condition)
        below = ["repaired"] if is_repaired(condition) else []
        below += [profile] if profile != PLAIN else []
        above = base if below and base != told else ""
        told = base
        yield above, f"  {' '.join(below)}" if below else condition


def percent(value: float | None) -> str:
    """Write a rate as a percentage with one decimal; nothing measured is a dash, never a zero."""
    return "-" if value is None else f"{100 * value:.1f}"


def signed_points(value: float) -> str:
    """Write a difference of rates in percentage points, with its sign; none is never minus."""
    return f"{round(100 * value, 1) + 0.0:+.1f}"
