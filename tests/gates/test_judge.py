"""Every criterion passes, fails and leaves undecided what it should, on cases one can count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.result import Decision
from pytest_safescale.gates.written_gates import parse_gates
from tests.gates.cases import judged, make_inputs, result_of, words
from tests.gates.counted import HIGH_RISK, RISEN, SAMPLED, SURE, TWENTY, one


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
            {"metric": HIGH_RISK, "max_change": 0.05, **SURE},
            "high risk error rate (c, m) is 0.04 above the baseline over 200 shared items (10 only "
            "now, 2 only there), bounds 0.01033 above and 0.07623 above; it must be at most 0.05 "
            "above or below the baseline with 95 % confidence; undecided: about ",
        ),
        (
            RISEN,
            {"metric": "accuracy", "max_change": 0.03},
            "accuracy (c, m) is 0.04 below the baseline over 200 shared items (2 only now, 10 only "
            "there); it must be at most 0.03 above or below the baseline; against it: i190, i191, ",
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
            make_inputs({"a": words(A=18, B=2), "b": words(A=20)}),
            {"metric": HIGH_RISK, "max_excess_share": 0.4, "worst": 0.05},
            "excess share of the worst 5 % of items in high risk error rate (*, *) is 0 (0.5 of 2 "
            "findings over 20 items, 0.5 by chance, p 1); it must be at most 0.4 for the worst 5 % "
            "of items",
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


def test_a_difference_of_means_is_held_by_betting() -> None:
    # 30 of 60 items lose one of four samples: 0.125 less.
    before = ["AAAAA"] * 60
    now = ["AAAAA", "AAAAB"] * 30
    gate = {"metric": "robustness_correctness", "confidence": 0.95}
    inputs = one(now, before)
    assert result_of(inputs, **gate, max_decrease=0.25).decision.value == "passed"
    undecided = result_of(inputs, **gate, max_decrease=0.16)
    assert undecided.decision.value == "inconclusive"
    assert undecided.value == pytest.approx(0.125)
    assert undecided.bound is not None
    assert 0.16 < undecided.bound < 0.25
    assert f"bound {undecided.bound:.4g} below by betting" in undecided.sentence
    assert undecided.items_needed is not None
    assert result_of(one(now * 20, before * 20), **gate, max_decrease=0.16).decision.value == (
        "passed"
    )
    failed = result_of(inputs, **gate, max_decrease=0.1)
    assert failed.decision.value == "failed"
    assert failed.items[:2] == ("i01", "i03")


def test_items_that_all_differ_alike_have_a_bound_too() -> None:
    result = result_of(
        one(["AAA"] * 30, ["AAA"] * 30),
        metric="robustness_correctness",
        max_decrease=0.5,
        confidence=0.95,
    )
    assert result.decision is Decision.PASSED
    assert result.bound is not None
    assert result.bound > 0


def test_a_mean_between_0_and_1_is_held_against_a_number_by_betting() -> None:
    gate = {"metric": "robustness_correctness", "confidence": 0.95}
    inputs = one(["AAAAA", "AAAAB"] * 30)
    passed = result_of(inputs, **gate, min=0.8)
    assert passed.decision is Decision.PASSED
    assert passed.bound is not None
    assert 0.8 <= passed.bound < 0.875
    assert f"lower bound {passed.bound:.4g} by betting" in passed.sentence
    undecided = result_of(inputs, **gate, min=0.87)
    assert undecided.decision is Decision.INCONCLUSIVE
    assert undecided.items_needed is not None
    failed = result_of(inputs, **gate, min=0.9)
    assert (failed.decision, failed.items[0]) == (Decision.FAILED, "i01")
    assert result_of(inputs, **gate, max=0.99).decision is Decision.PASSED


def test_calibration_is_held_by_value() -> None:
    # Sure and right before; now every third item is sure and wrong.
    before, now = ["AAAAA"] * 60, ["AAAAA", "AAAAA", "BBBBB"] * 20
    gate = {"metric": "expected_calibration_error"}
    assert result_of(one(now, before), **gate, max_increase=0.34).decision.value == "passed"
    failed = result_of(one(now, before), **gate, max_increase=0.3)
    assert failed.value == pytest.approx(1 / 3)
    assert failed.decision.value == "failed"
    assert failed.items[0] == "i02"


CONDITIONS = "wxyz"


def test_a_low_risk_that_is_spread_evenly_passes_and_a_high_one_on_few_items_fails() -> None:
    # 2 %: four of 200 items under each condition, always others. The worst 20 carry all 16.
    low = {
        name: ["A"] * (4 * place) + ["B"] * 4 + ["A"] * (196 - 4 * place)
        for place, name in enumerate(CONDITIONS)
    }
    # 12.5 %: 25 of 200 under each, and always of the same 40: 20 with three and 20 with two.
    # Their worst 20 carry 60 of 100, which a limit of 0.6 on the share itself would let pass.
    three = [["B"] * 15 + ["A"] * 5, ["A"] * 5 + ["B"] * 15, ["B"] * 10 + ["A"] * 5 + ["B"] * 5]
    three.append(["B"] * 5 + ["A"] * 5 + ["B"] * 10)
    high = {
        name: [*three[place], *(["B" if (k + place) % 2 else "A" for k in range(20)]), *["A"] * 160]
        for place, name in enumerate(CONDITIONS)
    }
    gate = {"metric": HIGH_RISK, "max_excess_share": 0.1}
    (spread,), (concentrated,) = judged(make_inputs(low), gate), judged(make_inputs(high), gate)
    assert spread.decision is Decision.PASSED
    assert spread.value is not None
    # Chance lets a finding meet another one, so that the worst carry no more than it gives them.
    assert -0.01 < spread.value <= 0.01
    assert concentrated.decision is Decision.FAILED
    assert "(0.6 of 100 findings over 200 items, 0.3" in concentrated.sentence
    assert "p 0.001)" in concentrated.sentence


def test_concentration_counts_findings_over_all_conditions_the_gate_names() -> None:
    # i00 fails under three conditions, i01 under one: the worst 10 % of ten items carry 3 of 4.
    # By chance, of cells with 2, 1 and 1 findings: all three on one item in 1/5 x 1/10 of the
    # placements with 3, no two on one in 4/5 x 7/10 with 1, else 2. (0.06 + 0.56 + 0.84) / 4.
    bad = ["B", *words(A=9)]
    inputs = make_inputs({"a": ["B", "B", *words(A=8)], "b": bad, "c": bad})
    gate = {"metric": HIGH_RISK, "max_excess_share": 0.42}
    (result,) = judged(inputs, gate)
    assert (result.n, result.condition) == (10, "*")
    assert result.value == pytest.approx(0.75 - 1.46 / 4, abs=0.02)
    assert result.decision is Decision.PASSED
    (failed,) = judged(inputs, {**gate, "max_excess_share": 0.3})
    assert (failed.decision.value, failed.items) == ("failed", ("i00",))
    (two,) = judged(inputs, {**gate, "condition": ["a", "b"]})
    # 2 of 3; by chance the one finding of b meets one of a in 1/5 of the placements.
    assert two.value == pytest.approx(2 / 3 - (1 + 1 / 5) / 3, abs=0.02)
    assert two.condition == "a+b"


def test_concentration_is_judged_again_on_clusters_where_items_come_in_them() -> None:
    # One item of twenty has both findings: its share is 1, by chance (1 + 1/20) / 2.
    bad = ["B", *words(A=19)]
    gate = {"metric": HIGH_RISK, "max_excess_share": 0.1, "worst": 0.05}
    # Without that item nothing is concentrated: in 0.358 of the resamples of items, in a quarter of
    # those of two clusters. In 0.075 it is there three times or more: each has a third of the
    # findings at most, of which chance gives a quarter. Two clusters hold it twice at most.
    alone = result_of(make_inputs({"a": bad, "b": bad}), **gate)
    assert alone.value == pytest.approx(1 - 1.05 / 2, abs=0.02)
    assert alone.instability == pytest.approx(0.358 + 0.075, abs=0.05)
    halves = ["x"] * 10 + ["y"] * 10
    by_half = result_of(make_inputs({"a": bad, "b": bad}, clusters=halves), **gate)
    assert by_half.instability == pytest.approx(0.25, abs=0.05)


def test_one_cell_alone_cannot_be_concentrated() -> None:
    result = result_of(one(words(A=18, B=2)), metric=HIGH_RISK, max_excess_share=0.4)
    assert result.decision is Decision.INCONCLUSIVE
    assert "one model under one condition" in result.sentence


def test_without_a_finding_nothing_is_concentrated() -> None:
    inputs = make_inputs({"a": words(A=10), "b": words(A=10)})
    result = result_of(inputs, metric=HIGH_RISK, max_excess_share=0.3)
    assert (result.decision, result.value) == (Decision.PASSED, None)


def test_a_model_is_held_against_the_one_it_replaces() -> None:
    inputs = one(words(A=4), words(A=3, B=1), matched_model="old")
    assert result_of(inputs, no_new="high_risk").decision is Decision.PASSED
    assert result_of(inputs, metric=HIGH_RISK, max_increase=0.0).value == -0.25


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


def test_a_gate_without_a_name_is_called_by_what_it_demands() -> None:
    tables: list[dict[str, Any]] = [
        {"no_new": "high_risk"},
        {"metric": "high_risk_error_rate", "max": 0.1},
        {"min_case_consistency": 0.5},
        {"no_new": "wrong", "name": "nothing-newly-wrong"},
    ]
    assert [gate.called for gate in parse_gates(tables, "a test")] == [
        "no_new_high_risk",
        "high_risk_error_rate",
        "case_consistency",
        "nothing-newly-wrong",
    ]
