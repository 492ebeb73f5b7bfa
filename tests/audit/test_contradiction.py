"""Contradictions between passages: those planted are found, what is like them is not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.audit.contradiction import find_contradictions
from pytest_safescale.audit.read_corpus import CorpusText
from pytest_safescale.dataset.corpus import read_passages
from tests.audit.planted import Planted, background, contradictions, sample_passages

if TYPE_CHECKING:
    from pathlib import Path


def found_in(planted: Planted, folder: Path) -> dict[tuple[str, ...], str]:
    corpus = CorpusText(read_passages(planted.write(folder / "corpus.jsonl")))
    return {
        tuple(sorted((one.place.passage, one.other.passage))): one.kind
        for one in find_contradictions(corpus)
        if one.place and one.other
    }


def test_the_sample_contradicts_itself_nowhere() -> None:
    assert find_contradictions(CorpusText(sample_passages())) == []


@pytest.mark.parametrize("seed", [7, 11])
def test_planted_contradictions_are_found_and_likenesses_are_not(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    planted = contradictions(20, draw)
    planted.passages += background(400, draw)
    found = found_in(planted, tmp_path)
    truths = {truth[2:]: truth[1] for truth in planted.truths}
    hits = [pair for pair in found if pair in truths]
    assert len(truths) >= 80
    assert len(hits) >= 0.9 * len(found)
    assert len(hits) >= 0.7 * len(truths)
    assert {truths[pair] for pair in hits} == {
        "number", "threshold", "side", "recommendation", "negation"
    }  # fmt: skip
    assert sum(found[pair] == truths[pair] for pair in hits) >= 0.8 * len(hits)


def test_a_finding_names_both_places_and_the_words(tmp_path: Path) -> None:
    said = "Follow-up of a solitary solid nodule starts at {} in adults."
    planted = Planted([
        {"id": "a", "text": f"First. {said.format('6 mm')}"},
        {"id": "b", "text": said.format("0.8 cm")},
    ])  # fmt: skip
    corpus = CorpusText(read_passages(planted.write(tmp_path / "corpus.jsonl")))
    (one,) = find_contradictions(corpus)
    assert one.record() == {
        "finding": "contradiction",
        "kind": "number",
        "sentence": "a number differs: 6 mm and 0.8 cm",
        "place": {"passage": "a", "line": 1, "field": "text", "words": said.format("6 mm")},
        "other": {"passage": "b", "line": 2, "field": "text", "words": said.format("0.8 cm")},
        "item": None,
        "letter": None,
        "by": "rules",
        "judgement": None,
    }
