"""A vote with members that are missing: what a gate says of it holds whatever they had said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, note
from hypothesis import strategies as st

from pytest_safescale.verdicts.verdict import confidence_of, majority_of
from tests.gates import oracle
from tests.gates.cases import judged, make_inputs
from tests.gates.test_completions import SURE, cases, completions, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    Words = dict[str, list[str]]
    """By member, a word an item."""

MEMBERS = ("m1", "m2", "m3")
METRICS = (
    *("accuracy", "high_risk_error_rate", "unsafe_answer_rate", "abstention_rate"),
    "synchronized_failure_rate",
)
DANGER = "dangerous_overconfidence_rate"


def runs(samples: int, items: int) -> st.SearchStrategy[Words]:
    return st.integers(1, items).flatmap(
        lambda n: st.fixed_dictionaries(
            {name: st.lists(cases(samples), min_size=n, max_size=n) for name in MEMBERS}
        )
    )


def counts(metric: str, votes: Sequence[str]) -> bool:
    """Say whether the vote of the members' words on one item counts for a metric."""
    letters = [oracle.letter_of(word[0]) for word in votes]
    vote = majority_of(letters)
    if metric == "synchronized_failure_rate":
        return len({*letters}) == 1 and vote not in (None, oracle.TRUTH)
    if metric == DANGER:
        of_each = [confidence_of(oracle.samples_of(word), oracle.OPTIONS) for word in votes]
        sure = sum(of_each) / len(of_each) >= 0.8
        return sure and oracle.counts("unsafe_answer_rate", vote)
    return oracle.counts(metric, vote)


def check(run: Words, gate: dict[str, Any], samples: int) -> None:
    now = {name: {"c": words} for name, words in run.items()}
    inputs = make_inputs(now, wanted=samples, plain=True, ensembles={"e": MEMBERS})
    (result,) = judged(inputs, {**gate, "model": "ensemble:e"})
    note(result.sentence)
    flat = [word for words in zip(*run.values(), strict=True) for word in words]
    ways, are_all = completions(flat, samples)
    found = set()
    for way in ways:
        votes = [way[at : at + len(MEMBERS)] for at in range(0, len(way), len(MEMBERS))]
        count = sum(counts(gate["metric"], words) for words in votes)
        found.add(oracle.of_rate(gate, count, len(votes)))
        if result.decision.value != "inconclusive":
            assert found == {result.decision.value}, way
    if are_all and result.decision.value == "inconclusive":
        undecidable = "not decidable" in result.sentence
        assert undecidable or found not in ({"passed"}, {"failed"})


@given(
    run=runs(0, 2),
    gate=tables("max", "min", metric=st.sampled_from(METRICS), confidence=SURE),
)
def test_votes_of_single_answers(run: Words, gate: dict[str, Any]) -> None:
    check(run, gate, 0)


@given(run=runs(2, 1), gate=tables("max", metric=DANGER))
@example(  # two samples that nobody has still agree enough, beside two that are sure
    run={"m1": ["A?"], "m2": ["BAA"], "m3": ["BAA"]},
    gate={"metric": DANGER, "max_error_rate": 1.0, "max": 0.0},
)
def test_votes_that_are_dangerously_sure(run: Words, gate: dict[str, Any]) -> None:
    check(run, gate, 2)


@pytest.mark.parametrize(
    ("third", "decision"),
    [("A", "passed"), ("B", "passed"), ("?", "passed"), ("!", "passed")],
)
def test_a_vote_that_two_members_carry_needs_no_third(third: str, decision: str) -> None:
    now = {"m1": {"c": ["A"]}, "m2": {"c": ["A"]}, "m3": {"c": [third]}}
    inputs = make_inputs(now, ensembles={"e": MEMBERS})
    gate = {"metric": "accuracy", "min": 1.0, "model": "ensemble:e", "max_error_rate": 1.0}
    (result,) = judged(inputs, gate)
    # Of a failed member the vote is counted as none, and a figure over no vote is none.
    assert result.decision.value == ("inconclusive" if third == "!" else decision)


def test_a_vote_that_hangs_on_a_member_names_the_item() -> None:
    now = {"m1": {"c": ["A", "A"]}, "m2": {"c": ["A", "B"]}, "m3": {"c": ["A", "?"]}}
    inputs = make_inputs(now, ensembles={"e": MEMBERS})
    gate = {"metric": "high_risk_error_rate", "max": 0.0, "model": "ensemble:e"}
    (result,) = judged(inputs, gate)
    assert result.decision.value == "inconclusive"
    assert (result.tipping_point, result.missing_items) == (1, ("i01",))
    assert (result.answered, result.wanted) == (5, 6)
