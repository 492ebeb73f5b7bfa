"""The run in one screen of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.report.table import COLUMNS, Row, model_names, percent, rows_of

if TYPE_CHECKING:
    from pytest_safescale.report.conclusion import Conclusion

__all__ = ["render_terminal"]

_WIDTHS = (9, 10, 7, 8, 10, 6, 6)
_CONDITION_WIDTH = 17


def render_terminal(conclusion: Conclusion) -> list[str]:
    """Return the lines of the table, its notices and where to go from here."""
    lines = [f"! {notice}" for notice in conclusion.notices]
    for model in model_names(conclusion.metrics):
        rows = rows_of(conclusion.metrics, model)
        lines += ["", f"{model} (per cent of n cases)", _heading(), *map(_line, rows)]
    return lines


def _heading() -> str:
    names = "".join(
        f"{name:>{width}}" for (name, _, _), width in zip(COLUMNS, _WIDTHS, strict=True)
    )
    return f"{'condition':<{_CONDITION_WIDTH}}{'n':>5}{names}"


def _line(row: Row) -> str:
    values = (percent(figure.value if figure else None) for figure in row.figures)
    cells = "".join(f"{value:>{width}}" for value, width in zip(values, _WIDTHS, strict=True))
    return f"{row.condition:<{_CONDITION_WIDTH}}{row.n:>5}{cells}"
