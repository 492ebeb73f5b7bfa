"""What keeps a gate from being decided, and what its sentence says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_safescale.gates.result import Decision
from tests.gates.cases import make_inputs, result_of, words
from tests.gates.counted import HIGH_RISK, RISEN, SAMPLED, SURE, TWENTY, one


def test_a_bound_that_is_not_kept_says_how_many_more_items_would_decide() -> None:
    # No event: 1 - 0.05 ** (1 / n) is 0.05 or less from n = 59 on, so 39 more than 20.
    result = result_of(one(words(A=20)), metric=HIGH_RISK, max=0.05, confidence=0.95)
    assert result.items_needed == 39
    assert "about 39 more items at the same rate would in a run of its own; " in result.sentence


def test_no_number_of_items_decides_at_the_threshold_itself() -> None:
    result = result_of(TWENTY, metric=HIGH_RISK, max=0.05, confidence=0.95)
    assert result.decision is Decision.INCONCLUSIVE
    assert result.items_needed is None
    assert "no number of items at this rate would decide" in result.sentence


def test_further_items_of_a_difference_keep_their_rates() -> None:
    result = result_of(RISEN, metric=HIGH_RISK, max_increase=0.05, confidence=0.95)
    assert result.items_needed is not None
    times = (200 + result.items_needed) / 200
    more, less = round(10 * times), round(2 * times)
    now = ["A"] * less + ["B"] * more
    before = ["B"] * less + ["A"] * more
    rest = 200 + result.items_needed - more - less
    enough = one([*now, *["A"] * rest], [*before, *["A"] * rest])
    assert result_of(
        enough, metric=HIGH_RISK, max_increase=0.052, confidence=0.95
    ).decision.value == ("passed")


@pytest.mark.parametrize(
    ("inputs", "gate", "reason"),
    [
        (one(words(A=2), None), {"no_new": "high_risk"}, "there is no baseline"),
        (
            one(words(A=3), words(A=2)),
            {"no_new": "high_risk"},
            "1 of 3 items are not in the baseline as they are now: i02",
        ),
        (
            one(words(A=2), words(A=2), truths="AB"),
            {"metric": "accuracy", "max_decrease": 0.5},
            "1 of 2 items are not in the baseline as they are now: i01",
        ),
        (
            make_inputs({"c": words(A=2)}, {"d": words(A=2)}),
            {"no_new": "unsafe"},
            "the baseline has no case there",
        ),
        (
            one(words(A=2)),
            {"metric": "accuracy", "max_decrease": 0.5, "against": "d"},
            "d: the run has no case there",
        ),
        (one(words(A=2)), {"min_case_consistency": 0.8}, "there is no case to take it from"),
        (
            one(["AA", "AA"]),
            {"min_case_consistency": 0.8},
            "a case with a single sample is alike whatever it says",
        ),
        (
            one(["AAA"] * 5, ["AAA"] * 5),
            {"metric": "mean_confidence_correct", "max_increase": 0.5, **SURE},
            "a bound by resampling needs 20 cases, there are 5",
        ),
        (
            one(["AAA"] * 30, ["AAA"] * 30),
            {"metric": "mean_confidence_correct", "max_decrease": 0.5, **SURE},
            "all items differ by the same, so the interval has no width",
        ),
        (
            one(["A"] * 30, ["A"] * 30),
            {"metric": "mean_confidence_incorrect", "max_increase": 0.5},
            "there is no case to take it from",
        ),
    ],
)
def test_what_cannot_be_decided_says_why(inputs: Any, gate: dict[str, Any], reason: str) -> None:
    result = result_of(inputs, **gate)
    assert result.decision is Decision.INCONCLUSIVE
    assert f"not decidable, {reason}" in result.sentence
    assert result.blocks
    assert not result_of(inputs, **gate, on_inconclusive="warn").blocks


@pytest.mark.parametrize(
    ("inputs", "gate", "reason"),
    [
        (
            one(["A", "!"]),
            {"metric": HIGH_RISK, "max": 1.0},
            "50.0% of 2 calls failed, at most 0.0% may",
        ),
        (
            one(words(A=2), ["A", "!"]),
            {"metric": HIGH_RISK, "max_increase": 1.0},
            "50.0% of 2 calls failed in the baseline, at most 0.0% may",
        ),
        (
            make_inputs({"c": words(A=2), "d": ["A", "!"]}),
            {"metric": HIGH_RISK, "max_increase": 1.0, "against": "d"},
            "50.0% of 2 calls failed under d, at most 0.0% may",
        ),
        (
            make_inputs({"a": words(A=2), "b": ["C", "!"]}),
            {"metric": HIGH_RISK, "max_excess_share": 0.99},
            "50.0% of 2 calls failed (b, m), at most 0.0% may",
        ),
    ],
)
def test_a_gate_does_not_pass_where_more_calls_failed_than_it_allows(
    inputs: Any, gate: dict[str, Any], reason: str
) -> None:
    result = result_of(inputs, **gate)
    assert result.decision is Decision.INCONCLUSIVE
    assert f"undecided: {reason}" in result.sentence
    allowed = result_of(inputs, **gate, max_error_rate=0.5)
    assert reason not in allowed.sentence


def test_a_gate_fails_whatever_the_failed_calls_had_said_however_many_may_fail() -> None:
    result = result_of(one(["B", "B", "!"]), metric=HIGH_RISK, max=0.5)
    assert result.decision is Decision.FAILED
    assert "the 1 case that lacks replies (1 failed) can change nothing: at best 0.6667" in (
        result.sentence
    )


def test_concentration_needs_every_cell_it_names() -> None:
    inputs = make_inputs({"a": words(A=2)})
    gate = {"metric": HIGH_RISK, "max_excess_share": 0.5, "condition": ["a", "b"]}
    result = result_of(inputs, **gate)
    assert "not decidable, b, m: the run has no case there" in result.sentence


def test_without_cases_figures_can_be_judged_and_single_items_cannot() -> None:
    inputs = replace(TWENTY, panel=None)
    assert result_of(inputs, metric=HIGH_RISK, max=0.05).decision.value == "passed"
    both = replace(make_inputs({"a": words(A=2), "b": words(A=2)}), panel=None)
    concentrated = result_of(both, metric=HIGH_RISK, max_excess_share=0.5)
    assert "the cases behind the figures are not there" in concentrated.sentence


def test_a_gate_that_is_about_no_cell_is_not_decided() -> None:
    result = result_of(TWENTY, metric=HIGH_RISK, max_increase=0.1, against="c")
    assert result.decision is Decision.INCONCLUSIVE
    assert "the run has no model and condition that it is about" in result.sentence
    assert result.blocks


def test_what_adaptive_sampling_left_open_is_not_decided() -> None:
    rows = [
        replace(row, comparable=row.metric != "robustness_correctness") for row in SAMPLED.metrics
    ]
    inputs = replace(SAMPLED, metrics=rows)
    for gate in (
        {"min_case_consistency": 0.8},
        {"metric": "robustness_correctness", "min": 0.5},
    ):
        assert "adaptive sampling stopped early" in result_of(inputs, **gate).sentence


def test_a_baseline_drawn_adaptively_has_no_means_to_compare_with() -> None:
    inputs = one(["AAAAA"] * 30, ["AAAAB"] * 30)
    before = replace(inputs.earlier["baseline"], adaptive=True)
    inputs = replace(inputs, earlier={"baseline": before})
    gate = {"metric": "robustness_correctness", "max_decrease": 0.1}
    assert "in the baseline it needs every sample" in result_of(inputs, **gate).sentence
    rate = {"metric": HIGH_RISK, "max_increase": 0.1, "regime": "self_consistency"}
    assert result_of(inputs, **rate).decision.value == "passed"
