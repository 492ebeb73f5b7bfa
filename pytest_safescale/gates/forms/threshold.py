"""``max`` and ``min``: a figure held against a number; and every form that is a share of items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import bdtr, bdtrc

from pytest_safescale.gates.forms.form import Form, Reading, fewest_items
from pytest_safescale.scoring.intervals import lower_bound, upper_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.gates.measures import Measure

__all__ = ["FigureForm", "RateForm"]


@dataclass(frozen=True, kw_only=True)
class FigureForm(Form):
    """Any figure, by its value."""

    figure: float
    """As it stands in the metrics."""
    cases: int
    measure: Measure | None = None
    """What it is made of; ``None`` where that is not known."""

    @property
    def n(self) -> int:
        """Cases of the figure."""
        return self.cases

    @property
    def items(self) -> int:
        """Items that were asked in the cell."""
        return self.measure.items if self.measure is not None else 0

    def read(self, weights: NDArray[Any] | None = None) -> Reading:
        """Return the figure, of resamples where weights are given."""
        value = np.array([self.figure])
        if weights is not None and self.measure is not None:
            value = self.measure.value(weights)
        return Reading(value=value, holds=self.keeps(value))

    def told(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return the value and its cases."""
        return f"{value:.4g} over {self.n} cases"

    def against_it(self) -> list[str]:
        """Return the items furthest on the wrong side of the threshold."""
        if self.measure is None or not self.measure.ids:
            return []
        each, sign = self.measure.of_each(), -1 if self.at_most else 1
        places = np.flatnonzero(self.measure.counted & (sign * each < sign * self.threshold))
        order = places[np.argsort(sign * each[places], kind="stable")]
        return [self.measure.ids[place] for place in order]


@dataclass(frozen=True, kw_only=True)
class RateForm(Form):
    """A share of cases, by its value or its exact one-sided bound (Clopper-Pearson)."""

    measure: Measure
    """Its values are 0 or 1."""
    worst: NDArray[Any] | None = None
    """(items,) which order to name items in, lowest first; as they stand where not given."""

    @property
    def n(self) -> int:
        """Cases of the rate."""
        return self.measure.n

    @property
    def items(self) -> int:
        """Items that were asked in the cell."""
        return self.measure.items

    @property
    def count(self) -> int:
        """Cases that count."""
        return int((self.measure.values.astype(bool) & self.measure.over).sum())

    def with_more(self, cases: int, *, counting: bool) -> Self:
        """Return the form with further cases, all of which count or none."""
        measure = replace(
            self.measure,
            ids=(),
            values=np.append(self.measure.values, np.full(cases, counting)),
            over=np.append(self.measure.over, np.ones(cases, dtype=bool)),
        )
        return replace(self, measure=measure, worst=None)

    def read(self, weights: NDArray[Any] | None = None) -> Reading:
        """Return the rate and the exact binomial p of the threshold."""
        counts, n = self.measure.sums(self.measure.once if weights is None else weights)
        value = np.divide(counts, n, out=np.full_like(counts, np.nan), where=n > 0)
        p_value = None if self.confidence is None else self._p(counts, n)
        return Reading(value=value, holds=self.keeps(value), p_value=p_value)

    def _p(self, counts: NDArray[Any], n: NDArray[Any]) -> NDArray[Any]:
        """Return how likely so good a count is where the rate is at the threshold."""
        limit, whole = self.threshold, n.astype(np.int64)
        if limit >= 1 if self.at_most else limit <= 0:
            return np.zeros_like(counts)  # no rate is beyond it
        if self.at_most:
            tail = bdtr(counts, np.maximum(whole, 1), limit)
        else:
            tail = np.where(counts > 0, bdtrc(counts - 1, np.maximum(whole, 1), limit), 1.0)
        return np.where(n > 0, tail, 1.0)

    def bound(self, confidence: float) -> float | None:
        """Return the exact one-sided bound."""
        return self._bound_of(self.count, self.n, confidence) if self.n else None

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
            lambda n: self._keeps_one(self._bound_of(rate * n, n, confidence)), self.n
        )

    def _keeps_one(self, bound: float) -> bool:
        return bound <= self.threshold if self.at_most else bound >= self.threshold

    def told(self, value: float, bound: float | None) -> str:
        """Return rate, cases and bound."""
        side = "upper" if self.at_most else "lower"
        sure = "" if bound is None else f", {side} bound {bound:.4g}"
        return f"{value:.4g} over {self.n} cases{sure}"

    def against_it(self) -> list[str]:
        """Return the items that have what is limited, or lack what is demanded."""
        if not self.measure.ids:
            return []
        bad = self.measure.values.astype(bool) == self.at_most
        places = np.flatnonzero(self.measure.over & bad)
        if self.worst is not None:
            places = places[np.argsort(self.worst[places], kind="stable")]
        return [self.measure.ids[place] for place in places]
