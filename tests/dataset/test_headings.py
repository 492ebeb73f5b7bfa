"""Labels under a data set's own names: a column for each option, or a list of letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.headings import find_columns, option_headings
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.errors import DatasetError
from tests.dataset.writing import json_array, table

if TYPE_CHECKING:
    from pathlib import Path

ROW: dict[str, Any] = {"id": 1, "question": "q", "A": "x", "B": "y", "C": "z", "answer": "A"}


def labels(path: Path, columns: dict[str, str]) -> dict[str, set[str]]:
    item = load_dataset(str(path), shape=Shape.model_validate(columns)).items[0]
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


@pytest.mark.parametrize("given", ["B, none", 1, ["B", 2], {"B": 1}, "AB", ";"])
def test_what_is_no_letter_of_the_item_is_refused(tmp_path: Path, given: object) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(json_array([{**ROW, "unsafe_options": given}]))
    with pytest.raises(
        DatasetError, match=r"unsafe_options: found .*; allowed: letters among A, B"
    ):
        load_dataset(str(path))


@pytest.mark.parametrize(
    ("pattern", "absent"),
    [("never_{number}", "headings, high_risk: found no 'never_{number}'"), ("x", "found no 'x'")],
)
def test_a_label_whose_headings_are_absent_is_told(
    tmp_path: Path, pattern: str, absent: str
) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(json_array([ROW]))
    with pytest.raises(DatasetError, match=absent):
        load_dataset(str(path), shape=Shape.model_validate({"high_risk": pattern}))


def test_headings_that_a_file_lacks_for_some_options_are_left_out() -> None:
    shape = Shape.model_validate({"question": "Q", "unsafe": "u{number}"})
    assert find_columns(["Q", "u1", "u2"], shape).sources == {
        "question": "Q",
        "option_1_unsafe": "u1",
        "option_2_unsafe": "u2",
    }


@pytest.mark.parametrize(
    ("headings", "letters"),
    [
        (["opa", "opb", "opc", "opd", "cop"], "ABCD"),
        (["choice_a", "choice_b", "choice_c"], "ABC"),
        (["ending0", "ending1", "ending2", "ending3", "label"], "ABCD"),
        (["Option A", "Option B", "Option-C"], "ABC"),
        (["Choice1", "Choice2"], "AB"),
        (["candidate_0", "candidate_1"], "AB"),
        (["answer_a", "answer_b", "answer_c", "answer"], "ABC"),
        (["A", "B", "C", "D", "n", "x"], "ABCD"),
        (["a", "b"], "AB"),
        (["A", "B", "D"], "ABD"),
        ([f"option_{n}" for n in range(1, 27)], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (["option_1_high_risk", "option_2_high_risk"], ""),
        (["op", "opt"], ""),
        (["B", "C"], ""),
    ],
)
def test_columns_of_options_are_found_by_their_pattern(headings: list[str], letters: str) -> None:
    assert "".join(option_headings(headings)) == letters


@pytest.mark.parametrize(
    "written", ["Question", "QUESTION", "question text", "Question-Text", " question "]
)
def test_our_own_keys_are_found_however_they_are_capitalised(written: str) -> None:
    assert list(find_columns([written], Shape()).sources.values()) == [written]


def test_of_two_headings_alike_ours_is_read_and_the_other_named() -> None:
    columns = find_columns(["ID", "id", "Answer"], Shape())
    assert columns.sources == {"id": "id", "answer": "Answer"}
    assert columns.unread(["ID", "id", "Answer"]) == ("ID",)
