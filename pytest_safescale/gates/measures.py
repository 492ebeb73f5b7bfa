"""A figure as a function of how often each item counts, and of what its missing replies had been.

Definitions: docs/metrics.md, "Missing replies". Arrays of items are in the order of ``ids``; values
are in units of the metric, float64 unless a rate's, which may be bool.

Replies that failed, could not be read, or were not asked for are missing. A *completion* gives each
of them an answer it could have had. A measure holds every item as it is counted and the ends of
what completions can make of it, so that the highest and the lowest figure of all completions are
measures again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.completion_ranges import Lack, Span, span_of_unasked
from pytest_safescale.statistics.clusters import codes_at
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["MeanOfCases", "Measure", "difference_of", "newly"]


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """One metric in one cell, item by item."""

    ids: tuple[str, ...]
    """The items that were to be asked there, ``""`` for one of which only that is known; empty
    where it is not known which they are."""
    lacks: tuple[Lack | None, ...] = ()
    """What is missing of each item; empty where nothing is."""
    codes: NDArray[np.int64] | None = None
    """(items,) number of each item's cluster; ``None`` where no two share one."""

    @property
    @abstractmethod
    def items(self) -> int:
        """How many items there are to resample."""

    @property
    @abstractmethod
    def counted(self) -> NDArray[np.bool_]:
        """(items,) bool, which items are cases of the metric as it is counted."""

    @property
    @abstractmethod
    def open(self) -> NDArray[np.bool_]:
        """(items,) bool, which items completions can make something else of."""

    @property
    @abstractmethod
    def always_there(self) -> bool:
        """Whether the figure is taken over some case in every completion."""

    @abstractmethod
    def at(self, ids: Sequence[str]) -> Self:
        """Return the measure of these items alone, in this order; KeyError for a stranger."""

    @abstractmethod
    def value(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the figures, (rows,), float64, for (rows, items) weights; NaN over no cases."""

    @abstractmethod
    def of_each(self) -> NDArray[np.float64]:
        """Return what each item adds to the figure, (items,), float64."""

    @abstractmethod
    def moved(self, places: NDArray[np.int64], *, high: bool) -> Self:
        """Return the measure with what is missing at these places as it makes the figure highest.

        Or lowest. The other items are as they are counted.
        """

    @abstractmethod
    def effects(self, *, high: bool) -> NDArray[np.float64]:
        """Return about how far each open item can move the figure that way, (items,), float64."""

    @abstractmethod
    def with_unasked(self, metric: str, ids: Sequence[str]) -> Self:
        """Return the measure with cases of these items that were not asked."""

    @property
    def n(self) -> int:
        """Cases of the metric."""
        return int(self.counted.sum())

    @property
    def once(self) -> NDArray[np.float64]:
        """(1, items) of ones, float64: every item once."""
        return np.ones((1, self.items))

    def completed(self, *, high: bool) -> Self:
        """Return the completion with the highest, or lowest, figure."""
        return self.moved(np.flatnonzero(self.open), high=high)

    def lack(self, place: int) -> Lack | None:
        """Return what is missing of an item."""
        return self.lacks[place] if self.lacks else None

    def _lacks_and(self, unasked: int) -> tuple[Lack | None, ...]:
        lacks = self.lacks or (None,) * self.items
        return (*lacks, *(Lack.NOT_ASKED,) * unasked)

    def _lacks_at(self, places: Sequence[int]) -> tuple[Lack | None, ...]:
        return tuple(self.lacks[place] for place in places) if self.lacks else ()


@dataclass(frozen=True, kw_only=True)
class MeanOfCases(Measure):
    """A mean over cases; of a rate every value is 0 or 1."""

    values: Numbers
    """(items,) as counted; they mean something only where ``over`` holds."""
    over: NDArray[np.bool_]
    """(items,) bool, which items the metric is taken over, as counted."""
    span: Span | None = None
    """What completions can make of the items; ``None`` where nothing is missing."""
    limit: float | None = None
    """The figure itself, infinite, where something missing could have had any value."""

    @property
    def items(self) -> int:
        """How many items there are to resample."""
        return len(self.values)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(items,) bool, which items are cases of the metric as it is counted."""
        return self.over

    @property
    def open(self) -> NDArray[np.bool_]:
        """(items,) bool, which items completions can make something else of."""
        span, over = self.span, self.over
        if span is None:
            return np.zeros(self.items, dtype=bool)
        other = (span.low != self.values) | (span.high != self.values)
        return np.asarray((span.may != span.must) | (span.must != over) | (span.may & other))

    @property
    def always_there(self) -> bool:
        """Whether the figure is taken over some case in every completion."""
        return bool((self.over if self.span is None else self.span.must).any())

    @property
    def has_options(self) -> bool:
        """Whether completions differ in which items are cases."""
        return self.span is not None and bool((self.span.may != self.span.must).any())

    def at(self, ids: Sequence[str]) -> Self:
        """Return the measure of these items alone, in this order; KeyError for a stranger."""
        places = {name: place for place, name in enumerate(self.ids)}
        at = [places[name] for name in ids]
        return replace(
            self,
            ids=tuple(ids),
            values=self.values[at],
            over=self.over[at],
            span=None if self.span is None else self.span.at(at),
            lacks=self._lacks_at(at),
            codes=codes_at(self.codes, np.array(at, dtype=np.int64)),
        )

    def with_unasked(self, metric: str, ids: Sequence[str]) -> Self:
        """Return the measure with cases of these items that were not asked."""
        if not ids:
            return self
        nothing = np.zeros(len(ids))
        return replace(
            self,
            ids=(*(self.ids or ("",) * self.items), *ids),
            values=np.concatenate([self.values, nothing]),
            over=np.append(self.over, nothing.astype(bool)),
            span=self.ends.and_also(span_of_unasked(metric, len(ids))),
            lacks=self._lacks_and(len(ids)),
        )

    def sums(self, weights: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return sums and numbers of cases, each (rows,), float64, for (rows, items) weights."""
        columns = np.stack([np.where(self.over, self.values, 0), self.over], axis=1)
        found = product(weights, columns)
        return found[:, 0], found[:, 1]

    def value(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the figures, (rows,), float64, for (rows, items) weights; NaN over no cases."""
        if self.limit is not None:
            return np.full(len(weights), self.limit)
        sums, n = self.sums(weights)
        return np.asarray(np.divide(sums, n, out=np.full_like(sums, np.nan), where=n > 0))

    def of_each(self) -> NDArray[np.float64]:
        """Return the values, (items,), float64."""
        return np.asarray(self.values, dtype=np.float64)

    def moved(self, places: NDArray[np.int64], *, high: bool) -> Self:
        """Return the measure with what is missing at these places as it makes the figure highest.

        A case that need not be one of the metric is excluded where it would not: in sorted order,
        as long as each is beyond the mean of those before it.
        """
        span = self.span
        if span is None or not len(places):
            return self
        ends = span.high if high else span.low
        if np.isinf(ends[places]).any():
            return replace(self, limit=np.inf if high else -np.inf)
        over, values = self.over.copy(), np.array(self.values, dtype=np.float64)
        over[places], values[places] = span.must[places], ends[places]
        options = places[(span.may & ~span.must)[places]]
        total, n = float(values[over].sum()), int(over.sum())
        for place in options[np.argsort(-ends[options] if high else ends[options], kind="stable")]:
            beyond = n == 0 or (ends[place] * n > total if high else ends[place] * n < total)
            if not beyond:
                break
            over[place], total, n = True, total + ends[place], n + 1
        closed = span.closed(places, values, over)
        return replace(self, over=over, values=values, span=closed)

    def at_best(self, *, low: bool) -> Self:
        """Return the measure with every case at 0, or at 1, and nothing missing."""
        best = np.full(self.items, 0 if low else 1, dtype=np.int8)
        return replace(self, values=best, span=None, lacks=())

    def missed(self) -> Self:
        """Return the rate of the cases that do not count."""
        span = self.span
        if span is not None:
            span = replace(span, low=1.0 - span.high, high=1.0 - span.low)
        return replace(self, values=~self.values.astype(bool), span=span)

    @property
    def ends(self) -> Span:
        """What completions can make of the items, also where nothing is missing."""
        return self.span or Span.known(self.values, self.over)

    def effects(self, *, high: bool) -> NDArray[np.float64]:
        """Return about how far each open item can move the figure that way, (items,), float64."""
        end = self.completed(high=high)
        if end.limit is not None:
            return np.asarray(np.isinf(self.ends.high if high else self.ends.low), dtype=np.float64)
        n = max(self.n, 1)
        mean = float(np.where(self.over, self.values, 0).sum()) / n
        before, after = (np.where(one.over, one.values - mean, 0.0) / n for one in (self, end))
        # One more case moves the mean a little less than a case that is there already.
        scale = np.where(self.over, 1.0, n / (n + 1))
        return np.asarray((after - before) * scale * (1 if high else -1))


def difference_of(left: MeanOfCases, right: MeanOfCases) -> MeanOfCases:
    """Return by how much each item of two means over the same items is higher on the left."""
    one, other = left.ends, right.ends
    return _paired(
        left,
        right,
        values=left.values.astype(np.float64) - right.values.astype(np.float64),
        low=one.low - other.high,
        high=one.high - other.low,
    )


def newly(now: MeanOfCases, before: MeanOfCases) -> MeanOfCases:
    """Return the rate of items that count now and did not before."""
    one, other = now.ends, before.ends
    return _paired(
        now,
        before,
        values=now.values.astype(bool) & ~before.values.astype(bool),
        low=(one.low > 0) & ~(other.high > 0),
        high=(one.high > 0) & ~(other.low > 0),
    )


def _paired(
    left: MeanOfCases, right: MeanOfCases, *, values: Any, low: Any, high: Any
) -> MeanOfCases:
    """Return a measure over the items that are cases of both."""
    one, other = left.ends, right.ends
    lacks = (left.lack(place) or right.lack(place) for place in range(left.items))
    return MeanOfCases(
        ids=left.ids,
        lacks=tuple(lacks),
        values=values,
        over=left.over & right.over,
        span=Span.between(low, high, may=one.may & other.may, must=one.must & other.must),
    )
