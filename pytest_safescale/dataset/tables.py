"""Tables: rows of cells under headings, whatever stands between the cells."""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.dataset.raw_record import RawRecord, escaped, problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.errors import Problem

__all__ = ["SEPARATORS", "TableLayout", "filled_rows", "read_table"]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
"""What can stand between two cells, and what it is called."""

_WIDEST_CELL = 2**31 - 1  # what a C long holds everywhere
_DECLARED = re.compile(r'"?sep=([,;\t|:^~])"?\r?\n?', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class TableLayout:
    """What is declared of a table; what is not is found."""

    encoding: str = ""
    """A name that Python knows; empty for UTF-8, or UTF-16 with its mark."""
    headings: Sequence[str] = ()
    """The headings of a table whose first row is a record."""


def read_table(
    text: str, name: str, layout: TableLayout
) -> tuple[list[RawRecord], list[Problem], list[str]]:
    """Return a table's records, its problems, and how it was read."""
    separator, skipped = _separator(text)
    records: list[RawRecord] = []
    problems: list[Problem] = []
    rows = filled_rows(text, separator, skipped)
    remarks = [f"separator: {SEPARATORS.get(separator, separator)}"]
    try:
        headings = _headings(next(rows, (1, []))[1], layout)
        if headings is None:
            headings = list(layout.headings)
            rows = filled_rows(text, separator, skipped)
            remarks.append(f"headings: none in the file, read as {', '.join(headings)}")
        problems += _twice(name, headings)
        for line, cells in rows:
            if len(cells) == len(headings):
                values = dict(zip(headings, cells, strict=True))
                records.append(RawRecord(file=name, place=f"line {line}", values=values))
            else:
                allowed = f"{len(headings)} cells, as there are headings"
                problems.append(problem_at(name, f"line {line}", f"{len(cells)} cells", allowed))
    except csv.Error as error:
        # Where a row ends is unknown from here on; what was read before is checked all the same.
        last = text.count("\n") + 1
        problems.append(problem_at(name, f"up to line {last}", str(error), "a CSV table"))
    return records, problems, remarks


def _separator(text: str) -> tuple[str, int]:
    """Return what stands between cells, and how many characters to skip to the headings.

    A spreadsheet's first line ``sep=;`` declares it; else it is what the first row has most of.
    """
    declared = _DECLARED.match(text)
    if declared:
        return declared[1], declared.end()
    return max(SEPARATORS, key=lambda separator: _width(text, separator)), 0


def _width(text: str, separator: str) -> int:
    """Return the number of cells in the first row, empty ones included."""
    rows = csv.reader(_stream(text), delimiter=separator, strict=True)
    with suppress(csv.Error):
        return next((len(cells) for cells in rows if cells), 0)
    return 0


def _headings(cells: Sequence[str], layout: TableLayout) -> list[str] | None:
    """Return the headings of the first row; ``None`` where it is a record under declared ones."""
    found = [cell.strip() for cell in cells]
    # A single letter is no sign of headings: it is an answer too.
    words = {heading.casefold() for heading in layout.headings if len(heading) > 1}
    named = words.intersection(cell.casefold() for cell in found)
    is_record = len(found) == len(layout.headings) > 0 and not named
    return None if is_record else found


def filled_rows(text: str, separator: str, start: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the line on which it begins."""
    skipped = text.count("\n", 0, start)
    reader = csv.reader(_stream(text[start:]), delimiter=separator, strict=True)
    while True:
        line = skipped + reader.line_num + 1
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


def _stream(text: str) -> io.StringIO:
    # Python 3.10 refuses a table for a null character; it is replaced whatever the version.
    return io.StringIO(text.replace("\0", "\N{REPLACEMENT CHARACTER}"), newline="")


def _twice(name: str, headings: Sequence[str]) -> list[Problem]:
    twice = {heading for heading in headings if heading and headings.count(heading) > 1}
    return [
        problem_at(
            name, "line 1", "a heading that stands twice", "each heading once", escaped(word)
        )
        for word in sorted(twice)
    ]
