"""Figures of one's own with replies missing: what a gate says holds whatever they had been."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.gates import oracle
from tests.gates.test_completions import LIMITS, SURE, tables
from tests.gates.test_missing import custom, own_result

VALUES = st.lists(st.booleans(), min_size=1, max_size=6)


def of_known(values: list[bool], unread: int) -> list[bool]:
    """Return the values of the replies that can be read."""
    return values[min(unread, len(values)) :]


@given(
    values=VALUES,
    unread=st.integers(0, 4),
    gate=tables("max", "min", metric="odd_rate", confidence=SURE),
)
def test_rates(values: list[bool], unread: int, gate: dict[str, Any]) -> None:
    known = of_known(values, unread)
    decision = own_result(custom("odd_rate", [*values], unread), **gate).decision.value
    ways = product([False, True], repeat=len(values) - len(known))
    found = {oracle.of_rate(gate, sum(known) + sum(way), len(values)) for way in ways}
    assert decision == "inconclusive" or found == {decision}


@given(
    values=VALUES,
    unread=st.integers(0, 4),
    gate=tables("max", "min", metric="words", limit=[limit * 10 for limit in LIMITS]),
)
def test_means(values: list[bool], unread: int, gate: dict[str, Any]) -> None:
    counted = [10.0 * value for value in values]
    decision = own_result(custom("words", [*counted], unread), **gate).decision.value
    if unread:
        assert decision == "inconclusive"  # it may have been any number
    else:
        mean = sum(counted) / len(counted)
        held = mean <= gate["max"] if "max" in gate else mean >= gate["min"]
        assert decision == ("passed" if held else "failed")
