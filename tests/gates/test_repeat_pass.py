"""What a gate says of a new run of as many items, and of the rate itself."""

from __future__ import annotations

import json

import pytest
from scipy.stats import beta, betabinom

from pytest_safescale.errors import GateError
from pytest_safescale.gates.written_gates import parse_gates
from tests.gates.cases import result_of, words
from tests.gates.counted import HIGH_RISK, RISEN, SAMPLED, SURE, one


def test_a_rate_passes_again_where_a_new_count_would() -> None:
    # With 200 items the bound keeps 5 % with up to four events.
    result = result_of(one(words(A=196, B=4)), metric=HIGH_RISK, max=0.05, **SURE)
    assert result.decision.value == "passed"
    expected = betabinom.cdf(4, 200, 4.5, 196.5)
    assert result.repeat_pass == pytest.approx(float(expected))
    assert f"{expected:.0%} of new runs of as many items would pass" in result.sentence
    assert json.dumps(result.record()["repeat_pass"]) == json.dumps(result.repeat_pass)


def test_a_chance_is_never_rounded_to_certainty() -> None:
    good = result_of(one(words(A=200)), metric=HIGH_RISK, max=0.1, posterior=True)
    assert "more than 99% of new runs of as many items would pass" in good.sentence
    assert "it is kept with a chance of more than 99.9%" in good.sentence
    bad = result_of(one(words(A=150, B=50)), metric=HIGH_RISK, max=0.1)
    assert "less than 1% of new runs of as many items would pass" in bad.sentence


def test_a_new_finding_may_come_in_a_new_run() -> None:
    result = result_of(one(words(A=60), words(A=60)), no_new="high_risk")
    assert result.decision.value == "passed"
    assert result.repeat_pass == pytest.approx(float(betabinom.pmf(0, 60, 0.5, 60.5)))


@pytest.mark.parametrize(
    ("gate", "low", "high"),
    [
        ({"max_increase": 0.2}, 0.999, 1.0),
        ({"max_increase": 0.04}, 0.4, 0.7),
        ({"max_increase": 0.04, **SURE}, 0.0, 0.1),
        ({"max_change": 0.2}, 0.999, 1.0),
        ({"max_change": 0.04, **SURE}, 0.0, 0.1),
    ],
)
def test_a_difference_passes_again_where_its_changes_would(
    gate: dict[str, float], low: float, high: float
) -> None:
    result = result_of(RISEN, metric=HIGH_RISK, **gate)
    assert result.repeat_pass is not None
    assert low <= result.repeat_pass <= high + 1e-9


def test_means_and_clusters_have_no_such_chance() -> None:
    mean = result_of(SAMPLED, metric="robustness_correctness", min=0.5)
    assert mean.repeat_pass is None
    assert "new runs" not in mean.sentence
    pairs = [str(place // 2) for place in range(80)]
    clustered = result_of(one(words(A=80), clusters=pairs), metric=HIGH_RISK, max=0.1)
    assert clustered.repeat_pass is None


def test_the_posterior_is_told_where_it_is_asked_for() -> None:
    inputs = one(words(A=98, B=2))
    plain = result_of(inputs, metric=HIGH_RISK, max=0.05)
    assert plain.posterior is None
    asked = result_of(inputs, metric=HIGH_RISK, max=0.05, posterior=True)
    assert asked.posterior == pytest.approx(float(beta.cdf(0.05, 2.5, 98.5)))
    assert "given these data, it is kept with a chance of 93.0%" in asked.sentence
    high = result_of(inputs, metric="accuracy", min=0.95, posterior=True)
    assert high.posterior == pytest.approx(asked.posterior)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (
            {"metric": HIGH_RISK, "max_increase": 0.1, "posterior": True},
            "posterior goes with max and min, not with max_increase",
        ),
        (
            {"metric": "mean_confidence", "max": 0.9, "posterior": True},
            "posterior needs a rate of cases; mean_confidence is none; leave it out",
        ),
    ],
)
def test_where_there_is_no_posterior_it_is_refused(
    table: dict[str, object], complaint: str
) -> None:
    with pytest.raises(GateError, match=complaint):
        parse_gates([table], "here")
