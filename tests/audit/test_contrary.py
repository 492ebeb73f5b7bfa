"""Passages on a fact's subject that say the contrary of it do not tell it."""

from __future__ import annotations

import random

import pytest

from pytest_safescale.audit.contrary import dismisses, grades, says_the_contrary
from pytest_safescale.audit.evidence_class import passage_finding
from pytest_safescale.audit.item_support import ItemSupport
from pytest_safescale.dataset.item import Passage
from tests.audit.planted import EDITS, sample
from tests.audit.planted_wordings import REWORDED

CONFLICT_TOLD = {"paediatric-02", "paediatric-05", "emergency-05"}
"""Items whose conflict evidence passes for the fact: it has the fact's words in another order."""
FACT = "Type A dissection within 6 hours needs urgent surgery on the left, before any MRI."


@pytest.mark.parametrize(
    ("text", "contrary"),
    [
        ("Type A dissection within 6 hours is operated on urgently.", False),
        ("Type B dissection is treated by control of the blood pressure.", True),
        ("Types A and B of dissection are told apart by the arch.", False),
        ("Stage B heart failure is another matter.", False),
        ("Urgent surgery of a dissection adds little.", True),
        ("Type A dissection within 9 hours needs urgent surgery on the left, before MRI.", True),
        ("Type A dissection within 6 hours needs no urgent surgery on the left, before MRI.", True),
        ("Type A dissection within 6 hours needs urgent surgery on the left, after any MRI.", True),
        ("The kidney has a cortex.", False),
    ],
)
def test_what_is_contrary_to_a_fact(text: str, contrary: bool) -> None:
    assert says_the_contrary(FACT, [text]) is contrary


def test_a_fact_that_dismisses_something_is_told_by_words_that_do() -> None:
    fact = "A simple cyst is harmless and can be left."
    assert dismisses(fact)
    assert not says_the_contrary(fact, ["Simple cysts are harmless."])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a BI-RADS 4B lesion of type II", {("bi-rads", "4B"), ("type", "II")}),
        ("type A tears", {("type", "A")}),
        ("Stage 3 of the group", {("stage", "3")}),
        ("of the type Anderson described, category 5-like", set()),
    ],
)
def test_grades_are_read_with_their_system(text: str, found: set[tuple[str, str]]) -> None:
    assert grades(text) == found


def test_conflict_evidence_of_the_sample_seldom_passes_for_the_fact() -> None:
    told = {
        item.id
        for item in sample().items
        if passage_finding(
            Passage(id="p", text=item.conflict_evidence or ""), ItemSupport(item)
        ).fact
    }
    assert told == CONFLICT_TOLD


def test_a_fact_that_is_turned_into_its_contrary_is_told_by_nothing() -> None:
    edits, turned, told = {**EDITS, **REWORDED}, 0, set()
    for item in sample().items:
        support = ItemSupport(item)
        for kind, edit in edits.items():
            fact = item.key_fact or ""
            other = edit(fact, random.Random(1))
            if other == fact:
                continue
            turned += 1
            text = (item.clean_evidence or "").replace(fact, other)
            if passage_finding(Passage(id="p", text=text), support).fact:
                told.add((item.id, kind))
    # Both words of a pair stand in these, as in "mid- or upper-lung".
    assert told == {
        (item, "opposite") for item in ("chest-03", "abdominal-06", "cardio-03", "head-and-neck-01")
    }
    assert turned == 95
