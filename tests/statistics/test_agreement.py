"""Agreement of raters, against worked examples of the sources."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_safescale.statistics.agreement import fleiss_kappa, krippendorff_alpha

# Krippendorff (2011), section B: two observers, ten units, two values.
JON = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0)
HAN = (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
# Section C to E: four observers, twelve units, five values, some missing.
FOUR = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
# Ten subjects, fourteen raters, five values: kappa 0.210.
FOURTEEN = (
    *((0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1)),
    *((7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7)),
)


def counted(raters: tuple[tuple[int | None, ...], ...], values: range) -> np.ndarray:
    return np.array([[unit.count(value) for value in values] for unit in zip(*raters, strict=True)])


def test_alpha_of_two_raters_is_that_of_the_published_example() -> None:
    found = krippendorff_alpha(counted((JON, HAN), range(2)), np.arange(10))
    # Four units differ; of twenty ratings fourteen are 0 and six 1.
    assert found.value == pytest.approx(1 - 19 * 4 / 84)
    assert found.value == pytest.approx(0.095, abs=0.0005)
    assert found.units == 10


def test_alpha_with_missing_ratings_is_that_of_the_published_example() -> None:
    found = krippendorff_alpha(counted(FOUR, range(1, 6)), np.arange(12))
    assert found.value is not None
    assert round(found.value, 3) == 0.743
    assert found.units == 11  # the twelfth was rated once


def test_the_interval_resamples_items_with_all_their_options() -> None:
    counts = counted((JON, HAN), range(2))
    alone = krippendorff_alpha(counts, np.arange(10))
    pairs = krippendorff_alpha(counts, np.repeat(np.arange(5), 2))
    assert alone.value == pairs.value
    assert (alone.low, alone.high) != (pairs.low, pairs.high)
    assert alone.low is not None
    assert alone.high is not None
    assert alone.low < 0.095 < alone.high
    assert alone == krippendorff_alpha(counts, np.arange(10))
    assert alone != krippendorff_alpha(counts, np.arange(10), seed=7)
    # Of two items one is agreed on and one is not: at worst the second was drawn twice.
    both = krippendorff_alpha(np.array([[2, 0], [0, 2], [1, 1], [1, 1]]), np.array([0, 0, 1, 1]))
    assert both.low == pytest.approx(1 - 7 * 4 / 16)
    assert both.high == 1.0


def test_kappa_is_that_of_the_published_example() -> None:
    pytest.importorskip("statsmodels")
    found = fleiss_kappa(np.array(FOURTEEN), np.arange(10))
    assert found.value is not None
    assert round(found.value, 3) == 0.210
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.210 < found.high
    assert found == fleiss_kappa(np.array(FOURTEEN), np.arange(10))


def test_kappa_counts_units_alone_that_all_rated() -> None:
    pytest.importorskip("statsmodels")
    # Observed (1 + 1 + 1/3) / 3, expected 4/9 squared and 5/9 squared.
    counts = np.array([[3, 0], [0, 3], [1, 2], [2, 0], [0, 1]])
    found = fleiss_kappa(counts, np.arange(5))
    chance = (4 / 9) ** 2 + (5 / 9) ** 2
    assert found.value == pytest.approx((7 / 9 - chance) / (1 - chance))
    assert found.units == 3


@pytest.mark.parametrize("counts", [[[3, 0]] * 4, [[1, 0], [0, 1]], []])
def test_where_it_does_not_exist_there_is_none(counts: list[list[int]]) -> None:
    table = np.array(counts, dtype=int).reshape(-1, 2)
    for coefficient in (krippendorff_alpha, fleiss_kappa):
        if coefficient is fleiss_kappa:
            pytest.importorskip("statsmodels")
        found = coefficient(table, np.arange(len(table)))
        assert found[:3] == (None, None, None)


def test_one_item_has_no_interval() -> None:
    found = krippendorff_alpha(np.array([[2, 0], [1, 1]]), np.array([0, 0]))
    assert found.value is not None
    assert (found.low, found.high) == (None, None)
