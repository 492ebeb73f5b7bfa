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
from pytest_safescale.statistics.clusters import cluster_sums
from pytest_safescale.statistics.intervals import SEED, drawn_weights
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
        sums = product(*self._by_cluster(weights))
        n, here, there, crossed, squared = (sums[:, at : at + 2].T for at in range(0, 10, 2))
        both = sums[:, 10:].T
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = here / n
            of_mean = n * mean**2
            if self.now.codes is not None:
                of_mean = 2 * mean * crossed - squared * mean**2
            own = (there - of_mean) / n**2
            together = both[3] - mean[1] * both[1] - mean[0] * both[2] + mean[0] * mean[1] * both[0]
            variance = own[0] + own[1] - 2 * together / (n[0] * n[1])
        return np.asarray(np.sqrt(np.where(variance > _NO_WIDTH**2, variance, 0.0)))

    def _by_cluster(self, weights: Numbers) -> tuple[Numbers, NDArray[np.float64]]:
        """Return weights and columns of clusters where there are some, else of items."""
        codes = self.now.codes
        if codes is None:
            return weights, _columns(*self._means)
        first = np.unique(codes, return_index=True)[1]
        return weights[:, first], _columns(*self._means, codes=codes)

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
        weights = drawn_weights(self.now.items, codes=self.now.codes, seed=self.seed)
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


def _columns(*means: MeanOfCases, codes: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Return the columns whose weighted sums give a standard error, (items or clusters, 14).

    Of each mean, in pairs: cases, sum, squared sum, cases times sum, squared cases; then, of both
    together: cases times cases, the one sum times the other's cases, the other way round, and the
    sums' product. An item is a cluster of its own where there are no ``codes``.
    """
    cases = np.stack([mean.over.astype(np.float64) for mean in means])
    sums = np.stack([np.where(mean.over, mean.values, 0.0) for mean in means])
    if codes is not None:
        cases, sums = cluster_sums(cases, codes), cluster_sums(sums, codes)
    crossed = [cases[0] * cases[1], sums[0] * cases[1], cases[0] * sums[1], sums[0] * sums[1]]
    return np.stack([*cases, *sums, *sums**2, *(cases * sums), *cases**2, *crossed], axis=1)
