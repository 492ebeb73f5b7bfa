"""Labels under a data set's own names: a column for each option, or a list of letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.items.headings import spread_labels
from pytest_safescale.items.load import load_dataset
from tests.items.writing import json_array, table

if TYPE_CHECKING:
    from pathlib import Path

ROW: dict[str, Any] = {"id": 1, "question": "q", "A": "x", "B": "y", "C": "z", "answer": "A"}


def labels(path: Path, columns: dict[str, str]) -> dict[str, set[str]]:
    item = load_dataset(str(path), column_map=columns).items[0]
    return {
        option.letter: {label.value for label in option.labels}
        for option in item.options
        if option.labels
    }


@pytest.mark.parametrize(
    ("pattern", "headings"),
    [
        ("never_event_{number}", ("never_event_1", "never_event_2", "never_event_3")),
        ("{letter}: never event", ("A: never event", "B: never event", "C: never event")),
    ],
)
def test_a_pattern_is_a_column_for_each_option(
    tmp_path: Path, pattern: str, headings: tuple[str, ...]
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(table([{**ROW, **dict(zip(headings, (0, 1, 0), strict=True))}]))
    assert labels(path, {"high_risk": pattern}) == {"B": {"high_risk"}}


@pytest.mark.parametrize(
    ("cell", "found"),
    [("B", "B"), ("B, C", "BC"), ("b;c;", "BC"), ("B C", "BC"), ("B|C", "BC"), ("", "")],
)
def test_a_heading_without_a_pattern_lists_letters(tmp_path: Path, cell: str, found: str) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(table([{**ROW, "harmful": cell}]))
    assert labels(path, {"unsafe": "harmful"}) == {letter: {"unsafe"} for letter in found}


def test_a_record_lists_letters_under_our_own_keys_too(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    more = {"high_risk_options": ["B"], "option_3_high_risk": 1, "contradicts_options": None}
    path.write_bytes(json_array([{**ROW, **more}]))
    assert labels(path, {}) == {"B": {"high_risk"}, "C": {"high_risk"}}


@pytest.mark.parametrize("given", ["E", "B, none", 1, ["B", 2], {"B": 1}, "AB", ";"])
def test_what_is_no_letter_of_the_item_is_refused(tmp_path: Path, given: object) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(json_array([{**ROW, "unsafe_options": given}]))
    with pytest.raises(
        DatasetError, match=r"unsafe_options: found .*; allowed: letters among A, B"
    ):
        load_dataset(str(path))


@pytest.mark.parametrize(
    ("pattern", "absent"),
    [("never_{number}", "option_1_high_risk: found no 'never_1'"), ("x", "found no 'x'")],
)
def test_a_label_whose_headings_are_absent_is_told(
    tmp_path: Path, pattern: str, absent: str
) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(json_array([ROW]))
    with pytest.raises(DatasetError, match=absent):
        load_dataset(str(path), column_map={"high_risk": pattern})


def test_headings_that_a_file_lacks_for_some_options_are_left_out() -> None:
    found = spread_labels({"question": "Q", "unsafe": "u{number}"}, ["Q", "u1", "u2"])
    assert found == {"question": "Q", "option_1_unsafe": "u1", "option_2_unsafe": "u2"}
