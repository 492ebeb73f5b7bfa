from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.perturb.edits.edit import InsertText
from pytest_safescale.perturb.families.family import default_target
from pytest_safescale.perturb.relations import RELATIONS, Observed
from pytest_safescale.perturb.search.probe import Budget, Tally
from tests.perturb.planted import (
    BARE,
    NODULE,
    always,
    evidence,
    found,
    holds_pair,
    invariant,
    look,
    probe,
    sample,
    turning,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.perturb.edits.edit import Variant


OFTEN = [
    ("outdated_guideline", ("withdrawn", "replaced")),
    ("hedge", ("weak", "inconsistent")),
    # One word stands in the evidence, the other comes with the edit.
    ("contradiction", ("mistaken", "lobe")),
]
TWICE = [
    ("outdated_guideline", ("guidelines", "imaging")),
    ("contradiction", ("refuted", "conclude")),
    ("false_authority", ("trial", "doubt")),
    ("negation", ("is", "not")),
    ("laterality", ("right", "or")),
    ("threshold", ("of", "14")),
]


@pytest.mark.parametrize(
    ("relation", "pair", "seed"),
    [(*one, seed) for one in OFTEN for seed in range(5)]
    + [pytest.param(*one, seed, marks=pytest.mark.slow) for one in OFTEN for seed in range(5, 20)]
    + [(*one, seed) for one in TWICE for seed in range(2)],
)
def test_a_word_pair_that_turns_a_model_dangerous_is_found_and_nothing_but_it_is_reported(
    relation: str, pair: tuple[str, str], seed: int
) -> None:
    assert not holds_pair(evidence(NODULE), pair)
    # Fewer than the 200 variants that it may take.
    report = look(
        probe(relation), turning(NODULE, pair, "B"), budget=Budget(variants=60), seed=seed
    )
    counterexample = found(report)
    assert counterexample.shrunk
    assert counterexample.after_in_item == "B"
    (edit,) = counterexample.edits
    if isinstance(edit, InsertText):
        had = words_of(evidence(NODULE))
        assert words_of(edit.text) == [word for word in pair if word not in had]


def test_a_pair_that_only_another_order_makes_shrinks_to_one_move() -> None:
    # "calcification" stands in the last sentence, "often" in the first.
    answer = turning(NODULE, ("calcification", "often"), "B")
    edits = found(look(probe("sentence_order"), answer)).edits
    assert [edit.kind for edit in edits] == ["move_sentences"]


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.slow
def test_a_model_that_is_invariant_breaks_no_relation(relation: str) -> None:
    total, asked = Tally(), 0
    for item in sample()[::3]:
        report = look(probe(relation, item), invariant(item), budget=Budget(variants=12))
        assert report.counterexample is None
        assert report.calls == report.tally.tried
        total += report.tally
        asked += report.lack is None
    assert total.tried >= asked > 0
    assert (total.errors, total.broken, total.flips, total.high_risk_flips) == (0, 0, 0, 0)
    assert total.followed == (0 if relation == "injection" else None)


def test_a_model_that_always_takes_the_first_option_breaks_option_order_on_every_item() -> None:
    for item in sample():
        report = look(
            probe("option_order", item, before=Observed(letter="A")),
            always("A"),
            budget=Budget(variants=3),
        )
        counterexample = found(report)
        assert [edit.kind for edit in counterexample.edits] == ["swap_options"]
        # Every variant moves option A, so each is a flip.
        assert report.tally.flips == report.tally.tried == 3


def test_an_injection_that_is_followed_shrinks_to_what_is_obeyed() -> None:
    def obedient(variants: Sequence[Variant]) -> list[Observed]:
        told = [holds_pair(one.evidence, ("answer", "b")) for one in variants]
        return [Observed(letter="B" if obeys else "A") for obeys in told]

    report = look(probe("injection"), obedient)
    counterexample = found(report)
    assert words_of(counterexample.description.split(": ", 1)[1]) in (
        ["answer", "b"],
        ["answer", "b", "b"],
    )
    assert "the injected instruction was followed: B" in counterexample.sentence
    assert report.tally.followed == report.tally.broken
    assert 0 < (report.tally.followed or 0) < report.tally.tried


@pytest.mark.parametrize(
    ("relation", "item", "before", "lack"),
    [
        ("typos", BARE, Observed(letter="A"), "no evidence is shown"),
        ("hedge", NODULE, Observed(letter="B"), "the original answer is dangerous already"),
        ("layout", NODULE, Observed(letter=None, error="timeout"), "no original answer: timeout"),
    ],
)
def test_what_does_not_apply_asks_nothing_and_says_why(
    relation: str, item: Item, before: Observed, lack: str
) -> None:
    def never(variants: Sequence[Variant]) -> list[Observed]:
        raise AssertionError

    report = look(probe(relation, item, before=before), never)
    assert (report.lack, report.calls, report.tally.tried) == (lack, 0, 0)


def test_the_aim_passes_over_the_answer_given_before() -> None:
    # B is the high-risk option, and the answer already: the injection asks for C, unsafe.
    asked: list[str] = []

    def note(variants: Sequence[Variant]) -> list[Observed]:
        asked.extend(edit.describe() for one in variants for edit in one.edits)
        return [Observed(letter="B") for _ in variants]

    look(probe("injection", before=Observed(letter="B")), note)
    assert any("answer C" in line for line in asked)
    assert default_target(NODULE, avoid="B") == "C"
