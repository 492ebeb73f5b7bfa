"""The debiased squared error, and what calibrated answers show of it and of the entropy's error."""

from __future__ import annotations

import math
from itertools import product as every
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_safescale.statistics.calibration import calibration_errors, squared_error
from pytest_safescale.statistics.consistency import CalibratedRuns, band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def error(shares: Sequence[float], right: Sequence[int]) -> float:
    over = np.ones(len(shares), dtype=bool)
    return float(squared_error(np.array(shares), np.array(right, dtype=bool), over))


def test_the_squared_error_is_the_mean_product_of_two_cases_gaps() -> None:
    # One bin: gaps 0.75 - 1, 0.75 - 0, 0.75 - 1: pairs -0.1875, 0.0625, -0.1875.
    assert error([0.75] * 3, [1, 0, 1]) == pytest.approx((-0.1875 + 0.0625 - 0.1875) / 3)
    # A second bin of two wrong ones at 0.5: 0.25, weighted by 2 of 5 cases; one alone is left out.
    shares, right = [0.75, 0.75, 0.75, 0.5, 0.5, 0.95], [1, 0, 1, 0, 0, 1]
    assert error(shares, right) == pytest.approx((3 * -0.3125 / 3 + 2 * 0.25) / 5)
    assert math.isnan(error([0.75, 0.5], [1, 1]))


def _expected(shares: Sequence[float], chances: Sequence[float]) -> float:
    """The mean of the error over every outcome of cases that are right with these chances."""
    total = 0.0
    for right in every((0, 1), repeat=len(shares)):
        chance = math.prod(p if y else 1 - p for p, y in zip(chances, right, strict=True))
        total += chance * error(shares, right)
    return total


def test_chance_does_not_raise_it() -> None:
    shares = [0.9, 0.95, 1.0, 0.75, 0.7, 0.75]
    assert _expected(shares, shares) == pytest.approx(0.0, abs=1e-12)
    # Ten points too sure everywhere: the square of ten points.
    less = [share - 0.1 for share in shares]
    assert _expected(shares, less) == pytest.approx(0.01)


def _entropy_confidence(share: float) -> float:
    """Of a split between two answers, with four options and NULL."""
    parts = [p for p in (share, 1 - share) if p]
    return 1 + sum(p * math.log(p) for p in parts) / math.log(5)


def _calibrated(copies: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cases of 20 samples, 11 to 20 alike, of which exactly that share is right."""
    shares = np.repeat(np.arange(11, 21) / 20, 20 * copies)
    right = np.concatenate([np.arange(20 * copies) < alike * copies for alike in range(11, 21)])
    return shares, right


def test_the_entropy_of_calibrated_samples_looks_badly_calibrated_and_the_share_does_not() -> None:
    shares, right = _calibrated(50)
    over = np.ones(len(shares), dtype=bool)
    entropy = np.array([_entropy_confidence(share) for share in shares])
    assert float(calibration_errors(entropy, right, over)[0]) > 0.06
    assert float(squared_error(shares, right, over)) == pytest.approx(0.0, abs=1e-4)


def test_a_band_holds_what_calibrated_cases_show_on_average() -> None:
    shares = np.repeat([0.6, 0.8, 1.0], 40)
    runs = CalibratedRuns(shares, seed=7)
    # The mean of (a - y)^2 is a (1 - a).
    assert runs.brier_scores.mean() == pytest.approx((0.24 + 0.16 + 0.0) / 3, abs=0.002)
    assert runs.squared_errors.mean() == pytest.approx(0.0, abs=5e-4)
    low, high = band(runs.squared_errors)
    assert low is not None
    assert high is not None
    assert low < 0 < high
    # 0.5 where all of 40 cases at 0.6 are wrong in its bin: far outside.
    assert error([0.6] * 40, [0] * 40) > high
    assert np.isnan(runs.accuracies[:, 0]).all()
    assert runs.accuracies[:, 6].mean() == pytest.approx(0.6, abs=0.01)
    assert (runs.accuracies[:, 9] == 1.0).all()


def test_the_seed_makes_the_band() -> None:
    shares = np.repeat([0.6, 0.8], 20)
    one, same, other = (CalibratedRuns(shares, seed).squared_errors for seed in (1, 1, 2))
    assert (one == same).all()
    assert not (one == other).all()


def test_cases_without_a_pair_in_a_bin_have_no_band() -> None:
    assert band(CalibratedRuns(np.array([0.5, 0.95])).squared_errors) == (None, None)
