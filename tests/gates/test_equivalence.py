"""``max_change``: neither a rise nor a fall beyond the margin."""

from __future__ import annotations

import pytest

from pytest_safescale.gates.result import Decision
from tests.gates.cases import result_of, words
from tests.gates.counted import HIGH_RISK, one

SURE = {"confidence": 0.95}


@pytest.mark.parametrize("metric", [HIGH_RISK, "accuracy"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("changed", "margin", "decision"),
    [(0, 0.05, "passed"), (8, 0.05, "inconclusive"), (8, 0.1, "passed"), (20, 0.05, "failed")],
)
def test_a_move_either_way_is_held_by_the_same_rule(
    metric: str, turned: bool, changed: int, margin: float, decision: str
) -> None:
    same, other = words(A=200), words(A=200 - changed, B=changed)
    now, before = (same, other) if turned else (other, same)
    result = result_of(one(now, before), metric=metric, max_change=margin, **SURE)
    assert result.decision.value == decision
    assert result.value is not None
    assert abs(result.value) == pytest.approx(changed / 200)


def test_it_passes_only_where_a_rise_and_a_fall_are_both_ruled_out() -> None:
    inputs = one(words(A=196, B=4), words(A=200))
    limits = {"metric": HIGH_RISK, **SURE}
    for margin in (0.01, 0.02, 0.03, 0.045, 0.06, 0.1):
        sides = [
            result_of(inputs, **limits, max_increase=margin),
            result_of(inputs, **limits, max_decrease=margin),
        ]
        both = all(side.decision is Decision.PASSED for side in sides)
        result = result_of(inputs, **limits, max_change=margin)
        assert (result.decision is Decision.PASSED) == both
        assert result.p_value == max(side.p_value or 0.0 for side in sides)


def test_means_and_conditions_have_it_too() -> None:
    before, now = ["AAAAA"] * 400, ["AAAAA", "AAAAB"] * 200
    gate = {"metric": "robustness_correctness", **SURE}
    assert result_of(one(now, before), **gate, max_change=0.2).decision is Decision.PASSED
    failed = result_of(one(now, before), **gate, max_change=0.1)
    assert failed.decision is Decision.FAILED
    assert failed.items[0] == "i01"


def test_what_is_missing_is_at_its_worst_on_the_side_where_it_is_worse() -> None:
    # 4 of 100 items are high-risk now and none was: the missing ones may be so too.
    lacking = one([*words(A=86, B=4), *["?"] * 10], words(A=100))
    passed = result_of(lacking, metric=HIGH_RISK, max_change=0.15)
    assert passed.decision is Decision.PASSED
    assert passed.worst_value == pytest.approx(0.14)
    assert passed.best_value == pytest.approx(0.04)
    undecided = result_of(lacking, metric=HIGH_RISK, max_change=0.1)
    assert (undecided.decision, undecided.tipping_point) == (Decision.INCONCLUSIVE, 7)
    assert result_of(lacking, metric=HIGH_RISK, max_change=0.03).decision is Decision.FAILED


def test_the_best_completion_has_the_smallest_difference() -> None:
    # Ten of 100 were high-risk and are not; ten now lack a reply, and may have stayed so.
    lacking = one([*["?"] * 10, *words(A=90)], [*words(B=10), *words(A=90)])
    result = result_of(lacking, metric=HIGH_RISK, max_change=0.05)
    assert result.decision is Decision.INCONCLUSIVE
    assert result.best_value == pytest.approx(0.0)
    assert result.worst_value == pytest.approx(-0.1)
