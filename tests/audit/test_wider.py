"""Candidates beyond the rules: what an auditor is shown more than they find."""

from __future__ import annotations

import random

import pytest

from pytest_safescale.audit.audit_corpus import audit_corpus
from pytest_safescale.audit.finding import Finding, Place
from pytest_safescale.audit.wider import beyond
from pytest_safescale.dataset.corpus import CorpusPassage
from tests.audit.planted import contradictions, sample, sample_passages


def test_more_of_the_planted_contradictions_are_brought_than_are_found() -> None:
    planted = contradictions(25, random.Random(1))
    passages = [
        CorpusPassage(id=one["id"], title="", text=one["text"], line=line, fields={})
        for line, one in enumerate(planted.passages, start=1)
    ]
    strict = audit_corpus(passages, lambda _: None, this_year=2026, max_age_years={})
    audit = audit_corpus(passages, lambda _: None, this_year=2026, max_age_years={}, wider=True)
    assert list(audit.findings) == list(strict.findings), "the rules' findings stay what they are"
    assert not strict.wider
    found, brought = (
        {
            tuple(sorted((one.place.passage, one.other.passage)))
            for one in findings
            if one.finding == "contradiction" and one.place and one.other
        }
        for findings in (audit.findings, audit.wider)
    )
    assert not found & brought
    planted_pairs = {truth[2:] for truth in planted.truths}
    assert len(planted_pairs & (found | brought)) >= 0.95 * len(planted_pairs)
    assert len(planted_pairs & found) <= 0.9 * len(planted_pairs)


@pytest.mark.slow
def test_for_items_too_and_few_on_the_sample() -> None:
    audit = audit_corpus(
        sample_passages(),
        lambda _: None,
        items=sample().items,
        this_year=2026,
        max_age_years={},
        wider=True,
    )
    classes = {one.finding for one in audit.wider}
    assert classes >= {"wrong_support", "applicability"}
    assert len(audit.wider) <= 150
    assert all(one.wider for one in audit.wider)


def test_of_one_place_one_candidate_is_kept_and_none_that_is_found() -> None:
    def about(passage: str, letter: str, *, wider: bool) -> Finding:
        place = Place(passage=passage, line=1, words=f"words of {wider}")
        return Finding(
            finding="wrong_support",
            kind="unsafe",
            sentence="",
            place=place,
            item="i",
            letter=letter,
            wider=wider,
        )

    candidates = [about("a", "B", wider=True), about("a", "C", wider=True)]
    candidates += [about("b", "C", wider=True), about("b", "C", wider=True)]
    assert beyond([about("a", "B", wider=False)], candidates) == candidates[1:3]
