"""Containers: JSON, JSON lines, tables and Parquet become raw records."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.parquet import read_parquet
from pytest_safescale.dataset.raw_record import (
    RawRecord,
    escaped,
    problem_at,
    shown,
    strict_json,
    unusable,
)
from pytest_safescale.dataset.tables import TableLayout, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.errors import Problem

__all__ = ["ENDINGS", "MARKS", "FileContent", "ending_of", "read_bytes", "read_records"]

ENDINGS = (".json", ".jsonl", ".csv", ".tsv", ".parquet")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Marks of byte order by which an encoding is known."""


@dataclass(kw_only=True)
class FileContent:
    """What a file holds."""

    records: list[RawRecord] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with the file outside of its records."""
    remarks: list[str] = field(default_factory=list)
    """How it was read, where that is not plain from its name."""


def ending_of(name: str) -> str:
    """Return the ending of a file's name, lower case, with its dot; empty for none."""
    return name[name.rfind(".") :].lower() if "." in name else ""


def read_bytes(path: Path, name: str) -> bytes:
    """Return a file's bytes; raises DatasetError where there is no such file to read."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        found = "a folder" if isinstance(error, IsADirectoryError) else reason
        raise unusable(escaped(name), found, "a file that can be read") from error


def read_records(
    content: bytes,
    name: str,
    endings: tuple[str, ...] = ENDINGS,
    layout: TableLayout | None = None,
) -> FileContent:
    """Return the records of a file; its ending says which container it is.

    Raises DatasetError where nothing can be read at all.
    """
    ending = ending_of(name)
    layout = layout or TableLayout()
    if ending not in endings:
        raise unusable(name, f"the ending {ending!r}", f"one of {', '.join(endings)}")
    if ending == ".parquet":
        found = _listed(read_parquet(content, name), name, "row")
    else:
        text, remarks = _decoded(content, name, layout.encoding)
        if not text.strip():
            raise unusable(name, "an empty file", "at least one record")
        found = _of_text(text, name, ending, layout)
        found.remarks[:0] = remarks
    if not found.records and not found.problems:
        raise unusable(name, "no record", "at least one record")
    return found


def _of_text(text: str, name: str, ending: str, layout: TableLayout) -> FileContent:
    if ending in {".csv", ".tsv"}:
        records, problems, remarks = read_table(text, name, layout)
        return FileContent(records=records, problems=problems, remarks=remarks)
    if ending == ".jsonl" and not _is_array(text):
        return _lines(text, name)
    return _json(text, name)


def _decoded(content: bytes, name: str, encoding: str) -> tuple[str, list[str]]:
    marked = MARKS.get(content[:2], "utf-8-sig")
    codec = encoding or marked
    try:
        text = content.decode(codec)
    except (UnicodeDecodeError, LookupError) as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content.count(b"\n", 0, start) + 1
        allowed = f"{encoding} text" if encoding else "UTF-8 text, or the key encoding in its shape"
        raise unusable(
            name, f"byte {content[start]:#04x}", allowed, where=f"line {line}"
        ) from error
    return text, [] if codec == "utf-8-sig" else [f"encoding: {codec}"]


def _is_array(text: str) -> bool:
    """Say whether a file of lines is one array of objects after all."""
    return text.lstrip().startswith("[") and text.lstrip()[1:].lstrip().startswith("{")


def _json(text: str, name: str) -> FileContent:
    try:
        content = strict_json(text, nan_is_null=True)
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            return _lines(text, name)
        line = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise unusable(name, _fault(error), _ARRAY, where=line) from error
    if isinstance(content, dict):
        return _of_object(content, name)
    if not isinstance(content, list):
        raise unusable(name, shown(content), _ARRAY)
    return _listed(content, name, "record")


_ARRAY = "a JSON array of objects, or an object of them by id"


def _of_object(content: Mapping[str, Any], name: str) -> FileContent:
    """Return the records of an object: by column, by id, under one of its keys, or itself."""
    columns = _columns(content)
    if columns is not None:
        found = _listed(columns, name, "record")
        found.remarks.append("a column of values under each key")
        return found
    if content and all(isinstance(values, dict) for values in content.values()):
        records = [
            RawRecord(file=name, place=f"key {escaped(key)}", values=values, key=key)
            for key, values in content.items()
        ]
        return FileContent(records=records, remarks=["an object of records by id"])
    lists = [key for key, value in content.items() if _holds_records(value)]
    if _asks(content) or (not lists and any(isinstance(v, str) for v in content.values())):
        return _listed([content], name, "record")
    if len(lists) != 1:
        raise unusable(name, shown(content), _ARRAY)
    found = _listed([_row(value) for value in content[lists[0]]], name, "record")
    found.remarks.append(f"the records under the key {escaped(lists[0])!r}")
    return found


def _holds_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _row(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record inside what the hub's viewer hands out: ``{"row_idx": 0, "row": {}}``."""
    inner = record.get("row")
    return inner if "row_idx" in record and isinstance(inner, dict) else record


def _asks(content: Mapping[str, Any]) -> bool:
    """Say whether the keys of an object are those of a question, not ids."""
    return any(key.casefold() in {"question", "question_text"} for key in content)


def _columns(content: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the records of an object of columns, as pandas and ``datasets`` write them."""
    if not _asks(content):
        return None
    columns = {
        key: list(value.values()) if isinstance(value, dict) else value
        for key, value in content.items()
    }
    lengths = {len(value) if isinstance(value, list) else -1 for value in columns.values()}
    if len(lengths) != 1 or -1 in lengths:
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _listed(content: Sequence[object], name: str, unit: str) -> FileContent:
    found = FileContent()
    for number, values in enumerate(content, 1):
        place = f"{unit} {number}"
        if isinstance(values, dict):
            found.records.append(RawRecord(file=name, place=place, values=values))
        else:
            found.problems.append(problem_at(name, place, shown(values), "a JSON object"))
    return found


def _lines(text: str, name: str) -> FileContent:
    found = FileContent()
    for place, line in _filled(text):
        given = shown(line.strip())
        try:
            values = strict_json(line, nan_is_null=True)
        except (ValueError, RecursionError) as error:
            given = f"{given} ({_fault(error)})"
            values = None
        if isinstance(values, dict):
            found.records.append(RawRecord(file=name, place=place, values=values))
        else:
            found.problems.append(problem_at(name, place, given, "one JSON object a line"))
    return found


def _filled(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"line {number}", line


def _fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "too many levels" if isinstance(error, RecursionError) else str(error)
