"""Intervals: resamples as specified, exact bounds, Wilson, how often they hold the truth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.coverage_of_intervals import difference_coverage, rate_coverage
from pytest_safescale.statistics import intervals
from pytest_safescale.statistics.intervals import (
    RESAMPLES,
    bootstrap,
    clopper_pearson,
    lower_bound,
    resample_counts,
    resample_indices,
    resampled_cell_means,
    resampled_parts,
    resampled_sums,
    summarise,
    upper_bound,
    wilson,
)
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_the_resamples_of_200_cases_are_those_of_the_paper() -> None:
    drawn = resample_indices(200)
    assert drawn.shape == (1000, 200)
    assert drawn[0, :8].tolist() == [17, 154, 130, 87, 86, 171, 17, 139]
    assert int(drawn.sum()) == 19919921


@pytest.mark.parametrize("n", [1, 7, 200, 9000])
def test_counts_are_the_same_resamples_even_where_they_are_drawn_in_blocks(n: int) -> None:
    counts = resample_counts(n)
    drawn = resample_indices(n)
    for row in (0, 1, 444, 999):
        assert counts[row].tolist() == np.bincount(drawn[row], minlength=n).tolist()
    assert (counts.sum(axis=1) == n).all()


def test_another_seed_draws_other_resamples() -> None:
    assert not (resample_counts(50) == resample_counts(50, seed=1)).all()


def test_the_bootstrap_is_the_mean_of_each_resample_and_its_percentiles() -> None:
    values = np.random.default_rng(3).random((2, 200))
    values[1] = values[1] < 0.05
    found = bootstrap(values, np.full(values.shape, True))
    for row, x in enumerate(values):
        means = x[resample_indices(200)].mean(axis=1)
        assert found.low[row] == pytest.approx(np.percentile(means, 2.5), abs=1e-9)
        assert found.high[row] == pytest.approx(np.percentile(means, 97.5), abs=1e-9)
        assert found.std[row] == pytest.approx(means.std(ddof=1), abs=1e-9)
        assert found.mean[row] == pytest.approx(means.mean(), abs=1e-9)


def test_each_row_is_resampled_over_its_own_cases() -> None:
    values = np.array([[1.0, 9.0, 0.0, 1.0], [1.0, 0.0, 1.0, 9.0], [9.0, 9.0, 9.0, 9.0]])
    over = np.array([[1, 0, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)
    found = bootstrap(values, over)
    first = np.array([1.0, 0.0, 1.0])[resample_indices(3)].mean(axis=1)
    assert found.std[0] == pytest.approx(first.std(ddof=1))
    # No cases: no interval.
    assert np.isnan([found.low[2], found.high[2], found.std[2]]).all()


def test_cases_that_are_all_alike_have_an_interval_of_no_width() -> None:
    # 0.7 summed 200 times and divided is not 0.7 in the last bit; the interval is.
    found = bootstrap(np.full((1, 200), 0.7), np.full((1, 200), True))
    point = np.full(200, 0.7).mean()
    assert (found.low[0], found.high[0]) == (point, point)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
)
def test_an_interval_holds_its_value(values: list[float], some: list[bool]) -> None:
    row = np.array([values])
    over = np.array([some[: len(values)]])
    if over.any():
        found, point = bootstrap(row, over), row[over].mean()
        assert found.low[0] <= point <= found.high[0]


@pytest.mark.parametrize("together", [1, 10])
@pytest.mark.parametrize("n", [0, 1, 7, 200, 667, 1200])
def test_sums_of_some_figures_at_a_time_are_those_of_all_to_the_last_bit(
    n: int, together: int
) -> None:
    for figures in (0, 10, 500, 1010, 4000):
        values = np.random.default_rng(figures).random((figures, n))
        parts = list(resampled_parts(values, together=together))
        assert (np.hstack([sums for _, sums in parts]) == resampled_sums(values)).all()
        places = [place for part, _ in parts for place in range(part.start, part.stop)]
        assert places == list(range(figures))
        assert all(part.start % together == 0 for part, _ in parts)


def test_the_resamples_of_many_figures_are_not_held_at_once() -> None:
    values = np.zeros((4001, 200))
    held = [sums.shape[1] for _, sums in resampled_parts(values)]
    assert max(held) < 1000
    assert min(held) > 1  # one alone would be summed in another order
    codes = np.repeat(np.arange(100), 2)
    assert max(sums.shape[1] for _, sums in resampled_parts(values, codes=codes)) < 1000


def test_cells_are_resampled_together() -> None:
    # Item 1 is in both cells: a resample without it has only item 2 in the first cell, which is
    # then 0, and none at all in the second, which is unknown.
    values = np.array([[1.0, 0.0], [1.0, 0.0]])
    means = resampled_cell_means(values, np.array([[True, True], [True, False]]))
    drawn = resample_indices(2)
    for row in range(20):
        ones = int((drawn[row] == 0).sum())
        assert means[row, 0] == ones / 2
        assert means[row, 1] == 1.0 if ones else math.isnan(means[row, 1])


def test_where_every_item_is_a_case_the_cases_of_a_resample_are_not_summed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    multiplied: list[tuple[int, ...]] = []

    def seen(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
        multiplied.append(right.shape)
        return product(left, right)

    monkeypatch.setattr(intervals, "product", seen)
    values = np.array([[0.1, 0.7, 0.3], [1.0, 0.0, 0.0]])
    every = np.ones_like(values, dtype=bool)
    means = resampled_cell_means(values, every)
    assert multiplied == [(3, 2)]
    drawn = resample_counts(3)
    assert means.tolist() == ((drawn @ values.T) / drawn.sum(axis=1)[:, None]).tolist()
    # Clusters of unlike sizes bring unlike numbers of cases.
    resampled_cell_means(values, every, codes=np.array([0, 0, 1]))
    assert len(multiplied) == 3
    assert resampled_cell_means(values[:, :0], every[:, :0]).shape == (1000, 2)


def test_a_resample_without_a_figure_is_excluded_from_its_interval() -> None:
    means = np.array([[0.0, np.nan], [1.0, np.nan], [np.nan, 0.5]])
    found = summarise(means, np.array([0.5, 0.5]))
    # Of 0 and 1: the 2.5th percentile is 0.025, the 97.5th 0.975.
    assert (found.low[0], found.high[0]) == pytest.approx((0.025, 0.975))
    # One resample is no interval.
    assert found.ends(1) == (None, None)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # No errors among 200: 1 - 0.025 ** (1 / 200).
        (0, 200, 0.0, 1 - 0.025 ** (1 / 200)),
        (200, 200, 0.025 ** (1 / 200), 1.0),
        (0, 1, 0.0, 0.975),
        # One of two: (1 - p)^2 = 0.975 below and p^2 = 0.975 above.
        (1, 2, 1 - math.sqrt(0.975), math.sqrt(0.975)),
        # Published: 10 of 100 is 4.90 % to 17.62 %.
        (10, 100, 0.0490047, 0.1762226),
    ],
)
def test_the_exact_interval(count: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(count, n) == pytest.approx((low, high), abs=1e-7)


@pytest.mark.parametrize("n", [1, 60, 200])
def test_the_one_sided_bound_of_no_errors_is_that_of_the_rule_of_three(n: int) -> None:
    # (1 - p)^n = 0.05; for 200 that is 0.0149, for 60 it is 0.0487.
    assert upper_bound(0, n, 0.95) == pytest.approx(1 - 0.05 ** (1 / n))
    assert lower_bound(n, n, 0.95) == pytest.approx(0.05 ** (1 / n))
    assert (upper_bound(n, n, 0.95), lower_bound(0, n, 0.95)) == (1.0, 0.0)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_exact_intervals_hold_the_rate_and_mirror_each_other(case: tuple[int, int]) -> None:
    count, n = case
    low, high = clopper_pearson(count, n)
    assert 0 <= low <= count / n <= high <= 1
    other_low, other_high = clopper_pearson(n - count, n)
    assert (1 - other_high, 1 - other_low) == pytest.approx((low, high))
    # At the upper bound, so few errors have a chance of one in forty.
    if count < n:
        tail = sum(math.comb(n, i) * high**i * (1 - high) ** (n - i) for i in range(count + 1))
        assert tail == pytest.approx(0.025)


def test_arrays_give_what_numbers_give() -> None:
    counts, sizes = np.array([0, 1, 5, 7]), np.array([3, 3, 9, 7])
    lows, highs = clopper_pearson(counts, sizes)
    for place, (count, n) in enumerate(zip(counts.tolist(), sizes.tolist(), strict=True)):
        assert (lows[place], highs[place]) == clopper_pearson(count, n)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # z^2 = 3.8416. 18 of 20: the middle is (0.9 + 3.8416 / 40) / (1 + 3.8416 / 20) = 0.83555,
        # the half width 1.96 / 1.19208 * sqrt(0.09 / 20 + 3.8416 / 1600) = 0.13659.
        (18, 20, 0.6990, 0.9721),
        (20, 20, 20 / (20 + 1.96**2), 1.0),
        (0, 20, 0.0, 1.96**2 / (20 + 1.96**2)),
    ],
)
def test_the_wilson_interval(count: int, n: int, low: float, high: float) -> None:
    assert wilson(count, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("n", [20, 60])
def test_exact_intervals_hold_the_true_rate_at_least_as_often_as_they_say(n: int) -> None:
    found = rate_coverage(n)
    assert found["clopper-pearson"].worst >= 0.95
    assert found["clopper-pearson"].one_side <= 0.025
    # The bootstrap knows nothing of the errors a rare rate has not shown yet.
    assert found["bootstrap"].worst < 0.1


def test_intervals_of_differences_hold_them_where_the_bootstrap_does_not() -> None:
    found = difference_coverage(20)
    assert found["tango"].worst > 0.93
    assert found["tango"].mean > 0.95
    assert found["with half an item"].worst >= 0.95
    assert found["bootstrap"].worst < 0.1


def test_there_are_a_thousand_resamples() -> None:
    assert RESAMPLES == 1000
