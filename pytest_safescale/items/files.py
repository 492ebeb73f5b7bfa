"""Containers: JSON arrays, JSON lines and CSV tables become raw records."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from pytest_safescale.errors import Problem
from pytest_safescale.items.raw import RawRecord, escaped, shown, strict_json, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ENDINGS", "Records", "ending_of", "read_bytes", "read_records"]

Records = tuple[list[RawRecord], list[Problem]]
"""The records of a file, and what is wrong with the file outside of them."""

ENDINGS = (".json", ".jsonl", ".csv")
_WIDEST_CELL = 2**31 - 1  # what a C long holds everywhere


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


def read_records(content: bytes, name: str, endings: tuple[str, ...] = ENDINGS) -> Records:
    """Return the records of a file; its ending says which container it is.

    Raises DatasetError where nothing can be read at all.
    """
    ending = ending_of(name)
    if ending not in endings:
        raise unusable(name, f"the ending {ending!r}", f"one of {', '.join(endings)}")
    text = _decoded(content, name)
    if not text.strip():
        raise unusable(name, "an empty file", "at least one record")
    read = {".json": _array, ".jsonl": _lines, ".csv": _table}[ending]
    records, problems = read(text, name)
    if not records and not problems:
        raise unusable(name, "no record", "at least one record")
    return records, problems


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte {error.object[error.start]:#04x}"
        raise unusable(name, found, "UTF-8 text", where=f"line {line}") from error


def _problem(name: str, where: str, found: str, allowed: str, field: str = "") -> Problem:
    return Problem(file=name, where=where, field=field, found=found, allowed=allowed)


def _array(text: str, name: str) -> Records:
    try:
        content = strict_json(text)
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise unusable(name, _fault(error), "a JSON array of objects", where=line) from error
    if not isinstance(content, list):
        raise unusable(name, shown(content), "a JSON array of objects")
    records, problems = [], []
    for number, values in enumerate(content, 1):
        place = f"record {number}"
        if isinstance(values, dict):
            records.append(RawRecord(file=name, place=place, values=values))
        else:
            problems.append(_problem(name, place, shown(values), "a JSON object"))
    return records, problems


def _lines(text: str, name: str) -> Records:
    records, problems = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place, found = f"line {number}", shown(line.strip())
        try:
            values = strict_json(line)
        except (ValueError, RecursionError) as error:
            found = f"{found} ({_fault(error)})"
            values = None
        if isinstance(values, dict):
            records.append(RawRecord(file=name, place=place, values=values))
        else:
            problems.append(_problem(name, place, found, "one JSON object a line"))
    return records, problems


def _fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return "too many levels" if isinstance(error, RecursionError) else str(error)


def _table(text: str, name: str) -> Records:
    records: list[RawRecord] = []
    problems: list[Problem] = []
    rows = _rows(text)
    try:
        _, first = next(rows, (1, []))
        headings = [cell.strip() for cell in first]
        problems += _headings(name, headings)
        for line, cells in rows:
            if len(cells) == len(headings):
                values = dict(zip(headings, cells, strict=True))
                records.append(RawRecord(file=name, place=f"line {line}", values=values))
            else:
                allowed = f"{len(headings)} cells, as there are headings"
                problems.append(_problem(name, f"line {line}", f"{len(cells)} cells", allowed))
    except csv.Error as error:
        # Where a row ends is unknown from here on; what was read before is checked all the same.
        last = text.count("\n") + 1
        problems.append(_problem(name, f"up to line {last}", str(error), "a CSV table"))
    return records, problems


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        # The limit belongs to the whole process, so it is lifted for one row at a time.
        limit = csv.field_size_limit(_WIDEST_CELL)
        try:
            cells = next(reader)
        except StopIteration:
            return
        finally:
            csv.field_size_limit(limit)
        if any(cell.strip() for cell in cells):
            yield line, cells


def _headings(name: str, headings: list[str]) -> list[Problem]:
    twice = {heading for heading in headings if heading and headings.count(heading) > 1}
    return [
        _problem(name, "line 1", "a heading that stands twice", "each heading once", escaped(word))
        for word in sorted(twice)
    ]
