"""The table of cases as a Parquet file, for panels of many cases (extra ``parquet``)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pytest_safescale.dataset.parquet import write_parquet
from pytest_safescale.results.case_rows import CASE_COLUMNS
from pytest_safescale.results.columns import Kind, in_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from pytest_safescale.results.loaded_run import LoadedRun

__all__ = ["CASES_PARQUET", "write_cases"]

CASES_PARQUET = "cases.parquet"
GROUP = 10_000
"""Cases of a row group: so many are held in memory at once."""
_TYPES = {
    Kind.TEXT: "string",
    Kind.WHOLE: "int64",
    Kind.NUMBER: "double",
    Kind.YES_NO: "bool",
    Kind.TEXTS: "list<string>",
    Kind.DATA: "string",
}


def write_cases(run: LoadedRun, path: Path) -> None:
    """Write the cases of a run, the columns of ``CASE_COLUMNS``; plain data is JSON text.

    Raises DatasetError where cases cannot be read, and SettingsError without the extra.
    """
    types = {name: _TYPES[kind] for name, kind in CASE_COLUMNS.items()}
    write_parquet(path, _groups(run), types)


def _groups(run: LoadedRun) -> Iterator[dict[str, list[Any]]]:
    rows = (row for _, row in run.records_with_rows())
    while part := list(islice(rows, GROUP)):
        yield in_columns(part, CASE_COLUMNS)
