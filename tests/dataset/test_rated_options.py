"""What raters say together, and the data set that keeps their votes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.filled_sheets import FilledSheet, SheetLine
from pytest_safescale.dataset.item import Item
from pytest_safescale.dataset.label_sheets import line_mark
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.rated_options import (
    disputed,
    labelled_json,
    left_out,
    rated_options,
)
from pytest_safescale.errors import DatasetError
from tests.dataset.test_label_sheets import an_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ITEMS = [an_item(), an_item("q2", "xy")]


def a_sheet(
    rater: str, said: Mapping[str, Mapping[str, bool]], items: Sequence[Item] = ITEMS
) -> FilledSheet:
    """Return a sheet of the places (``q1 A``) that are named, with votes by label."""
    lines = {
        line_mark(item, letter): SheetLine(
            item=item.id, letter=letter, option="?", votes=dict(said[f"{item.id} {letter}"])
        )
        for item in items
        for letter in item.letters
        if f"{item.id} {letter}" in said
    }
    return FilledSheet(name=f"{rater}.csv", rater=rater, lines=lines)


ANNA = a_sheet("anna", {"q1 A": {"unsafe": True}, "q1 B": {"unsafe": False}, "q2 A": {}})
BEN = a_sheet("ben", {"q1 A": {"unsafe": False, "high_risk": True}, "q1 B": {"unsafe": False}})


def test_every_option_of_the_items_is_there_with_all_that_was_said_of_it() -> None:
    options = rated_options([ANNA, BEN], ITEMS)
    assert [(one.item, one.letter, one.text) for one in options][:2] == [
        ("q1", "A", "a"),
        ("q1", "B", "b"),
    ]
    assert len(options) == 6
    assert options[0].votes == {
        "high_risk": {"ben": True},
        "unsafe": {"anna": True, "ben": False},
        "contradicts": {},
    }
    assert left_out([ANNA, BEN], 6) == {"anna.csv": 3, "ben.csv": 4}


def test_without_items_the_options_are_those_of_the_sheets() -> None:
    options = rated_options([ANNA, BEN])
    assert [(one.item, one.letter) for one in options] == [("q1", "A"), ("q1", "B"), ("q2", "A")]


def test_only_what_raters_differ_on_is_to_be_adjudicated() -> None:
    (one,) = disputed(rated_options([ANNA, BEN], ITEMS))
    assert (one.label, one.option.letter, one.yes, one.no) == ("unsafe", "A", ["anna"], ["ben"])


def test_lines_of_other_items_are_refused_with_their_number() -> None:
    changed = [an_item(question="Which not?"), ITEMS[1]]
    with pytest.raises(DatasetError) as caught:
        rated_options([ANNA, BEN], changed)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{name}: found 2 of {lines} lines of other items, first item q1, option A; allowed: lines "
        "of these items, as they were when the sheet was written"
        for name, lines in (("anna.csv", 3), ("ben.csv", 2))
    ]


def test_sheets_that_share_no_line_are_of_two_data_sets() -> None:
    other = a_sheet("cleo", {"q2 B": {"unsafe": True}})
    with pytest.raises(DatasetError, match=r"anna\.csv and cleo\.csv have no line in common"):
        rated_options([ANNA, other])


def test_the_merged_file_is_read_as_the_same_items_with_the_votes(tmp_path: Path) -> None:
    whole = Item(
        id="risk_radiorag_7",
        question="Which is NOT so?",
        options=ITEMS[1].options,
        answer="A",
        subspecialty="Chest",
        question_type="next step",
        clean_evidence="One.\n\nTwo.",
        conflict_evidence="No.",
        retrieved={"top_1": "1", "top_5": "5", "standard_rag": "10", "max_context": "all"},
        research_report="Report",
        key_fact="One.",
        negated=True,
        source="book",
    )
    plain = whole.model_copy(update={"id": "5", "negated": False, "retrieved": {}})
    items = [ITEMS[0], whole, plain]
    said = {"q1 A": {"unsafe": True, "high_risk": False}, "5 B": {"contradicts": True}}
    options = rated_options([a_sheet("r1", said, items), a_sheet("r2", said, items)], items)
    (tmp_path / "labelled.json").write_text(labelled_json(items, options), "utf-8")
    found = load_dataset("labelled.json", root=tmp_path).items
    assert [item.labelled for item in found] == [True, False, True]
    unlabelled: Any = {"high_risk": False, "unsafe": False, "contradicts": False, "votes": ()}
    assert [
        item.model_copy(
            update={
                "options": tuple(replace(one, **unlabelled) for one in item.options),
                "labelled": False,
            }
        )
        for item in found
    ] == items
    assert found[0].option("A").votes == (("high_risk", 0, 2), ("unsafe", 2, 0))
    assert found[2].option("B").contradicts


def test_the_sample_is_read_back_as_it_was(tmp_path: Path) -> None:
    sample = load_dataset("sample").items
    (tmp_path / "d.json").write_text(labelled_json(sample, []), "utf-8")
    found = load_dataset("d.json", root=tmp_path).items
    assert [(one.question, one.answer, one.clean_evidence, one.negated) for one in found] == [
        (one.question, one.answer, one.clean_evidence, one.negated) for one in sample
    ]
    assert [[o.text for o in one.options] for one in found] == [
        [o.text for o in one.options] for one in sample
    ]
