"""Intervals: the bootstrap over items, exact binomial bounds, Wilson (metrics.md, part A)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betaincinv

from pytest_safescale.scoring.products import product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = [
    "BOOTSTRAP",
    "RESAMPLES",
    "SEED",
    "WILSON",
    "WILSON_Z",
    "Resampled",
    "bootstrap",
    "clopper_pearson",
    "joined",
    "lower_bound",
    "resample_counts",
    "resample_indices",
    "resampled_cell_means",
    "resampled_sums",
    "summarise",
    "upper_bound",
    "wilson",
]

RESAMPLES = 1000
SEED = 42
BOOTSTRAP = "bootstrap-percentile"
WILSON = "wilson"
WILSON_Z = 1.959964

_BLOCK = 4_000_000
"""Numbers held at once while resamples are drawn or multiplied."""
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """What the resamples of some figures come to; every array is (figures,)."""

    low: NDArray[Any]
    """2.5th percentile, linear interpolation; NaN over no cases."""
    high: NDArray[Any]
    """97.5th percentile."""
    std: NDArray[Any]
    """Divisor B - 1."""
    mean: NDArray[Any]
    """Of the resamples; the figure itself is not this but the point value."""

    def ends(self, place: int) -> tuple[float | None, float | None]:
        """Return the interval of one figure, ``None`` where there is none."""
        low, high = float(self.low[place]), float(self.high[place])
        return (None, None) if np.isnan(low) else (low, high)

    def split(self, parts: int) -> list[Resampled]:
        """Return as many equal parts, in order."""
        pieces = {name: np.split(getattr(self, name), parts) for name in _PARTS}
        return [Resampled(**{name: pieces[name][part] for name in _PARTS}) for part in range(parts)]


_PARTS = ("low", "high", "std", "mean")
_UNKNOWN = Resampled(**{name: np.array([np.nan]) for name in _PARTS})


def resample_indices(n: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.int32]:
    """Return the (resamples, n) matrix of item positions; the same for every cell of this n."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, n, size=(resamples, n), dtype=np.int32)


@lru_cache(maxsize=4)
def resample_counts(n: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.uint16]:
    """Return how often each of n items is in each resample: a mean is a matrix product."""
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


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def resampled_sums(values: NDArray[Any], *, seed: int = SEED) -> NDArray[Any]:
    """Return the (resamples, figures) sums of ``values`` (figures, n) over each resample.

    Sums of 0/1 are exact.
    """
    counts = resample_counts(values.shape[1], seed=seed)
    return np.concatenate([product(counts[rows], values.T) for rows in _blocks(*counts.shape)])


def bootstrap(values: NDArray[Any], over: NDArray[Any], *, seed: int = SEED) -> Resampled:
    """Resample the mean of each row of ``values`` (figures, items) over its own cases.

    ``over`` tells which items are cases of a row. Rows of the same number of cases share their
    resamples. An interval holds its point value up to rounding, which is taken out.
    """
    cases = over.sum(axis=1)
    found = Resampled(**{name: np.full(len(values), np.nan) for name in _PARTS})
    for n in np.unique(cases[cases > 0]):
        same = np.flatnonzero(cases == n)
        for part in _blocks(len(same), RESAMPLES):
            rows = same[part]
            chosen = values[rows][over[rows]].reshape(-1, n)
            told = summarise(resampled_sums(chosen, seed=seed) / n, chosen.mean(axis=1))
            found = joined(found, told, rows)
    return found


def joined(all_of: Resampled, some: Resampled, places: Any) -> Resampled:
    """Return the figures with those at ``places`` replaced."""
    parts = {name: getattr(all_of, name).copy() for name in _PARTS}
    for name, values in parts.items():
        values[places] = getattr(some, name)
    return Resampled(**parts)


def summarise(means: NDArray[Any], points: NDArray[Any]) -> Resampled:
    """Return the percentile intervals of resampled figures (resamples, figures).

    A resample in which a figure does not exist (NaN) is left out of that figure's interval; where
    fewer than two are left there is none.
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
    values: NDArray[Any], over: NDArray[Any], *, seed: int = SEED
) -> NDArray[Any]:
    """Return the (resamples, cells) means of rows of cases, an item's cases kept together.

    ``values`` and ``over`` are (cells, items). NaN where a resample holds no case of a cell.
    """
    sums = resampled_sums(np.where(over, values, 0.0), seed=seed)
    cases = resampled_sums(over, seed=seed)
    means: NDArray[Any] = np.divide(sums, cases, out=np.full_like(sums, np.nan), where=cases > 0)
    return means


def upper_bound(count: Any, n: Any, confidence: float) -> Any:
    """Return the exact one-sided upper bound of a rate: the Beta quantile of (x + 1, n - x).

    Numbers or arrays of them.
    """
    count, n = np.asarray(count), np.asarray(n)
    bound = betaincinv(count + 1.0, np.maximum(n - count, 1), confidence)
    return np.where(count >= n, 1.0, bound)[()]


def lower_bound(count: Any, n: Any, confidence: float) -> Any:
    """Return the exact one-sided lower bound of a rate: the Beta quantile of (x, n - x + 1)."""
    count, n = np.asarray(count), np.asarray(n)
    bound = betaincinv(np.maximum(count, 1), n - count + 1.0, 1 - confidence)
    return np.where(count <= 0, 0.0, bound)[()]


def clopper_pearson(count: Any, n: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Return the exact two-sided interval of a rate; n must be at least 1."""
    one_sided = (1 + confidence) / 2
    return lower_bound(count, n, one_sided), upper_bound(count, n, one_sided)


def wilson(count: Any, n: Any, z: float = 1.96) -> tuple[Any, Any]:
    """Return the Wilson score interval of a share; n must be at least 1."""
    share, extra = np.asarray(count) / n, z * z / np.asarray(n)
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * np.sqrt(share * (1 - share) / n + extra / (4 * np.asarray(n)))
    return np.maximum(0.0, middle - half)[()], np.minimum(1.0, middle + half)[()]
