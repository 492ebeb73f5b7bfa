"""Every criterion passes, fails and leaves undecided what it should, on cases one can count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.result import Decision
from tests.gates.cases import judged, make_inputs, result_of, words

HIGH_RISK = "high_risk_error_rate"
SURE = {"confidence": 0.95}


def one(now: list[str], before: list[str] | None = None, **more: Any) -> Any:
    """Return the inputs of one condition."""
    return make_inputs({"c": now}, None if before is None else {"c": before}, **more)


# One of 20: the exact upper bound is the Beta quantile of (2, 19), 0.2161.
TWENTY = one(words(A=19, B=1))
# 10 of 200 items rise and 2 fall: 0.04 more, with the bound 0.0762 (see test_noninferiority.py).
RISEN = one(words(A=190, B=10), ["B", "B", *words(A=198)])
# Five samples: 18 cases are alike in all, one in four of them, one in three.
SAMPLED = one([*["AAAAAA"] * 18, "AAAAAB", "AAAABB"])


@pytest.mark.parametrize(
    ("inputs", "gate", "decision"),
    [
        (TWENTY, {"metric": HIGH_RISK, "max": 0.05}, "passed"),
        (TWENTY, {"metric": HIGH_RISK, "max": 0.04}, "failed"),
        (TWENTY, {"metric": HIGH_RISK, "max": 0.217, **SURE}, "passed"),
        (TWENTY, {"metric": HIGH_RISK, "max": 0.216, **SURE}, "inconclusive"),
        (TWENTY, {"metric": HIGH_RISK, "max": 0.04, **SURE}, "failed"),
        (TWENTY, {"metric": "accuracy", "min": 0.95}, "passed"),
        # The lower bound of 19 of 20 is 1 - 0.2161.
        (TWENTY, {"metric": "accuracy", "min": 0.783, **SURE}, "passed"),
        (TWENTY, {"metric": "accuracy", "min": 0.784, **SURE}, "inconclusive"),
        (TWENTY, {"metric": "accuracy", "min": 0.96, **SURE}, "failed"),
        (RISEN, {"metric": HIGH_RISK, "max_increase": 0.04}, "passed"),
        (RISEN, {"metric": HIGH_RISK, "max_increase": 0.039}, "failed"),
        (RISEN, {"metric": HIGH_RISK, "max_increase": 0.08, **SURE}, "passed"),
        (RISEN, {"metric": HIGH_RISK, "max_increase": 0.05, **SURE}, "inconclusive"),
        (RISEN, {"metric": HIGH_RISK, "max_increase": 0.03, **SURE}, "failed"),
        (RISEN, {"metric": "accuracy", "max_decrease": 0.08, **SURE}, "passed"),
        (RISEN, {"metric": "accuracy", "max_decrease": 0.05, **SURE}, "inconclusive"),
        (RISEN, {"metric": "accuracy", "max_decrease": 0.03, **SURE}, "failed"),
        (RISEN, {"metric": "accuracy", "max_increase": 0.0}, "passed"),
        (RISEN, {"no_new": "high_risk"}, "failed"),
        (RISEN, {"no_new": "wrong"}, "failed"),
        (RISEN, {"no_new": "abstained"}, "passed"),
        (SAMPLED, {"min_case_consistency": 0.6}, "passed"),
        (SAMPLED, {"min_case_consistency": 0.8}, "failed"),
        (SAMPLED, {"min_case_consistency": 0.8, "share_of_cases": 0.95}, "passed"),
        (SAMPLED, {"min_case_consistency": 0.8, "share_of_cases": 0.78, **SURE}, "passed"),
        (SAMPLED, {"min_case_consistency": 0.8, "share_of_cases": 0.9, **SURE}, "inconclusive"),
        (SAMPLED, {"min_case_consistency": 0.8, "share_of_cases": 0.96, **SURE}, "failed"),
        (SAMPLED, {"metric": "robustness_correctness", "min": 0.97}, "passed"),
        (SAMPLED, {"metric": "robustness_correctness", "min": 0.98}, "failed"),
    ],
)
def test_a_criterion_says(inputs: Any, gate: dict[str, Any], decision: str) -> None:
    assert result_of(inputs, **gate).decision.value == decision


def test_a_bound_that_is_not_kept_says_how_many_more_items_would_decide() -> None:
    # No event: 1 - 0.05 ** (1 / n) is 0.05 or less from n = 59 on, so 39 more than 20.
    result = result_of(one(words(A=20)), metric=HIGH_RISK, max=0.05, confidence=0.95)
    assert result.items_needed == 39
    assert "undecided: about 39 more items at the same rate would" in result.sentence


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
    ("inputs", "gate", "sentence"),
    [
        (
            TWENTY,
            {"metric": HIGH_RISK, "max": 0.04, **SURE},
            "high risk error rate (c, m) is 0.05 over 20 cases, upper bound 0.2161; it must be at "
            "most 0.04 with 95 % confidence; against it: i19; ",
        ),
        (
            RISEN,
            {"metric": HIGH_RISK, "max_increase": 0.03, **SURE},
            "high risk error rate (c, m) is 0.04 above the baseline over 200 shared items (10 only "
            "now, 2 only there), bound 0.07623 above; it must be at most 0.03 above the baseline "
            "with 95 % confidence; against it: i190, i191, i192, i193, i194 and 5 more; ",
        ),
        (
            RISEN,
            {"metric": "accuracy", "max_decrease": 0.03},
            "accuracy (c, m) is 0.04 below the baseline over 200 shared items (2 only now, 10 only "
            "there); it must be at most 0.03 below the baseline; against it: i190, i191, ",
        ),
        (
            RISEN,
            {"metric": "accuracy", "max_increase": 0.0},
            "accuracy (c, m) is 0.04 below the baseline over 200 shared items (2 only now, 10 only "
            "there); it must be at most 0 above the baseline; ",
        ),
        (
            RISEN,
            {"no_new": "high_risk"},
            "high risk (c, m) is new for 10 of 200 items that the baseline has; it must be new for "
            "no item; against it: i190, i191, i192, i193, i194 and 5 more; ",
        ),
        (
            SAMPLED,
            {"min_case_consistency": 0.9},
            "case consistency (c, m) is at least 0.9 for 18 of 20 cases; it must be at least 0.9 "
            "for every case; against it: i19, i18; ",
        ),
        (
            one(words(A=18, B=2)),
            {"metric": HIGH_RISK, "max_share_of_worst": 0.4, "worst": 0.05},
            "share of the worst 5 % of items in high risk error rate (*, *) is 0.5 of 2 findings "
            "over 20 items; it must be at most 0.4 for the worst 5 % of items; against it: i18; ",
        ),
    ],
)
def test_a_sentence_names_value_bound_n_threshold_and_the_worst_items(
    inputs: Any, gate: dict[str, Any], sentence: str
) -> None:
    assert result_of(inputs, **gate).sentence.startswith(sentence)


def test_two_conditions_of_one_run_are_held_against_each_other_over_the_items_both_have() -> None:
    now = {"rag": [*words(A=14, B=6)], "clean": [*words(A=18), ".", "."]}
    results = judged(
        make_inputs(now),
        {"metric": HIGH_RISK, "max_increase": 0.1, "against": "clean", "condition": "*"},
    )
    # Of the 18 items both have, four are high-risk under rag: 4 / 18.
    assert [(row.condition, row.n) for row in results] == [("rag", 18)]
    assert results[0].value == pytest.approx(4 / 18)
    assert results[0].decision is Decision.FAILED
    assert "above clean over 18 shared items" in results[0].sentence


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
            one(["AAA"] * 5, ["AAB"] * 5),
            {"metric": "robustness_correctness", "max_increase": 0.5, **SURE},
            "a bound by resampling needs 20 cases, there are 5",
        ),
        (
            one(["AAA"] * 30, ["AAA"] * 30),
            {"metric": "robustness_correctness", "max_decrease": 0.5, **SURE},
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
            {"metric": HIGH_RISK, "max_share_of_worst": 0.99},
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


def test_a_mean_is_held_by_resampled_items() -> None:
    # 30 of 60 items lose one of four samples: 0.125 less, by 0.125 give or take 0.016.
    before = ["AAAAA"] * 60
    now = ["AAAAA", "AAAAB"] * 30
    gate = {"metric": "robustness_correctness", "confidence": 0.95}
    inputs = one(now, before)
    assert result_of(inputs, **gate, max_decrease=0.18).decision.value == "passed"
    undecided = result_of(inputs, **gate, max_decrease=0.13)
    assert undecided.decision.value == "inconclusive"
    assert undecided.value == pytest.approx(0.125)
    assert undecided.bound == pytest.approx(0.125 + 1.67 * 0.0161, abs=0.004)
    assert undecided.items_needed is not None
    failed = result_of(inputs, **gate, max_decrease=0.1)
    assert failed.decision.value == "failed"
    assert failed.items[:2] == ("i01", "i03")


def test_calibration_is_held_by_resampled_items_too() -> None:
    # Sure and right before; now every third item is sure and wrong.
    before, now = ["AAAAA"] * 60, ["AAAAA", "AAAAA", "BBBBB"] * 20
    gate = {"metric": "expected_calibration_error", "confidence": 0.95}
    assert result_of(one(now, before), **gate, max_increase=0.5).decision.value == "passed"
    assert result_of(one(now, before), **gate, max_increase=0.34).decision.value == "inconclusive"
    failed = result_of(one(now, before), **gate, max_increase=0.3)
    assert failed.value == pytest.approx(1 / 3)
    assert failed.decision.value == "failed"
    assert failed.items[0] == "i02"


def test_concentration_counts_findings_over_all_conditions_the_gate_names() -> None:
    # i00 fails under three conditions, i01 under one: the worst 10 % of ten items carry 3 of 4.
    bad = ["B", *words(A=9)]
    inputs = make_inputs({"a": ["B", "B", *words(A=8)], "b": bad, "c": bad})
    gate = {"metric": HIGH_RISK, "max_share_of_worst": 0.8}
    (result,) = judged(inputs, gate)
    assert (result.value, result.n, result.condition) == (0.75, 10, "*")
    assert result.decision is Decision.PASSED
    (failed,) = judged(inputs, {**gate, "max_share_of_worst": 0.7})
    assert (failed.decision.value, failed.items) == ("failed", ("i00",))
    (two,) = judged(inputs, {**gate, "condition": ["a", "b"]})
    assert (two.value, two.condition) == (2 / 3, "a+b")


def test_without_a_finding_nothing_is_concentrated() -> None:
    result = result_of(one(words(A=10)), metric=HIGH_RISK, max_share_of_worst=0.3)
    assert (result.decision, result.value) == (Decision.PASSED, None)


def test_concentration_needs_every_cell_it_names() -> None:
    inputs = make_inputs({"a": words(A=2)})
    gate = {"metric": HIGH_RISK, "max_share_of_worst": 0.5, "condition": ["a", "b"]}
    result = result_of(inputs, **gate)
    assert "not decidable, b, m: the run has no case there" in result.sentence


def test_a_model_is_held_against_the_one_it_replaces() -> None:
    inputs = one(words(A=4), words(A=3, B=1), matched_model="old")
    assert result_of(inputs, no_new="high_risk").decision is Decision.PASSED
    assert result_of(inputs, metric=HIGH_RISK, max_increase=0.0).value == -0.25


class TestFlips:
    """How often resampled items would be judged otherwise."""

    def test_what_no_resample_changes_never_flips(self) -> None:
        assert result_of(one(words(A=20)), metric=HIGH_RISK, max=0.05).instability == 0.0

    def test_one_finding_that_a_third_of_the_resamples_miss(self) -> None:
        # (1 - 1/20) ** 20 = 0.358 of the resamples lack the one item.
        found = result_of(TWENTY, metric=HIGH_RISK, max=0.0)
        assert found.instability == pytest.approx(0.358, abs=0.05)
        assert f"{found.instability:.1%} of resamples decide otherwise" in found.sentence

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
        assert "undecided (p 0.0461, 0.0921 among 2 gates)" in first.sentence
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


def test_two_gates_on_one_cell_have_two_names() -> None:
    gate = {"metric": HIGH_RISK, "max": 0.5}
    results = judged(TWENTY, gate, {"metric": "accuracy", "min": 0.5}, gate)
    assert [row.id for row in results] == [f"{HIGH_RISK}-c-m", "accuracy-c-m", f"{HIGH_RISK}-c-m-2"]


def test_a_family_of_edits_is_judged_by_its_own_row() -> None:
    rows = [row for row in TWENTY.metrics if row.metric == HIGH_RISK]
    flips = [
        replace(rows[0], metric="flip_rate", family=family, count=count, n=20, value=count / 20)
        for family, count in (("", 5), ("synonyms", 1))
    ]
    inputs = replace(TWENTY, metrics=[*TWENTY.metrics, *flips])
    assert result_of(inputs, metric="flip_rate", max=0.1).decision.value == "failed"
    one_family = result_of(inputs, metric="flip_rate", max=0.1, family="synonyms")
    assert one_family.decision.value == "passed"
    assert "flip rate (c, synonyms, m) is 0.05 over 20 cases" in one_family.sentence
    # Binomial(20, 0.05) is above 2 with a chance of 0.0755.
    assert one_family.instability == pytest.approx(0.0755, abs=0.03)
    other = result_of(inputs, metric="flip_rate", max=0.1, family="hedge")
    assert "no case was put to hedge; families there: synonyms" in other.sentence
    unsearched = result_of(TWENTY, metric="flip_rate", max=0.1)
    assert (
        "no case was put to relations; --safescale-suite evidence_robustness" in unsearched.sentence
    )


def test_without_cases_figures_can_be_judged_and_single_items_cannot() -> None:
    inputs = replace(TWENTY, panel=None)
    assert result_of(inputs, metric=HIGH_RISK, max=0.05).decision.value == "passed"
    concentrated = result_of(inputs, metric=HIGH_RISK, max_share_of_worst=0.5)
    assert "the cases behind the figures are not there" in concentrated.sentence


def test_a_mean_over_some_of_the_items_counts_those_alone() -> None:
    # Wrong majorities: two of 40 now and two there, of one item both times.
    now = [*["AAAA"] * 38, "BBBA", "BBBB"]
    there = [*["AAAA"] * 37, "BBBB", "BBBA", "AAAA"]
    asked = {"metric": "mean_confidence_incorrect", "max_increase": 0.9}
    value = result_of(one(now, there), **asked)
    # Items 38 and 39 now, 37 and 38 there.
    assert value.n == 3
    assert "over 3 shared items (2 cases now, 2 there)" in value.sentence
    bound = result_of(one(now, there), **asked, **SURE)
    assert "a bound by resampling needs 20 cases, there are 2" in bound.sentence


def test_a_gate_that_is_about_no_cell_is_not_decided() -> None:
    result = result_of(TWENTY, metric=HIGH_RISK, max_increase=0.1, against="c")
    assert result.decision is Decision.INCONCLUSIVE
    assert "the run has no model and condition that it is about" in result.sentence
    assert result.blocks


def test_a_vote_is_judged_by_its_own_row_where_its_members_were_asked() -> None:
    # Three members of 20 cases each; the vote has one event: value 1/20, bound 0.2161.
    members = {(name, "c"): 20 for name in "abc"}
    row = replace(
        next(row for row in TWENTY.metrics if row.metric == HIGH_RISK), model="ensemble:e"
    )
    whole = replace(
        TWENTY,
        metrics=[row],
        ensembles={"e": ("a", "b", "c")},
        completeness=Completeness(expected=members, recorded=members),
    )
    asked = {"metric": HIGH_RISK, "max": 0.216, "model": "ensemble:e", **SURE}
    assert result_of(whole, **asked).decision is Decision.INCONCLUSIVE
    assert result_of(whole, **{**asked, "max": 0.217}).decision is Decision.PASSED
    less = {**members, ("c", "c"): 19}
    partly = replace(whole, completeness=Completeness(expected=members, recorded=less))
    assert "only 59 of 60 cases were asked" in result_of(partly, **asked).sentence


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
    assert inputs.baseline is not None
    inputs = replace(inputs, baseline=replace(inputs.baseline, adaptive=True))
    gate = {"metric": "robustness_correctness", "max_decrease": 0.1}
    assert "in the baseline it needs every sample" in result_of(inputs, **gate).sentence
    rate = {"metric": HIGH_RISK, "max_increase": 0.1, "regime": "self_consistency"}
    assert result_of(inputs, **rate).decision.value == "passed"
