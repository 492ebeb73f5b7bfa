"""A gate as it is written: what is taken, and what is said of what is not."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import MetricSpec
from pytest_safescale.errors import GateError
from pytest_safescale.gates.requirements import require_earlier_runs, require_reachable
from pytest_safescale.gates.spec import Gate
from pytest_safescale.gates.written_gates import parse_gates

FORMS = (
    "max, min, max_increase, max_decrease, max_change, min_case_consistency, no_new, "
    "max_excess_share"
)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"metric": "accuracy"}, f"found none; exactly one of these must be given: {FORMS}"),
        ({"metric": "accuracy", "min": 0.5, "model": []}, "model names none; leave it out"),
        ({"metric": "accuracy", "min": 0.5, "condition": []}, "condition names none"),
        (
            {"metric": "accuracy", "min": 0.5, "labels": "any"},
            "labels goes with a metric that counts labels, not with accuracy",
        ),
        (
            {"metric": "high_risk_flip_rate", "max": 0.5, "labels": "any"},
            "high_risk_flip_rate is taken by the labels of the run; leave labels out",
        ),
        ({"no_new": "wrong", "labels": "all"}, "labels goes with a metric that counts labels"),
        ({"no_new": "unsafe", "labels": "most"}, "labels: found 'most'"),
        (
            {"metric": "accuracy", "max_decrease": 0.1, "condition": "x", "against": "x"},
            "x would be held against itself",
        ),
        (
            {"metric": "accuracy", "max_decrease": 0.1, "model": "ensemble:e"},
            "max_decrease needs single cases; ensemble:e goes with max, min",
        ),
        (
            {"no_new": "overconfident", "confirm": 3},
            "confirm asks for single answers again, and this is a finding of the samples",
        ),
        ({"no_new": "unsafe", "confirm": 3, "labels": "any"}, "confirm goes with the rule for"),
        ({"metric": "accuracy", "min": 0.5, "confirm": 3}, "confirm goes with no_new, not with"),
        ({"no_new": "unsafe", "confirm": 0}, "confirm: found 0;"),
        ({"no_new": "unsafe", "confirm": 26}, "confirm: found 26;"),
        (
            {"metric": "excess_flip_rate", "min": 0.1},
            "excess_flip_rate is to be low; give max",
        ),
        (
            {"metric": "call_instability", "max": 0.1, "confidence": 0.95},
            "confidence needs a rate or a mean between 0 and 1 over cases, and call_instability is",
        ),
        (
            {"metric": "flip_rate", "max_increase": 0.1},
            "max_increase needs single cases; flip_rate has max, min",
        ),
        (
            {"metric": "unsafe_answer_rate", "max_share_of_worst": 0.5},
            "max_share_of_worst is no key any more, as few findings alone raise that share; "
            "max_excess_share says how far it may lie above what chance makes of it",
        ),
        ({"metric": "accuracy", "min": True}, "min: found True; allowed: a number"),
        ({"metric": "accuracy", "min": "0.3"}, "min: found '0.3'; allowed: a number"),
        (
            {"metric": "accuracy", "min": 0.5, "max": 0.9},
            f"found max and min; exactly one of these must be given: {FORMS}",
        ),
        ({"metric": "acuracy", "min": 0.5}, "metric 'acuracy' is unknown; allowed: abstention_"),
        ({"min": 0.5}, "metric is missing; allowed: "),
        (
            {"metric": "accuracy", "no_new": "unsafe"},
            "no_new is about unsafe_answer_rate; leave metric out",
        ),
        (
            {"metric": "accuracy", "min_case_consistency": 0.8},
            "min_case_consistency is about case_consistency; leave metric out",
        ),
        ({"no_new": "danger"}, "no_new: found 'danger'; "),
        (
            {"metric": "accuracy", "min": 0.5, "against": "clean_evidence"},
            "against goes with max_increase and max_decrease and max_change and no_new, not with "
            "min",
        ),
        (
            {"no_new": "wrong", "against": "clean_evidence"},
            "against: found 'clean_evidence'; no_new is held against an earlier run; allowed: "
            "baseline, anchor",
        ),
        (
            {"metric": "accuracy", "max_decrease": 0.1, "worst": 0.2},
            "worst goes with max_excess_share, not with max_decrease",
        ),
        ({"metric": "accuracy", "max_decrease": -0.1}, "max_decrease: found -0.1; "),
        (
            {"metric": "mean_confidence", "max_excess_share": 0.5},
            "max_excess_share needs a rate of cases; mean_confidence is none",
        ),
        (
            {"metric": "mean_latency_s", "min": 0.5, "confidence": 0.95},
            "confidence needs a rate or a mean between 0 and 1 over cases, and "
            "mean_latency_s is neither; leave it out",
        ),
        (
            {"metric": "maximum_calibration_error", "max_increase": 0.1, "confidence": 0.95},
            "maximum_calibration_error is no mean over cases, and no bound of its change by "
            "resampling is known to hold; leave confidence out",
        ),
        (
            {"metric": "expected_calibration_error", "max_increase": 0.1, "confidence": 0.95},
            "expected_calibration_error is no mean over cases, and no bound of its change by "
            "resampling is known to hold; leave confidence out",
        ),
        (
            {
                "metric": "logprob_expected_calibration_error",
                "max_decrease": 0.1,
                "confidence": 0.9,
            },
            "no bound of its change by resampling is known to hold; leave confidence out",
        ),
        (
            {"no_new": "wrong", "confidence": 0.95},
            "no_new is a rule for these items; leave confidence out",
        ),
        (
            {"min_case_consistency": 0.8, "confidence": 0.95},
            "confidence needs a share_of_cases below 1: no bound reaches every case",
        ),
        (
            {"no_new": "overconfident", "regime": "single"},
            "regime: dangerous_overconfidence_rate has no decoding mode 'single'; allowed: "
            "self_consistency",
        ),
        (
            {"min_case_consistency": 0.8, "regime": "single"},
            "regime: case_consistency has no decoding mode 'single'; allowed: self_consistency",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_allowed(
    table: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(GateError) as raised:
        parse_gates([table], "the test")
    assert str(raised.value).startswith("the test, gate 1: ")
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("table", "metric", "regime", "rule"),
    [
        ({"metric": "accuracy", "min": 0.9}, "accuracy", "single", "at least 0.9"),
        (
            {"no_new": "unsafe", "labels": "all"},
            "unsafe_answer_rate",
            "single",
            "new for no item, labels = all",
        ),
        (
            {"metric": "accuracy", "max_decrease": 0.02, "confidence": 0.95},
            "accuracy",
            "single",
            "at most 0.02 below the baseline with 95 % confidence",
        ),
        (
            {"metric": "mean_confidence", "max_increase": 0.1, "against": "clean_evidence"},
            "mean_confidence",
            "self_consistency",
            "at most 0.1 above clean_evidence",
        ),
        ({"no_new": "unsafe"}, "unsafe_answer_rate", "single", "new for no item"),
        (
            {"metric": "high_risk_error_rate", "no_new": "high_risk"},
            "high_risk_error_rate",
            "single",
            "new for no item",
        ),
        (
            {"no_new": "overconfident"},
            "dangerous_overconfidence_rate",
            "self_consistency",
            "new for no item",
        ),
        (
            {"min_case_consistency": 0.8},
            "case_consistency",
            "self_consistency",
            "at least 0.8 for every case",
        ),
        (
            {"min_case_consistency": 0.8, "share_of_cases": 0.95},
            "case_consistency",
            "self_consistency",
            "at least 0.8 for 95 % of cases",
        ),
        (
            {"metric": "high_risk_error_rate", "max_excess_share": 0.5},
            "high_risk_error_rate",
            "single",
            "at most 0.5 for the worst 10 % of items",
        ),
    ],
)
def test_a_gate_knows_its_metric_its_regime_and_its_rule(
    table: dict[str, Any], metric: str, regime: str, rule: str
) -> None:
    (gate,) = parse_gates([table], "the test")
    assert (gate.of_metric, gate.of_regime, gate.rule) == (metric, regime, rule)


def test_metrics_of_the_users_own_are_taken_where_the_run_has_them() -> None:
    own = {**METRICS, "silent_rate": MetricSpec(definition="Silent.", is_rate=True)}
    table = {"metric": "silent_rate", "max": 0.1, "confidence": 0.95}
    (gate,) = parse_gates([table], "the test", own)
    assert gate.of_regime == "self_consistency"
    with pytest.raises(GateError, match="metric 'silent_rate' is unknown"):
        parse_gates([table], "the test")


def test_a_condition_is_not_held_against_itself() -> None:
    gate = Gate(metric="accuracy", max_decrease=0.1, against="clean")
    assert gate.cells(["m"], ["rag", "clean"]) == [("m", "rag")]
    assert Gate(metric="accuracy", max_decrease=0.1).cells(["m"], ["clean"]) == [("m", "clean")]


@pytest.mark.parametrize(
    ("table", "needs"),
    [
        ({"metric": "accuracy", "min": 0.9}, ""),
        ({"metric": "accuracy", "max_decrease": 0.1, "against": "clean"}, ""),
        ({"metric": "accuracy", "max_decrease": 0.1}, "baseline"),
        ({"metric": "accuracy", "max_change": 0.1, "against": "anchor"}, "anchor"),
        ({"no_new": "wrong", "name": "nothing-newly-wrong"}, "baseline"),
        ({"no_new": "wrong", "against": "anchor"}, "anchor"),
    ],
)
def test_a_gate_against_an_earlier_run_needs_that_run(table: dict[str, Any], needs: str) -> None:
    gates = parse_gates([table], "the test")
    require_earlier_runs(gates, given={"baseline", "anchor"})
    others = {"baseline", "anchor"} - {needs}
    if not needs:
        require_earlier_runs(gates, given=())
        return
    with pytest.raises(GateError, match=f"give --safescale-{needs} FILE"):
        require_earlier_runs(gates, given=others)


LATENCY = {"metric": "mean_latency_s", "max_increase": 1.0}


@pytest.mark.parametrize(
    ("table", "cells", "family_wise", "most"),
    [
        ({**LATENCY, "confidence": 0.95}, 50, True, None),
        ({**LATENCY, "confidence": 0.95}, 51, True, 50),
        ({**LATENCY, "confidence": 0.99}, 11, True, 10),
        ({**LATENCY, "confidence": 0.95}, 51, False, None),
        ({**LATENCY, "confidence": 0.9995}, 1, False, 0),
        ({**LATENCY}, 51, True, None),
        # By betting, and exactly: a p may be as small as it likes.
        ({"metric": "mean_confidence", "max_increase": 0.1, "confidence": 0.95}, 51, True, None),
        ({"metric": "accuracy", "max_decrease": 0.1, "confidence": 0.95}, 51, True, None),
        (
            {"metric": "mean_confidence_correct", "max_decrease": 0.1, "confidence": 0.95},
            51,
            True,
            50,
        ),
    ],
)
def test_a_bound_by_resampling_that_can_never_hold_is_refused(
    table: dict[str, Any], cells: int, family_wise: bool, most: int | None
) -> None:
    gates = parse_gates([table], "the test")
    named = {"models": [f"m{one}" for one in range(cells)], "conditions": ["closed_book"]}
    if most is None:
        require_reachable(gates, **named, family_wise=family_wise)
        return
    with pytest.raises(GateError, match=f"no p below 1/1,001.*allowed: at most {most}$"):
        require_reachable(gates, **named, family_wise=family_wise)


def test_a_gate_written_out_is_read_back_as_it_was() -> None:
    table = {"metric": "accuracy", "max_decrease": 0.1, "condition": ["a", "b"]}
    (gate,) = parse_gates([table], "the test")
    (again,) = parse_gates([gate.model_dump(mode="json", exclude_unset=True)], "the test")
    assert again == gate


def test_a_gate_names_cells_by_condition_and_prompt_profile() -> None:
    known = ["x", "x/verify", "y", "y/verify"]
    table: dict[str, Any] = {"metric": "accuracy", "min": 0.5}
    (every, verify, one) = parse_gates(
        [table, {**table, "profile": "verify"}, {**table, "profile": "plain", "condition": "y"}],
        "here",
    )
    assert every.cells(["m"], known) == [("m", name) for name in known]
    assert verify.cells(["m"], known) == [("m", "x/verify"), ("m", "y/verify")]
    assert one.cells(["m"], known) == [("m", "y")]
    # What the run lacks stays in, so that the gate does not vanish.
    assert verify.cells(["m"], ["x"]) == [("m", "x/verify")]


def test_a_difference_is_held_under_the_same_profile_or_against_another() -> None:
    known = ["x", "x/verify", "y", "y/verify"]
    table: dict[str, Any] = {"metric": "accuracy", "max_decrease": 0.1}
    between, prompts = parse_gates(
        [{**table, "against": "x"}, {**table, "against": "profile:plain"}], "here"
    )
    assert between.cells(["m"], known) == [("m", "y"), ("m", "y/verify")]
    assert between.other_side("y/verify") == "x/verify"
    assert prompts.cells(["m"], known) == [("m", "x/verify"), ("m", "y/verify")]
    assert prompts.other_side("y/verify") == "y"
    assert prompts.rule == "at most 0.1 below the plain prompt"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"profile": []}, "profile names none; leave it out for every profile of the run"),
        ({"profile": "plain"}, "profile:plain would be held against itself"),
    ],
)
def test_a_gate_on_no_profile_or_on_one_against_itself_is_refused(
    table: dict[str, Any], told: str
) -> None:
    gate = {"metric": "accuracy", "max_decrease": 0.1, "against": "profile:plain", **table}
    with pytest.raises(GateError, match=told):
        parse_gates([gate], "here")
