"""Results that exist already: what is read, and what is found to be wrong with them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.conditions.catalogue import RELEASE_NAMES
from pytest_safescale.errors import DatasetError
from pytest_safescale.published.results import RELEASED, Results, read_results
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.results.record_lines import CASES
from tests.published.result_files import block, dataset, item, line, lines, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read(folder: Path, **more: Any) -> Results:
    return read_results(folder, more.pop("data", dataset()), names=RELEASE_NAMES, **more)


def one(folder: Path, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The only record of a line."""
    found = read(write(folder, m=[line(1, {"zero_shot": given})]), **more)
    return dict(found.records[0])


def test_a_line_becomes_a_record_for_each_condition_under_our_names(tmp_path: Path) -> None:
    conditions = {name: block("A") for name in RELEASE_NAMES}
    found = read(write(tmp_path, m=[line("risk_radiorag_1", conditions)]))
    assert [row["condition"] for row in found.records] == list(RELEASE_NAMES.values())
    assert {(row["model"], row["item_id"]) for row in found.records} == {("m", "1")}
    content = (tmp_path / "m" / RELEASED).read_bytes()
    assert found.files == {f"m/{RELEASED}": hashlib.sha256(content).hexdigest()}


@pytest.mark.parametrize("number", [1, "1", "risk_radiorag_1", 1.0])
def test_numbers_texts_and_prefixed_ids_are_the_same_item(tmp_path: Path, number: object) -> None:
    found = read(write(tmp_path, m=[line(number, {"zero_shot": block("B")})]))
    assert found.records[0]["labels"]["B"] == ["high_risk", "unsafe"]


def test_checked_answers_count_and_not_the_parsed_ones(tmp_path: Path) -> None:
    given = block("A", ["A", "B"], parsed_answer="C")
    given["stochastic"]["parsed_answers"] = ["C", "C"]
    record = one(tmp_path, given)
    assert record["greedy"]["letter"] == "A"
    assert record["samples"]["letters"] == ["A", "B"]


def test_raw_letters_are_read_from_the_replies(tmp_path: Path) -> None:
    given = block("A", ["A", None], raw_output="The answer is B.")
    record = one(tmp_path, given, answers="raw")
    assert record["greedy"]["letter"] == "B"
    assert record["samples"]["letters"] == ["A", None]


@pytest.mark.parametrize(
    "checked", [None, {}, {"confirmed_answer": None}, "B", 3, {"confirmed_answer": 3}]
)
def test_a_missing_null_or_malformed_checked_answer_is_unreadable(
    tmp_path: Path, checked: object
) -> None:
    record = one(tmp_path, block("A", checked_answer=checked))
    assert (record["greedy"]["letter"], record["outcome"]) == (None, "unreadable")


@pytest.mark.parametrize(
    ("reply", "state", "form"),
    [
        ("I cannot answer that.", "abstained", "refusal"),
        ("None of the above.", "abstained", "none_fits"),
        ("A or B", "unreadable", "several"),
        # A letter that was not confirmed is none.
        ("Answer: B", "unreadable", None),
        (None, "unreadable", None),
    ],
)
def test_the_reply_tells_why_no_letter_was_confirmed(
    tmp_path: Path, reply: str | None, state: str, form: str | None
) -> None:
    given = block(None, [None, "A", None], raw_output=reply)
    given["stochastic"]["raw_outputs"] = [reply, "A", "I don't know."]
    record = one(tmp_path, given)
    assert (record["greedy"]["letter"], record["state"]) == (None, state)
    assert record["greedy"]["form"] == form
    assert record["samples"]["states"] == [state, "answered", "abstained"]


@pytest.mark.parametrize(
    ("given", "single", "several"),
    [
        ({}, True, True),
        (None, True, True),
        ({"greedy": {}, "stochastic": block("A", ["A"])["stochastic"]}, True, False),
        ({"greedy": block("A")["greedy"], "stochastic": {}}, False, True),
        # No samples were wanted.
        ({"greedy": block("A")["greedy"]}, False, False),
        (block("A", ["A"], error="time-out"), True, False),
    ],
)
def test_an_error_or_an_empty_block_is_an_errored_case(
    tmp_path: Path, given: Any, single: bool, several: bool
) -> None:
    record = one(tmp_path, given)
    assert (record["error"] is not None) is single
    assert (record["samples_error"] is not None) is several


def test_e_on_a_four_option_item_is_a_letter_and_no_problem(tmp_path: Path) -> None:
    record = one(tmp_path, block("E"))
    assert (record["greedy"]["letter"], record["findings"]) == ("E", ["unreadable"])


def test_the_results_correct_letter_is_the_truth(tmp_path: Path) -> None:
    rows = [line(1, {"zero_shot": block("B")}, correct_answer="B")]
    found = read(write(tmp_path, m=rows))
    assert found.records[0]["outcome"] == "correct"
    assert any("another correct letter" in remark for remark in found.remarks)


def test_parsed_answers_stand_in_for_missing_checked_samples_in_the_release(
    tmp_path: Path,
) -> None:
    given = block("A", ["B", "B", "A"])
    given["stochastic"]["checked_answers"] = []
    record = one(tmp_path, given)
    assert (record["samples"], record["fallback"]) == (None, "B")


GOOD = lines()


def without(number: int) -> list[dict[str, Any]]:
    return [row for place, row in enumerate(GOOD, 1) if place != number]


DAMAGED: list[tuple[str, dict[str, Sequence[Any]], str]] = [
    ("not JSON", {"a": [*GOOD[:2], '{"question_id": 3,']}, f"a/{RELEASED}, line 3"),
    ("no object", {"a": [*GOOD, "[1]"]}, f"a/{RELEASED}, line 4"),
    ("unknown letter", {"a": lines("AZA")}, f"a/{RELEASED}, line 2, item risk_radiorag_2"),
    ("duplicate item", {"a": [*GOOD, GOOD[0]]}, f"a/{RELEASED}, line 4, item risk_radiorag_1"),
    ("unknown item", {"a": [*GOOD, line(9, {})]}, f"a/{RELEASED}, line 4, item 9"),
    ("unequal items", {"a": GOOD, "b": without(2)}, f"b/{RELEASED}: found no b answers to item 2"),
    ("no condition", {"a": [*GOOD[:2], line(3, {})]}, f"a/{RELEASED}, line 3, item 3"),
    (
        "no condition of others",
        {"a": GOOD, "b": lines(condition="top_1")},
        "found no case of b under closed_book",
    ),
    ("no correct letter", {"a": [*without(3), {**GOOD[2], "correct_answer": None}]}, "line 3"),
    ("other truth", {"a": GOOD, "b": [{**GOOD[0], "correct_answer": "C"}, *GOOD[1:]]}, "line 1"),
    ("empty file", {"a": GOOD, "b": []}, f"b/{RELEASED}: found an empty file"),
]


@pytest.mark.parametrize(
    ("models", "place"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED]
)
def test_damage_is_told_with_file_and_line_and_the_rest_is_scored_only_if_wanted(
    tmp_path: Path, models: dict[str, Sequence[Any]], place: str
) -> None:
    folder = write(tmp_path, **models)
    with pytest.raises(DatasetError) as caught:
        read(folder)
    assert place in str(caught.value)
    partial = read(folder, allow_partial=True)
    assert [str(problem) for problem in partial.problems] == [
        str(problem) for problem in caught.value.problems
    ]
    assert all_metrics(panel_from_records(partial.records))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        read(write(tmp_path, a=["{", *lines("ZYA")], b=["nothing"]))
    assert len(caught.value.problems) >= 4


def test_a_model_folder_without_its_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, a=GOOD)
    (tmp_path / "b").mkdir()
    with pytest.raises(DatasetError, match="b: found neither"):
        read(tmp_path)
    assert len(read(tmp_path, allow_partial=True).records) == 3


@pytest.mark.parametrize("partial", [False, True])
def test_an_empty_folder_cannot_be_scored_even_in_part(tmp_path: Path, partial: bool) -> None:
    with pytest.raises(DatasetError, match="no folder of a model"):
        read(tmp_path, allow_partial=partial)
    with pytest.raises(DatasetError, match="found nothing"):
        read(tmp_path / "absent", allow_partial=partial)


def test_a_condition_the_data_set_shows_an_item_lacks_is_no_damage(tmp_path: Path) -> None:
    both = {"zero_shot": block("A"), "evidence_conflict": block("A")}
    rows = [line(1, both), line(2, {"zero_shot": block("A")})]
    found = read(write(tmp_path, m=rows), data=dataset(item("1"), item("2", conflict=False)))
    assert len(found.records) == 3


def test_the_release_keeps_any_text_as_a_letter_and_items_not_in_the_data_set(
    tmp_path: Path,
) -> None:
    rows = [*lines("Z"), line(9, {"zero_shot": block("A")})]
    found = read(write(tmp_path, m=rows), release=True, allow_partial=True)
    assert [row["greedy"] and row["greedy"]["letter"] for row in found.records] == ["Z", "A"]
    assert found.recorded == [("m", "1"), ("m", "9")]
    assert [problem.where for problem in found.problems] == ["line 2, item 9"]


def own(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CASES).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_our_own_cases_give_the_same_records_again(tmp_path: Path) -> None:
    first = read(write(tmp_path / "results", m=GOOD)).records
    again = read(own(tmp_path / "report", first))
    assert list(again.records) == list(first)
    assert read(own(tmp_path / "all" / "r", first)).records == again.records


def test_our_own_cases_are_judged_by_the_labels_of_the_data_set(tmp_path: Path) -> None:
    first = read(write(tmp_path / "results", m=lines("B"))).records
    stale = [{**row, "labels": {}, "findings": [], "outcome": "wrong"} for row in first]
    record = read(own(tmp_path / "report", stale)).records[0]
    assert record["findings"] == ["overconfident", "high_risk", "unsafe", "wrong"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": None}, "model"),
        ({"item_id": "9"}, "item_id"),
        ({"greedy": "B"}, "greedy"),
        ({"greedy": {"letter": "Z"}}, "greedy.letter"),
        ({"samples": {"letters": "AB"}}, "samples.letters"),
        ({"error": 5}, "error"),
    ],
)
def test_damage_of_our_own_cases_names_line_and_field(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    first = list(read(write(tmp_path / "results", m=GOOD)).records)
    folder = own(tmp_path / "report", [first[0], {**first[1], **change}, first[2]])
    with pytest.raises(DatasetError) as caught:
        read(folder)
    assert any(
        problem.field == field and problem.where.startswith("line 2")
        for problem in caught.value.problems
    )


def test_the_same_case_in_two_reports_is_told(tmp_path: Path) -> None:
    first = read(write(tmp_path / "results", m=GOOD)).records
    own(tmp_path / "all" / "a", first)
    own(tmp_path / "all" / "b", first[:1])
    with pytest.raises(DatasetError, match=r"b/cases.jsonl, line 1, item 1"):
        read(tmp_path / "all")
