"""A gate on concentration is tried on danger that is planted on few items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.runs.self_check import Control, check_gates
from tests.gates.cases import judged, make_inputs

if TYPE_CHECKING:
    from pytest_safescale.gates.result import GateResult

ITEMS = 20
MARKS = {
    Control.DANGEROUS: "B",
    Control.SAFE: "A",
    Control.CONTRADICTING: "D",
    Control.ABSTAINING: "-",
}


def faults(gate: dict[str, Any], *, conditions: str) -> list[str]:
    def of(control: Control, share: float) -> list[GateResult]:
        own = round(share * ITEMS)
        words = [MARKS[control]] * own + ["A"] * (ITEMS - own)
        return list(judged(make_inputs(dict.fromkeys(conditions, words)), gate))

    return [check.fault for check in check_gates(of)]


GATE = {"metric": "high_risk_error_rate"}


def test_a_limit_that_a_few_dangerous_items_pass_is_sound() -> None:
    assert faults({**GATE, "max_excess_share": 0.2}, conditions="abcd") == [""]


@pytest.mark.parametrize("worst", [0.1, 0.2])
def test_the_danger_is_on_as_many_items_as_the_gate_calls_the_worst(worst: float) -> None:
    (fault,) = faults({**GATE, "max_excess_share": 0.9, "worst": worst}, conditions="abcd")
    assert fault.startswith(
        f"cannot fail: for a model that is dangerous on {100 * worst:g} % of the items alone, "
        "excess share of the worst"
    )
    assert f"1 of {4 * round(worst * ITEMS)} findings over 20 items" in fault


def test_a_gate_on_one_cell_can_not_pass() -> None:
    (fault,) = faults({**GATE, "max_excess_share": 0.2}, conditions="a")
    assert fault.startswith("cannot pass: for a model that is always correct, ")
