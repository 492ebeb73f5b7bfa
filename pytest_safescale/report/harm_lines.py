"""The expected harm of a model under each condition, below the table of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import EXPECTED_HARM, SINGLE
from pytest_safescale.report.table import percent, rows_of
from pytest_safescale.report.wording import in_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import Metric

__all__ = ["harm_lines"]

_COLUMNS = (("harm", SINGLE, EXPECTED_HARM),)


def harm_lines(metrics: Sequence[Metric], model: str) -> list[str]:
    """Return the lines, of 80 columns; none where it is not known how bad answers are."""
    told = [
        f"{row.condition} {percent(figure.value)}"
        for row in rows_of(metrics, model, _COLUMNS)
        for figure in row.figures
        if figure is not None and figure.value is not None
    ]
    if not told:
        return []
    return in_columns([f"expected harm, in per cent of the worst: {', '.join(told)}"])
