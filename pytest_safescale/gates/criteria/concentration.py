"""``max_excess_share``: how much more of a finding the worst items carry than by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.analysis.panel_arrays import cluster_codes
from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation, Missing
from pytest_safescale.statistics.concentration import (
    against_chance,
    carried_by_chance,
    excess_between,
    expected_of_many,
)
from pytest_safescale.statistics.intervals import SEED
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from pytest_safescale.analysis.completion_ranges import Lack
    from pytest_safescale.gates.measures import MeanOfCases
    from pytest_safescale.statistics.arrays import Numbers
    from pytest_safescale.statistics.concentration import AgainstChance

__all__ = ["ConcentrationCriterion", "concentration_of"]


class OpenCase(NamedTuple):
    """A case that may or may not have a finding, as its missing reply had been."""

    cell: int
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

    The value is the share that the worst items carry less the share that they would carry if
    chance placed each cell's findings on its items. Without any finding nothing is concentrated,
    and the gate holds.
    """

    ids: tuple[str, ...]
    found: NDArray[np.int64]
    """(cells, items) findings, 0 or 1, as counted."""
    cases: NDArray[np.bool_]
    """(cells, items) whether there is a case, as counted."""
    worst: float
    """Which share of the items are the worst, rounded up."""
    open: Sequence[OpenCase] = ()
    expected: float | None = None
    """The share by chance that makes the excess a bound of completions; unset: as it is."""
    seed: int = SEED
    codes_of_items: NDArray[np.int64] | None = None
    """(items,) number of each item's cluster; ``None`` where no two share one."""

    @property
    def codes(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two share one."""
        return self.codes_of_items

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(items,) findings of each."""
        counts: NDArray[np.int64] = self.found.sum(axis=0)
        return counts

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """(items,) whether the item has a case."""
        return np.asarray(self.cases.any(axis=0))

    @property
    def n(self) -> int:
        """Items with a case."""
        return int(self.there.sum())

    @property
    def items(self) -> int:
        """Items with a case, or with one that is missing."""
        return len(self.ids)

    @property
    def missing(self) -> list[Missing]:
        """The cases that completions can make something else of."""
        return [Missing(self.ids[case.place], case.lack) for case in self.open]

    def moved(self, many: int, *, worst: bool) -> Self:
        """Return the criterion with so many missing cases as they are worst, or best, for it.

        With all of them the excess is a bound, which no completion passes and few reach.
        """
        if not many:
            return self
        least, most = self._ends()
        share, items = self.worst, self.items
        ends = _most_concentrated if worst else _most_even
        steps = self._steps(ends(least, most, _many(share, items)) - least)
        found, cases = self.found.copy(), self.cases.copy()
        for case, has in steps[:many]:
            found[case.cell, case.place] = has
            cases[case.cell, case.place] = True
        moved = replace(self, found=found, cases=cases, open=())
        if many < len(steps):
            return moved
        bounds = _excess_of_completions(moved, (least, most), self._findings_of_cells())
        return replace(moved, expected=moved.share - bounds[worst])

    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (items,) the fewest and the most findings of each."""
        least, most = self.counts.copy(), self.counts.copy()
        for case in self.open:
            least[case.place] += case.least - case.found
            most[case.place] += case.most - case.found
        return least, most

    def _findings_of_cells(self) -> NDArray[np.int64]:
        """Return the fewest and the most findings of each cell, (2, cells)."""
        ends = np.stack([self.found.sum(axis=1)] * 2)
        for case in self.open:
            ends[:, case.cell] += case.least - case.found, case.most - case.found
        return ends

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

    @cached_property
    def chance(self) -> AgainstChance | None:
        """The share of the worst items beside chance; ``None`` without a finding."""
        (placed,) = carried_by_chance(
            self.cases[:, self.there], self.found.sum(axis=1)[None], self.many, seed=self.seed
        )
        carried = _carried(self.counts, self.many)
        return against_chance(carried, int(self.counts.sum()), placed)

    @property
    def many(self) -> int:
        """How many items are the worst."""
        return _many(self.worst, self.n)

    @property
    def share(self) -> float:
        """The share of the findings that the worst items carry; 0 without one."""
        return _share(self.counts, self.many)

    @cached_property
    def _expected(self) -> float:
        if self.expected is not None:
            return self.expected
        return self.chance.expected if self.chance is not None else 0.0

    def evaluate(self, weights: Numbers | None = None) -> Evaluation:
        """Return the share of the worst items above chance; NaN without a finding, which holds.

        In a resample the share by chance moves as that of many items does: placing findings anew
        in each would take a thousand times as long.
        """
        given = np.ones((1, self.items)) if weights is None else np.asarray(weights)
        order = np.argsort(-self.counts[self.there], kind="stable")
        ordered = given[:, self.there][:, order].astype(np.float64)
        counts = self.counts[self.there][order]
        before = np.cumsum(ordered, axis=1) - ordered
        # A resample of items of which some have no case may hold fewer or more that have one.
        taken = np.clip(self.many - before, 0, ordered)
        total, carried = ordered @ counts, taken @ counts
        expected = self._expected + (0.0 if weights is None else self._moved_by_chance(weights))
        value = np.full_like(total, np.nan)
        np.divide(carried, total, out=value, where=total > 0)
        value -= expected
        return Evaluation(value=value, holds=np.isnan(value) | self.keeps(value))

    def _moved_by_chance(self, weights: Numbers) -> NDArray[np.float64]:
        """Return (rows,) how far the share by chance of many items moves in each resample."""
        found = product(weights, self.found.T)
        return self._by_chance_of_many(found) - self._by_chance_of_many(
            self.found.sum(axis=1)[None]
        )

    def _by_chance_of_many(self, found: Numbers) -> NDArray[np.float64]:
        """Return (rows,) the share by chance of many items with (rows, cells) findings."""
        shares, total = np.minimum(found / self.n, 1.0), found.sum(axis=1)
        carried = expected_of_many(shares, self.n, self.many)
        return np.asarray(np.divide(carried, total, out=np.zeros_like(carried), where=total > 0))

    def sentence(self, value: float, bound: float | None) -> str:  # noqa: ARG002
        """Return the excess, and the share of how many findings it is of, over how many items."""
        found, total = self.chance, int(self.counts.sum())
        if found is None:
            return f"of nothing: no finding over {self.n} items"
        return (
            f"{value:.4g} ({found.share:.4g} of {total} findings over {self.n} items, "
            f"{found.expected:.4g} by chance, p {found.p_value:.3g})"
        )

    def against_it(self) -> list[str]:
        """Return the worst items that have a finding."""
        places = np.flatnonzero(self.there)
        order = places[np.argsort(-self.counts[places], kind="stable")]
        worst = order[: self.many]
        return [self.ids[place] for place in worst if self.counts[place]]


def concentration_of(
    measures: Sequence[MeanOfCases],
    *,
    worst: float,
    clusters: Mapping[str, str],
    seed: int = SEED,
    **limit: Any,
) -> ConcentrationCriterion:
    """Return the criterion on the findings of several cells; ``limit`` is as in every one.

    ``clusters`` names that of each item by its id; resamples are drawn by cluster.
    """
    ids = sorted({name for measure in measures for name in measure.ids})
    places = {name: place for place, name in enumerate(ids)}
    found = np.zeros((len(measures), len(ids)), dtype=np.int64)
    there = np.zeros(found.shape, dtype=bool)
    cases: list[OpenCase] = []
    for cell, measure in enumerate(measures):
        at = np.array([places[name] for name in measure.ids], dtype=np.int64)
        there[cell, at] = measure.over
        found[cell, at] = measure.over & measure.values.astype(bool)
        cases += [
            _open_case(measure, place, (cell, int(at[place])), lack)
            for place in np.flatnonzero(measure.open).tolist()
            if (lack := measure.lack(place))
        ]
    return ConcentrationCriterion(
        **limit,
        ids=tuple(ids),
        found=found,
        cases=there,
        worst=worst,
        open=cases,
        seed=seed,
        codes_of_items=cluster_codes([clusters.get(name, "") for name in ids]),
    )


def _excess_of_completions(
    moved: ConcentrationCriterion,
    of_items: tuple[NDArray[np.int64], NDArray[np.int64]],
    of_cells: NDArray[np.int64],
) -> tuple[float, float]:
    """Return bounds of the excess of all completions, which have the cases of ``moved``.

    The fewest and the most findings are given of items, both (items,), and of cells, (2, cells).
    """
    (fewest, most), many = of_items, moved.many
    placed = carried_by_chance(moved.cases[:, moved.there], of_cells, many, seed=moved.seed)
    return excess_between(
        (_carried(fewest, many), _carried(most, many)),
        (placed[0], placed[1]),
        (int(fewest.sum()), int(most.sum())),
    )


def _open_case(measure: MeanOfCases, place: int, where: tuple[int, int], lack: Lack) -> OpenCase:
    return OpenCase(
        *where,
        found=int(measure.over[place] and measure.values[place]),
        least=int(measure.ends.low[place] > 0),
        most=int(measure.ends.high[place] > 0),
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


def _carried(counts: NDArray[np.int64], worst: int) -> int:
    return int(np.sort(counts)[::-1][:worst].sum())


def _share(counts: NDArray[np.int64], worst: int) -> float:
    total = counts.sum()
    return float(_carried(counts, worst) / total) if total else 0.0
