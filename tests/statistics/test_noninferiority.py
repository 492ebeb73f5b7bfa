"""The paired bound: never at the difference itself, and never too often below the truth."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_safescale.statistics.noninferiority import difference_bound, difference_p
from pytest_safescale.statistics.paired import tango_interval


@pytest.mark.parametrize(
    ("more", "less", "n", "low", "high"),
    [
        (0, 0, 200, 0.0179, 0.0180),
        (10, 2, 200, 0.0762, 0.0763),
        (60, 0, 60, 1.0, 1.0),
    ],
)
def test_bounds(more: int, less: int, n: int, low: float, high: float) -> None:
    assert low <= difference_bound(more, less, n, 0.95) <= high


def test_no_change_leaves_room_that_shrinks_with_the_items() -> None:
    # Without change the score is (0.5 - n d) / sqrt(n d (1 - d)): at -1.645 its root for n d.
    bounds = [difference_bound(0, 0, n, 0.95) for n in (60, 200, 1000)]
    assert bounds == sorted(bounds, reverse=True)
    for n, bound in zip((60, 200, 1000), bounds, strict=True):
        score = (0.5 - n * bound) / np.sqrt(n * bound * (1 - bound))
        assert score == pytest.approx(-1.6449, abs=1e-3)


def test_p_and_bound_say_the_same() -> None:
    for more, less, n in [(0, 0, 60), (3, 1, 60), (12, 12, 200), (5, 40, 200)]:
        bound = difference_bound(more, less, n, 0.95)
        assert difference_p(more, less, n, bound + 1e-6) <= 0.05
        assert difference_p(more, less, n, bound - 1e-6) > 0.05
        assert bound > (more - less) / n


def test_more_of_what_is_limited_never_lowers_the_p() -> None:
    p_values = difference_p(np.arange(20), 4, 200, 0.05)
    assert (np.diff(p_values) > 0).all()


def test_a_margin_of_nothing_is_not_kept_by_no_change() -> None:
    assert difference_p(0, 0, 200, 0.0) == 1.0
    assert difference_p(0, 30, 200, 0.0) < 0.001


def test_without_correction_it_is_tangos_score() -> None:
    # n = 100, margin 0.1, nothing changed back: x = 5 of Binomial(100, 0.1): (5 - 10) / 3 = -1.667.
    assert difference_p(5, 0, 100, 0.1, correction=0.0) == pytest.approx(0.0478, abs=1e-4)
    # With half an item: (5.5 - 10) / 3 = -1.5.
    assert difference_p(5, 0, 100, 0.1) == pytest.approx(0.0668, abs=1e-4)


def test_tangos_interval_is_where_the_score_is_at_the_normal_quantile() -> None:
    # b = 4, c = 0 of 200 (a McNemar p of 0.125): without items that move back the score at a
    # difference d is (4 - 200 d) / sqrt(200 d (1 - d)), -1.96 at 200 d = 10.06.
    low, high = tango_interval(4, 0, 200)
    score = (4 - 200 * high) / np.sqrt(200 * high * (1 - high))
    assert score == pytest.approx(-1.959964, abs=1e-4)
    assert (low, high) == (pytest.approx(0.00078, abs=1e-5), pytest.approx(0.05029, abs=1e-5))
    # No change at all still leaves z^2 / (n + z^2) possible on either side.
    width = 1.959964**2 / (200 + 1.959964**2)
    assert tango_interval(0, 0, 200) == (pytest.approx(-width), pytest.approx(width))
    # It is as far above as it is below once the sides are changed.
    other = tango_interval(0, 4, 200)
    assert other == (pytest.approx(-high), pytest.approx(-low))


def test_the_bound_of_a_difference_rises_with_every_item_that_moves_to_the_limited_side() -> None:
    # That is why the completion with each item at its worst is the worst of all.
    for n in (1, 2, 3, 5, 8, 13, 21, 40, 80):
        more, less = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        for margin in (0.0, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9):
            p = np.where(more + less <= n, difference_p(more, less, n, margin), np.nan)
            rises = (p[1:] >= p[:-1] - 1e-12) | (np.minimum(p[1:], p[:-1]) > 0.9)
            falls = p[:, 1:] <= p[:, :-1] + 1e-12
            assert (rises | np.isnan(p[1:])).all()
            assert (falls | np.isnan(p[:, 1:])).all()
