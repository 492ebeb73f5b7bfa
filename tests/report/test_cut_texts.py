"""Of more text than memory has room for, as much is held as the page will show of each."""

from __future__ import annotations

import random
import string

import pytest

from pytest_safescale.report.page.cut_texts import (
    CaseTexts,
    ends,
    first_of,
    head,
    length_of,
)

DRAW = random.Random(3)
TEXTS = ["".join(DRAW.choices(string.ascii_letters, k=length)) for length in (0, 9, 100, 101, 4000)]


@pytest.mark.parametrize("limit", [100, 31, 7, 2, 0])
def test_what_is_held_shows_as_the_whole_does(limit: int) -> None:
    replies, evidence = CaseTexts(keeps_end=True), CaseTexts(keeps_end=False)
    for held in (replies, evidence):
        for text in TEXTS:
            held.number(text)
        for room in (500, 100, limit):
            held.hold_no_more_than(room)
    assert [ends(text, limit) for text in replies.texts] == [ends(text, limit) for text in TEXTS]
    assert [head(text, limit) for text in evidence.texts] == [head(text, limit) for text in TEXTS]
    assert [length_of(text) for text in replies.texts] == [len(text) for text in TEXTS]


def test_no_more_is_held_than_there_is_room_for_and_numbers_stay() -> None:
    texts = CaseTexts(keeps_end=True)
    assert [texts.number(text) for text in (*TEXTS, TEXTS[4])] == [0, 1, 2, 3, 4, 4]
    assert texts.held == sum(map(len, TEXTS))
    texts.hold_no_more_than(50)
    assert texts.held == 9 + 3 * 50
    assert [texts.number(text) for text in TEXTS] == [0, 1, 2, 3, 4]
    assert texts.number("x" * 4000) == 5
    assert texts.held == 9 + 4 * 50


def test_a_reply_keeps_its_end_and_evidence_its_head() -> None:
    reply, evidence = CaseTexts(keeps_end=True), CaseTexts(keeps_end=False)
    for texts in (reply, evidence):
        texts.number("abcdefghijkl")
        texts.hold_no_more_than(6)
    assert ends(reply.texts[0], 6) == "abcd\n[cut: 6 characters left out here]\nkl"
    assert head(evidence.texts[0], 6) == "abcdef\n\n[cut: 6 of 12 characters are shown here]"
    assert first_of(evidence.texts[0]) == "abcdef"
