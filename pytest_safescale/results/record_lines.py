"""Files of records, one JSON object a line: the one place where they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_safescale.errors import DatasetError
from pytest_safescale.results.case_record import CaseRecord
from pytest_safescale.results.checked import checked
from pytest_safescale.text.escaping import json_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

__all__ = ["CASES", "SEARCHES", "numbered_lines", "of_one_run", "read_cases_of", "read_lines"]

CASES = "cases.jsonl"
"""The file of cases, one line each."""
SEARCHES = "robustness.jsonl"
"""The file of searches for counterexamples, one line each."""
Record = TypeVar("Record", bound="Mapping[str, Any]")


def read_lines(
    path: Path, shape: type[Record], run_id: object = None, *, named: str = ""
) -> Iterator[tuple[int, Record]]:
    """Give the records of a file, each with the byte where its line starts; blank lines are none.

    ``shape`` is what a line has to be. ``run_id`` is of the run that the folder's run.json is of,
    ``None`` where that is not known, and ``named`` how errors name the file. Raises DatasetError
    for a file that cannot be read, a line that is not of the shape, and a line of another run.
    """
    named = named or str(path)
    for _, start, record in _records(path, shape, named):
        run_id = of_one_run(named, run_id, record)
        yield start, record


def read_cases_of(path: Path, item_id: str, run_id: object = None) -> Iterator[CaseRecord]:
    """Give the cases of one item, without parsing the lines of others.

    Raises DatasetError as ``read_lines`` does, for what it parses.
    """
    needles = {one.encode("utf-8") for one in (json_line(item_id), json.dumps(item_id))}
    named = str(path)
    for _, _, record in _records(path, CaseRecord, named, needles):
        if record["item_id"] == item_id:
            run_id = of_one_run(named, run_id, record)
            yield record


def numbered_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the records of a file that is of no run, each with its line, from 1.

    Raises DatasetError as ``read_lines`` does.
    """
    for number, _, record in _records(path, dict[str, Any], str(path)):
        yield number, record


def _records(
    path: Path, shape: type[Record], named: str, needles: Collection[bytes] = ()
) -> Iterator[tuple[int, int, Record]]:
    """Give the records of a file, each with its line and the byte where that starts.

    With ``needles`` those alone whose line holds one of them.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise DatasetError(f"{named} cannot be read: {error.strerror or error}") from error
    with file:
        start = 0
        for number, line in enumerate(file, start=1):
            if line.strip() and (not needles or any(needle in line for needle in needles)):
                yield number, start, _record(f"{named}, line {number}", line, shape)
            start += len(line)


def _record(place: str, line: bytes, shape: type[Record]) -> Record:
    try:
        value = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}, is not JSON: {error}") from error
    return checked(value, shape, place)


def _no_number(word: str) -> None:
    """Refuse NaN and Infinity, which Python would take: every figure of them would be wrong."""
    raise ValueError(f"found {word}; allowed: numbers, or null for what is unknown")


def of_one_run(file: str, known: object, record: Mapping[str, object]) -> object:
    """Return the id of the run that a folder's files are of; ``None`` as long as none is stated.

    ``known`` is what its run.json or an earlier line of ``file`` says, ``record`` the next line; a
    file of an earlier version says nothing. Raises DatasetError for a line of another run.
    """
    stated = record.get("run_id")
    if known and stated and stated != known:
        raise DatasetError(
            f"{file} and run.json beside it are of two runs: found {str(stated)[:40]!r} and "
            f"{str(known)[:40]!r}; allowed: a report folder as one run left it"
        )
    return known or stated
