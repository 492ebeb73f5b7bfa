"""``max_share_of_worst``: how much of a finding the worst items carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation, Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.analysis.completion_ranges import Lack
    from pytest_safescale.gates.measures import MeanOfCases
    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["ConcentrationCriterion", "concentration_of"]


class OpenCase(NamedTuple):
    """A case that may or may not have a finding, as its missing reply had been."""

    place: int
    """Of its item."""
    found: int
    """Findings that it is counted with, 0 or 1."""
    least: int
    """The fewest it can have, 0 or 1."""
    most: int
    lack: Lack


@dataclass(frozen=True, kw_only=True)
class ConcentrationCriterion(Criterion):
    """Findings counted by item over all cells of the gate (docs/metrics.md, "Concentration").

    Without any finding nothing is concentrated, and the gate holds.
    """

    ids: tuple[str, ...]
    counts: NDArray[np.int64]
    """(items,) findings of each, as counted."""
    there: NDArray[np.bool_]
    """(items,) whether the item has a case, as counted."""
    worst: float
    """Which share of the items are the worst, rounded up."""
    open: Sequence[OpenCase] = ()

    @property
    def n(self) -> int:
        """Items with a case."""
        return int(self.there.sum())

    @property
    def items(self) -> int:
        """Items with a case, or with one that is missing."""
        return len(self.counts)

    @property
    def missing(self) -> list[Missing]:
        """The cases that completions can make something else of."""
        return [Missing(self.ids[case.place], case.lack) for case in self.open]

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it."""
        if not many:
            return self
        least, most = self._ends()
        share, items = self.worst, self.items
        ends = _most_concentrated if worst else _most_even
        steps = self._steps(ends(least, most, _many(share, items)) - least)
        counts, there = self.counts.copy(), self.there.copy()
        for case, found in steps[:many]:
            counts[case.place] += found - case.found
            there[case.place] = True
        return replace(self, counts=counts, there=there, open=())

    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (items,) the fewest and the most findings of each."""
        least, most = self.counts.copy(), self.counts.copy()
        for case in self.open:
            least[case.place] += case.least - case.found
            most[case.place] += case.most - case.found
        return least, most

    def _steps(self, more: NDArray[np.int64]) -> list[tuple[OpenCase, int]]:
        """Return what each open case is to be, so that each item has so many more findings.

        Those that are counted otherwise come first, those that get a finding before them.
        """
        left = more.copy()
        steps = []
        for case in sorted(self.open, key=lambda case: -case.found):
            found = case.most if left[case.place] else case.least
            left[case.place] -= found - case.least
            steps.append((case, found))
        return sorted(steps, key=lambda step: (step[1] == step[0].found, -step[1]))

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the share that the worst items carry; NaN without a finding, which holds."""
        given = np.ones((1, self.items)) if weights is None else weights
        order = np.argsort(-self.counts[self.there], kind="stable")
        ordered = given[:, self.there][:, order].astype(np.float64)
        counts = self.counts[self.there][order]
        before = np.cumsum(ordered, axis=1) - ordered
        taken = np.clip(_many(self.worst, self.n) - before, 0, ordered)
        total, carried = ordered @ counts, taken @ counts
        value = np.divide(carried, total, out=np.full_like(total, np.nan), where=total > 0)
        return Evaluation(value=value, holds=np.isnan(value) | self.keeps(value))

    def sentence(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return the share, of how many findings, over how many items."""
        total = int(self.counts.sum())
        if not total:
            return f"of nothing: no finding over {self.n} items"
        return f"{value:.4g} of {total} findings over {self.n} items"

    def against_it(self) -> list[str]:
        """Return the worst items that have a finding."""
        places = np.flatnonzero(self.there)
        order = places[np.argsort(-self.counts[places], kind="stable")]
        worst = order[: _many(self.worst, self.n)]
        return [self.ids[place] for place in worst if self.counts[place]]


def concentration_of(
    measures: Sequence[MeanOfCases], *, worst: float, **limit: Any
) -> ConcentrationCriterion:
    """Return the criterion on the findings of several cells; ``limit`` is as in every one."""
    ids = sorted({name for measure in measures for name in measure.ids})
    places = {name: place for place, name in enumerate(ids)}
    counts, there = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    cases: list[OpenCase] = []
    for measure in measures:
        at = np.array([places[name] for name in measure.ids], dtype=np.int64)
        found = measure.over & measure.values.astype(bool)
        there[at] |= measure.over
        counts[at] += found
        cases += (_open_case(measure, int(place), int(at[place])) for place in _open(measure))
    return ConcentrationCriterion(
        **limit, ids=tuple(ids), counts=counts, there=there, worst=worst, open=cases
    )


def _open(measure: MeanOfCases) -> list[int]:
    return [place for place in np.flatnonzero(measure.open).tolist() if measure.lack(place)]


def _open_case(measure: MeanOfCases, place: int, item: int) -> OpenCase:
    ends, lack = measure.ends, measure.lack(place)
    assert lack is not None
    return OpenCase(
        place=item,
        found=int(measure.over[place] and measure.values[place]),
        least=int(ends.low[place] > 0),
        most=int(ends.high[place] > 0),
        lack=lack,
    )


def _many(share: float, items: int) -> int:
    # 0.07 * 100 is a little above 7 in binary.
    return ceil(round(share * items, 9))


def _most_concentrated(
    least: NDArray[np.int64], most: NDArray[np.int64], worst: int
) -> NDArray[np.int64]:
    """Return the counts between the ends of which ``worst`` items carry the largest share.

    Those items have most, all others least. Which they are is found by Dinkelbach's method: a
    share r can be had where the items with the largest (1 - r) most + r least have it.
    """
    best, share = least, 0.0
    while True:
        order = np.argsort(-((1 - share) * most + share * least), kind="stable")
        counts = least.copy()
        counts[order[:worst]] = most[order[:worst]]
        total = counts.sum()
        found = float(counts[order[:worst]].sum() / total) if total else 0.0
        if found <= share:
            return best
        best, share = counts, found


def _most_even(least: NDArray[np.int64], most: NDArray[np.int64], worst: int) -> NDArray[np.int64]:
    """Return the counts between the ends of which ``worst`` items carry the smallest share.

    Whatever the count of the last of the worst is: an item that can have as many adds to the
    whole alone, and one that need not have more takes from the worst.
    """
    levels = [np.clip(level, least, most) for level in range(int(most.max(initial=0)) + 1)]
    return min(levels, key=lambda counts: _share(counts, worst))


def _share(counts: NDArray[np.int64], worst: int) -> float:
    total = counts.sum()
    return float(np.sort(counts)[::-1][:worst].sum() / total) if total else 0.0
