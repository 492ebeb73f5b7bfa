"""What a new run would show: worked out by hand, by scipy, and by drawing new runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, betabinom

from pytest_safescale.statistics.prediction import (
    chance_of_changes,
    chance_of_counts,
    posterior_within,
)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (0, 30), (3, 60), (60, 60), (17, 200)])
def test_a_new_count_is_beta_binomial(count: int, n: int) -> None:
    allowed = max(1, n // 5)
    passes = np.arange(n + 1) <= allowed
    expected = betabinom.cdf(allowed, n, count + 0.5, n - count + 0.5)
    assert chance_of_counts(count, n, passes) == pytest.approx(float(expected), rel=1e-10)
    assert chance_of_counts(count, n, np.ones(n + 1, dtype=bool)) == pytest.approx(1.0)


def test_of_one_item_it_is_the_mean_of_the_posterior() -> None:
    # One of one: Beta(3/2, 1/2), whose mean is 3/4.
    assert chance_of_counts(1, 1, np.array([False, True])) == pytest.approx(0.75)


def test_changes_of_a_new_run_are_those_of_runs_drawn_from_what_the_data_leave_possible() -> None:
    more, less, n = 6, 2, 60
    draws = np.random.default_rng(1)
    shares = draws.dirichlet([more + 0.5, less + 0.5, n - more - less + 0.5], size=40_000)
    found = np.array([draws.multinomial(n, share) for share in shares])
    drawn = (found[:, 0] - found[:, 1] <= 6).mean()
    exact = chance_of_changes(more, less, n, lambda now, there: now - there <= 6)
    assert exact == pytest.approx(drawn, abs=4 * 0.5 / 200)


@pytest.mark.parametrize(("more", "less", "n"), [(0, 0, 1), (0, 0, 60), (3, 5, 200), (10, 10, 20)])
def test_some_change_or_none_is_sure(more: int, less: int, n: int) -> None:
    sure = chance_of_changes(more, less, n, lambda now, _: np.ones(now.shape, dtype=bool))
    assert sure == pytest.approx(1.0, abs=1e-6)


def test_the_posterior_is_that_of_jeffreys_prior() -> None:
    expected = beta.cdf(0.05, 2.5, 98.5)
    assert posterior_within(2, 100, 0.0, 0.05) == pytest.approx(float(expected))
    assert posterior_within(2, 100, 0.05, 1.0) == pytest.approx(1 - float(expected))
