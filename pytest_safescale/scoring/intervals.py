"""Intervals: the bootstrap over items, exact binomial bounds, Wilson (metrics.md, part A)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betaincinv

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BOOTSTRAP",
    "RESAMPLES",
    "SEED",
    "Interval",
    "bootstrap_interval",
    "clopper_pearson",
    "lower_bound",
    "resample_indices",
    "resample_weights",
    "upper_bound",
    "wilson",
]

RESAMPLES = 1000
SEED = 42
BOOTSTRAP = "bootstrap-percentile"


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A two-sided interval at 95 % and the spread of the resampled means."""

    low: float
    high: float
    std: float
    """Of the resampled means, divisor B - 1."""


def resample_indices(n: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[np.int32]:
    """Return the (resamples, n) matrix of item positions; the same for every cell of this n."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, n, size=(resamples, n), dtype=np.int32)


@lru_cache(maxsize=512)
def resample_weights(n: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> NDArray[Any]:
    """Return the same resamples as (resamples, n) counts over n: a mean is a matrix product."""
    indices = resample_indices(n, resamples=resamples, seed=seed).astype(np.int64)
    rows = np.arange(resamples, dtype=np.int64)[:, None] * n
    counts = np.bincount((indices + rows).ravel(), minlength=resamples * n)
    weights: NDArray[Any] = counts.reshape(resamples, n) / n
    weights.flags.writeable = False
    return weights


def bootstrap_interval(values: NDArray[Any], *, seed: int = SEED) -> list[Interval]:
    """Return the percentile interval of the mean of each column of ``values`` (n, columns)."""
    means = resample_weights(len(values), seed=seed) @ values.astype(np.float64)
    return intervals_of(means)


def intervals_of(means: NDArray[Any]) -> list[Interval]:
    """Return the interval of each column of resampled figures (resamples, columns)."""
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    spread = means.std(axis=0, ddof=1)
    return [
        Interval(low=float(a), high=float(b), std=float(s))
        for a, b, s in zip(low, high, spread, strict=True)
    ]


def upper_bound(count: int, n: int, confidence: float) -> float:
    """Return the exact one-sided upper bound of a rate: the Beta quantile of (x + 1, n - x)."""
    return 1.0 if count >= n else float(betaincinv(count + 1, n - count, confidence))


def lower_bound(count: int, n: int, confidence: float) -> float:
    """Return the exact one-sided lower bound of a rate: the Beta quantile of (x, n - x + 1)."""
    return 0.0 if count <= 0 else float(betaincinv(count, n - count + 1, 1 - confidence))


def clopper_pearson(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a rate; n must be at least 1."""
    one_sided = (1 + confidence) / 2
    return lower_bound(count, n, one_sided), upper_bound(count, n, one_sided)


def wilson(count: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of a share; n must be at least 1."""
    share, extra = count / n, z * z / n
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * math.sqrt(share * (1 - share) / n + extra / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)
