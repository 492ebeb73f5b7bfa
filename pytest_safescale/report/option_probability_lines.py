"""Figures by option probabilities, beside those of the samples (docs/metrics.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.report.table import Column, Row, model_names, percent, rows_of
from pytest_safescale.report.wording import figure
from pytest_safescale.text.escaping import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric

__all__ = ["option_probability_lines", "option_probability_summary"]

_PAIRS = (
    ("confidence", "mean_confidence"),
    ("overconf.", "dangerous_overconfidence_rate"),
    ("calib. error", "expected_calibration_error"),
)
"""Heading and metric, which has the same name after ``logprob_`` by option probabilities."""
_COLUMNS: tuple[Column, ...] = (
    *(
        (heading, regime, f"{prefix}{metric}")
        for heading, metric in _PAIRS
        for regime, prefix in ((SINGLE, "logprob_"), (SELF_CONSISTENCY, ""))
    ),
    ("outside", SINGLE, "logprob_outside_options"),
)
_HEADINGS = (*(heading for heading, _ in _PAIRS), "outside")
_SHOWN = 6
"""How many rows the summary has room for."""
_WIDTH = 14


def option_probability_lines(metrics: Sequence[Metric], model: str) -> list[str]:
    """Return the terminal's table of a model, a row per condition; none where nothing was asked."""
    rows = _rows(metrics, model)
    if not rows:
        return []
    title = f"{model}, by option probabilities / by samples (rates in per cent)"
    return ["", title, _line("condition", "n", _HEADINGS), *(_line(*row) for row in rows)]


def option_probability_summary(metrics: Sequence[Metric]) -> list[str]:
    """Return the same of every model as a Markdown table, as far as there is room."""
    rows = [(model, *row) for model in model_names(metrics) for row in _rows(metrics, model)]
    if not rows:
        return []
    lines = [
        f"| by option probabilities / by samples | condition | n | {' | '.join(_HEADINGS)} |",
        f"|---|---|{'--:|' * (len(_HEADINGS) + 1)}",
    ]
    for model, condition, n, cells in rows[:_SHOWN]:
        lines.append(f"| {markdown(model)} | {markdown(condition)} | {n} | {' | '.join(cells)} |")
    left = len(rows) - _SHOWN
    return [*lines, "", f"{left} more rows in metrics.csv."] if left > 0 else lines


def _rows(metrics: Sequence[Metric], model: str) -> list[tuple[str, str, list[str]]]:
    found = rows_of(metrics, model, _COLUMNS)
    return [_row(row) for row in found if row.figures[0] is not None and row.figures[0].n]


def _row(row: Row) -> tuple[str, str, list[str]]:
    values = [None if found is None else found.value for found in row.figures]
    told = [figure(metric, value) for (_, _, metric), value in zip(_COLUMNS, values, strict=True)]
    pairs = [f"{told[place]} / {told[place + 1]}" for place in range(0, len(told) - 1, 2)]
    first = row.figures[0]
    return row.condition, str(first.n if first is not None else 0), [*pairs, percent(values[-1])]


def _line(condition: str, n: str, cells: Sequence[str]) -> str:
    return f"{condition:<17}{n:>5}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)
