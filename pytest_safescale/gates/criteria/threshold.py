"""``max`` and ``min``: a figure held against a number; and each criterion on a share of items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, bdtrc, betainc, betaincc

from pytest_safescale.gates.criteria.clustered import ClusteredCriterion
from pytest_safescale.gates.criteria.criterion import (
    ROUNDING,
    Criterion,
    Evaluation,
    Missing,
    fewest_items,
    first_places,
    furthest,
    missing_of,
)
from pytest_safescale.statistics.clusters import RATE_ENDS, at_effective_size
from pytest_safescale.statistics.intervals import lower_bound, upper_bound
from pytest_safescale.statistics.prediction import chance_of_counts, posterior_within

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.gates.measures import Measure
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["RateCriterion", "ValueCriterion"]


@dataclass(frozen=True, kw_only=True)
class ValueCriterion(Criterion):
    """Any figure, by its value."""

    value_counted: float
    """As it stands in the metrics."""
    cases: int
    measure: Measure | None = None
    """What it is made of; ``None`` where that is not known."""
    room: float = 0.0
    """By how much a completion must keep the threshold."""

    @property
    def n(self) -> int:
        """Cases of the figure."""
        return self.cases

    @property
    def items(self) -> int:
        """Items that were asked in the cell."""
        return self.measure.items if self.measure is not None else 0

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return None if self.measure is None else self.measure.codes

    @property
    def missing(self) -> list[Missing]:
        """The cases that completions can make something else of."""
        return missing_of(self.measure) if self.measure is not None else []

    @property
    def always_there(self) -> bool:
        """Whether the value is taken over some case in every completion."""
        return self.measure is None or self.measure.always_there

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it."""
        if self.measure is None or not many:
            return self
        high = worst == self.at_most
        measure = self.measure.moved(first_places(self.measure, many, high=high), high=high)
        value = float(measure.value(measure.once)[0])
        room = ROUNDING if worst else -ROUNDING
        return replace(self, measure=measure, value_counted=value, cases=measure.n, room=room)

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the figure, of resamples where weights are given."""
        value = np.array([self.value_counted])
        if weights is not None and self.measure is not None:
            value = self.measure.value(weights)
        room = self.room if self.at_most else -self.room
        return Evaluation(value=value, holds=self.keeps(value + room))

    def sentence(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return the value and its cases."""
        return f"{value:.4g} over {self.n} cases"

    def against_it(self) -> list[str]:
        """Return the items furthest on the wrong side of the threshold."""
        if self.measure is None:
            return []
        sign = -1 if self.at_most else 1
        return furthest(self.measure, sign * self.measure.of_each(), sign * self.threshold)


@dataclass(frozen=True, kw_only=True)
class RateCriterion(ClusteredCriterion):
    """A share of cases, by its value or its exact one-sided bound (Clopper-Pearson).

    One more case that counts raises rate and bound, one more that does not lowers both: the
    completions in which all that is missing counts, or does not, are the ends of every other.
    """

    ends = RATE_ENDS
    worst: NDArray[np.float64] | None = None
    """(items,) which order to name items in, lowest first; as they stand where not given."""

    @property
    def count(self) -> int:
        """Cases that count."""
        return int((self.measure.values.astype(bool) & self.measure.over).sum())

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the rate and the exact binomial p of the threshold."""
        given = self.measure.once if weights is None else weights
        counts, n = self.measure.sums(given)
        value = np.divide(counts, n, out=np.full_like(counts, np.nan), where=n > 0)
        p_value = None
        if self.confidence is not None and self.measure.codes is None:
            p_value = self._p(counts, n)
        elif self.confidence is not None:
            p_value = self._p_of(*at_effective_size(counts, n, self.effective(given)))
        return Evaluation(value=value, holds=self.keeps(value), p_value=p_value)

    def _p(self, counts: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how likely so good a count is where the rate is at the threshold."""
        limit, whole = self.threshold, n.astype(np.int64)
        if limit >= 1 if self.at_most else limit <= 0:
            return np.zeros_like(counts)  # no rate is beyond it
        if self.at_most:
            tail = bdtr(counts, np.maximum(whole, 1), limit)
        else:
            tail = np.where(counts > 0, bdtrc(counts - 1, np.maximum(whole, 1), limit), 1.0)
        return np.where(n > 0, tail, 1.0)

    def _p_of(self, counts: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same of effective samples, whose counts are no whole numbers."""
        limit = self.threshold
        if limit >= 1 if self.at_most else limit <= 0:
            return np.zeros_like(counts)
        more, less = counts, n - counts
        if self.at_most:
            tail = np.where(less > 0, betaincc(more + 1, np.where(less > 0, less, 1), limit), 1.0)
        else:
            tail = np.where(more > 0, betainc(np.where(more > 0, more, 1), less + 1, limit), 1.0)
        return np.where(n > 0, tail, 1.0)

    def bound(self, confidence: float) -> float | None:
        """Return the exact one-sided bound."""
        if not self.n:
            return None
        return self._bound_of(*self._effective_counts(self.n), confidence)

    def _effective_counts(self, n: float) -> tuple[float, float]:
        """Return count and cases that so many like these are worth."""
        size = self.effective_n
        if size is None:
            return (self.count if n == self.n else self.count / self.n * n), n
        count, cases = at_effective_size(self.count, self.n, size)
        return float(count) * n / self.n, float(cases) * n / self.n

    def _bound_of(self, count: float, n: float, confidence: float) -> float:
        side = upper_bound if self.at_most else lower_bound
        if not self.at_most and 0 < count < 1:
            return 0.0  # a fraction of a case shows nothing
        return float(side(count, n, confidence))

    def items_needed(self, confidence: float) -> int | None:
        """Return at how many items the bound of the same rate keeps the threshold."""
        rate, limit = self.count / self.n, self.threshold
        if rate == limit:
            return None
        return fewest_items(
            lambda n: self._keeps_one(self._bound_of(*self._effective_counts(n), confidence)),
            self.n,
        )

    def repeat_pass(self, alpha: float) -> float | None:
        """Return the chance that a new run of as many cases passes (``prediction``)."""
        if not self.n or self.measure.codes is not None:
            return None
        counts = np.arange(self.n + 1.0)
        passes = self.keeps(counts / self.n)
        if self.confidence is not None:
            passes &= self._p(counts, np.full_like(counts, self.n)) <= alpha
        return chance_of_counts(self.count, self.n, passes)

    def posterior(self) -> float | None:
        """Return the chance, given the data, that the rate keeps the threshold."""
        if not self.n or self.measure.codes is not None:
            return None
        low, high = (0.0, self.threshold) if self.at_most else (self.threshold, 1.0)
        return posterior_within(self.count, self.n, low, high)

    def _keeps_one(self, bound: float) -> bool:
        return bound <= self.threshold if self.at_most else bound >= self.threshold

    def sentence(self, value: float, bound: float | None) -> str:
        """Return rate, cases and bound."""
        sure = "" if bound is None else f", {self.bound_text(bound)}"
        return f"{value:.4g} over {self.n} cases{self.over_clusters()}{sure}"

    def against_it(self) -> list[str]:
        """Return the items that have what is limited, or lack what is demanded."""
        if not self.measure.ids:
            return []
        bad = self.measure.values.astype(bool) == self.at_most
        places = np.flatnonzero(self.measure.over & bad)
        if self.worst is not None:
            places = places[np.argsort(self.worst[places], kind="stable")]
        return [self.measure.ids[place] for place in places]
