"""A mean of values between 0 and 1, or a difference of two, held by its bound by betting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.gates.criteria.clustered import MAY_EXCLUDE_CASES, OF_ANY_CLUSTER
from pytest_safescale.gates.criteria.criterion import (
    ROUNDING,
    CasesCriterion,
    Evaluation,
    fewest_items,
    furthest,
)
from pytest_safescale.gates.criteria.difference import DifferenceCriterion
from pytest_safescale.statistics.betting import betting_p, lower_mean_bound, upper_mean_bound
from pytest_safescale.statistics.clusters import codes_at

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["BoundedDifferenceCriterion", "BoundedMeanCriterion"]


@dataclass(frozen=True, kw_only=True)
class _BettingCriterion(CasesCriterion):
    """What a mean of values in [0, 1] and a difference of two share.

    A value that is further on the limited side makes the p higher: the completions in which
    everything missing is at its highest, or lowest, are the ends of every other.
    """

    room: float = 0.0
    """By how much a completion must keep the threshold."""

    def unproven(self) -> str:
        """Refuse a bound over cases that completions may exclude."""
        if self.confidence is None:
            return super().unproven()
        if self.codes is not None and Lack.NOT_ASKED in self.measure.lacks:
            return OF_ANY_CLUSTER
        may_exclude = self.measure.has_options
        return MAY_EXCLUDE_CASES if may_exclude else super().unproven()

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it."""
        moved = super().moved(many, worst=worst)
        return replace(moved, room=ROUNDING if worst else -ROUNDING) if many else moved

    @property
    def _cases(self) -> NDArray[np.float64]:
        """(n,) the values of the cases."""
        return np.asarray(self.measure.values, dtype=np.float64)[self.measure.over]

    @property
    def _codes(self) -> NDArray[np.int64] | None:
        """(n,) the clusters of the cases; ``None`` where no two items share one."""
        return codes_at(self.codes, self.measure.over)

    @property
    def clusters(self) -> int | None:
        """Clusters of the cases; ``None`` where no two items share one."""
        return None if self._codes is None else len(np.unique(self._codes))

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the mean and the p of the threshold by betting."""
        given = self.measure.once if weights is None else weights
        value = self.measure.value(given)
        p_value = None
        if self.confidence is not None:
            p_value = self._p(self._cases, given[:, self.measure.over])
        room = self.room if self.at_most else -self.room
        return Evaluation(value=value, holds=self.keeps(value + room), p_value=p_value)

    def _p(self, cases: NDArray[np.float64], weights: Numbers) -> NDArray[np.float64]:
        """Return the p that the mean is beyond the threshold, (rows,)."""
        if self.at_most:
            return betting_p(cases, self.threshold, weights=weights, codes=self._codes)
        limit = 1 - self.threshold
        return betting_p(1 - cases, limit, weights=weights, codes=self._codes)

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items with the same values the bound keeps the threshold."""
        cases = self._cases
        if not self.n or not self.keeps(np.array([cases.mean()]))[0]:
            return None
        if cases.mean() == self.threshold:
            return None

        def decides(items: float) -> bool:
            weights = np.full((1, self.n), items / self.n)
            return bool(self._p(cases, weights)[0] <= 1 - confidence)

        return fewest_items(decides, self.n)


@dataclass(frozen=True, kw_only=True)
class BoundedMeanCriterion(_BettingCriterion):
    """A mean of values in [0, 1] against a number."""

    def bound(self, confidence: float) -> float | None:
        """Return the one-sided bound by betting."""
        side = upper_mean_bound if self.at_most else lower_mean_bound
        return side(self._cases, confidence, codes=self._codes) if self.n else None

    def sentence(self, value: float, bound: float | None) -> str:
        """Return the mean, its cases and its bound."""
        sure = "" if bound is None else f", {self.bound_text(bound)} by betting"
        return f"{value:.4g} over {self.n} cases{self.over_clusters()}{sure}"

    def against_it(self) -> list[str]:
        """Return the items furthest on the wrong side of the threshold."""
        sign = -1 if self.at_most else 1
        return furthest(self.measure, sign * self.measure.of_each(), sign * self.threshold)


@dataclass(frozen=True, kw_only=True)
class BoundedDifferenceCriterion(DifferenceCriterion, _BettingCriterion):
    """A difference of two means of values in [0, 1], item by item: (d + 1) / 2 is such a value."""

    def _p(self, cases: NDArray[np.float64], weights: Numbers) -> NDArray[np.float64]:
        """Return the p that the difference is the margin or more, (rows,)."""
        moved, margin = (cases + 1) / 2, (self.threshold + 1) / 2
        return betting_p(moved, margin, weights=weights, codes=self._codes)

    def bound(self, confidence: float) -> float | None:
        """Return the upper bound of the difference by betting."""
        if not self.n:
            return None
        moved = (self._cases + 1) / 2
        return 2 * upper_mean_bound(moved, confidence, codes=self._codes) - 1

    def bound_text(self, bound: float) -> str:
        """Return a bound in words."""
        return f"{super().bound_text(bound)} by betting"

    def against_it(self) -> list[str]:
        """Return the items that moved furthest to the limited side."""
        return furthest(self.measure, -self.measure.of_each(), 0.0)
