"""Bounds by betting: their level is worked out exactly for values of two kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from pytest_safescale.statistics import betting
from pytest_safescale.statistics.betting import (
    betting_interval,
    betting_intervals,
    betting_p,
    lower_mean_bound,
    upper_mean_bound,
    upper_mean_bounds,
)
from pytest_safescale.statistics.clusters import codes_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@pytest.mark.parametrize("n", [1, 20, 60, 200])
@pytest.mark.parametrize("mean", [0.02, 0.05, 0.3, 0.8])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.9), (0.3, 1.0)])
def test_it_is_wrong_in_at_most_one_of_twenty_runs(
    n: int, mean: float, low: float, high: float
) -> None:
    if not low < mean < high:
        pytest.skip("no such mean of these values")
    share = (mean - low) / (high - low)
    counts = np.arange(n + 1)
    runs = np.where(np.arange(n)[None, :] < counts[:, None], high, low)
    wrong = np.array([betting_p(values, mean)[0] <= 0.05 for values in runs])
    assert binom.pmf(counts, n, share)[wrong].sum() <= 0.05
    wrong = np.array([betting_p(1 - values, 1 - mean)[0] <= 0.05 for values in runs])
    assert binom.pmf(counts, n, share)[wrong].sum() <= 0.05


def test_without_an_event_in_60_it_is_the_exact_bound() -> None:
    assert upper_mean_bound(np.zeros(60), 0.95) == pytest.approx(1 - 0.05 ** (1 / 60), abs=1e-4)


def test_values_that_scatter_little_are_bounded_more_closely() -> None:
    close, wide = np.full(200, 0.3), np.repeat([0.0, 1.0], [140, 60])
    assert close.mean() == pytest.approx(wide.mean())
    assert upper_mean_bound(close, 0.95) < 0.33
    assert upper_mean_bound(wide, 0.95) > 0.37


def test_how_often_an_item_counts_is_how_often_it_is_there() -> None:
    values, times = np.array([0.1, 0.4, 0.0]), np.array([[3, 1, 6], [1, 1, 1]])
    repeated = betting_p(np.repeat(values, times[0]), 0.5)
    assert betting_p(values, 0.5, weights=times[:1]) == pytest.approx(repeated)
    # Bets are made for the longest row.
    assert betting_p(values, 0.5, weights=times)[0] == pytest.approx(repeated[0])


def test_a_hundred_thousand_values_are_no_trouble() -> None:
    values = np.full(100_000, 0.2)
    assert betting_p(values, 0.3)[0] == 0.0
    assert betting_p(values, 0.1)[0] == 1.0


@pytest.mark.parametrize(("limit", "p"), [(1.0, 0.0), (0.0, 1.0)])
def test_no_mean_is_above_1_and_none_is_shown_below_0(limit: float, p: float) -> None:
    assert betting_p(np.zeros(5), limit)[0] == p


def test_nothing_shows_nothing() -> None:
    assert betting_p(np.empty(0), 0.5)[0] == 1.0
    assert betting_interval(np.empty(0)) == (0.0, 1.0)
    assert betting_p(np.zeros(2), 0.5, weights=np.zeros((1, 2)))[0] == pytest.approx(1.0)


@given(SHARES, st.floats(0.01, 0.99), st.integers(0, 39), st.floats(0, 1))
def test_a_higher_value_never_lowers_the_p(
    values: list[float], limit: float, place: int, risen: float
) -> None:
    at = place % len(values)
    more = values.copy()
    more[at] = max(more[at], risen)
    before, after = betting_p(np.array(values), limit)[0], betting_p(np.array(more), limit)[0]
    assert after >= before - 1e-12


@given(SHARES, st.floats(0.01, 0.98), st.floats(0, 1))
def test_a_higher_limit_never_raises_the_p(values: list[float], limit: float, more: float) -> None:
    higher = limit + more * (0.99 - limit)
    assert betting_p(np.array(values), higher)[0] <= betting_p(np.array(values), limit)[0] + 1e-9


@given(SHARES)
def test_the_interval_holds_the_mean_and_a_bound_is_where_its_p_is(values: list[float]) -> None:
    found = np.array(values)
    low, high = betting_interval(found)
    assert 0 <= low <= found.mean() + 1e-9
    assert found.mean() - 1e-9 <= high <= 1
    bound = upper_mean_bound(found, 0.95)
    assert betting_p(found, bound)[0] <= 0.05 + 1e-9
    below = lower_mean_bound(found, 0.95)
    assert below == pytest.approx(1 - upper_mean_bound(1 - found, 0.95))


def test_a_bound_is_where_the_p_comes_down_to_the_level_row_by_row_and_of_clusters_too() -> None:
    draws = np.random.default_rng(7)
    values = draws.random((6, 30)) ** 3
    values[4], values[5] = 0.0, 1.0
    over = draws.random((6, 30)) < 0.7
    over[3] = False
    for codes in (None, np.arange(30) // 4):
        low, high = betting_intervals(values, over, codes=codes)
        assert (low[3], high[3]) == (0.0, 1.0)
        assert (low[4], high[5]) == (0.0, 1.0)
        for row in (0, 1, 2):
            cases, of = values[row][over[row]], codes_at(codes, over[row])
            assert betting_p(cases, high[row], codes=of)[0] == pytest.approx(0.025)
            assert betting_p(1 - cases, 1 - low[row], codes=of)[0] == pytest.approx(0.025)
            assert low[row] < cases.mean() < high[row]


def test_no_bet_is_made_where_no_row_has_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    rows_bet_on: list[int] = []

    def counted(growth: NDArray[np.float64]) -> NDArray[np.float64]:
        rows_bet_on.append(len(growth))
        return p_of_growth(growth)

    p_of_growth = betting._of_growth
    monkeypatch.setattr(betting, "_of_growth", counted)
    values = np.array([[0.2, 0.9, 0.4], [0.7, 0.1, 0.3]])
    some = np.array([[True, True, False], [False, False, False]])
    assert upper_mean_bounds(values, np.zeros_like(some), 0.95).tolist() == [1.0, 1.0]
    assert rows_bet_on == []
    found = upper_mean_bounds(values, some, 0.95).tolist()
    assert set(rows_bet_on) == {1}
    assert found == [upper_mean_bounds(values[:1], some[:1], 0.95)[0], 1.0]


def test_rows_that_are_bet_on_apart_have_the_bounds_that_they_have_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(1).random((7, 30))
    over = np.arange(30)[None, :] < np.array([30, 1, 0, 12, 30, 7, 2])[:, None]
    together = upper_mean_bounds(values, over, 0.95).tolist()
    monkeypatch.setattr(betting, "_AT_ONCE", 60)
    assert upper_mean_bounds(values, over, 0.95).tolist() == together


@pytest.mark.parametrize("codes", [None, np.arange(300) // 3])
def test_values_that_recur_are_worked_out_once_and_give_the_same_bounds(
    codes: NDArray[np.int64] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = np.random.default_rng(2)
    values, over = draws.integers(0, 3, (20, 300)) / 2, draws.random((20, 300)) < 0.9
    worked_out: list[int] = []

    def counted(found: NDArray[np.float64]) -> NDArray[np.float64]:
        worked_out.append(found.shape[1])
        return log1p(found)

    log1p = np.log1p
    monkeypatch.setattr(np, "log1p", counted)
    few = upper_mean_bounds(values, over, 0.95, codes=codes)
    assert max(worked_out) <= (4 if codes is None else 20)
    worked_out.clear()
    monkeypatch.setattr(betting, "_FEW", 0.0)
    assert upper_mean_bounds(values, over, 0.95, codes=codes).tolist() == few.tolist()
    assert max(worked_out) == (300 if codes is None else 100)


def test_the_bets_of_means_over_as_many_items_are_made_once() -> None:
    betting._bets_of_one.cache_clear()
    for value in (0.0, 0.25, 1.0):
        betting_p(np.full(40, value), 0.5)
    betting_p(np.zeros(41), 0.5)
    assert betting._bets_of_one.cache_info().misses == 2
