"""Parquet files, through Apache Arrow's own library (extra ``parquet``)."""

from __future__ import annotations

from typing import Any

from pytest_safescale.dataset.raw_record import unusable
from pytest_safescale.errors import DatasetError

__all__ = ["read_parquet"]


def read_parquet(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file; raises DatasetError for any other, or without extra."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DatasetError(f'{name} needs: pip install "pytest-safescale[parquet]"') from error
    try:
        rows: list[dict[str, Any]] = parquet.read_table(pyarrow.BufferReader(content)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        found = str(error).split("\n", 1)[0]
        raise unusable(name, found, "a Parquet file") from error
    return rows
