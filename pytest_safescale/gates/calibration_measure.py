"""A calibration error as a function of how often each item counts, and of what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.gates.measures import Measure
from pytest_safescale.statistics.calibration import errors_of_bins, squared_error_of_bins
from pytest_safescale.statistics.clusters import codes_at
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["CalibrationMeasure", "ErrorKind"]


class ErrorKind(Enum):
    """Which calibration error is meant."""

    EXPECTED = "expected"
    MAXIMUM = "maximum"
    SQUARED = "squared"
    """Squared and debiased."""


@dataclass(frozen=True, kw_only=True)
class CalibrationMeasure(Measure):
    """The expected, the maximum or the debiased squared calibration error.

    A case that completions can make anything of has a gap of 1 at most, in whichever bin: it moves
    the sum of all gaps by 1 at most either way, and the largest gap and the squared error to
    anything.
    """

    gaps: NDArray[np.float64]
    """(items, 10) float64, confidence less correctness of each item in its bin, else 0."""
    member: NDArray[np.bool_]
    """(items, 10) bool, which bin it is in."""
    over: NDArray[np.bool_]
    """(items,) bool, which items are cases, as counted."""
    missing: NDArray[np.bool_]
    """(items,) bool, which items completions can make something else of."""
    kind: ErrorKind = ErrorKind.EXPECTED
    slack: NDArray[np.float64] | None = None
    """(items,) float64, by how much each item moves the sum of all gaps."""

    @property
    def items(self) -> int:
        """How many items there are to resample."""
        return len(self.gaps)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(items,) bool, which items are cases as it is counted."""
        return self.over

    @property
    def open(self) -> NDArray[np.bool_]:
        """(items,) bool, which items completions can make something else of."""
        return self.missing

    @property
    def always_there(self) -> bool:
        """Whether there is a case; those that are missing are cases once they come."""
        return bool((self.over | self.missing).any())

    def at(self, ids: Sequence[str]) -> Self:
        """Return the measure of these items alone, in this order; KeyError for a stranger."""
        places = {name: place for place, name in enumerate(self.ids)}
        at = [places[name] for name in ids]
        return replace(
            self,
            ids=tuple(ids),
            gaps=self.gaps[at],
            member=self.member[at],
            over=self.over[at],
            missing=self.missing[at],
            slack=None if self.slack is None else self.slack[at],
            lacks=self._lacks_at(at),
            codes=codes_at(self.codes, np.array(at, dtype=np.int64)),
        )

    def value(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the errors, (rows,), float64, for (rows, items) weights; NaN over no cases."""
        if self.kind is ErrorKind.SQUARED:
            return self._squared(weights)
        gaps, cases = product(weights, self.gaps), product(weights, self.member)
        n = product(weights, self.over[:, None])[:, 0]
        expected, largest = errors_of_bins(gaps, cases, n)
        if self.slack is None:
            return np.asarray(largest if self.kind is ErrorKind.MAXIMUM else expected)
        more = product(weights, self.slack[:, None])[:, 0]
        if self.kind is ErrorKind.MAXIMUM:
            return np.where(more > 0, 1.0, np.where(more < 0, 0.0, largest))
        return np.asarray(np.clip(expected + more / np.maximum(n, 1), 0.0, 1.0))

    def _squared(self, weights: Numbers) -> NDArray[np.float64]:
        """Return the squared errors, (rows,), float64; an item's copies are no two cases."""
        once = np.asarray(weights, dtype=np.float64)
        found = squared_error_of_bins(
            product(once, self.gaps),
            product(once**2, self.gaps**2),
            product(once, self.member),
            product(once**2, self.member),
        )
        if self.slack is None:
            return found
        more = product(once, self.slack[:, None])[:, 0]
        return np.where(more > 0, 1.0, np.where(more < 0, -1.0, found))

    def with_unasked(self, metric: str, ids: Sequence[str]) -> Self:  # noqa: ARG002
        """Return the measure with cases of these items that were not asked."""
        if not ids:
            return self
        nothing = np.zeros(len(ids), dtype=bool)
        bins = np.zeros((len(ids), self.gaps.shape[1]))
        return replace(
            self,
            ids=(*self.ids, *ids),
            gaps=np.vstack([self.gaps, bins]),
            member=np.vstack([self.member, bins.astype(bool)]),
            over=np.append(self.over, nothing),
            missing=np.append(self.missing, ~nothing),
            lacks=self._lacks_and(len(ids)),
        )

    def of_each(self) -> NDArray[np.float64]:
        """Return the absolute gap of each item, (items,), float64."""
        return np.asarray(np.abs(self.gaps.sum(axis=1)))

    def moved(self, places: NDArray[np.int64], *, high: bool) -> Self:
        """Return the measure with what is missing at these places as it makes the error highest."""
        if not len(places):
            return self
        gaps, member, over = self.gaps.copy(), self.member.copy(), self.over.copy()
        slack, missing = np.zeros(self.items), self.missing.copy()
        gaps[places], member[places], over[places] = 0.0, False, True
        slack[places], missing[places] = 1.0 if high else -1.0, False
        return replace(self, gaps=gaps, member=member, over=over, slack=slack, missing=missing)

    def effects(self, *, high: bool) -> NDArray[np.float64]:  # noqa: ARG002
        """Return 1 / items for each open item and 0 for the others, (items,), float64."""
        return self.missing / max(self.items, 1)
