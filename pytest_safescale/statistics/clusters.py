"""Items that are not independent of each other: cases of one patient, of one author, of one source.

Definitions: docs/statistics.md, "Clusters". An item without a cluster is one of its own, and where
every cluster has one item each function here gives what it gives without clusters.

Korn and Graubard (Survey Methodology 1998, 24:193-201) take the exact interval at the effective
sample size; Rao and Scott (Biometrics 1992, 48:577-585) divide counts by the design effect. Rare
events say little of how they cluster, and the estimated design effect is then too small: the level
is exceeded by up to twice (``benchmarks/cluster_levels.py``). So it is taken with one more cluster
of mean size, of which every item has the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.statistics.matrix_product import product
from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "DIFFERENCE_ENDS",
    "FEWEST_CLUSTERS",
    "RATE_ENDS",
    "ClusterSums",
    "adjusted_sizes",
    "at_effective_size",
    "cluster_sums",
    "codes_at",
    "design_effects",
    "effective_sizes",
    "intraclass_correlation",
    "most_design_effect",
    "sign_flip_p",
]

RATE_ENDS = (0.0, 1.0)
DIFFERENCE_ENDS = (-1.0, 1.0)
"""What a case of a rate, or of a difference of two rates, can be."""
FEWEST_CLUSTERS = 30
"""Clusters below which a bound says too little: the spread between them is not known."""
_TWO_SIDED = 0.975
"""Whose quantiles of t adjust for the degrees of freedom, as Korn and Graubard do."""
_ROUNDING = 1e-12


def cluster_sums(values: Numbers, codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sums of each row over each cluster, (rows, clusters), float64.

    ``values`` is (rows, items), ``codes`` (items,) from 0 without a gap.
    """
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(int(codes.max(initial=-1)) + 1))
    if not len(starts):
        return np.zeros((len(values), 0))
    sums: NDArray[np.float64] = np.add.reduceat(values[:, order].astype(np.float64), starts, axis=1)
    return sums


def codes_at(
    codes: NDArray[np.int64] | None, places: NDArray[np.integer] | NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """Return the numbers of the items at these places alone, again without a gap."""
    return None if codes is None else np.unique(codes[places], return_inverse=True)[1]


class ClusterSums(NamedTuple):
    """The cases of one figure, summed by cluster; every array is (clusters,), float64."""

    sums: NDArray[np.float64]
    """Of the values."""
    squares: NDArray[np.float64]
    """Of the squared values: of a rate the values once more."""
    sizes: NDArray[np.float64]
    """Cases; 0 for a cluster without one."""

    @classmethod
    def of(cls, values: Numbers, over: NDArray[np.bool_], codes: NDArray[np.int64]) -> ClusterSums:
        """Sum the (items,) values of the cases, which are where ``over`` holds."""
        counted = np.where(over, values, 0).astype(np.float64)
        return cls(*cluster_sums(np.stack([counted, counted**2, over]), codes))

    @property
    def many(self) -> int:
        """Clusters with a case."""
        return int((self.sizes > 0).sum())

    @property
    def once(self) -> NDArray[np.float64]:
        """(1, clusters) of ones, float64."""
        return np.ones((1, len(self.sizes)))

    @property
    def single(self) -> bool:
        """Whether no cluster has two cases."""
        return bool((self.sizes <= 1).all())


def design_effects(
    parts: ClusterSums, weights: NDArray[np.float64], *, added: float | None
) -> NDArray[np.float64]:
    """Return how many times the variance of a mean is that of as many independent cases, (rows,).

    ``weights`` is (rows, clusters), how often each cluster counts. ``added`` is the value of every
    case of one more cluster, of mean size; ``None`` adds none. At least 1; where the cases are all
    alike what whole clusters that are alike would have: the sum of squared sizes over that of
    sizes.
    """
    there = (parts.sizes > 0).astype(np.float64)
    sums, squares, sizes = parts
    columns = [there, sizes, sums, squares, sums**2, sums * sizes, sizes**2]
    found = product(weights, np.stack(columns, axis=1)).T
    if added is not None:
        mean = found[1] / np.maximum(found[0], 1.0)
        found = found + np.stack(
            [
                np.ones_like(mean),
                mean,
                added * mean,
                added**2 * mean,
                *(factor * mean**2 for factor in (added**2, added, 1.0)),
            ]
        )
    many, n, total, squared, between, crossed, sized = found
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        spread = between - 2 * mean * crossed + mean**2 * sized
        clustered = many / (many - 1) * spread / n**2
        independent = (squared / n - mean**2) / (n - 1)
        ratio = np.where(independent * n > _ROUNDING, clustered / independent, sized / n)
    return np.asarray(np.fmax(ratio, 1.0))


def most_design_effect(
    ends: tuple[Numbers, Numbers],
    over: NDArray[np.bool_],
    codes: NDArray[np.int64],
    added: float,
) -> float:
    """Return a number that the design effect of no values between two ends exceeds.

    ``ends`` are the lowest and the highest (items,) value of each, at -1, 0 or 1; ``over`` and
    ``codes``, (items,), say which are cases, and of which cluster; ``added`` as in
    ``design_effects``. The spread between clusters is at most what the ends of each cluster and of
    the mean allow, over the least that the cases can differ; and at most the largest cluster times
    what the cases differ, whatever they are (Cauchy and Schwarz).
    """
    low, high = (np.where(over, end, 0).astype(np.float64) for end in ends)
    sums, tops, sizes = cluster_sums(np.stack([low, high, over.astype(np.float64)]), codes)
    many = int((sizes > 0).sum())
    size = float(sizes.sum()) / many
    n = float(sizes.sum()) + size
    least, most = ((float(part.sum()) + added * size) / n for part in (sums, tops))
    spread = np.fmax((sums - most * sizes) ** 2, (tops - least * sizes) ** 2).sum()
    spread += size**2 * max((added - least) ** 2, (added - most) ** 2)
    squares = np.where((low <= 0) & (high >= 0), 0.0, np.fmin(low**2, high**2)).sum()
    differ = (float(squares) + added**2 * size) / n - max(least**2, most**2)
    factor = (many + 1) / many * (n - 1) / n
    largest = factor * float(sizes.max())
    return max(1.0, min(largest, factor * float(spread) / n / differ) if differ > 0 else largest)


def effective_sizes(
    parts: ClusterSums, weights: NDArray[np.float64], ends: Sequence[float]
) -> NDArray[np.float64]:
    """Return how many independent cases say as much as the cases of each row, (rows,), float64.

    ``weights`` is (rows, clusters), how often each cluster counts. ``ends`` are the values that
    every case of the added cluster may have, ``RATE_ENDS`` or ``DIFFERENCE_ENDS``: the one that
    leaves less is taken. Without ends none is added.
    """
    n = product(weights, parts.sizes[:, None])[:, 0]
    if parts.single:
        return n
    many = product(weights, (parts.sizes > 0).astype(np.float64)[:, None])[:, 0]
    effects = [design_effects(parts, weights, added=end) for end in ends or (None,)]
    return adjusted_sizes(n, many, np.max(effects, axis=0))


def adjusted_sizes(
    n: NDArray[np.float64], clusters: NDArray[np.float64], effects: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the effective sizes of ``n`` cases in ``clusters`` with these design effects.

    Each is (rows,), float64. They are adjusted for the degrees of freedom, clusters less one, by
    quantiles of t; never more than the cases. A cluster alone says as much as one case.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        stdtrit = special().stdtrit
        quantiles = stdtrit(n - 1, _TWO_SIDED), stdtrit(clusters - 1, _TWO_SIDED)
        found = n / effects * (quantiles[0] / quantiles[1]) ** 2
    return np.asarray(np.where(clusters > 1, np.fmin(n, found), np.fmin(n, 1.0)))


def at_effective_size(count: Any, n: Any, effective: Any) -> tuple[Any, Any]:
    """Return counts and cases as effective samples have them; numbers, or arrays that broadcast.

    All of the cases stay all, and none stays none, whatever rounding makes of the quotient.
    """
    count, n, effective = (np.asarray(part, dtype=np.float64) for part in (count, n, effective))
    scaled = np.where(effective == n, count, count / np.maximum(n, 1.0) * effective)
    return np.where(count == n, effective, scaled)[()], effective[()]


def intraclass_correlation(parts: ClusterSums) -> float | None:
    """Return the intraclass correlation by analysis of variance; negative ones stay.

    ``None`` where no cluster has two cases, or all cases are alike.
    """
    there = parts.sizes > 0
    sums, sizes = parts.sums[there], parts.sizes[there]
    many, n, squares = len(sizes), float(sizes.sum()), float(parts.squares.sum())
    if many < 2 or n <= many:
        return None
    of_means = float((sums**2 / sizes).sum())
    between = (of_means - float(sums.sum()) ** 2 / n) / (many - 1)
    within = (squares - of_means) / (n - many)
    size = (n - float((sizes**2).sum()) / n) / (many - 1)
    whole = between + (size - 1) * within
    return (between - within) / whole if whole > _ROUNDING else None


def sign_flip_p(sums: NDArray[np.int64]) -> float:
    """Return the exact two-sided p that paired differences have no side.

    ``sums`` is (clusters,), the differences (1, 0 or -1) of each cluster's items added up. Under
    the hypothesis the two sides of a whole cluster may be swapped: p is the share of all swaps
    whose total is as far from 0 or further. With one item a cluster it is McNemar's exact p;
    Obuchowski's test (Statistics in Medicine 1998, 17:1495-1507) is its approximation.
    """
    sizes = np.abs(sums[sums != 0])
    most, seen = int(sizes.sum()), abs(int(sums.sum()))
    # (most + 1,) the chance of each sum of the clusters on the one side.
    chances = np.zeros(most + 1)
    chances[0] = 1.0
    for size in sizes.tolist():
        moved = np.zeros_like(chances)
        moved[size:] = chances[: len(chances) - size]
        chances = (chances + moved) / 2
    far = np.abs(2 * np.arange(most + 1) - most) >= seen
    return min(1.0, float(chances[far].sum()))
