"""What a perfectly calibrated model would show with the shares that were seen.

Definition: docs/metrics.md, "Calibration of the agreement". Source: Broecker and Smith, Weather and
Forecasting 2007, 22:651-661, of whose consistency bars these are a form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.calibration import BINS, bins_of, squared_error_of_bins
from pytest_safescale.statistics.intervals import RESAMPLES, SEED
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CalibratedRuns", "band"]


@dataclass(frozen=True)
class CalibratedRuns:
    """Runs in which each case is right with the chance that is its confidence."""

    confidence: NDArray[np.float64]
    """(cases,) float64 in [0, 1], at least one."""
    seed: int = SEED

    @cached_property
    def _levels(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The different confidences, (levels,), and how many cases have each."""
        return np.unique(self.confidence, return_counts=True)

    @cached_property
    def _right(self) -> NDArray[np.int64]:
        """(runs, levels) correct cases, binomial."""
        levels, cases = self._levels
        # Level by level: numpy prepares each binomial once.
        drawn = np.random.default_rng(self.seed).binomial(
            cases[:, None], levels[:, None], size=(len(levels), RESAMPLES)
        )
        return np.asarray(drawn.T)

    @cached_property
    def _squares(self) -> NDArray[np.float64]:
        """(runs, levels) sums of squared gaps of confidence and correctness."""
        levels, cases = self._levels
        return np.asarray(cases * levels**2 + self._right * (1 - 2 * levels))

    @cached_property
    def _member(self) -> NDArray[np.float64]:
        """(levels, 10) of 0 and 1, the bin of each level."""
        member = bins_of(self._levels[0])[:, None] == np.arange(BINS)
        return np.asarray(member, dtype=np.float64)

    @property
    def brier_scores(self) -> NDArray[np.float64]:
        """(runs,) float64."""
        return np.asarray(self._squares.sum(axis=1) / len(self.confidence))

    @property
    def squared_errors(self) -> NDArray[np.float64]:
        """(runs,) float64, debiased; NaN where no bin holds two cases."""
        levels, cases = self._levels
        gaps = product(cases * levels - self._right, self._member)
        sizes = product(cases[None], self._member)[0]
        squares = product(self._squares, self._member)
        return squared_error_of_bins(gaps, squares, sizes, sizes)

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """(runs, 10) float64, of each bin; NaN in one without a case."""
        sizes = product(self._levels[1][None], self._member)[0]
        right = product(self._right, self._member)
        return np.asarray(np.where(sizes > 0, right / np.maximum(sizes, 1), np.nan))


def band(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the 2.5th and the 97.5th percentile of (runs,) figures; ``None`` where one is NaN."""
    low, high = np.percentile(values, [2.5, 97.5])
    return (None, None) if np.isnan(low) or np.isnan(high) else (float(low), float(high))
