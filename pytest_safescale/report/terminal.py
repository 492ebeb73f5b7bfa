"""The run in one screen of 80 columns."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.report.changes import change_lines
from pytest_safescale.report.naming import headings, label_sentence
from pytest_safescale.report.robustness import robustness_lines
from pytest_safescale.report.table import Row, model_names, percent, rows_of
from pytest_safescale.report.text import model_label
from pytest_safescale.scoring.metrics import MEAN_OVER_MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.report.conclusion import Conclusion

__all__ = ["render_terminal"]

_WIDTHS = (9, 10, 7, 8, 10, 6, 6)
_CONDITION_WIDTH = 17
_MOST_ROWS = 60
"""Beyond these the mean over models stands for them all."""


def render_terminal(conclusion: Conclusion) -> list[str]:
    """Return the lines of the table, its notices and where to go from here."""
    lines = [f"! {notice}" for notice in conclusion.notices]
    names = headings(conclusion.manifest)
    # A word of the user's own may need more room than ours.
    widths = [max(width, len(name) + 1) for name, width in zip(names, _WIDTHS, strict=True)]
    tables = {name: rows_of(conclusion.metrics, name) for name in model_names(conclusion.metrics)}
    if len(tables) > 1 and sum(map(len, tables.values())) > _MOST_ROWS:
        lines += ["", f"{len(tables)} models; the figures of each are in metrics.csv."]
        tables = {MEAN_OVER_MODELS: rows_of(conclusion.metrics, MEAN_OVER_MODELS)}
    for name, found in tables.items():
        rows = [("condition", "n", names), *map(_cells, found)]
        title = f"{model_label(name)} (per cent of n cases)"
        lines += ["", title, *(_line(*row, widths) for row in rows)]
    lines += robustness_lines(conclusion)
    lines += change_lines(conclusion.against())
    told = label_sentence(conclusion.manifest)
    return [*lines, "", *wrap(told, 80)] if told else lines


def _cells(row: Row) -> tuple[str, str, list[str]]:
    figures = [percent(figure.value if figure else None) for figure in row.figures]
    return row.condition, str(row.n), figures


def _line(condition: str, n: str, figures: Sequence[str], widths: Sequence[int]) -> str:
    cells = "".join(f"{figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
    return f"{condition:<{_CONDITION_WIDTH}}{n:>5}{cells}"
