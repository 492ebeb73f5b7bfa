"""Sheets as raters and their spreadsheet programs give them back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.dataset.filled_sheets import FilledSheet, read_sheets
from pytest_safescale.dataset.label_sheets import HEADINGS, line_mark, sheet_text
from pytest_safescale.errors import DatasetError, SettingsError
from tests.dataset.test_label_sheets import a_dataset, an_item

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ITEM = an_item(clean_evidence="Größe; b")
MARKS = {letter: line_mark(ITEM, letter) for letter in "ABCD"}
Row = dict[str, str]


def filled(**cells: str) -> list[list[str]]:
    """Return the rows of a sheet whose options have these cells under high_risk."""
    text = sheet_text(a_dataset(ITEM), 1, seed=42)
    rows = [[*row] for row in csv.reader(io.StringIO(text, newline=""))]
    for row in rows[6:]:
        row[6] = cells.get(row[4], "")
    return rows


def written(rows: list[list[str]], separator: str = ",", end: str = "\r\n") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator=end).writerows(rows)
    return file.getvalue()


def read(folder: Path, content: bytes | str) -> FilledSheet:
    """Read a sheet beside one that nobody filled in."""
    data = content.encode("utf-8-sig") if isinstance(content, str) else content
    (folder / "anna.csv").write_bytes(data)
    (folder / "blank.csv").write_text(written(filled()), "utf-8")
    return read_sheets([folder / "anna.csv", folder / "blank.csv"])[0]


def votes(sheet: FilledSheet) -> dict[str, bool]:
    return {
        line.letter: line.votes["high_risk"]
        for line in sheet.lines.values()
        if "high_risk" in line.votes
    }


SAVED: dict[str, Callable[[list[list[str]]], bytes]] = {
    "as written": lambda rows: written(rows).encode("utf-8-sig"),
    "without mark": lambda rows: written(rows).encode(),
    "semicolons": lambda rows: written(rows, ";").encode("utf-8-sig"),
    "tabs": lambda rows: written(rows, "\t").encode(),
    "line feeds": lambda rows: written(rows, end="\n").encode(),
    "UTF-16": lambda rows: written(rows, "\t").encode("utf-16"),
    "Windows in the west": lambda rows: written(rows, ";").encode("cp1252"),
    "sorted": lambda rows: written(sorted(rows, reverse=True)).encode(),
    "first rows deleted": lambda rows: written(rows[5:]).encode(),
    "padded": lambda rows: written([[*row, *[""] * (12 - len(row))] for row in rows]).encode(),
    "a column added": lambda rows: written([["x", *row] for row in rows]).encode(),
    "columns moved": lambda rows: written([[*row[6:], *row[:6]] for row in rows[5:]]).encode(),
    "no comments": lambda rows: written([row[:9] for row in rows]).encode(),
    "case changed": lambda rows: written(rows).upper().encode(),
    "sep declared": lambda rows: ("sep=;\r\n" + written(rows, ";")).encode(),
}


@pytest.mark.parametrize("kind", SAVED)
def test_a_sheet_is_read_however_it_was_saved(tmp_path: Path, kind: str) -> None:
    sheet = read(tmp_path, SAVED[kind](filled(A="yes", B="no", D="no")))
    assert votes(sheet) == {"A": True, "B": False, "D": False}
    assert set(sheet.lines) == set(MARKS.values())
    assert sheet.rater == "anna"
    assert sheet.guessed_encoding == (kind == "Windows in the west")


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("TRUE", "FALSE"),
        ("WAHR", "FALSCH"),
        ("1", "0"),
        (" Ja ", "nein"),
        ("x", "N"),
        ("oui", "0.0"),
    ],
)
def test_yes_and_no_are_read_in_the_spellings_of_spreadsheets(
    tmp_path: Path, yes: str, no: str
) -> None:
    sheet = read(tmp_path, written(filled(A=yes, B=no, C="N/A", D=" ")))
    assert votes(sheet) == {"A": True, "B": False}


def test_the_data_set_is_known_as_long_as_its_row_is_there(tmp_path: Path) -> None:
    sheet = read(tmp_path, written(filled(A="yes")))
    assert (sheet.data_set, sheet.sha256) == ("items.csv", "5a" * 32)
    assert read(tmp_path, SAVED["first rows deleted"](filled(A="yes"))).data_set == ""


def test_unknown_words_are_named_by_line_item_and_label_and_all_at_once(tmp_path: Path) -> None:
    rows = filled(A="yes", B="maybe", C="?")
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, written(rows))
    places = {"".join(row[4:5]): number for number, row in enumerate(rows, 1)}
    assert sorted(map(str, caught.value.problems)) == sorted(
        f"anna.csv, line {places[letter]}, item q1, high_risk: found {word!r}; "
        "allowed: yes, no or nothing"
        for letter, word in (("B", "maybe"), ("C", "?"))
    )


def test_a_line_that_stands_twice_counts_once_where_it_says_the_same(tmp_path: Path) -> None:
    rows = filled(A="yes", B="no")
    sheet = read(tmp_path, written([*rows, rows[-1], rows[-2]]))
    assert sheet.repeated == 2
    assert len(sheet.lines) == 4
    again = next(row for row in rows if row[4:5] == ["A"])
    with pytest.raises(DatasetError, match="each line once: it stands here with other votes"):
        read(tmp_path, written([*rows, [*again[:6], "no", *again[7:]]]))


def test_a_line_whose_mark_was_changed_is_refused_where_it_says_something(tmp_path: Path) -> None:
    rows = filled(A="yes")
    changed = [["12", *row[1:]] if row[4:5] == ["A"] else row for row in rows]
    with pytest.raises(DatasetError, match=r"item q1, line: found '12'; allowed: the mark"):
        read(tmp_path, written(changed))
    changed = [["12", *row[1:]] if row[4:5] == ["B"] else row for row in rows]
    assert len(read(tmp_path, written(changed)).lines) == 3


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        (HEADINGS[1:], "found no such row; allowed: a row of the headings line, high_risk"),
        (HEADINGS[:7], "headings: found no unsafe or contradicts; allowed: line, high_risk"),
        ((*HEADINGS, "unsafe"), "headings: found unsafe twice"),
    ],
)
def test_headings_that_are_gone_are_named(
    tmp_path: Path, headings: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(DatasetError, match=expected):
        read(tmp_path, written([list(headings)]))


def test_sheets_of_fewer_than_two_raters_are_refused(tmp_path: Path) -> None:
    text = written(filled(A="yes"))
    for name in ("a/r1.csv", "b/r1.csv", "a/r2.csv", "a/r3.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text if "r3" not in name else written(filled()), "utf-8")
    for names, expected in (
        (["a/r1.csv"], "found 1; allowed: those of two raters or more"),
        (["a/r1.csv", "b/r1.csv"], "of the same name"),
        (["a/r1.csv", "a/r1.csv"], "of the same name"),
        (["a/r1.csv", "a/r3.csv", "a/r2.csv"], "with the same content"),
    ):
        with pytest.raises(SettingsError, match=expected):
            read_sheets([tmp_path / name for name in names])


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b'"', b"line,high_risk\n"])
def test_what_is_no_sheet_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetError, match=r"anna\.csv"):
        read(tmp_path, content)
