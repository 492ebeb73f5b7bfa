"""Tables as data frames, by whichever library is wanted and at hand (extras pandas, polars)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from pytest_safescale.errors import SettingsError
from pytest_safescale.results.columns import Columns, Kind, in_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["FRAMES", "Frame", "as_frame", "frame_wanted"]

Frame = Literal["pandas", "polars", "rows"]
FRAMES: tuple[Frame, ...] = ("pandas", "polars", "rows")
"""What tables may come as: the first whose library is at hand, unless one is named."""
_OF_PANDAS = {
    Kind.TEXT: "string",
    Kind.WHOLE: "Int64",
    Kind.NUMBER: "float64",
    Kind.YES_NO: "boolean",
    Kind.TEXTS: "object",
    Kind.DATA: "string",
}


def frame_wanted(named: Frame | None) -> Frame:
    """Return what a table is to come as; raises SettingsError for an unknown or absent library."""
    if named is None:
        return next(name for name in FRAMES if name == "rows" or find_spec(name))
    if named not in FRAMES:
        raise SettingsError(f"frame: found {named!r}; allowed: {', '.join(FRAMES)}, or None")
    if named != "rows" and find_spec(named) is None:
        raise SettingsError(
            f"frame: found {named!r}, which is not installed; allowed: rows, or after "
            f'pip install "pytest-safescale[{named}]"'
        )
    return named


def as_frame(rows: Iterable[Mapping[str, Any]], columns: Columns, frame: Frame) -> Any:
    """Return rows as a data frame of typed columns; plain data in it is JSON text."""
    if frame == "rows":
        return [{name: row.get(name) for name in columns} for row in rows]
    cells = in_columns(rows, columns)
    return _pandas(cells, columns) if frame == "pandas" else _polars(cells, columns)


def _pandas(cells: Mapping[str, list[Any]], columns: Columns) -> Any:
    import pandas

    return pandas.DataFrame(
        {name: pandas.Series(cells[name], dtype=_OF_PANDAS[kind]) for name, kind in columns.items()}
    )


def _polars(cells: Mapping[str, list[Any]], columns: Columns) -> Any:
    import polars

    types: dict[Kind, Any] = {
        Kind.TEXT: polars.String,
        Kind.WHOLE: polars.Int64,
        Kind.NUMBER: polars.Float64,
        Kind.YES_NO: polars.Boolean,
        Kind.TEXTS: polars.List(polars.String),
        Kind.DATA: polars.String,
    }
    return polars.DataFrame(cells, schema={name: types[kind] for name, kind in columns.items()})
