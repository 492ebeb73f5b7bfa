"""Contradictions between passages: those planted are found, what is like them is not."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.audit.contradiction import find_contradictions
from pytest_safescale.audit.disagreement import disagreement
from pytest_safescale.audit.read_corpus import CorpusText
from pytest_safescale.audit.statement import statement
from pytest_safescale.dataset.corpus import read_passages
from tests.audit.planted import Planted, background, contradictions, sample_passages
from tests.audit.planted_wordings import REWORDED

if TYPE_CHECKING:
    from pathlib import Path


LESION = "A calcified solitary nodule of the upper lobe"


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


def test_so_are_contradictions_in_other_units_and_other_words(tmp_path: Path) -> None:
    draw = random.Random(5)
    planted = contradictions(20, draw, REWORDED)
    planted.passages += background(200, draw)
    found = found_in(planted, tmp_path)
    truths = {truth[2:]: truth[1] for truth in planted.truths}
    hits = Counter(truths[pair] for pair in found if pair in truths)
    assert set(hits) == {"converted", "advice", "opposite"}
    assert sum(hits.values()) >= 0.9 * len(found)
    assert sum(hits.values()) >= 0.7 * len(truths) >= 40


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (f"{LESION} is benign.", f"{LESION} is malignant.", "opposite"),
        (f"{LESION} is benign.", f"{LESION} is not malignant.", None),
        (
            f"{LESION} is thin early and thick late.",
            f"{LESION} is thick early and thin late.",
            None,
        ),
        (f"{LESION} makes it contraindicated.", f"{LESION} should be avoided.", None),
        (f"{LESION} lasts 3 days.", f"{LESION} lasts 48 hours.", "number"),
    ],
)
def test_what_excludes_each_other_is_told_from_what_does_not(
    one: str, other: str, kind: str | None
) -> None:
    found = disagreement(statement(one), statement(other))
    assert (found and found.kind) == kind
