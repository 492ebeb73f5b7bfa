"""Exact p-values of a risk, and their testing in sequence: every sum written out."""

from __future__ import annotations

from itertools import product
from math import comb, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.statistics.intervals import upper_bound
from pytest_safescale.statistics.risk_control import rejected_in_sequence, risk_p


@pytest.mark.parametrize(
    ("events", "n", "bound", "p"),
    [
        (0, 3, 0.5, 0.125),  # (1 - 0.5)^3
        (1, 3, 0.5, 0.5),  # 1/8 + 3/8
        (3, 3, 0.5, 1.0),
        (1, 10, 0.1, 0.9**10 + 10 * 0.1 * 0.9**9),
        (0, 0, 0.1, 1.0),  # nothing answered shows nothing
    ],
)
def test_p_is_the_chance_of_so_few_events_at_the_bound(
    events: int, n: int, bound: float, p: float
) -> None:
    assert risk_p(events, n, bound) == pytest.approx(p, abs=1e-12)


@given(st.integers(1, 300), st.data())
def test_p_is_within_delta_where_the_exact_upper_bound_is_within_the_bound(
    n: int, data: st.DataObject
) -> None:
    events, bound = data.draw(st.integers(0, n)), data.draw(st.floats(0.01, 0.99))
    delta = data.draw(st.floats(0.01, 0.4))
    p, upper = float(risk_p(events, n, bound)), float(upper_bound(events, n, 1 - delta))
    if abs(upper - bound) > 1e-9:
        assert (p <= delta) == (upper <= bound)


def test_arrays_give_a_p_each() -> None:
    found = risk_p(np.array([0, 1]), np.array([3, 3]), 0.5)
    assert found.tolist() == [0.125, 0.5]


@pytest.mark.parametrize(
    ("p_values", "rejected"),
    [([0.01, 0.05, 0.06, 0.01], 2), ([0.2, 0.0], 0), ([0.01, 0.02], 2), ([], 0)],
)
def test_testing_ends_at_the_first_p_above_delta(p_values: list[float], rejected: int) -> None:
    assert rejected_in_sequence(p_values, 0.05) == rejected


@pytest.mark.parametrize("dangers", [(0.5, 0.5), (0.0, 0.9), (0.9, 0.05), (0.3, 0.34)])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_over_every_possible_calibration_half_a_broken_promise_is_no_likelier_than_delta(
    dangers: tuple[float, float], share: float
) -> None:
    """Seven cases of two scores; ``share`` of them sure; dangers of the sure and of the unsure."""
    n, bound, delta = 7, 0.3, 0.2
    risks = (dangers[0], share * dangers[0] + (1 - share) * dangers[1])
    kinds = [
        share * dangers[0],
        share * (1 - dangers[0]),
        (1 - share) * dangers[1],
        (1 - share) * (1 - dangers[1]),
    ]
    broken = 0.0
    for counts in product(range(n + 1), repeat=4):
        if sum(counts) != n:
            continue
        bad, good, unsure_bad, _ = counts
        p_values = [
            float(risk_p(bad, bad + good, bound)),
            float(risk_p(bad + unsure_bad, n, bound)),
        ]
        held = rejected_in_sequence(p_values, delta)
        if held and risks[held - 1] > bound:
            left = [n - sum(counts[:place]) for place in range(4)]
            ways = prod(comb(rest, count) for rest, count in zip(left, counts, strict=True))
            broken += ways * prod(kind**count for kind, count in zip(kinds, counts, strict=True))
    assert broken <= delta + 1e-12
