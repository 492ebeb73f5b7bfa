"""A difference of two figures over the same items, and of two means its one-sided bound.

Definitions: docs/metrics.md, "Difference of two means".

The resamples are studentised (the bootstrap-t, Efron and Tibshirani 1993, chapter 12): differences
of few broken items are skewed, and a percentile bound then passes too often. Calibration errors
have no bound: their bias by noise hides a rise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.gates.measures import MeanOfCases
from pytest_safescale.statistics.intervals import SEED, resample_counts
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.measures import Measure
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["PairedDifference"]

_NO_WIDTH = 1e-12


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """A figure now less the same figure before, item by item over the same items."""

    now: Measure
    before: Measure
    sign: int = 1
    """-1 for before less now."""
    seed: int = SEED

    def values(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the differences, (rows,), float64; NaN where a figure does not exist.

        ``weights`` is (rows, items): how often each item counts in a row.
        """
        return np.asarray(self.sign * (self.now.value(weights) - self.before.value(weights)))

    def errors(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the standard errors of the differences, (rows,), float64.

        ``weights`` is (rows, items). By the delta method, so that means over different cases of
        the same items have one too. 0 where there is no spread.
        """
        sums = product(weights, _columns(*self._means))
        n, here, there, both = sums[:, :2].T, sums[:, 2:4].T, sums[:, 4:6].T, sums[:, 6:].T
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = here / n
            own = (there - n * mean**2) / n**2
            together = both[3] - mean[1] * both[1] - mean[0] * both[2] + mean[0] * mean[1] * both[0]
            variance = own[0] + own[1] - 2 * together / (n[0] * n[1])
        return np.asarray(np.sqrt(np.where(variance > _NO_WIDTH**2, variance, 0.0)))

    @property
    def _means(self) -> tuple[MeanOfCases, MeanOfCases]:
        """Both figures: confidence is refused with what is no mean."""
        assert isinstance(self.now, MeanOfCases)
        assert isinstance(self.before, MeanOfCases)
        return self.now, self.before

    @cached_property
    def point(self) -> float:
        """The difference as counted, in units of the metric."""
        return float(self.values(self.now.once)[0])

    @cached_property
    def error(self) -> float:
        """Standard error of the difference, in units of the metric."""
        return float(self.errors(self.now.once)[0])

    @cached_property
    def deviations(self) -> NDArray[np.float64]:
        """Standardised bootstrap deviations, sorted ascending, (resamples,), float64.

        (d* - d) / se*, d the difference; -inf for a resample without spread. Resamples without a
        difference are excluded.
        """
        weights = resample_counts(self.now.items, seed=self.seed)
        off = self.values(weights) - self.point
        errors = self.errors(weights)
        # A resample without any spread shows the most that can be missed.
        safe = np.where(errors > 0, errors, 1.0)
        return np.sort(np.where(errors > 0, off / safe, -np.inf)[np.isfinite(off)])

    @property
    def has_width(self) -> bool:
        """Whether there is an interval at all."""
        known = self.deviations[np.isfinite(self.deviations)]
        return self.error > 0 and len(known) > 1 and float(np.ptp(known)) > _NO_WIDTH

    def p_value(
        self, values: NDArray[np.float64], errors: NDArray[np.float64], margin: float
    ) -> NDArray[np.float64]:
        """Return the one-sided p that each difference is ``margin`` or more, (rows,), float64.

        ``values`` and ``errors`` are (rows,), differences and their standard errors.
        """
        safe = np.where(errors > 0, errors, 1.0)
        off = np.where(errors > 0, (values - margin) / safe, np.inf)
        below = np.searchsorted(self.deviations, off, side="right")
        return np.asarray((below + 1) / (len(self.deviations) + 1))

    def bound(self, confidence: float) -> float:
        """Return the one-sided upper bound of a difference; infinite where resamples show none."""
        allowed = int((1 - confidence) * (len(self.deviations) + 1) + 1e-9) - 1
        place = max(allowed, 0)
        return self.point - self.error * float(self.deviations[place])


def _columns(*means: MeanOfCases) -> NDArray[np.float64]:
    """Return the columns whose weighted sums give a standard error, (items, 10), float64.

    Each of both means: case or not, value, squared value; then, of the items that are cases of
    both: 1, the one value, the other value, and their product.
    """
    over = [mean.over.astype(np.float64) for mean in means]
    values = [np.where(mean.over, mean.values, 0.0) for mean in means]
    shared = over[0] * over[1]
    crossed = [shared, shared * values[0], shared * values[1], values[0] * values[1]]
    return np.stack([*over, *values, *(value**2 for value in values), *crossed], axis=1)
