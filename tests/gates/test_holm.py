"""Gates with confidence that share one chance to pass wrongly."""

from __future__ import annotations

import pytest

from pytest_safescale.gates.result import Decision
from tests.gates.cases import judged, words
from tests.gates.counted import HIGH_RISK, SURE, one


class TestHolm:
    """Gates with confidence that share one chance to pass wrongly."""

    # No event among 60 at most 0.05: 0.95 ** 60 = 0.0461; at most 0.1: 0.9 ** 60 = 0.0018.
    GATES = (
        {"metric": HIGH_RISK, "max": 0.05, **SURE},
        {"metric": HIGH_RISK, "max": 0.1, **SURE},
        {"metric": HIGH_RISK, "max": 0.2},
    )

    def test_alone_every_gate_has_its_own_chance(self) -> None:
        results = judged(one(words(A=60)), *self.GATES)
        assert [row.decision.value for row in results] == ["passed", "passed", "passed"]
        assert [row.p_value for row in results] == [
            pytest.approx(0.95**60),
            pytest.approx(0.9**60),
            None,
        ]
        assert [row.p_holm for row in results] == [None, None, None]

    def test_together_the_larger_p_is_held_last_and_at_least_as_high_as_the_first(self) -> None:
        results = judged(one(words(A=60), holm=True), *self.GATES)
        assert [row.p_holm for row in results] == [
            pytest.approx(0.95**60),
            pytest.approx(2 * 0.9**60),
            None,
        ]
        assert [row.decision.value for row in results] == ["passed", "passed", "passed"]

    def test_what_holds_alone_may_be_undecided_among_others(self) -> None:
        gate = {"metric": HIGH_RISK, "max": 0.05, **SURE}
        first, second = judged(one(words(A=60), holm=True), gate, {**gate, "name": "again"})
        assert {first.decision, second.decision} == {Decision.INCONCLUSIVE}
        assert (
            "with 95 % confidence, a chance that 2 gates share (p 0.0461, 0.0921 by Holm); "
            "undecided: about 12 more items at the same rate would"
        ) in first.sentence
        # At 97.5 %: 1 - 0.025 ** (1 / n) is 0.05 or less from n = 72 on.
        assert first.items_needed == 12

    def test_a_gate_that_cannot_be_judged_counts_with_a_p_of_one(self) -> None:
        gates = ({"metric": HIGH_RISK, "max": 0.05, "condition": "elsewhere", **SURE}, *self.GATES)
        results = judged(one(words(A=60), holm=True), *gates)
        assert [row.p_holm for row in results] == [
            None,
            pytest.approx(2 * 0.95**60),
            pytest.approx(3 * 0.9**60),
            None,
        ]
