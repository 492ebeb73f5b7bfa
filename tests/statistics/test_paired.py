"""Tango's interval: published examples and its defining equation."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import xlogy

from pytest_safescale.statistics.paired import tango_interval


@pytest.mark.parametrize(
    ("b", "c", "n", "confidence", "low", "high"),
    [
        # Airway reactivity before and after transplantation, 21 children (Fagerland, Lydersen and
        # Laake, Statistics in Medicine 2014, 33:2850-2875): -0.517 to -0.026.
        (1, 7, 21, 0.95, -0.517, -0.026),
        # Disinfection of contact lenses, 44 pairs (Tango 1998): the lower end at 90 % is -0.096.
        (0, 1, 44, 0.9, -0.096, None),
    ],
)
def test_published_examples(
    b: int, c: int, n: int, confidence: float, low: float, high: float | None
) -> None:
    found = tango_interval(b, c, n, confidence)
    assert found[0] == pytest.approx(low, abs=5e-4)
    if high is not None:
        assert found[1] == pytest.approx(high, abs=5e-4)


@pytest.mark.parametrize("n", [1, 30, 200])
def test_pairs_that_never_differ_leave_a_difference_possible(n: int) -> None:
    # Where b = c = 0 the score is -sqrt(n d / (1 - d)), which is -z at d = z^2 / (n + z^2).
    z = 1.959963985
    low, high = tango_interval(0, 0, n)
    assert high == pytest.approx(z * z / (n + z * z), abs=1e-8)
    assert low == pytest.approx(-high)


def test_four_of_two_hundred_reach_almost_to_none() -> None:
    # b = 4, c = 0: at d = 0 the score is 4 / sqrt(4) = 2, just beyond 1.96.
    low, high = tango_interval(4, 0, 200)
    assert 0 < low < 0.001
    assert high == pytest.approx(0.0503, abs=5e-5)


def _score(b: int, c: int, n: int, d: float) -> float:
    """Tango's statistic, its nuisance found by searching the likelihood and not by formula."""
    below, above = max(0.0, -d), (1 - d) / 2
    for _ in range(200):
        third = (above - below) / 3
        one, other = below + third, above - third
        logs = [
            xlogy(b, q + d) + xlogy(c, q) + xlogy(n - b - c, 1 - 2 * q - d) for q in (one, other)
        ]
        below, above = (one, above) if logs[0] < logs[1] else (below, other)
    q = (below + above) / 2
    return (b - c - n * d) / math.sqrt(n * (2 * q + d - d * d))


@settings(max_examples=30)  # each searches two likelihoods
@given(
    st.integers(2, 60).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))
    )
)
def test_the_score_at_both_ends_is_that_of_the_confidence(counts: tuple[int, int, int]) -> None:
    b, c, n = counts[0], min(counts[1], counts[2] - counts[0]), counts[2]
    low, high = tango_interval(b, c, n)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert low < high
    if high < 0.999:
        assert _score(b, c, n, high) == pytest.approx(-1.959964, abs=1e-4)
    if low > -0.999:
        assert _score(b, c, n, low) == pytest.approx(1.959964, abs=1e-4)
