from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_safescale.errors import EditError
from pytest_safescale.perturb.edits.edit import (
    DropSentences,
    Edit,
    InsertText,
    MoveSentences,
    Patch,
    RepeatSentence,
    RotateOptions,
    SwapOptions,
    apply_all,
    edits_from_dicts,
)
from tests.perturb.planted import NODULE, evidence

TEXT = "One is here. Two is there.\n\nThree is far."


def patch(sentence: int, start: int, old: str, new: str) -> Patch:
    return Patch(family="f", sentence=sentence, start=start, old=old, new=new)


def insert(at: int, text: str, *, paragraph: bool = False) -> InsertText:
    words = tuple(text.split())
    return InsertText(family="f", at=at, words=words, of=len(words), paragraph=paragraph)


def drop(*sentences: int) -> DropSentences:
    return DropSentences(family="f", sentences=sentences)


def move(*sentences: int, before: int) -> MoveSentences:
    return MoveSentences(family="f", sentences=sentences, before=before)


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        ([], TEXT),
        ([drop(0)], "Two is there.\n\nThree is far."),
        ([drop(1)], "One is here.\n\nThree is far."),
        ([drop(0, 1)], "Three is far."),
        ([move(1, before=0)], "Two is there. One is here.\n\nThree is far."),
        ([move(0, before=3)], "Two is there. Three is far.\n\nOne is here."),
        ([insert(1, "New.")], "One is here. New. Two is there.\n\nThree is far."),
        ([insert(3, "New.")], f"{TEXT} New."),
        ([insert(3, "New.", paragraph=True)], f"{TEXT}\n\nNew."),
        ([insert(0, "New.", paragraph=True)], f"New.\n\n{TEXT}"),
        ([insert(1, "a"), insert(1, "b")], "One is here. a b Two is there.\n\nThree is far."),
        ([insert(1, "New."), drop(1)], "One is here. New.\n\nThree is far."),
        ([drop(1), insert(1, "New.")], "One is here.\n\nNew. Three is far."),
        ([patch(0, 4, "is", "was")], "One was here. Two is there.\n\nThree is far."),
        ([patch(0, 0, "One", "1"), patch(0, 4, "is", "was")], TEXT.replace("One is", "1 was")),
        ([patch(0, 4, "is", "was"), patch(0, 4, "is", "be")], TEXT.replace("One is", "One was")),
        ([drop(0), patch(0, 4, "is", "was")], "Two is there.\n\nThree is far."),
        (
            [patch(0, 12, " ", "\n"), move(0, before=2)],
            "Two is there. One is here.\n\nThree is far.",
        ),
        ([RepeatSentence(family="f", sentence=0, before=3)], f"{TEXT} One is here."),
        ([drop(0), RepeatSentence(family="f", sentence=0, before=3)], TEXT.split(". ", 1)[1]),
    ],
)
def test_edits_of_the_evidence_work_one_after_the_other(edits: list[Edit], text: str) -> None:
    variant = apply_all(edits, NODULE, TEXT)
    assert variant.evidence.rstrip() == text
    assert variant.item is NODULE
    assert variant.changed == bool(edits)


@pytest.mark.parametrize(
    ("edits", "order"),
    [
        ([SwapOptions(family="f", left="A", right="C")], "CBAD"),
        # First A and C, so that C is where A was; then the option that was A goes to D's place.
        (
            [
                SwapOptions(family="f", left="A", right="C"),
                SwapOptions(family="f", left="A", right="D"),
            ],
            "CBDA",
        ),
        ([RotateOptions(family="f", by=1)], "DABC"),
        ([RotateOptions(family="f", by=4)], "ABCD"),
    ],
)
def test_edits_of_the_options_keep_text_labels_and_answer_together(
    edits: list[Edit], order: str
) -> None:
    variant = apply_all(edits, NODULE)
    assert "".join(variant.letters.values()) == order
    for now, before in variant.letters.items():
        moved, own = variant.item.option(now), NODULE.option(before)
        assert moved.text == own.text
        assert moved.labels == own.labels
    assert variant.original(variant.item.answer) == NODULE.answer
    assert variant.original("E") is None
    assert variant.original(None) is None


EVERY_KIND: list[tuple[Edit, str]] = [
    (SwapOptions(family="f", left="A", right="B"), "options A and B change places"),
    (RotateOptions(family="f", by=2), "every option is lettered 2 on"),
    (move(1, 2, before=0), "sentences 2, 3 moved before sentence 1"),
    (drop(1), "sentence 2 left out"),
    (
        RepeatSentence(family="f", sentence=0, before=2),
        "sentence 1 repeated before sentence 3",
    ),
    (insert(0, "New text."), "put before sentence 1: 'New text.'"),
    (patch(0, 4, "is", "was"), "sentence 1: 'is' becomes 'was'"),
]


@pytest.mark.parametrize(("edit", "line"), EVERY_KIND, ids=lambda value: str(value)[:20])
def test_an_edit_reads_as_one_line_and_survives_being_stored(edit: Edit, line: str) -> None:
    assert edit.describe() == line
    stored = json.loads(json.dumps(edit.to_dict()))
    assert edits_from_dicts([stored]) == (edit,)


def test_every_kind_of_edit_is_in_the_table_above() -> None:
    assert {edit.kind for edit, _ in EVERY_KIND} == set(Edit.known)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "edit kind None; allowed: drop_sentences, insert_text"),
        ({"kind": "swap"}, "edit kind 'swap'; allowed"),
        ({"kind": "patch", "family": "f"}, "edit 'patch' cannot be read from"),
        ({"kind": "patch", "family": "f", "at": 1}, "cannot be read from"),
    ],
)
def test_what_is_no_stored_edit_is_named(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(EditError, match=complaint):
        Edit.from_dict(data)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (patch(0, 4, "was", "is"), "sentence 1 holds 'is ' at 4, not 'was'"),
        (SwapOptions(family="f", left="A", right="E"), "swap: option 'E'; allowed: A, B, C, D"),
    ],
)
def test_an_edit_for_another_text_is_refused(edit: Edit, complaint: str) -> None:
    with pytest.raises(EditError, match=complaint):
        apply_all([edit], NODULE, TEXT)


def test_variants_that_look_the_same_to_a_model_have_one_key() -> None:
    once = apply_all([RotateOptions(family="f", by=1)], NODULE, TEXT)
    more = apply_all([RotateOptions(family="f", by=5)], NODULE, TEXT)
    other = apply_all([RotateOptions(family="f", by=2)], NODULE, TEXT)
    assert once.key == more.key
    assert len({once.key, other.key, apply_all([], NODULE, TEXT).key}) == 3


def test_the_item_itself_is_untouched() -> None:
    before = NODULE.content_sha256
    apply_all([SwapOptions(family="f", left="A", right="B"), drop(0)], NODULE, evidence(NODULE))
    assert NODULE.content_sha256 == before


@pytest.mark.parametrize(
    ("edit", "pieces", "shortened"),
    [
        (insert(0, "This is new."), 3, insert(0, "This new.")),
        (insert(0, "This is new.", paragraph=True), 1, None),
        (drop(0, 1), 1, None),
        (patch(0, 0, "One", "Two"), 1, None),
    ],
)
def test_words_put_in_between_are_pieces_and_every_other_edit_stays_whole(
    edit: Edit, pieces: int, shortened: InsertText | None
) -> None:
    assert edit.pieces == pieces
    assert edit.only(range(pieces)) == edit
    if shortened is not None:
        assert edit.only([0, 2]).describe() == shortened.describe()
        assert edit.only([0, 2]).cut
