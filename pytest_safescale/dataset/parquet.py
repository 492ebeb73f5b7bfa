"""Parquet files, through Apache Arrow's own library (extra ``parquet``)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.raw_record import unusable
from pytest_safescale.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["check_parquet", "read_parquet", "write_parquet"]

_NEEDS = 'needs: pip install "pytest-safescale[parquet]"'


def read_parquet(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file; raises DatasetError for any other, or without extra."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DatasetError(f"{name} {_NEEDS}") from error
    try:
        rows: list[dict[str, Any]] = parquet.read_table(pyarrow.BufferReader(content)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        found = str(error).split("\n", 1)[0]
        raise unusable(name, found, "a Parquet file") from error
    return rows


def check_parquet(option: str) -> None:
    """Raise SettingsError where the extra is missing that ``option`` needs."""
    if find_spec("pyarrow") is None:
        raise SettingsError(f"{option} {_NEEDS}")


def write_parquet(
    path: Path, groups: Iterable[Mapping[str, list[Any]]], types: Mapping[str, str]
) -> None:
    """Write a Parquet file, a row group of each mapping of columns to their cells.

    ``types`` are Arrow's names of the columns' types, ``list<string>`` beside its own aliases.
    """
    import pyarrow
    from pyarrow import parquet

    texts = pyarrow.list_(pyarrow.string())
    schema = pyarrow.schema(
        [
            (name, texts if kind == "list<string>" else pyarrow.type_for_alias(kind))
            for name, kind in types.items()
        ]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in groups:
            writer.write_table(pyarrow.Table.from_pydict(dict(group), schema=schema))
