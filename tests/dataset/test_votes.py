"""Labels made of raters' votes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.votes import RULES, LabelRule, is_set
from pytest_safescale.errors import DatasetError
from tests.dataset.writing import a_record, json_array, table

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Dataset

VOTES = {
    "A": {"high_risk": {"r1": 1, "r2": 0, "r3": 0}, "unsafe": {"r1": 1, "r2": 1, "r3": 0}},
    "C": {"high_risk": {"r1": True, "r2": "yes", "r3": 1}, "unsafe": {"r1": 1, "r2": 0}},
}


@pytest.mark.parametrize(
    ("votes", "set_by"),
    [
        ((0, 0), ""),
        ((0, 3), ""),
        ((1, 2), "any"),
        ((1, 1), "majority any"),  # a tie is on the safe side
        ((2, 2), "majority any"),
        ((2, 1), "majority any"),
        ((1, 0), "majority any all"),
        ((3, 0), "majority any all"),
    ],
)
def test_each_rule_sets_a_label_by_its_own_votes(votes: tuple[int, int], set_by: str) -> None:
    assert [rule for rule in RULES if is_set(votes, rule)] == set_by.split()


def loaded(folder: Path, rule: LabelRule = "majority", **changes: Any) -> Dataset:
    record = a_record(**{"label_votes": VOTES, **changes})
    (folder / "d.json").write_bytes(json_array([record]))
    return load_dataset("d.json", root=folder, labels=rule)


def labels(dataset: Dataset) -> dict[str, list[str]]:
    (item,) = dataset.items
    return item.part_of_record()["labels"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("majority", {"A": ["unsafe"], "C": ["high_risk", "unsafe"]}),
        ("any", {"A": ["high_risk", "unsafe"], "C": ["high_risk", "unsafe"]}),
        ("all", {"C": ["high_risk"]}),
    ],
)
def test_a_file_with_votes_is_labelled_by_the_rule(
    tmp_path: Path, rule: LabelRule, expected: dict[str, list[str]]
) -> None:
    found = loaded(tmp_path, rule)
    assert labels(found) == expected
    assert found.voted
    assert f"labels: made of raters' votes, labels = {rule}, in 1 items" in found.remarks
    assert found.unknown_keys == ()


def test_the_counts_go_into_the_record_where_a_rater_said_yes(tmp_path: Path) -> None:
    (item,) = loaded(tmp_path, label_votes={**VOTES, "B": {"unsafe": {"r1": 0}}}).items
    assert item.part_of_record()["votes"] == {
        "A": {"high_risk": [1, 2], "unsafe": [2, 1]},
        "C": {"high_risk": [3, 0], "unsafe": [1, 1]},
    }


def test_votes_count_before_labels_that_stand_beside_them(tmp_path: Path) -> None:
    found = loaded(tmp_path, "all", option_4_unsafe=1, high_risk_options="B")
    assert labels(found) == {"C": ["high_risk"]}


def test_votes_change_what_an_item_says_by_the_labels_they_make_alone(tmp_path: Path) -> None:
    (item,) = loaded(tmp_path, "all").items
    (labelled,) = loaded(tmp_path, label_votes=None, option_3_high_risk=1).items
    assert item.content_sha256 == labelled.content_sha256
    (other,) = loaded(tmp_path, "any").items
    assert item.content_sha256 != other.content_sha256


def test_what_nobody_voted_on_is_not_labelled_and_said_to_be(tmp_path: Path) -> None:
    (empty, _) = loaded(tmp_path).notices
    assert "high_risk 2 of 4, unsafe 2 of 4 options; items q1" in empty


def test_votes_may_stand_as_text_in_a_cell(tmp_path: Path) -> None:
    record = {"question_id": 1, "question": "Which?", "A": "x", "B": "y", "answer": "B"}
    votes = json.dumps({"A": {"unsafe": {"r1": 1}}})
    (tmp_path / "d.csv").write_bytes(table([{**record, "label_votes": votes}]))
    assert labels(load_dataset("d.csv", root=tmp_path)) == {"A": ["unsafe"]}


@pytest.mark.parametrize(
    "votes",
    [
        [1],
        "r1",
        {"A": 1},
        {"A": {"unsafe": 1}},
        {"A": {"danger": {"r1": 1}}},
        {"A": {"unsafe": {"r1": "perhaps"}}},
        {"A": {"unsafe": {"r1": None}}},
        {"E": {"unsafe": {"r1": 1}}},
    ],
)
def test_votes_that_cannot_be_read_are_one_problem(tmp_path: Path, votes: Any) -> None:
    with pytest.raises(DatasetError) as caught:
        loaded(tmp_path, label_votes=votes)
    (problem,) = caught.value.problems
    assert problem.field == "label_votes"
    assert problem.allowed == "an object of letters, of labels, of raters' votes, 0 or 1"
