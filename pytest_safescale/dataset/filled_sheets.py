"""The sheets of raters read back, whatever a spreadsheet made of them."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_safescale.dataset.files import MARKS, read_bytes
from pytest_safescale.dataset.item import Label
from pytest_safescale.dataset.label_cells import read_flag
from pytest_safescale.dataset.label_sheets import DATA_SET, LINE
from pytest_safescale.dataset.raw_record import RawRecord, absent, escaped, unusable
from pytest_safescale.dataset.tables import SEPARATORS, filled_rows
from pytest_safescale.errors import DatasetError, Problem, SettingsError
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["FilledSheet", "SheetLine", "read_sheets"]

_MARK = re.compile(r"'?(o[0-9a-f]{12})")
_LABELS = tuple(label.value for label in Label)
_ALLOWED = "yes, no or nothing"
_Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, kw_only=True)
class SheetLine:
    """One option as a rater labelled it."""

    item: str
    letter: str
    option: str
    """These three as the sheet shows them."""
    votes: dict[str, bool]
    """By label; one that was left empty is not in it."""


@dataclass(kw_only=True)
class FilledSheet:
    """What one rater says."""

    name: str
    """Of the file."""
    rater: str
    data_set: str = ""
    """The name of the data set it was written from; empty where its row is gone."""
    sha256: str = ""
    lines: dict[str, SheetLine] = field(default_factory=dict)
    """By the mark of the line."""
    repeated: int = 0
    """Lines that stand a second time, with the same votes."""
    guessed_encoding: bool = False
    """Whether it is no Unicode text and was read as Windows writes it in the west."""


def read_sheets(paths: Sequence[Path]) -> list[FilledSheet]:
    """Return what raters filled in.

    A rater goes by the name of the file. Raises DatasetError with every problem of all sheets, and
    SettingsError for fewer than two, or for one that is given twice.
    """
    if len(paths) < 2:
        raise SettingsError(f"sheets: found {len(paths)}; allowed: those of two raters or more")
    names = [path.stem for path in paths]
    contents = [read_bytes(path, str(path)) for path in paths]
    for place, (path, name, content) in enumerate(zip(paths, names, contents, strict=True)):
        for other in range(place):
            if name == names[other] or content == contents[other]:
                alike = "of the same name" if name == names[other] else "with the same content"
                raise SettingsError(
                    f"sheets: found {paths[other]} and {path}, {alike}; allowed: one of each rater"
                )
    problems: list[Problem] = []
    sheets = [_sheet(*one, problems) for one in zip(paths, contents, strict=True)]
    if problems:
        raise DatasetError(
            f"the sheets cannot be used: {plural(len(problems), 'problem')}", problems
        )
    return sheets


def _sheet(path: Path, content: bytes, problems: list[Problem]) -> FilledSheet:
    sheet = FilledSheet(name=path.name, rater=path.stem)
    text, sheet.guessed_encoding = _decoded(content)
    rows, headings = _table(text, sheet.name)
    for line, cells in rows:
        if cells[0].strip().casefold() == DATA_SET and len(cells) > 3:
            sheet.data_set, sheet.sha256 = cells[1].strip(), cells[3].strip().lower()
            continue
        # Some programs leave the empty cells at the end of a row out.
        filled = dict(zip(headings, [*cells, *[""] * len(headings)], strict=False))
        record = RawRecord(file=sheet.name, place=f"line {line}", values=filled, id_keys=("item",))
        _take(record, sheet)
        problems += record.problems
    return sheet


def _decoded(content: bytes) -> tuple[str, bool]:
    """Return the text of a sheet; marks, yes and no are read in whatever encoding it was saved."""
    with suppress(UnicodeDecodeError):
        return content.decode(MARKS.get(content[:2], "utf-8-sig")), False
    return content.decode("cp1252", errors="replace"), True


def _table(text: str, name: str) -> tuple[_Rows, list[str]]:
    """Return the rows but that of the headings, and the headings, whatever stands between cells."""
    for separator in SEPARATORS:
        with suppress(csv.Error):
            rows = list(filled_rows(text, separator, 0))
            for place, (_, cells) in enumerate(rows):
                headings = [cell.strip().casefold() for cell in cells]
                if LINE in headings and set(headings).intersection(_LABELS):
                    return [*rows[:place], *rows[place + 1 :]], _whole(headings, name)
    raise unusable(name, "no such row", f"a row of the headings {LINE}, {', '.join(_LABELS)}")


def _whole(headings: list[str], name: str) -> list[str]:
    lacking = [label for label in _LABELS if label not in headings]
    twice = [label for label in (LINE, *_LABELS) if headings.count(label) > 1]
    if lacking or twice:
        found = f"no {' or '.join(lacking)}" if lacking else f"{' and '.join(twice)} twice"
        raise unusable(name, found, f"{LINE}, {', '.join(_LABELS)}, each once", where="headings")
    return headings


def _take(record: RawRecord, sheet: FilledSheet) -> None:
    """Take in one line; rows of words, wherever they were sorted to, are passed over."""
    cells = record.values
    mark = _MARK.fullmatch(cells[LINE].strip().lower())
    stated = [label for label in _LABELS if not absent(cells[label])]
    if mark is None:
        if stated:
            record.wrong(LINE, cells[LINE], "the mark that the sheet was written with")
        return
    votes = {label: read_flag(record, label, _ALLOWED) for label in stated}
    shown = {name: cells.get(name, "").strip() for name in ("item", "letter", "option")}
    line = SheetLine(votes=votes, **shown)
    earlier = sheet.lines.setdefault(mark[1], line)
    if earlier.votes != votes:
        record.wrong(LINE, escaped(mark[1]), "each line once: it stands here with other votes")
    elif earlier is not line:
        sheet.repeated += 1
