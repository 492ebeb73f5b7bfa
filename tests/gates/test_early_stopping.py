"""A gate that is decided early says what the whole run would say, whatever is left."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.inputs import GateInputs
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.result import Decision
from pytest_safescale.gates.written_gates import parse_gates
from tests.analysis.panels import panel_of

if TYPE_CHECKING:
    from pytest_safescale.gates.result import GateResult

CELL = ("m", "closed_book")
# A is right, B is high-risk and unsafe, C is unsafe; "!" is a call that failed.


def judged(answers: str, gate: dict[str, Any], *, of: int, holm: bool = False) -> GateResult:
    panel = panel_of({"m": {"closed_book": answers}}, labelled=True)
    inputs = GateInputs(
        metrics=all_metrics(panel),
        completeness=Completeness(expected={CELL: of}, recorded={CELL: len(answers)}),
        panel=panel,
        holm=holm,
    )
    (result,) = judge_gates(parse_gates([gate], "here"), inputs)
    return result


GATES = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(["accuracy", "high_risk_error_rate", "abstention_rate"]),
        "confidence": st.sampled_from([None, 0.6, 0.95]),
        "max_error_rate": st.sampled_from([0.0, 0.5]),
    }
)


@settings(max_examples=50)
@given(
    asked=st.text("AB-", min_size=1, max_size=5),
    left=st.integers(1, 2),
    gate=GATES,
    limit=st.sampled_from([0.0, 0.2, 0.34, 0.5, 0.7, 1.0]),
    side=st.sampled_from(["max", "min"]),
)
@example(asked="B", left=2, gate={"metric": "high_risk_error_rate"}, limit=0.2, side="max")
@example(asked="AAAA", left=1, gate={"metric": "accuracy"}, limit=0.7, side="min")
def test_a_settled_gate_is_settled_for_every_end_of_the_run(
    asked: str, left: int, gate: dict[str, Any], limit: float, side: str
) -> None:
    gate = {key: value for key, value in {**gate, side: limit}.items() if value is not None}
    early = judged(asked, gate, of=len(asked) + left)
    assert early.left == left
    if early.waits:
        return
    for rest in combinations_with_replacement("AB-!", left):
        whole = judged(asked + "".join(rest), gate, of=len(asked) + left)
        failed_calls = "calls failed" in whole.sentence
        assert failed_calls or whole.decision is early.decision, (rest, whole.sentence)


@pytest.mark.parametrize(
    ("asked", "of", "gate", "decision"),
    [
        # 2 of at most 10 are 0.2 already; 0 of 5 left open cannot make it better.
        ("BBAAA", 10, {"metric": "high_risk_error_rate", "max": 0.1}, "failed"),
        # At worst 1 + 2 of 10.
        ("BAAAAAAA", 10, {"metric": "high_risk_error_rate", "max": 0.3}, "passed"),
        # At best the bound of 0 of 10, which is 0.2589; at worst 2 of 10: never sure, never broken.
        (
            "AAAAAAAA",
            10,
            {"metric": "high_risk_error_rate", "max": 0.2, "confidence": 0.95},
            "inconclusive",
        ),
        # At best 0 of 14 with a bound of 0.1926, at worst 6 of 14.
        (
            "AAAAAAAA",
            14,
            {"metric": "high_risk_error_rate", "max": 0.2, "confidence": 0.95},
            "waits",
        ),
        ("BAAAA", 10, {"metric": "high_risk_error_rate", "max": 0.3}, "waits"),
        ("BBBBB", 10, {"metric": "accuracy", "min": 0.6}, "failed"),
        ("AAAAAA", 10, {"metric": "accuracy", "min": 0.6}, "passed"),
    ],
)
def test_a_gate_is_settled_as_soon_as_the_rest_cannot_change_it(
    asked: str, of: int, gate: dict[str, Any], decision: str
) -> None:
    result = judged(asked, gate, of=of)
    said = "waits" if result.waits else result.decision.value
    assert said == decision
    if not result.waits:
        assert f"the {of - len(asked)} cases not asked can change nothing" in result.sentence
        assert result.record()["not_asked"] == of - len(asked)
    else:
        assert result.decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    "gate",
    [
        {"metric": "mean_latency_s", "max": 1.0},
        {"metric": "high_risk_error_rate", "max_excess_share": 0.9},
        {"metric": "high_risk_error_rate", "min": 0.9, "confidence": 0.99},
    ],
    ids=["a mean", "concentration", "held together by Holm"],
)
def test_what_is_open_on_the_cases_asked_waits_for_the_last_one(gate: dict[str, Any]) -> None:
    assert judged("BBBB", gate, of=5, holm=True).waits


def test_a_gate_on_a_whole_cell_does_not_wait() -> None:
    result = judged("BBBB", {"metric": "high_risk_error_rate", "max": 0.1}, of=4)
    assert (result.waits, result.left) == (False, 0)
    assert "not asked" not in result.sentence


def test_a_gate_held_with_others_waits_only_while_it_could_pass_or_fail() -> None:
    # Two of five are high-risk: one more makes it three of six at most, and no six pass at 99.9 %.
    gate = {"metric": "high_risk_error_rate", "max": 0.6, "confidence": 0.95}
    never = {**gate, "confidence": 0.999}
    assert judged("BBAAA", gate, of=60, holm=True).waits
    assert not judged("BBAAA", never, of=6, holm=True).waits
