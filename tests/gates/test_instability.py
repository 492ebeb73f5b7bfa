"""How often a gate would decide otherwise on resampled items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gates.cases import result_of, words
from tests.gates.counted import HIGH_RISK, RISEN, SURE, TWENTY, one


class TestFlips:
    """How often resampled items would be judged otherwise."""

    def test_what_no_resample_changes_never_flips(self) -> None:
        assert result_of(one(words(A=20)), metric=HIGH_RISK, max=0.05).instability == 0.0

    def test_one_finding_that_a_third_of_the_resamples_miss(self) -> None:
        # (1 - 1/20) ** 20 = 0.358 of the resamples lack the one item.
        found = result_of(TWENTY, metric=HIGH_RISK, max=0.0)
        assert found.instability == pytest.approx(0.358, abs=0.05)
        assert (
            f"{found.instability:.1%} of resamples of these items decide otherwise"
            in found.sentence
        )

    def test_a_value_at_its_threshold_flips_about_half_the_time(self) -> None:
        # Binomial(200, 0.1) is above 20 with a chance of 0.441.
        found = result_of(one(words(A=180, B=20)), metric=HIGH_RISK, max=0.1)
        assert found.instability == pytest.approx(0.441, abs=0.05)

    @pytest.mark.parametrize(
        "gate",
        [
            {"metric": HIGH_RISK, "max_increase": 0.05, **SURE},
            {"metric": HIGH_RISK, "max_increase": 0.04},
            {"no_new": "high_risk"},
        ],
    )
    def test_every_paired_criterion_has_them(self, gate: dict[str, Any]) -> None:
        found = result_of(RISEN, **gate).instability
        assert found is not None
        assert (found > 0) == (gate != {"no_new": "high_risk"})

    def test_they_depend_on_the_seed_alone(self) -> None:
        gate = {"metric": HIGH_RISK, "max": 0.05}
        first, again = (
            result_of(one(words(A=19, B=1), seed=7), **gate).instability for _ in range(2)
        )
        assert first == again != result_of(one(words(A=19, B=1), seed=8), **gate).instability

    def test_what_cannot_be_judged_has_none(self) -> None:
        assert result_of(one(words(A=2)), no_new="high_risk").instability is None
