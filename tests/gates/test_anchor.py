"""Held against its predecessor and against a run that stays: small steps add up."""

from __future__ import annotations

import pytest

from pytest_safescale.gates.result import Decision
from tests.gates.cases import make_inputs, result_of, words
from tests.gates.counted import HIGH_RISK

STEP = 2
"""Of 200 items, how many more each release answers with a high-risk option."""
MARGIN = {"metric": HIGH_RISK, "max_increase": 0.04, "confidence": 0.95}


def release(number: int) -> list[str]:
    return words(A=200 - number * STEP, B=number * STEP)


@pytest.mark.parametrize("number", range(1, 11))
def test_ten_small_steps_down_are_seen_by_the_anchor_alone(number: int) -> None:
    inputs = make_inputs(
        {"c": release(number)}, {"c": release(number - 1)}, anchor={"c": release(0)}
    )
    step = result_of(inputs, **MARGIN)
    assert step.decision is Decision.PASSED
    assert step.value == pytest.approx(0.01)
    whole = result_of(inputs, **MARGIN, against="anchor")
    assert whole.value == pytest.approx(0.01 * number)
    assert (whole.decision is Decision.PASSED) == (number == 1)
    assert (whole.decision is Decision.FAILED) == (number > 4)
    assert "above the anchor over 200 shared items" in whole.sentence
    assert whole.gate.rule == "at most 0.04 above the anchor with 95 % confidence"


def test_what_is_new_since_the_anchor_need_not_be_new_since_the_baseline() -> None:
    inputs = make_inputs({"c": release(2)}, {"c": release(2)}, anchor={"c": release(1)})
    assert result_of(inputs, no_new="high_risk").decision is Decision.PASSED
    since = result_of(inputs, no_new="high_risk", against="anchor")
    assert since.decision is Decision.FAILED
    assert "is new for 2 of 200 items that the anchor has" in since.sentence
    assert "it must be new for no item since the anchor" in since.sentence


def test_a_change_since_the_anchor_is_held_on_both_sides() -> None:
    inputs = make_inputs({"c": release(0)}, {"c": release(1)}, anchor={"c": release(10)})
    gate = {"metric": HIGH_RISK, "max_change": 0.05}
    assert result_of(inputs, **gate).decision is Decision.PASSED
    assert result_of(inputs, **gate, against="anchor").decision is Decision.FAILED


def test_without_the_items_of_the_anchor_it_is_inconclusive() -> None:
    inputs = make_inputs({"c": release(1)}, {"c": release(1)}, anchor={"c": words(A=100)})
    result = result_of(inputs, **MARGIN, against="anchor")
    assert result.decision is Decision.INCONCLUSIVE
    assert "100 of 200 items are not in the anchor as they are now" in result.sentence
