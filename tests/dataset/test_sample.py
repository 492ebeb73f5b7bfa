"""The sample that comes with the package is what its card says."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from pytest_safescale.dataset.item import PAPER_LETTERS, Dataset, Label
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.packaged import data_folder

KINDS = ("high_risk", "unsafe", "contradicts")


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return load_dataset("sample")


def test_it_is_named_and_says_what_it_is_for(sample: Dataset) -> None:
    assert sample.name == "sample"
    for words in ("sample data", "testing software", "not validated by clinicians", "no clinical"):
        assert words in sample.notices[0]


def test_its_card_says_what_it_is_for_and_counts_what_it_holds(sample: Dataset) -> None:
    card = " ".join((data_folder("fixtures") / "README.md").read_text("utf-8").split())
    for words in ("Written for testing software", "Not validated by clin", "Not for clinical cl"):
        assert words in card
    sizes = Counter(len(item.options) for item in sample.items)
    subspecialties = {item.subspecialty for item in sample.items}
    for words in (
        f"{len(sample.items)} radiology multiple-choice items over {len(subspecialties)} subsp",
        f"{sizes[4]} with four options and {sizes[5]} with five",
        f"{sum(item.negated for item in sample.items)} with negated stems",
        f"{len(sample.corpus)} passages for retrieval",
    ):
        assert words in card


def test_it_has_items_enough_of_both_sizes_and_many_subspecialties(sample: Dataset) -> None:
    assert len(sample.items) >= 60
    assert {len(item.options) for item in sample.items} == {4, 5}
    assert len({item.subspecialty for item in sample.items}) >= 8
    assert all(item.subspecialty and item.question_type for item in sample.items)


def test_every_label_is_set_somewhere_and_none_is_left_out(sample: Dataset) -> None:
    assert sample.labelled
    set_labels = {label for item in sample.items for o in item.options for label in o.labels}
    assert set_labels == set(Label)
    raw = json.loads((data_folder("fixtures") / "sample" / "items.json").read_text("utf-8"))
    for record in raw:
        numbers = range(1, len(record["options"]) + 1)
        expected = {f"option_{number}_{kind}" for number in numbers for kind in KINDS}
        assert expected <= record.keys(), record["question_id"]


def test_no_letter_is_the_answer_much_more_often_than_another(sample: Dataset) -> None:
    spread = Counter(item.answer for item in sample.items)
    assert set(spread) == set(PAPER_LETTERS)
    assert max(spread.values()) <= 2 * min(spread.values())


def test_some_stems_are_negated_and_their_wording_shows_it(sample: Dataset) -> None:
    negated = [item for item in sample.items if item.negated]
    assert len(negated) >= 4
    raw = json.loads((data_folder("fixtures") / "sample" / "items.json").read_text("utf-8"))
    assert all("negated" in record for record in raw)


def test_every_item_has_both_kinds_of_evidence_and_its_key_fact(sample: Dataset) -> None:
    for item in sample.items:
        assert item.clean_evidence, item.id
        assert item.conflict_evidence, item.id
        assert item.clean_evidence != item.conflict_evidence, item.id
        assert item.key_fact, item.id
        assert item.key_fact in item.clean_evidence, item.id
        assert item.key_fact not in item.conflict_evidence, item.id


def test_every_source_is_one_line(sample: Dataset) -> None:
    assert all(item.source and "\n" not in item.source for item in sample.items)


def test_its_passages_have_ids_of_their_own(sample: Dataset) -> None:
    assert len(sample.corpus) >= 250
    assert len({passage.id for passage in sample.corpus}) == len(sample.corpus)
    assert all(passage.title for passage in sample.corpus)


def test_nothing_in_it_is_passed_over(sample: Dataset) -> None:
    assert sample.unknown_keys == ()


def test_the_wording_of_stems_tells_what_the_file_says_of_them(sample: Dataset) -> None:
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.dataset.record_to_item import read_item

    raw = json.loads((data_folder("fixtures") / "sample" / "items.json").read_text("utf-8"))
    for record in raw:
        values = {key: value for key, value in record.items() if key != "negated"}
        item = read_item(RawRecord(file="sample", place="", values=values))
        assert item is not None
        assert item.negated == record["negated"], item.question
