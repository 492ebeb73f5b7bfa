"""Intervals: the bootstrap over items, exact binomial bounds, Wilson.

Definitions: docs/metrics.md, "Bootstrap over items", "Exact interval", "Wilson interval".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.statistics.clusters import cluster_sums
from pytest_safescale.statistics.matrix_product import columns_of_a_piece, product
from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "BOOTSTRAP",
    "CLOPPER_PEARSON",
    "NO_SPREAD",
    "RESAMPLES",
    "SEED",
    "WILSON",
    "WILSON_Z",
    "Interval",
    "Resampled",
    "bootstrap",
    "clopper_pearson",
    "drawn_weights",
    "exact_interval",
    "joined",
    "lower_bound",
    "resample_counts",
    "resample_indices",
    "resampled_cell_means",
    "resampled_interval",
    "resampled_parts",
    "resampled_sums",
    "summarise",
    "upper_bound",
    "wilson",
]

RESAMPLES = 1000
SEED = 42
BOOTSTRAP = "bootstrap-percentile"
CLOPPER_PEARSON = "clopper-pearson"
WILSON = "wilson"
WILSON_Z = 1.959964

NO_SPREAD = "the resamples are all alike, which says nothing of other items"
"""Why there is no interval where the bootstrap's would have no width."""
_TOO_FEW = "fewer than two resamples hold a case"

_BLOCK = 4_000_000
"""Numbers held at once while resamples are drawn or multiplied."""
_FIGURES = 500
"""Figures that are summarised at once: more are no quicker, and their copies take memory."""
_ROUNDING = 1e-12


class Interval(NamedTuple):
    """An interval at 95 % in units of its figure, or why there is none."""

    low: float | None
    high: float | None
    method: str | None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Bootstrap summary of some figures, in their units; every array is (figures,), float64."""

    low: NDArray[np.float64]
    """2.5th percentile, linear interpolation; NaN over no cases."""
    high: NDArray[np.float64]
    """97.5th percentile, linear interpolation; NaN over no cases."""
    std: NDArray[np.float64]
    """Standard deviation of the resampled figures, divisor B - 1."""
    mean: NDArray[np.float64]
    """Mean of the resampled figures; what is reported is the point value, never this."""

    def ends(self, place: int) -> tuple[float | None, float | None]:
        """Return both ends of the interval of figure ``place``; ``None`` where it has none."""
        low, high = float(self.low[place]), float(self.high[place])
        return (None, None) if np.isnan(low) else (low, high)

    def split(self, parts: int) -> list[Resampled]:
        """Return the summary cut into so many parts of equal length, in order."""
        pieces = {name: np.split(getattr(self, name), parts) for name in _PARTS}
        return [Resampled(**{name: pieces[name][part] for name in _PARTS}) for part in range(parts)]


_PARTS = ("low", "high", "std", "mean")
_UNKNOWN = Resampled(**{name: np.array([np.nan]) for name in _PARTS})


def resample_indices(n: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.int32]:
    """Return the item positions drawn, (resamples, n), int32; every cell of this n shares them."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, n, size=(resamples, n), dtype=np.int32)


@lru_cache(maxsize=4)
def resample_counts(n: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.uint16]:
    """Return how often each item is in each resample, shape (resamples, n), uint16, read-only.

    Every row sums to n, so that resampled means are a matrix product over n.
    """
    generator = np.random.default_rng(seed)
    counts = np.empty((resamples, n), dtype=np.uint16)
    for rows in _blocks(resamples, n):
        # Drawn in blocks, the numbers are those of resample_indices.
        size = (rows.stop - rows.start, n)
        drawn = generator.integers(0, max(n, 1), size=size, dtype=np.int32)
        places = drawn + np.arange(len(drawn), dtype=np.int64)[:, None] * n
        counts[rows] = np.bincount(places.ravel(), minlength=drawn.size).reshape(drawn.shape)
    counts.flags.writeable = False
    return counts


def drawn_weights(
    items: int, *, codes: NDArray[np.int64] | None = None, seed: int = SEED
) -> NDArray[np.uint16]:
    """Return how often each item counts in each resample, (resamples, items), uint16.

    With ``codes``, (items,), those of a cluster count as often as it is drawn (``clusters.py``).
    """
    if codes is None:
        return resample_counts(items, seed=seed)
    return resample_counts(int(codes.max()) + 1, seed=seed)[:, codes]


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def resampled_sums(
    values: Numbers, *, codes: NDArray[np.int64] | None = None, seed: int = SEED
) -> NDArray[np.float64]:
    """Return the sum of each figure's values over each resample, (resamples, figures), float64.

    ``values`` is (figures, n), of any real dtype. Sums of 0/1 are exact. With ``codes``, (n,), the
    sums are over whole clusters that are drawn (``clusters.py``).
    """
    values = values if codes is None else cluster_sums(values, codes)
    counts = resample_counts(values.shape[1], seed=seed)
    blocks = [product(counts[rows], values.T) for rows in _blocks(*counts.shape)]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def resampled_parts(
    values: Numbers,
    *,
    codes: NDArray[np.int64] | None = None,
    seed: int = SEED,
    together: int = 1,
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Give the columns of ``resampled_sums``, to the last bit, some at a time, with their places.

    ``together`` is how many figures in a row are wanted at once.
    """
    n = values.shape[1] if codes is None else int(codes.max(initial=-1)) + 1
    piece, figures = columns_of_a_piece(RESAMPLES, n), len(values)
    alike = figures if piece is None else lcm(piece, together)
    step = alike * max(1, _FIGURES // max(1, alike))
    # The last part takes what is left: of a figure by itself numpy sums in another order.
    starts = range(0, max(1, figures - step + 1), max(1, step))
    for start, end in zip(starts, [*starts[1:], figures], strict=True):
        yield slice(start, end), resampled_sums(values[start:end], codes=codes, seed=seed)


def bootstrap(
    values: Numbers,
    over: NDArray[np.bool_],
    *,
    codes: NDArray[np.int64] | None = None,
    seed: int = SEED,
) -> Resampled:
    """Return the bootstrap summary of each row's mean over its own cases.

    ``values`` is (figures, items), of any real dtype; ``over`` is (figures, items), bool, the cases
    of each row. With ``codes``, (items,), whole clusters of cases are drawn (``clusters.py``). Rows
    with the same number of cases, or of clusters, share their resamples. Ends that miss the point
    value by rounding alone are set to it.
    """
    sums: Numbers = values
    sizes: Numbers = over.astype(np.int64)
    if codes is not None:
        sums, sizes = (cluster_sums(part, codes) for part in (np.where(over, values, 0), over))
    there = sizes > 0
    many = there.sum(axis=1)
    found = Resampled(**{name: np.full(len(values), np.nan) for name in _PARTS})
    for n in np.unique(many[many > 0]):
        same = np.flatnonzero(many == n)
        for part in _blocks(len(same), RESAMPLES):
            rows = same[part]
            chosen = sums[rows][there[rows]].reshape(-1, n)
            drawn = n if codes is None else _drawn_cases(sizes[rows][there[rows]], n, seed)
            points = chosen.sum(axis=1) / sizes[rows].sum(axis=1)
            for some, resampled in resampled_parts(chosen, seed=seed):
                means = resampled / (drawn if codes is None else drawn[:, some])
                found = joined(found, summarise(means, points[some]), rows[some])
    return found


def _drawn_cases(sizes: Numbers, n: int, seed: int) -> Any:
    """Return how many cases each resample of ``n`` clusters has, (resamples, figures)."""
    return resampled_sums(sizes.reshape(-1, n), seed=seed)


def joined(all_of: Resampled, some: Resampled, places: Any) -> Resampled:
    """Return the summary ``all_of`` with the figures at ``places`` taken from ``some``."""
    parts = {name: getattr(all_of, name).copy() for name in _PARTS}
    for name, values in parts.items():
        values[places] = getattr(some, name)
    return Resampled(**parts)


def summarise(means: NDArray[np.float64], points: NDArray[np.float64]) -> Resampled:
    """Return the percentile intervals of resampled figures.

    ``means`` is (resamples, figures) and ``points`` (figures,), float64. A resample in which a
    figure does not exist (NaN) is excluded from its interval; fewer than two leave no interval.
    """
    known = np.isfinite(means)
    if not known.all():
        alone = [
            summarise(means[some, place][:, None], points[place : place + 1])
            if (some := known[:, place]).sum() > 1
            else _UNKNOWN
            for place in range(means.shape[1])
        ]
        return Resampled(
            **{name: np.concatenate([getattr(one, name) for one in alone]) for name in _PARTS}
        )
    low, high = np.percentile(np.ascontiguousarray(means.T), [2.5, 97.5], axis=1)
    return Resampled(
        low=np.where(np.abs(low - points) < _ROUNDING, points, low),
        high=np.where(np.abs(high - points) < _ROUNDING, points, high),
        std=means.std(axis=0, ddof=1),
        mean=means.mean(axis=0),
    )


def resampled_cell_means(
    values: Numbers,
    over: NDArray[np.bool_],
    *,
    codes: NDArray[np.int64] | None = None,
    seed: int = SEED,
) -> NDArray[np.float64]:
    """Return the mean of each cell in each resample of the items, (resamples, cells), float64.

    ``values`` (any real dtype) and ``over`` (bool) are (cells, items). Each item, or with
    ``codes``, (items,), each cluster of items, is drawn with all its cases. NaN where a resample
    holds no case of a cell.
    """
    sums = resampled_sums(np.where(over, values, 0.0), codes=codes, seed=seed)
    if codes is None and over.all() and over.size:
        # A resample of as many items as there are holds as many cases, where each item is one.
        sums /= over.shape[1]
        return sums
    cases = resampled_sums(over, codes=codes, seed=seed)
    means: NDArray[np.float64] = np.divide(
        sums, cases, out=np.full_like(sums, np.nan), where=cases > 0
    )
    return means


def upper_bound(count: Any, n: Any, confidence: float) -> Any:
    """Return the exact one-sided upper bound of a rate: the Beta quantile of (x + 1, n - x).

    ``count`` and ``n`` are numbers, or arrays that broadcast; the bound is a fraction, float64, of
    their common shape (docs/metrics.md, "Exact interval"). Counts may be fractions, of an effective
    sample size.
    """
    count, n = np.asarray(count), np.asarray(n)
    bound = special().betaincinv(count + 1.0, np.where(count < n, n - count, 1.0), confidence)
    return np.where(count >= n, 1.0, bound)[()]


def lower_bound(count: Any, n: Any, confidence: float) -> Any:
    """Return the exact one-sided lower bound of a rate: the Beta quantile of (x, n - x + 1).

    Shapes as in ``upper_bound``.
    """
    count, n = np.asarray(count), np.asarray(n)
    bound = special().betaincinv(np.where(count > 0, count, 1.0), n - count + 1.0, 1 - confidence)
    return np.where(count <= 0, 0.0, bound)[()]


def clopper_pearson(count: Any, n: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Return the lower and the upper end of the exact two-sided interval; n must be at least 1.

    Shapes as in ``upper_bound``.
    """
    one_sided = (1 + confidence) / 2
    return lower_bound(count, n, one_sided), upper_bound(count, n, one_sided)


def exact_interval(count: float, n: float) -> Interval:
    """Return the Clopper-Pearson interval of ``count`` of ``n`` at 95 %; n must be above 0.

    An effective sample size need not be whole (``clusters.py``).
    """
    low, high = clopper_pearson(count, n)
    return Interval(float(low), float(high), CLOPPER_PEARSON)


def resampled_interval(
    low: float | None,
    high: float | None,
    *,
    cases: int = 0,
    range_: tuple[float, float] | None = None,
) -> Interval:
    """Return the bootstrap's interval, or what holds where it has no width.

    ``low`` and ``high`` are its ends. ``range_`` is what the figure of a case lies in, where that
    is bounded: if all ``cases`` are at one end of it, a mean ``m`` ranges away from there has them
    so with a chance of (1 - m)^cases at most, whatever lies between the ends, so that the exact
    interval of 0 of ``cases`` holds (docs/metrics.md, "Intervals without width").
    """
    if low is None or high is None:
        return Interval(None, None, None, _TOO_FEW)
    if low != high:
        return Interval(low, high, BOOTSTRAP)
    if range_ is None or low not in range_ or not cases:
        return Interval(None, None, None, NO_SPREAD)
    bottom, top = range_
    below, above = clopper_pearson(0 if low == bottom else cases, cases)
    width = top - bottom
    return Interval(bottom + width * float(below), bottom + width * float(above), CLOPPER_PEARSON)


def wilson(count: Any, n: Any, z: float = 1.96) -> tuple[Any, Any]:
    """Return the lower and the upper end of the Wilson score interval; n must be at least 1.

    Shapes as in ``upper_bound`` (docs/metrics.md, "Wilson interval").
    """
    share, extra = np.asarray(count) / n, z * z / np.asarray(n)
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * np.sqrt(share * (1 - share) / n + extra / (4 * np.asarray(n)))
    return np.maximum(0.0, middle - half)[()], np.minimum(1.0, middle + half)[()]
