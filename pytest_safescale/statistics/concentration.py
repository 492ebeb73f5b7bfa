"""How unevenly counts are spread: the share of the worst, against chance, Lorenz curve and Gini.

Definitions: docs/metrics.md, "Concentration".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = [
    "PLACEMENTS",
    "AgainstChance",
    "Cells",
    "against_chance",
    "carried_by_chance",
    "carried_in_each",
    "excess_between",
    "expected_of_many",
    "gini",
    "lorenz",
    "share_of_worst",
]

PLACEMENTS = 999
"""Random placements of findings."""
_BLOCK = 400_000
"""Items of placements that are drawn at once."""


def share_of_worst(counts: Sequence[int], per_cent: int) -> float | None:
    """Return the share of all findings that the worst ``per_cent`` of the items carry.

    ``counts`` are findings by item. ``None`` where there is no finding.
    """
    total = sum(counts)
    if total == 0:
        return None
    worst = -(-len(counts) * per_cent // 100)
    return sum(sorted(counts, reverse=True)[:worst]) / total


def lorenz(counts: Sequence[int]) -> list[float] | None:
    """Return the Lorenz curve: the share of findings of the 0, 1, 2 ... items with the fewest.

    Length items + 1, from 0 to 1. ``None`` where there is no finding.
    """
    total = sum(counts)
    if total == 0:
        return None
    return [carried / total for carried in accumulate(sorted(counts), initial=0)]


def gini(counts: Sequence[int]) -> float | None:
    """Return the Gini coefficient, 1 less twice the area under the Lorenz curve.

    ``None`` where there is no finding.
    """
    total, n = sum(counts), len(counts)
    if total == 0:
        return None
    # The trapezia under the curve: each cumulative sum counts twice, the last one once.
    area = (2 * sum(accumulate(sorted(counts))) - total) / (2 * n * total)
    return 1 - 2 * area


@dataclass(frozen=True, kw_only=True)
class AgainstChance:
    """The share that the worst items carry beside what findings placed at random would show."""

    share: float
    expected: float
    """Mean share over the random placements."""
    p_value: float
    """One-sided: (1 + placements whose share is as large) / (placements + 1)."""

    @property
    def excess(self) -> float:
        """The share less what chance makes of it."""
        return self.share - self.expected


def against_chance(carried: int, total: int, placed: NDArray[np.int64]) -> AgainstChance | None:
    """Return how concentrated findings are; ``None`` where there is none.

    ``carried`` of ``total`` findings are on the worst items; ``placed`` is what these carry in
    each random placement, (placements,), as ``carried_by_chance`` returns it.
    """
    if not total:
        return None
    as_many = int((placed >= carried).sum())
    return AgainstChance(
        share=carried / total,
        expected=float(placed.mean() / total),
        p_value=(1 + as_many) / (len(placed) + 1),
    )


class Cells(NamedTuple):
    """Cells whose findings are counted by item."""

    there: NDArray[np.bool_]
    """(cells, items), which items a cell has a case of."""
    found: NDArray[np.int64]
    """(kinds, cells), how many of its cases have each kind of finding."""

    worst: int
    """How many items, those with most findings, are summed."""

    @property
    def alike(self) -> bool:
        """Whether all placements carry as many: one cell has a finding an item at most."""
        return len(self.there) == 1 or not self.worst or not self.found.any()


def carried_by_chance(
    there: NDArray[np.bool_], found: NDArray[np.int64], worst: int, *, seed: int = SEED
) -> NDArray[np.int64]:
    """Return the findings of the worst items where chance alone places them, (kinds, placements).

    ``there`` is (cells, items) bool, which items a cell has a case of, and ``found`` is
    (kinds, cells) int, how many of its cases have each kind of finding. Each placement draws
    anew, in each cell, which of its items these are; ``worst`` items with most are summed. The
    kinds share the draws, and a larger number keeps the items of a smaller one: with each further
    finding no placement carries less, and none carries more than one more.
    """
    return carried_in_each([Cells(there, found, worst)], seed=seed)[0]


def carried_in_each(groups: Sequence[Cells], *, seed: int = SEED) -> list[NDArray[np.int64]]:
    """Return what ``carried_by_chance`` does of each group of cells, all of the same items.

    Groups of as many cells draw the same numbers, which are drawn and ordered once for all of them.
    """
    placed = [_all_alike(group) for group in groups]
    drawn: defaultdict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        if not group.alike:
            drawn[len(group.there)].append(place)
    for places in drawn.values():
        carried = _carried([groups[place] for place in places], seed)
        for place, of_group in zip(places, carried, strict=True):
            placed[place] = of_group
    return placed


def _all_alike(group: Cells) -> NDArray[np.int64]:
    """Return what the worst items carry where all placements carry as many."""
    alike = np.minimum(group.found.sum(axis=1, dtype=np.int64), group.worst)
    return np.repeat(alike[:, None], PLACEMENTS, axis=1)


def _carried(groups: Sequence[Cells], seed: int) -> Iterator[NDArray[np.int64]]:
    """Give what the worst items of each group carry; all are of as many cells and items."""
    generator = np.random.default_rng(seed)
    items = groups[0].there.shape[1]
    at_once = max(1, _BLOCK // items)
    blocks: list[list[NDArray[np.int64]]] = [[] for _ in groups]
    for start in range(0, PLACEMENTS, at_once):
        placed = _placed(groups, min(at_once, PLACEMENTS - start), generator)
        for group, counts, carried in zip(groups, placed, blocks, strict=True):
            counts.sort(axis=2, kind="stable")  # which counts small numbers, and is faster
            least = max(items - group.worst, 0)
            carried.append(counts[..., least:].sum(axis=2, dtype=np.int64))
    for carried in blocks:
        yield np.concatenate(carried, axis=1)


def _placed(
    groups: Sequence[Cells], rows: int, generator: np.random.Generator
) -> list[NDArray[np.int16]]:
    """Return the findings of each item in so many placements, (kinds, rows, items), by group."""
    items = groups[0].there.shape[1]
    counts = [np.zeros((len(group.found), rows, items), dtype=np.int16) for group in groups]
    for cell in range(len(groups[0].there)):
        drawn = _Drawn(generator.random((rows, items)))
        for group, of_group in zip(groups, counts, strict=True):
            keys, ordered = drawn.of(group.there[cell])
            for kind, number in enumerate(group.found[:, cell]):
                if number:
                    of_group[kind] += keys <= ordered[:, number - 1, None]
    return counts


class _Drawn:
    """Numbers drawn for the items of a cell; those with the smallest get the findings."""

    def __init__(self, keys: NDArray[np.float64]) -> None:
        """``keys`` is (rows, items)."""
        self._keys = keys
        self._known: dict[bytes, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def of(self, members: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the numbers of these items, (rows, items), infinite of others, and in order."""
        name = members.tobytes()
        if name not in self._known:
            keys = self._keys if members.all() else np.where(members, self._keys, np.inf)
            self._known[name] = keys, np.sort(keys, axis=1)
        return self._known[name]


def excess_between(
    carried: tuple[int, int],
    placed: tuple[NDArray[np.int64], NDArray[np.int64]],
    totals: tuple[int, int],
) -> tuple[float, float]:
    """Return bounds of the excess share of all numbers of findings between two ends, low and high.

    Each argument is of the fewest and of the most findings that there can be: what the worst items
    carry, what they carry in each random placement, (placements,), by ``carried_by_chance`` with
    the same seed, and how many findings there are. With each finding more, 0 to 1 more is carried,
    placed or not, which bounds both for every total between.
    """
    total = np.arange(max(totals[0], 1), totals[1] + 1)
    if not len(total):
        return 0.0, 0.0
    by_chance = float(placed[0].mean()), float(placed[1].mean())
    least, most = _between(carried, totals, total)
    least_by_chance, most_by_chance = _between(by_chance, totals, total)
    low, high = (least - most_by_chance) / total, (most - least_by_chance) / total
    return float(low.min()), float(high.max())


def _between(
    ends: tuple[float, float], totals: tuple[int, int], total: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the most that is carried of each total, both (totals,), float64."""
    least = np.maximum(ends[0], ends[1] - (totals[1] - total))
    most = np.minimum(ends[1], ends[0] + (total - totals[0]))
    return least.astype(np.float64), most.astype(np.float64)


def expected_of_many(shares: NDArray[np.float64], items: int, worst: int) -> NDArray[np.float64]:
    """Return about what the worst items carry by chance, (rows,), float64, without placing.

    ``shares`` is (rows, cells), the chance that an item has the finding in each cell. The worst
    items carry the sum over j of min(worst, items with j findings or more), whose number is taken
    at its mean: right for many items, a little too large for few.
    """
    rows, cells = shares.shape
    chance = np.zeros((rows, cells + 1))
    chance[:, 0] = 1.0
    for cell in range(cells):
        share = shares[:, cell, None]
        chance[:, 1:] = chance[:, 1:] * (1 - share) + chance[:, :-1] * share
        chance[:, 0] *= 1 - share[:, 0]
    as_many = items * chance[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return np.asarray(np.minimum(worst, as_many).sum(axis=1))
