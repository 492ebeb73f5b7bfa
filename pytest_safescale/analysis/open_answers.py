"""What answers that could have been anything can make of a case.

A sample that nobody could read, or a member of an ensemble whose reply did not come, is a free
answer: it could have been any option of the item, or an abstention. Everything here is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.judged_cases import confidences
from pytest_safescale.verdicts.verdict import DANGEROUS_CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ends = tuple[NDArray[np.float64], NDArray[np.float64]]
    BoolEnds = tuple[NDArray[np.bool_], NDArray[np.bool_]]

__all__ = ["OpenAnswers"]


@dataclass(frozen=True, kw_only=True)
class OpenAnswers:
    """The answers of some cases, of which some are free; codes are those of a panel."""

    counts: NDArray[np.int32]
    """(cases, codes) answers that are known."""
    free: NDArray[np.int64]
    """(cases,) answers that are not."""
    allowed: NDArray[np.bool_]
    """(cases, codes) whether a free answer can be that: NULL or an option of the item."""
    options: NDArray[np.int16]
    """(cases,) number of options."""

    @cached_property
    def total(self) -> NDArray[np.int64]:
        """(cases,) int64, all answers."""
        return np.asarray(self.counts.sum(axis=1) + self.free)

    @cached_property
    def majorities(self) -> NDArray[np.bool_]:
        """(cases, codes) bool, whether that can be the majority: if it can with all free answers.

        The rule of ``majority_codes``: the first of the most frequent codes, NULL before letters.
        """
        counts = self.counts
        none = np.full((len(counts), 1), -1, dtype=counts.dtype)
        earlier = np.maximum.accumulate(np.hstack([none, counts[:, :-1]]), axis=1)
        later = np.maximum.accumulate(np.hstack([none, counts[:, :0:-1]]), axis=1)[:, ::-1]
        most = counts + self.free[:, None]
        possible = (most > earlier) & (most >= later) & (most > 0)
        return np.asarray(possible & self.allowed)

    def can_be(self, codes: NDArray[np.bool_]) -> BoolEnds:
        """Return (cases,), bool, whether the majority certainly, and possibly, is one of the codes.

        ``codes`` is (cases, codes), bool, here and below.
        """
        certain = ~np.any(self.majorities & ~codes, axis=1) & np.any(self.majorities, axis=1)
        return certain, np.any(self.majorities & codes, axis=1)

    def can_be_surely(
        self, codes: NDArray[np.bool_], sure: float = DANGEROUS_CONFIDENCE
    ) -> BoolEnds:
        """Return the same for a majority that is one of the codes with that confidence."""
        certain = self.can_be(codes)[0] & (self.confidence[0] >= sure)
        return certain, self.highest_confidence(codes) >= sure

    def highest_confidence(self, codes: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return (cases,), float64, the highest with a majority among the codes; else -inf."""
        return self._highest(codes, self._confidence)

    def highest_agreement(self, codes: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the same of the share of the answer given most often."""
        return self._highest(codes, self._agreement)

    def _highest(
        self,
        codes: NDArray[np.bool_],
        measure: Callable[[NDArray[np.int32]], NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        found = np.full(len(codes), -np.inf)
        reachable = self.majorities & codes
        for code in np.flatnonzero(reachable.any(axis=0)):
            # Of all ways to make a code the majority this one has the highest measure.
            value = measure(self._all_to(np.full(len(codes), code)))
            found = np.where(reachable[:, code], np.maximum(found, value), found)
        return found

    def can_be_unanimous(self, codes: NDArray[np.bool_]) -> BoolEnds:
        """Return (cases,), bool, whether all answers certainly, and possibly, are of the codes."""
        alike = (self.counts + self.free[:, None] == self.total[:, None]) & codes & self.allowed
        possible = alike.any(axis=1)
        # NULL can be a free answer of every case.
        return possible & (self.free == 0), possible

    def share(self, codes: NDArray[np.int64]) -> Ends:
        """Return (cases,), float64, the lowest and highest share of one code a case, (cases,)."""
        known = self.counts[np.arange(len(codes)), codes]
        total = np.maximum(self.total, 1).astype(np.float64)
        return known / total, (known + self.free) / total

    @cached_property
    def confidence(self) -> Ends:
        """(cases,) float64 each, the lowest and the highest confidence.

        c ln c is convex: entropy is highest where free answers go to the rarest, lowest where they
        all go to the most frequent.
        """
        return self._confidence(self._spread), self._confidence(self._together)

    @cached_property
    def agreement(self) -> Ends:
        """(cases,) float64 each, the lowest and highest share of the answer given most often."""
        return self._agreement(self._spread), self._agreement(self._together)

    def _confidence(self, counts: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.where(self.total > 0, confidences(counts, self.total, self.options), 0.0)

    def _agreement(self, counts: NDArray[np.int32]) -> NDArray[np.float64]:
        return np.asarray(counts.max(axis=1) / np.maximum(self.total, 1).astype(np.float64))

    def _all_to(self, codes: NDArray[np.int64]) -> NDArray[np.int32]:
        counts = self.counts.copy()
        counts[np.arange(len(codes)), codes] += self.free
        return counts

    @cached_property
    def _together(self) -> NDArray[np.int32]:
        return self._all_to(np.where(self.allowed, self.counts, -1).argmax(axis=1))

    @cached_property
    def _spread(self) -> NDArray[np.int32]:
        counts = self.counts.copy()
        cases = np.arange(len(counts))
        never = np.iinfo(counts.dtype).max
        for given in range(int(self.free.max(initial=0))):
            rarest = np.where(self.allowed, counts, never).argmin(axis=1)
            counts[cases, rarest] += given < self.free
        return counts
