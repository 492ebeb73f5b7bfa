"""What every form of gate can tell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.gates.result import GateOutcome
from pytest_safescale.scoring.intervals import SEED, resample_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["MOST_ITEMS", "OUTCOMES", "Form", "Reading", "fewest_items"]

MOST_ITEMS = 1_000_000
"""Where the search for a number of items ends."""
OUTCOMES = (GateOutcome.PASSED, GateOutcome.FAILED, GateOutcome.INCONCLUSIVE)
"""Outcomes by the codes they have in arrays."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a form comes to, once or over many resamples; every array is (rows,)."""

    value: NDArray[Any]
    """NaN where there is none."""
    holds: NDArray[Any]
    """Whether the value itself keeps the threshold."""
    p_value: NDArray[Any] | None = None
    """Of the one-sided test that the threshold is not kept; ``None`` without confidence."""

    def outcomes(self, alpha: float, p_value: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return codes of OUTCOMES; ``p_value`` stands in for the reading's own."""
        tested = self.p_value if p_value is None else p_value
        sure = self.holds if tested is None else self.holds & (tested <= alpha)
        return np.where(sure, 0, np.where(self.holds | np.isnan(self.value), 2, 1))


@dataclass(frozen=True, kw_only=True)
class Form(ABC):
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

    @abstractmethod
    def read(self, weights: NDArray[Any] | None = None) -> Reading:
        """Return what it comes to where items count so often, (rows, items); once if ``None``."""

    @abstractmethod
    def told(self, value: float, bound: float | None) -> str:
        """Return value, n and bound in words, as they follow "is"."""

    def bound(self, confidence: float) -> float | None:  # noqa: ARG002
        """Return the one-sided bound of the value; ``None`` where it has none."""
        return None

    def unfit(self) -> str:
        """Say why it cannot be decided from these cases; empty where it can."""
        return ""

    def items_needed(self, confidence: float) -> int | None:  # noqa: ARG002
        """Return about how many items at the same rates decide; ``None`` where none would."""
        return None

    def against_it(self) -> Sequence[str]:
        """Return the ids of the items that count against it, worst first."""
        return ()

    def resampled(self, seed: int = SEED) -> Reading | None:
        """Return what it comes to in each resample of the items; ``None`` without them."""
        return self.read(resample_counts(self.items, seed=seed)) if self.items else None

    def keeps(self, value: NDArray[Any]) -> NDArray[Any]:
        """Return whether values keep the threshold; NaN does not."""
        held: NDArray[Any] = value <= self.threshold if self.at_most else value >= self.threshold
        return held


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
