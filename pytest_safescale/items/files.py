"""Containers: JSON arrays, JSON lines and CSV tables become raw records."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.items.records import RawRecord, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ENDINGS", "read_bytes", "read_json_lines", "read_records"]

ENDINGS = (".json", ".jsonl", ".csv")


def read_bytes(path: Path, name: str) -> bytes:
    """Return a file's bytes; raises DatasetError where there is no such file to read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "is a folder" if path.is_dir() else error.strerror or str(error)
        raise DatasetError(f"{name} cannot be read: {reason}") from error


def read_records(
    content: bytes, name: str, columns: Mapping[str, str]
) -> tuple[list[RawRecord], list[Problem]]:
    """Return the records of a file and the problems of the file itself.

    ``columns`` maps our keys to the headings of a CSV. Raises DatasetError where nothing can be
    read at all.
    """
    ending = name[name.rfind(".") :].lower()
    if ending not in ENDINGS:
        raise _unusable(name, "", f"the ending {ending!r}", f"one of {', '.join(ENDINGS)}")
    text = _decoded(content, name)
    if not text.strip():
        raise _unusable(name, "", "an empty file", "items")
    if ending == ".csv":
        return _table(text, name, columns)
    if ending == ".jsonl":
        return read_json_lines(text, name)
    return _array(text, name)


def _unusable(name: str, where: str, found: str, allowed: str) -> DatasetError:
    problem = Problem(file=name, where=where, field="", found=found, allowed=allowed)
    return DatasetError(f"{name} cannot be used:", [problem])


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte {content[error.start]:#04x}"
        raise _unusable(name, f"line {line}", found, "UTF-8 text") from error


def _array(text: str, name: str) -> tuple[list[RawRecord], list[Problem]]:
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise _unusable(name, f"line {line}" if line else "", str(error), "a JSON array") from error
    if not isinstance(content, list):
        raise _unusable(name, "", f"a JSON {type(content).__name__}", "a JSON array of objects")
    records, problems = [], []
    for number, values in enumerate(content, 1):
        if isinstance(values, dict):
            records.append(RawRecord(file=name, line=None, values=values))
        else:
            problems.append(_no_object(name, f"record {number}", values))
    return records, problems


def read_json_lines(text: str, name: str) -> tuple[list[RawRecord], list[Problem]]:
    """Return the objects of a JSON-lines text, each with its line; empty lines are passed over."""
    records: list[RawRecord] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            found = f"{shown(line.strip())} ({error})"
            problems.append(
                Problem(
                    file=name,
                    where=f"line {number}",
                    field="",
                    found=found,
                    allowed="one JSON object a line",
                )
            )
            continue
        if isinstance(values, dict):
            records.append(RawRecord(file=name, line=number, values=values))
        else:
            problems.append(_no_object(name, f"line {number}", values))
    return records, problems


def _no_object(name: str, where: str, found: object) -> Problem:
    return Problem(file=name, where=where, field="", found=shown(found), allowed="a JSON object")


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _table(
    text: str, name: str, columns: Mapping[str, str]
) -> tuple[list[RawRecord], list[Problem]]:
    limit = csv.field_size_limit(sys.maxsize if sys.maxsize < 2**63 else 2**31 - 1)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        headings = [heading.strip() for heading in reader.fieldnames or ()]
        reader.fieldnames = headings
        problems = _headings(name, headings, columns)
        records = []
        for row in reader:
            if None in row or None in row.values():
                problems.append(
                    Problem(
                        file=name,
                        where=f"line {reader.line_num}",
                        field="",
                        found="more or fewer cells than headings",
                        allowed=f"{len(headings)} cells",
                    )
                )
                continue
            renamed = {key: row[heading] for key, heading in columns.items() if heading in row}
            values = {**row, **renamed}
            records.append(RawRecord(file=name, line=reader.line_num, values=values))
    except csv.Error as error:
        raise _unusable(name, f"line {reader.line_num}", str(error), "a CSV table") from error
    finally:
        csv.field_size_limit(limit)
    return records, problems


def _headings(name: str, headings: list[str], columns: Mapping[str, str]) -> list[Problem]:
    return [
        Problem(
            file=name,
            where="headings",
            field=key,
            found=f"no column {heading!r}",
            allowed=f"one of {', '.join(headings)}",
        )
        for key, heading in columns.items()
        if heading not in headings
    ]
