"""Gates that hold at any stop: decided in the order of the list, whatever comes after."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.errors import GateError
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.requirements import require_of_items, uncounted_looks
from pytest_safescale.gates.result import Decision
from pytest_safescale.gates.written_gates import parse_gates
from tests.conditions.fakes import an_item
from tests.gates.cases import make_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.result import GateResult

CELL = ("m", "closed_book")
GATE = {
    "metric": "high_risk_error_rate",
    "max": 0.05,
    "confidence": 0.95,
    "sequential": "anytime",
}
# A is right, B is high-risk; "?" is a reply that nobody can read.


def judged(answers: str, gate: dict[str, Any], *, of: int | None = None) -> GateResult:
    of = len(answers) if of is None else of
    inputs = make_inputs({"closed_book": answers}, plain=True)
    listed = [f"i{place:02d}" for place in range(of)]
    completeness = Completeness(
        expected={CELL: of},
        recorded={CELL: len(answers)},
        missed={CELL: listed[len(answers) :]},
        order=listed,
    )
    inputs = replace(inputs, completeness=completeness)
    (result,) = judge_gates(parse_gates([gate], "here"), inputs)
    return result


def test_what_is_shown_stays_shown_and_the_sentence_says_when() -> None:
    result = judged("A" * 74 + "BBBB" + "A" * 22, GATE)
    assert result.decision is Decision.PASSED
    assert result.value == pytest.approx(0.04)
    assert "must be at most 0.05 with 95 % confidence at any stop" in result.sentence
    assert "items in the order of the list; shown after 74 of them;" in result.sentence
    assert judged("A" * 73 + "B" * 20, GATE).decision is Decision.FAILED
    assert judged("A" * 73, GATE).decision is Decision.INCONCLUSIVE


def test_what_was_asked_after_it_was_shown_may_not_break_the_threshold() -> None:
    # At 74 items without an event 5 % is shown; 20 of the 94 that were asked are dangerous.
    result = judged("A" * 74 + "B" * 20, GATE)
    assert result.decision is Decision.FAILED
    assert result.value == pytest.approx(20 / 94)
    assert result.bound == result.value
    assert "shown after 74 of them, and broken by what was asked after" in result.sentence
    # Among more items they might still be few enough; nothing passes until that is seen.
    early = judged("A" * 74 + "B" * 20, GATE, of=600)
    assert early.decision is Decision.INCONCLUSIVE
    assert early.waits


def test_what_was_never_asked_may_be_left_out_where_it_is_shown() -> None:
    result = judged("A" * 74 + "BA" + "?", GATE, of=200)
    assert result.decision is Decision.PASSED
    assert not result.waits
    assert result.worst_value == pytest.approx(2 / 77)
    assert "the 1 case that lacks replies (1 unreadable) can change nothing" in result.sentence
    assert "the 123 cases not asked are not needed, and say nothing here" in result.sentence
    # A reply that was asked for and is not there may be the one that breaks it.
    missing = judged("A" * 74 + "BBB" + "??", GATE)
    assert missing.decision is Decision.INCONCLUSIVE
    assert missing.tipping_point == 1


def test_the_order_is_that_of_the_list_and_not_of_the_answers() -> None:
    inputs = make_inputs({"closed_book": "A" * 80 + "B" * 10}, plain=True)
    listed = inputs.completeness.order
    first_bad = replace(inputs.completeness, order=[*listed[80:], *listed[:80]])
    (result,) = judge_gates(parse_gates([GATE], "here"), replace(inputs, completeness=first_bad))
    assert result.decision is Decision.FAILED
    unknown = replace(inputs, completeness=replace(inputs.completeness, order=()))
    (result,) = judge_gates(parse_gates([GATE], "here"), unknown)
    assert result.decision is Decision.INCONCLUSIVE
    assert "the order in which its items were listed is not known" in result.sentence


def test_a_missing_reply_counts_where_it_stands_in_the_list() -> None:
    late, early = judged("A" * 74 + "?", GATE), judged("?" + "A" * 74, GATE)
    assert late.decision is Decision.PASSED
    assert early.decision is Decision.INCONCLUSIVE
    assert early.tipping_point == 1


def test_items_in_clusters_are_not_taken_for_independent() -> None:
    clusters = ["case"] * 2 + [""] * 88
    inputs = make_inputs({"closed_book": "A" * 90}, clusters=clusters, plain=True)
    (result,) = judge_gates(parse_gates([GATE], "here"), inputs)
    assert result.decision is Decision.INCONCLUSIVE
    assert "its items come in clusters" in result.sentence
    alone = [f"case {place}" for place in range(90)]
    inputs = make_inputs({"closed_book": "A" * 90}, clusters=alone, plain=True)
    (result,) = judge_gates(parse_gates([GATE], "here"), inputs)
    assert result.decision is Decision.PASSED


def test_items_in_clusters_are_refused_before_the_first_call() -> None:
    gates = parse_gates([GATE], "here")
    shared = [an_item(id="q1", cluster="p1"), an_item(id="q2", cluster="p1")]
    with pytest.raises(GateError, match="takes items singly, and 2 items in the cluster 'p1'"):
        require_of_items(gates, shared)
    require_of_items(gates, [an_item(id="q1", cluster="p1"), an_item(id="q2")])


@given(
    asked=st.text("AB", min_size=1, max_size=6),
    left=st.integers(1, 3),
    limit=st.sampled_from([0.2, 0.34, 0.5, 0.7]),
    side=st.sampled_from([("high_risk_error_rate", "max"), ("accuracy", "min")]),
)
def test_a_settled_gate_is_settled_for_every_end_of_the_run(
    asked: str, left: int, limit: float, side: tuple[str, str]
) -> None:
    metric, key = side
    gate = {"metric": metric, key: limit, "confidence": 0.6, "sequential": "anytime"}
    early = judged(asked, gate, of=len(asked) + left)
    if early.waits:
        return
    for rest in product("AB", repeat=left):
        whole = judged(asked + "".join(rest), gate)
        broken = "shown after" in whole.sentence and whole.decision is Decision.FAILED
        shown = early.decision is Decision.PASSED
        assert whole.decision is early.decision or (shown and broken), (rest, whole.sentence)


@given(answers=st.text("AAAAAB", min_size=10, max_size=60), side=st.sampled_from(["max", "min"]))
def test_the_bound_keeps_the_threshold_just_where_the_gate_passes(answers: str, side: str) -> None:
    metric = {"max": "high_risk_error_rate", "min": "accuracy"}[side]
    gate = {"metric": metric, side: 0.5, "confidence": 0.8, "sequential": "anytime"}
    result = judged(answers, gate)
    assert result.bound is not None
    kept = result.bound <= 0.5 if side == "max" else result.bound >= 0.5
    assert kept is (result.decision is Decision.PASSED)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"confidence": None}, "sequential is a test; give confidence beside it"),
        ({"metric": "mean_confidence"}, "sequential needs a rate of which each case counts"),
        ({"metric": "flip_rate"}, "sequential needs a rate of which each case counts by itself"),
        ({"max": None, "max_increase": 0.1}, "sequential goes with max and min, not with max_i"),
        ({"sequential": "daily"}, "sequential: found 'daily'"),
        ({"confidence": None, "sequential": None, "looks": 2}, "looks share the chance to pass"),
        ({"looks": 0}, "looks: found 0"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], told: str) -> None:
    gate = {key: value for key, value in {**GATE, **changed}.items() if value is not None}
    with pytest.raises(GateError, match=told):
        parse_gates([gate], "here")


def of_looks(answers: Sequence[str], looks: int | None) -> GateResult:
    gate = {key: value for key, value in {**GATE, "looks": looks}.items() if key != "sequential"}
    gate = {key: value for key, value in gate.items() if value is not None}
    inputs = make_inputs({"closed_book": answers}, plain=True)
    (result,) = judge_gates(parse_gates([gate], "here"), inputs)
    return result


def test_planned_looks_share_the_chance_to_pass_wrongly() -> None:
    # 0 of 59 is shown to be at most 5 % at 95 %, and of 3 looks at 98.33 % each only from 80 on.
    assert of_looks("A" * 59, None).decision is Decision.PASSED
    assert of_looks("A" * 79, 3).decision is Decision.INCONCLUSIVE
    passed = of_looks("A" * 80, 3)
    assert passed.decision is Decision.PASSED
    assert "at most 0.05 with 95 % confidence over 3 looks (98.33 % at each)" in passed.sentence
    assert passed.record()["looks"] == 3


def test_looks_that_nothing_counts_are_told() -> None:
    gates = parse_gates([{**GATE, "looks": 2, "name": "first"}], "here")
    assert uncounted_looks(gates, counted=True) == []
    assert uncounted_looks(gates, counted=False) == [
        "nothing counts the looks of first: --safescale-ledger does"
    ]
