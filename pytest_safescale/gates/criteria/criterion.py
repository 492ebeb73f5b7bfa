"""What every criterion can tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.gates.result import Decision, SubgroupResult
from pytest_safescale.statistics.intervals import SEED, drawn_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.gates.measures import MeanOfCases, Measure
    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "DECISIONS",
    "MOST_ITEMS",
    "ROUNDING",
    "CasesCriterion",
    "Criterion",
    "Evaluation",
    "Missing",
    "fewest_items",
    "first_places",
    "furthest",
    "missing_of",
]

MOST_ITEMS = 1_000_000
"""Where the search for a number of items ends."""
ROUNDING = 1e-12
"""Means of a completion add up in another order than they would if its replies had come."""
DECISIONS = (Decision.PASSED, Decision.FAILED, Decision.INCONCLUSIVE)
"""Decisions by the codes they have in arrays."""


class Missing(NamedTuple):
    """A case of which a reply is missing that could have changed the figure."""

    id: str
    """The item's; empty where only that there is such a case is known."""
    lack: Lack


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a criterion comes to, once or over many resamples; every array is (rows,)."""

    value: NDArray[np.float64]
    """NaN where there is none."""
    holds: NDArray[np.bool_]
    """Whether the value itself keeps the threshold."""
    p_value: NDArray[np.float64] | None = None
    """Of the one-sided test that the threshold is not kept; ``None`` without confidence."""

    def decision_codes(
        self, alpha: float, p_value: NDArray[np.float64] | None = None
    ) -> NDArray[np.int64]:
        """Return codes of DECISIONS; ``p_value`` stands in for its own."""
        tested = self.p_value if p_value is None else p_value
        sure = self.holds if tested is None else self.holds & (tested <= alpha)
        return np.where(sure, 0, np.where(self.holds | np.isnan(self.value), 2, 1))


@dataclass(frozen=True, kw_only=True)
class Criterion(ABC):
    """What one gate demands of one cell, with the cases it is judged by."""

    threshold: float
    at_most: bool
    """Whether the value must not exceed the threshold, or not undercut it."""
    confidence: float | None = None

    @property
    @abstractmethod
    def n(self) -> int:
        """Cases the value is taken over."""

    @property
    @abstractmethod
    def items(self) -> int:
        """Items that are resampled; 0 where they are not known."""

    @property
    @abstractmethod
    def missing(self) -> Sequence[Missing]:
        """The cases that completions can make something else of."""

    @abstractmethod
    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it.

        Those that tell most come first; the rest is as it is counted.
        """

    @abstractmethod
    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return what it comes to where items count so often, (rows, items); once if ``None``."""

    @abstractmethod
    def sentence(self, value: float, bound: float | None) -> str:
        """Return value, n and bound in words, as they follow "is"."""

    def completed(self, *, worst: bool) -> Self:
        """Return the criterion on the completion that is worst, or best, for what it demands."""
        return self.moved(len(self.missing), worst=worst)

    @property
    def always_there(self) -> bool:
        """Whether the value is taken over some case in every completion."""
        return True

    def unproven(self) -> str:
        """Say why the worst completion proves nothing; empty where it does."""
        return "" if self.always_there else "there may be no case to take it from"

    def asked_completely(self, *, worst: bool) -> Self | None:  # noqa: ARG002
        """Return the criterion with cases not asked at their worst, or best; ``None``: unknown."""
        return None

    def bound(self, confidence: float) -> float | None:  # noqa: ARG002
        """Return the one-sided bound of the value; ``None`` where it has none."""
        return None

    def bound_text(self, bound: float) -> str:
        """Return a bound in words."""
        return f"{'upper' if self.at_most else 'lower'} bound {bound:.4g}"

    def value_text(self, value: float) -> str:
        """Return a value alone in words."""
        return f"{value:.4g}"

    def unfit(self) -> str:
        """Say why it cannot be decided from these cases; empty where it can."""
        return ""

    def items_needed(self, confidence: float) -> int | None:  # noqa: ARG002
        """Return about how many items at the same rates decide; ``None`` where none would."""
        return None

    def repeat_pass(self, alpha: float) -> float | None:  # noqa: ARG002
        """Return the chance that a new run of as many items passes; ``None`` where unknown."""
        return None

    def posterior(self) -> float | None:
        """Return the chance, given the data, that the threshold is kept; ``None`` if unknown."""
        return None

    def against_it(self) -> Sequence[str]:
        """Return the ids of the items that count against it, worst first."""
        return ()

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return None

    @property
    def clusters(self) -> int | None:
        """Clusters that a bound rests on; ``None`` where no two items share one."""
        return None

    @property
    def effective_n(self) -> float | None:
        """How many independent cases say as much; ``None`` where that is not known."""
        return None

    @property
    def rows(self) -> Sequence[SubgroupResult]:
        """What each subgroup of the items comes to; empty where they are taken together."""
        return ()

    @property
    def worst_subgroup(self) -> str:
        """The subgroup whose the value is; empty where items are taken together."""
        return ""

    def over_clusters(self) -> str:
        """Say how many clusters the cases are in, and what they are worth; empty without."""
        if self.clusters is None:
            return ""
        worth = "" if self.effective_n is None else f" (effective n {self.effective_n:.4g})"
        return f" in {self.clusters} clusters{worth}"

    def resampled(self, seed: int = SEED) -> Evaluation | None:
        """Return what it comes to in each resample of the items; ``None`` without them."""
        if not self.items:
            return None
        return self.evaluate(drawn_weights(self.items, codes=self.codes, seed=seed))

    def keeps(self, value: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether values keep the threshold; NaN does not."""
        held: NDArray[np.bool_] = (
            value <= self.threshold if self.at_most else value >= self.threshold
        )
        return held


@dataclass(frozen=True, kw_only=True)
class CasesCriterion(Criterion):
    """A criterion judged by a mean over cases, which may be a rate or a difference of rates."""

    measure: MeanOfCases

    @property
    def n(self) -> int:
        """Cases of the mean."""
        return self.measure.n

    @property
    def items(self) -> int:
        """Items that were asked in the cell."""
        return self.measure.items

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return self.measure.codes

    @property
    def missing(self) -> list[Missing]:
        """The cases that completions can make something else of."""
        return missing_of(self.measure)

    @property
    def always_there(self) -> bool:
        """Whether the value is taken over some case in every completion."""
        return self.measure.always_there

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it."""
        high = worst == self.at_most
        return self._at(first_places(self.measure, many, high=high), high=high)

    def asked_completely(self, *, worst: bool) -> Self:
        """Return the criterion with the cases not asked at their worst, or best."""
        lacks = [self.measure.lack(place) for place in range(self.items)]
        places = [place for place, lack in enumerate(lacks) if lack is Lack.NOT_ASKED]
        return self._at(np.array(places, dtype=np.int64), high=worst == self.at_most)

    def _at(self, places: NDArray[np.int64], *, high: bool) -> Self:
        return replace(self, measure=self.measure.moved(places, high=high))


def missing_of(measure: Measure) -> list[Missing]:
    """Return the open cases of a measure."""
    return [
        Missing(measure.ids[place], lack)
        for place in np.flatnonzero(measure.open).tolist()
        if (lack := measure.lack(place)) is not None
    ]


def first_places(measure: Measure, many: int, *, high: bool) -> NDArray[np.int64]:
    """Return the places of the open cases that move the figure furthest that way."""
    places, effects = np.flatnonzero(measure.open), measure.effects(high=high)
    return places[np.argsort(-effects[places], kind="stable")][:many]


def furthest(measure: Measure, order: NDArray[np.float64], below: float) -> list[str]:
    """Return the ids of the cases whose place in the (items,) order is below a value, in order."""
    if not measure.ids:
        return []
    places = np.flatnonzero(measure.counted & (order < below))
    return [measure.ids[place] for place in places[np.argsort(order[places], kind="stable")]]


def fewest_items(decides: Callable[[float], bool], n: int) -> int | None:
    """Return the fewest items, more than ``n``, that decide; ``None`` beyond MOST_ITEMS."""
    low, high = n, 2 * max(n, 1)
    while not decides(high):
        if high >= MOST_ITEMS:
            return None
        low, high = high, min(2 * high, MOST_ITEMS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high
