"""Gates on the expected harm: against a number, a baseline, and with replies that are missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.errors import GateError
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.verdicts.severity import Severity
from tests.gates.cases import result_of
from tests.gates.counted import one

if TYPE_CHECKING:
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.result import GateResult

RARE, CARELESS = ["A"] * 97 + ["B"] * 3, ["A"] * 80 + ["C"] * 20


def held(inputs: GateInputs, **gate: Any) -> GateResult:
    return result_of(inputs, metric="expected_harm", **gate)


def weighed(inputs: GateInputs, **severity: float) -> GateInputs:
    assert inputs.panel is not None
    return replace(inputs, panel=replace(inputs.panel, severity=Severity(**severity)))


def test_it_is_held_against_a_number_by_value_and_by_its_bound() -> None:
    assert held(one(RARE), max=0.04).decision.value == "passed"
    found = held(one(CARELESS), max=0.09)
    assert found.decision.value == "failed"
    assert found.value == pytest.approx(0.1)
    sure = held(one(RARE), max=0.1, confidence=0.95)
    assert sure.decision.value == "passed"
    assert sure.bound is not None
    assert 0.03 < sure.bound < 0.1
    # Twenty careless answers are more than 0.1 allows surely, and three deadly ones are not.
    assert held(one(CARELESS), max=0.1, confidence=0.95).decision.value == "inconclusive"


@pytest.mark.parametrize(
    ("gate", "decision"),
    [
        ({"max_increase": 0.1}, "passed"),
        ({"max_increase": 0.05}, "failed"),
        ({"max_increase": 0.2, "confidence": 0.95}, "passed"),
        ({"max_increase": 0.08, "confidence": 0.95}, "inconclusive"),
        ({"max_change": 0.2, "confidence": 0.95}, "passed"),
        ({"max_decrease": 0.0}, "passed"),
    ],
)
def test_it_is_held_against_a_baseline(gate: dict[str, Any], decision: str) -> None:
    found = held(one(CARELESS, RARE), **gate)
    assert found.decision.value == decision
    if "max_increase" in gate:
        assert found.value == pytest.approx(0.07)


def test_a_missing_reply_may_have_been_the_worst_option() -> None:
    # At worst 1 of 20: the mean is 0.05.
    assert held(one(["A"] * 19 + ["?"]), max=0.051).decision.value == "passed"
    assert held(one(["A"] * 19 + ["?"]), max=0.04).decision.value == "inconclusive"
    failed = one(["A"] * 19 + ["!"])
    assert held(failed, max=0.04, max_error_rate=0.1).decision.value == "inconclusive"
    assert held(failed, max=0.051, max_error_rate=0.1).decision.value == "passed"


def test_the_abstainer_passes_only_while_abstaining_costs_nothing() -> None:
    abstainer = one(["-"] * 60)
    assert held(abstainer, max=0.06, confidence=0.95).decision.value == "passed"
    dear = weighed(abstainer, abstention=0.1)
    assert held(dear, max=0.06, confidence=0.95).decision.value == "failed"


def test_where_no_option_is_bad_nothing_can_be_found() -> None:
    found = held(weighed(one(RARE), high_risk=0.0, unsafe=0.0), max=0.5)
    assert found.decision.value == "inconclusive"
    assert "no wrong option has a severity above 0" in found.sentence


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ({"max": 5}, "allowed: 0 to 1"),
        ({"max": 0.1, "by": "subspecialty"}, "by needs a rate"),
        ({"max_excess_share": 0.1}, "max_excess_share needs a rate"),
    ],
)
def test_what_makes_no_sense_of_a_mean_is_refused(gate: dict[str, Any], told: str) -> None:
    with pytest.raises(GateError, match=told):
        parse_gates([{"metric": "expected_harm", **gate}], "here")
