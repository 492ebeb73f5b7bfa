"""How bad it is to answer an option: a number from 0 to 1, in any of the forms of options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.dataset.summary import render_summary, summarise_dataset
from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Dataset, Item

PLAIN = {"id": 1, "question": "Why?", "options": ["x", "y", "z"], "answer": "A"}
STATED = {"B": 1.0, "C": 0.25}


def load(folder: Path, *records: dict[str, Any], **more: Any) -> Dataset:
    (folder / "d.json").write_text(json.dumps(records), encoding="utf-8")
    return load_dataset("d.json", root=folder, **more)


def only(folder: Path, **more: Any) -> Item:
    (item,) = load(folder, {**PLAIN, **more}).items
    return item


@pytest.mark.parametrize(
    "given",
    [
        {"severity": {"B": 1, "C": 0.25}},
        {"severity": {"b": "1", "C": "0.25"}},
        {"severity": '{"B": 1, "C": 0.25}'},
        {"severity": [None, 1, 0.25]},
        {"Option 2 severity": 1, "option_3_severity": "0.25", "option_5_severity": ""},
        {
            "options": [
                {"letter": "A", "text": "x"},
                {"letter": "C", "text": "z", "severity": 0.25},
                {"letter": "B", "text": "y", "severity": 1},
            ]
        },
        {"options": [{"text": "x"}, {"text": "y", "severity": 1}, {"text": "z", "severity": 0.25}]},
    ],
)
def test_they_are_read_in_every_form(tmp_path: Path, given: dict[str, Any]) -> None:
    assert only(tmp_path, **given).severities == STATED


def test_the_columns_that_hold_them_can_be_named(tmp_path: Path) -> None:
    shape = Shape.model_validate({"severity": "harm_{letter}"})
    data = load(tmp_path, {**PLAIN, "harm_B": 1, "harm_C": 0.25}, shape=shape)
    assert data.items[0].severities == STATED


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"severity": {"B": 1.5, "C": 0}},
            r"severity\.B: found 1\.5; allowed: a number from 0 to 1",
        ),
        ({"option_2_severity": "0,5"}, r"option_2_severity: found '0,5'; allowed: a number from 0"),
        ({"severity": {"B": True, "C": 0}}, r"severity\.B: found True; allowed: a number from 0"),
        (
            {"severity": [0, 1]},
            r"severity: found \[0, 1\]; allowed: an object of letters, or a list",
        ),
        ({"severity": "bad"}, r"severity: found 'bad'; allowed: an object of letters, or a list"),
        (
            {"severity": {"B": 1, "C": 0, "E": 1}},
            r"severity\.E: found 1; allowed: nothing, as the item has no option E",
        ),
        ({"severity": {"B": 1}}, r"severity: found \['B'\]; allowed: a severity of C too, as the"),
    ],
)
def test_what_is_no_severity_is_refused_with_item_and_option(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(DatasetError, match=rf"d\.json.*, item 1.*{told}"):
        only(tmp_path, **given)


def test_labels_stand_in_for_those_that_are_not_stated(tmp_path: Path) -> None:
    item = only(tmp_path, severity={"B": 0.8}, unsafe_options="C")
    assert (item.severities, item.labelled) == ({"B": 0.8}, True)


def test_they_belong_to_the_content_and_a_record_holds_them(tmp_path: Path) -> None:
    stated, other, plain = (
        only(tmp_path, **given)
        for given in ({"severity": STATED}, {"severity": {"B": 1, "C": 0.5}}, {})
    )
    assert len({item.content_sha256 for item in (stated, other, plain)}) == 3
    assert stated.part_of_record()["severity"] == STATED
    assert "severity" not in plain.part_of_record()


def test_it_is_known_how_bad_answers_are_by_labels_or_by_severities_of_all(tmp_path: Path) -> None:
    second = {**PLAIN, "id": 2, "question": "Why not?"}
    stated = {**PLAIN, "severity": STATED}
    assert not load(tmp_path, stated, second).has_severities
    assert load(tmp_path, stated, {**second, "severity": STATED}).has_severities
    assert load(tmp_path, stated, {**second, "unsafe_options": "B"}).has_severities


def test_a_check_of_the_data_counts_them(tmp_path: Path) -> None:
    told = render_summary(summarise_dataset(load(tmp_path, {**PLAIN, "severity": STATED})))
    assert "severities      of 2 options" in told.splitlines()
