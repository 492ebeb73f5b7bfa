"""A difference of two means or calibration errors over the same items, and how far it may be off.

Of means the resamples are studentised (the bootstrap-t, Efron and Tibshirani 1993, chapter 12):
differences of few broken items are skewed, and a percentile bound then passes too often. Of
calibration errors, which have no simple standard error, the percentile bound is widened as t and
the divisor n - 1 widen a mean's (Hesterberg, The American Statistician 2015, 69:371-386).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri, stdtrit

from pytest_safescale.scoring.intervals import SEED, resample_counts
from pytest_safescale.scoring.products import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.measures import Measure

__all__ = ["PairedFigure"]

_NO_WIDTH = 1e-12
_USUAL = 0.95


@dataclass(frozen=True, kw_only=True)
class PairedFigure:
    """A figure now less the same figure before, item by item over the same items."""

    now: Measure
    before: Measure
    sign: int = 1
    """-1 for before less now."""
    seed: int = SEED

    def values(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return the (rows,) differences for (rows, items) weights; NaN where there is none."""
        return np.asarray(self.sign * (self.now.value(weights) - self.before.value(weights)))

    def errors(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return the (rows,) standard errors of the differences; 1 of calibration errors.

        By the delta method, so that means over different cases of the same items have one too.
        """
        if self.now.calibration is not None:
            return np.ones(len(weights))
        sums = product(weights, self._columns)
        n, here, there, both = sums[:, :2].T, sums[:, 2:4].T, sums[:, 4:6].T, sums[:, 6:].T
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = here / n
            own = (there - n * mean**2) / n**2
            together = both[3] - mean[1] * both[1] - mean[0] * both[2] + mean[0] * mean[1] * both[0]
            variance = own[0] + own[1] - 2 * together / (n[0] * n[1])
        return np.asarray(np.sqrt(np.where(variance > _NO_WIDTH**2, variance, 0.0)))

    @cached_property
    def _columns(self) -> NDArray[Any]:
        """(items, 10) what the sums behind a standard error are taken of."""
        over = [self.now.over.astype(np.float64), self.before.over.astype(np.float64)]
        values = [np.where(one > 0, of, 0.0) for one, of in zip(over, self._both, strict=True)]
        shared = over[0] * over[1]
        crossed = [shared, shared * values[0], shared * values[1], values[0] * values[1]]
        return np.stack([*over, *values, *(value**2 for value in values), *crossed], axis=1)

    @property
    def _both(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return self.now.values, self.before.values

    @cached_property
    def point(self) -> float:
        """The difference itself."""
        return float(self.values(self.now.once)[0])

    @cached_property
    def error(self) -> float:
        """Its standard error; 1 of calibration errors."""
        return float(self.errors(self.now.once)[0])

    @cached_property
    def pivots(self) -> NDArray[Any]:
        """Sorted: how far off a resample is, in standard errors, as the truth may be off."""
        weights = resample_counts(self.now.items, seed=self.seed)
        off = self.values(weights) - self.point
        if self.now.calibration is None:
            errors = self.errors(weights)
            # A resample without any spread shows the most that can be missed.
            safe = np.where(errors > 0, errors, 1.0)
            return np.sort(np.where(errors > 0, off / safe, -np.inf)[np.isfinite(off)])
        n = self.now.items
        widened = float(stdtrit(n - 1, _USUAL) / ndtri(_USUAL)) * (n / (n - 1)) ** 0.5
        return np.sort(-off[np.isfinite(off)] * widened)

    @property
    def has_width(self) -> bool:
        """Whether there is an interval at all."""
        known = self.pivots[np.isfinite(self.pivots)]
        return self.error > 0 and len(known) > 1 and float(np.ptp(known)) > _NO_WIDTH

    def p_value(self, values: NDArray[Any], errors: NDArray[Any], margin: float) -> NDArray[Any]:
        """Return the (rows,) one-sided p that a difference is the margin or more."""
        safe = np.where(errors > 0, errors, 1.0)
        off = np.where(errors > 0, (values - margin) / safe, np.inf)
        below = np.searchsorted(self.pivots, off, side="right")
        return np.asarray((below + 1) / (len(self.pivots) + 1))

    def bound(self, confidence: float) -> float:
        """Return the one-sided upper bound: infinite where resamples show none."""
        allowed = int((1 - confidence) * (len(self.pivots) + 1) + 1e-9) - 1
        place = max(allowed, 0)
        return self.point - self.error * float(self.pivots[place])
