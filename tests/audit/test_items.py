"""What a corpus is for the items: facts that are told, told for others, and dangers supported."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.audit.audit_corpus import audit_corpus
from pytest_safescale.audit.clinical_words import clinical_words
from pytest_safescale.audit.evidence_class import passage_finding
from pytest_safescale.audit.item_support import ItemSupport
from pytest_safescale.dataset.corpus import CorpusPassage
from pytest_safescale.dataset.item import Passage
from tests.audit.planted import Planted, background, sample, sample_passages
from tests.audit.planted_items import facts, for_others, wrong_supports
from tests.audit.told_by import TOLD_BY

if TYPE_CHECKING:
    from pytest_safescale.audit.audit_corpus import Audit

TELLING = frozenset(id_ for ids in TOLD_BY.values() for id_ in ids)


def audited(planted: Planted) -> Audit:
    raw = [*planted.passages, *background(100, random.Random(1), but=TELLING)]
    passages = [
        CorpusPassage(id=one["id"], title="", text=one["text"], line=line, fields={})
        for line, one in enumerate(raw, start=1)
    ]
    return audit_corpus(
        passages, lambda _: None, items=sample().items, this_year=2026, max_age_years={}
    )


@pytest.fixture(scope="module")
def mixed() -> tuple[Planted, Audit]:
    draw = random.Random(3)
    planted = facts(20, draw)
    for part in (for_others(20, draw), wrong_supports(draw)):
        planted.passages += part.passages
        planted.truths |= part.truths
    return planted, audited(planted)


@pytest.mark.parametrize(
    ("name", "recall", "precision"), [("applicability", 0.9, 0.9), ("wrong_support", 0.7, 0.8)]
)
def test_planted_limits_and_dangers_are_found(
    mixed: tuple[Planted, Audit], name: str, recall: float, precision: float
) -> None:
    planted, audit = mixed
    truths = {truth[2:] for truth in planted.truths if truth[0] == name}
    found = {
        (one.place.passage, one.item) for one in audit.findings if one.finding == name and one.place
    }
    hits = truths & found
    assert len(truths) >= 50
    assert len(hits) >= recall * len(truths)
    assert len(hits) >= precision * len(found)


def test_facts_that_are_told_are_found_and_facts_removed_are_not() -> None:
    planted = facts(20, random.Random(3))
    told = {one["id"].partition("-")[2] for one in planted.passages}
    coverage = audited(planted).coverage
    assert coverage is not None
    served = {one["item"] for one in coverage["by_item"] if one["passage"]}
    assert served >= told
    assert len(served - told) <= 2


def test_of_the_sample_over_half_of_what_tells_a_fact_in_other_words_is_found() -> None:
    found = [
        (item.id, passage.id)
        for item in sample().items
        for support in [ItemSupport(item)]
        for passage in sample_passages()
        for shown in [Passage(id=passage.id, title=passage.title, text=passage.text)]
        if passage_finding(shown, support).fact
    ]
    right = [passage in TOLD_BY[item] for item, passage in found]
    assert len({item for item, passage in found if passage in TOLD_BY[item]}) == 40
    assert (sum(right), len(right)) == (45, 56)


def test_words_have_one_form_whatever_their_spelling_ending_and_abbreviation() -> None:
    one = clinical_words("Magnetic resonance imaging shows haemorrhages; they are removed at once.")
    other = clinical_words("On MRI the bleeding is seen, and removal is urgent.")
    assert one - other == set()
    assert clinical_words("an unenhanced CT") == clinical_words("computed tomography non-contrast")
    assert clinical_words("lung") != clinical_words("liver")
