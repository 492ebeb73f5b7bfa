"""How often gates over clusters pass wrongly, and how often rightly: simulated runs.

    python -m benchmarks.cluster_levels

Items come in clusters of one to seven (one to three for 60 items), whose answers are alike with a
given intraclass correlation: 0 is independent, 1 makes each cluster all alike. A rate at its
threshold, or a difference at its margin, may pass at 5 % of the runs at most. Beside the bound that
gates take stand the one that counts items as independent, and Korn and Graubard's without the added
cluster; of differences Student's t over clusters. The exact paired test is held against McNemar's
and Obuchowski's, also where gains come in whole clusters and losses one by one. Of subgroups that
Holm's method holds together: how often any is passed wrongly, exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import bdtr, chdtrc, stdtr

from pytest_safescale.statistics.clusters import (
    DIFFERENCE_ENDS,
    FEWEST_CLUSTERS,
    RATE_ENDS,
    ClusterSums,
    effective_sizes,
    sign_flip_p,
)
from pytest_safescale.statistics.intervals import upper_bound
from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.paired import holm_rows, mcnemar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Counts = NDArray[np.int64]

REPETITIONS = 4000
ITEMS = (20, 60, 200, 1000)
CORRELATIONS = (0.0, 0.1, 0.5, 1.0)
THRESHOLDS = (0.05, 0.1, 0.2)
MARGINS = (0.05, 0.1)
CHANGED_BACK = (0.0, 0.02, 0.1)
CONFIDENCE = 0.95
ALPHA = 0.05
SEED = 1
_FEWEST_EVENTS = 1e-300


class Shares(NamedTuple):
    """How often each way to judge the same runs passes."""

    gate: float
    """What gates do."""
    independent: float
    """Items counted as if they were independent."""
    other: float
    """Korn and Graubard without the added cluster; of differences Student's t."""


def sizes_of(items: int) -> Counts:
    """Return the sizes of clusters, (clusters,): one to seven, of 60 items and fewer to three."""
    most = 7 if items > 60 else 3
    sizes = np.resize(np.arange(1, most + 1), items)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), items, side="right"))]
    left = items - int(sizes.sum())
    return np.append(sizes, left) if left else sizes


def _chances(
    shares: NDArray[np.float64], runs: int, clusters: int, icc: float, draw: np.random.Generator
) -> NDArray[np.float64]:
    """Return (runs, clusters, outcomes) the chances within each cluster, of that correlation."""
    if icc in (0.0, 1.0):
        shape = (runs, clusters)
        alike = draw.multinomial(1, shares, shape).astype(np.float64)
        return alike if icc else np.broadcast_to(shares, (*shape, len(shares)))
    spread = np.maximum(shares * (1 - icc) / icc, _FEWEST_EVENTS)
    parts = draw.standard_gamma(spread, (runs, clusters, len(shares))) + _FEWEST_EVENTS
    return np.asarray(parts / parts.sum(axis=-1, keepdims=True))


def draw_counts(
    sizes: Counts, shares: NDArray[np.float64], icc: float, runs: int, seed: int = SEED
) -> Counts:
    """Return (runs, clusters, outcomes) how many items of each cluster have which outcome."""
    draw = np.random.default_rng(seed)
    left = np.broadcast_to(sizes, (runs, len(sizes)))
    rest = np.ones((runs, len(sizes)))
    chances = _chances(shares, runs, len(sizes), icc, draw)
    found = []
    for place in range(len(shares) - 1):
        given = np.divide(chances[..., place], rest, out=np.zeros_like(rest), where=rest > 1e-12)
        many = draw.binomial(left, np.clip(given, 0.0, 1.0))
        found.append(many)
        left, rest = left - many, rest - chances[..., place]
    return np.stack([*found, left], axis=-1).astype(np.int64)


def _sizes(
    sums: Counts, squares: Counts, sizes: Counts, ends: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the effective size of each run, (runs,)."""
    one = np.ones((1, len(sizes)))
    return np.array(
        [
            effective_sizes(
                ClusterSums(*(part.astype(np.float64) for part in (total, square, sizes))),
                one,
                ends,
            )[0]
            for total, square in zip(sums, squares, strict=True)
        ]
    )


def rate_passes(
    items: int, threshold: float, rate: float, icc: float, *, runs: int = REPETITIONS
) -> Shares:
    """Return how often ``max = threshold`` passes at a true rate."""
    sizes = sizes_of(items)
    counts = draw_counts(sizes, np.array([rate, 1 - rate]), icc, runs)[..., 0]
    events = counts.sum(axis=1)

    def passed(size: NDArray[np.float64]) -> float:
        kept = upper_bound(events / items * size, size, CONFIDENCE) <= threshold
        return float(kept.mean()) if len(sizes) >= FEWEST_CLUSTERS else 0.0

    alone = np.full(runs, float(items))
    plain = _sizes(counts, counts, sizes, ())
    return Shares(passed(_sizes(counts, counts, sizes, RATE_ENDS)), passed(alone), passed(plain))


def difference_passes(
    items: int, margin: float, shares: tuple[float, float], icc: float, *, runs: int = REPETITIONS
) -> Shares:
    """Return how often ``max_increase = margin`` passes; ``shares`` get worse, and get better."""
    sizes = sizes_of(items)
    outcomes = np.array([*shares, 1 - sum(shares)])
    counts = draw_counts(sizes, outcomes, icc, runs)
    moved = counts[..., 0] - counts[..., 1]
    more, less = counts[..., 0].sum(axis=1), counts[..., 1].sum(axis=1)
    if len(sizes) < FEWEST_CLUSTERS:
        return Shares(0.0, 0.0, 0.0)

    def passed(size: NDArray[np.float64]) -> float:
        scale = size / items
        p_value = difference_p(more * scale, less * scale, items * scale, margin)
        return float((p_value <= ALPHA).mean())

    squares = counts[..., 0] + counts[..., 1]
    gate = passed(_sizes(moved, squares, sizes, DIFFERENCE_ENDS))
    return Shares(gate, passed(np.full(runs, float(items))), _by_t(moved, sizes, margin))


def _by_t(moved: Counts, sizes: Counts, margin: float) -> float:
    items, many = int(sizes.sum()), len(sizes)
    difference = moved.sum(axis=1) / items
    off = ((moved - difference[:, None] * sizes) ** 2).sum(axis=1)
    error = np.sqrt(many / (many - 1) * off) / items
    safe = np.where(error > 0, error, 1.0)
    below = stdtr(many - 1, (difference - margin) / safe)
    return float(((error > 0) & (below <= ALPHA)).mean())


def paired_rejections(
    items: int, share: float, icc: float | None, *, runs: int = 1000
) -> tuple[float, float, float]:
    """Return how often equal sides are told apart: swapping clusters, McNemar, Obuchowski.

    ``share`` of the items changes each way. Without a correlation gains come in whole clusters and
    losses one by one.
    """
    sizes = sizes_of(items)
    if icc is None:
        draw = np.random.default_rng(SEED)
        whole = draw.random((runs, len(sizes))) < share
        gains = np.where(whole, sizes, 0)
        losses = np.where(whole, 0, draw.binomial(sizes, share / (1 - share), whole.shape))
    else:
        counts = draw_counts(sizes, np.array([share, share, 1 - 2 * share]), icc, runs)
        gains, losses = counts[..., 0], counts[..., 1]
    moved = gains - losses
    swapped = np.array([sign_flip_p(row) for row in moved])
    singly = mcnemar(gains.sum(axis=1), losses.sum(axis=1))
    score = moved.sum(axis=1) ** 2 / np.maximum((moved**2).sum(axis=1), 1)
    tests = (swapped, singly, chdtrc(1, score))
    found = [float((p_value <= ALPHA).mean()) for p_value in tests]
    return found[0], found[1], found[2]


def subgroup_passes(
    items: int, subgroups: int, threshold: float, rate: float, *, runs: int = REPETITIONS
) -> tuple[float, float]:
    """Return how often a subgroup is passed wrongly, exactly, and how often all are, of draws.

    Of independent items, ``items`` in each subgroup: the first with every true rate at the
    threshold, where Holm's method passes one just if the smallest p is within its first step; the
    second at a true ``rate``.
    """
    chances = bdtr(np.arange(items + 1.0), items, threshold)
    passed = np.flatnonzero(chances <= ALPHA / subgroups)
    alone = float(chances[passed[-1]]) if passed.size else 0.0
    counts = np.random.default_rng(SEED).binomial(items, rate, (runs, subgroups))
    adjusted = holm_rows(bdtr(counts.astype(np.float64), items, threshold))
    return 1 - (1 - alone) ** subgroups, float((adjusted <= ALPHA).all(axis=1).mean())


def _lines() -> Iterator[str]:
    yield "max at 95 %: gate / independent / without the added cluster; power at threshold 0.1"
    for icc in CORRELATIONS:
        for items in ITEMS:
            runs = REPETITIONS if items < 1000 else REPETITIONS // 4
            levels = [rate_passes(items, one, one, icc, runs=runs) for one in THRESHOLDS]
            worst = (max(part) for part in zip(*levels, strict=True))
            power = rate_passes(items, 0.1, 0.02, icc, runs=runs)
            yield _line(icc, items, worst, power)
    yield "max_increase at 95 %: gate / independent / t; power at margin 0.1, 2 % each way"
    for icc in CORRELATIONS:
        for items in ITEMS:
            runs = REPETITIONS if items < 1000 else REPETITIONS // 4
            levels = [
                difference_passes(items, margin, (back + margin, back), icc, runs=runs)
                for margin in MARGINS
                for back in CHANGED_BACK
            ]
            worst = (max(part) for part in zip(*levels, strict=True))
            yield _line(
                icc, items, worst, difference_passes(items, 0.1, (0.02, 0.02), icc, runs=runs)
            )
    yield "by at 95 %, threshold 0.1: a subgroup passed wrongly; all pass at a true 2 %"
    for subgroups in (3, 9):
        for items in ITEMS:
            level, power_of_all = subgroup_passes(items, subgroups, 0.1, 0.02)
            told = f"{100 * level:.1f}; {100 * power_of_all:.1f}"
            yield f"{subgroups} subgroups of {items} items: {told}"
    yield "two-sided paired p at 5 %: swapping clusters / McNemar / Obuchowski"
    for how in (*CORRELATIONS[:3], None):
        for items in ITEMS[1:]:
            found = [paired_rejections(items, share, how) for share in (0.02, 0.1, 0.3)]
            shares = " / ".join(f"{100 * max(part):.1f}" for part in zip(*found, strict=True))
            told = "gains whole, losses single" if how is None else f"icc {how:g}"
            yield f"{told}, {items} items: {shares}"


def _line(icc: float, items: int, worst: Iterator[float], power: Shares) -> str:
    levels = " / ".join(f"{100 * one:.1f}" for one in worst)
    return (
        f"icc {icc:g}, {items} items: {levels}; {' / '.join(f'{100 * one:.1f}' for one in power)}"
    )


if __name__ == "__main__":
    for line in _lines():
        print(line)
