"""Bounds for the mean of values between 0 and 1, by betting: they hold whatever the distribution.

Definitions: docs/metrics.md, "Bounds for bounded means". Source: Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", arXiv 2010.09686.

Who bets the share g of what may be lost on each value being below m owns, after n values,

    K_g(m) = product of (1 + g (m - x) / (1 - m)).

If the true mean is m or more, K_g(m) is at most 1 on average, so that it reaches 1 / alpha in at
most the share alpha of runs (Markov). A weighted mean of K_g(m) over bets that are fixed before
the data is such a capital too. It does not depend on the order of the values, falls with each of
them and rises with m: of an answer that is missing the highest value is the worst.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.clusters import cluster_sums
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "BETTING",
    "betting_interval",
    "betting_intervals",
    "betting_p",
    "cluster_values",
    "lower_mean_bound",
    "upper_mean_bound",
    "upper_mean_bounds",
]

BETTING = "betting"
_SHARES = (0.4, 0.15, 0.15, 0.15, 0.15)
"""How the capital is spread over the bets, the most careful first."""
_MOST = 1 - 1e-9
"""The boldest bet: nearly everything."""
_LEVEL = 0.05
"""The level that bets are made for; a p is valid at every other one."""
_AT_ONCE = 50_000
"""Values that are bet on at once: as many stay in the cache of a processor between two steps."""
_FEW = 0.5
"""Share of a row's values up to which those that differ are worked out once for all rows."""
_STEPS = 50
"""Halvings by which a bound is found."""


def betting_p(
    values: Numbers,
    limit: float,
    *,
    weights: Numbers | None = None,
    codes: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the one-sided p that the mean is ``limit`` or more, (rows,), float64.

    ``values`` are (items,), each in [0, 1]; ``weights`` (rows, items) say how often each counts in
    a row: once each, in one row, if not given. The p that a mean is at most a limit is that of
    1 - values for 1 - limit. No mean is above 1, so that p is 0; a row without items has a p of 1.
    With ``codes``, (items,), it is the clusters that are independent (``cluster_values``).
    """
    values = np.asarray(values, dtype=np.float64)
    given = np.ones((1, len(values))) if weights is None else weights
    if codes is not None:
        values = cluster_values(values, limit, codes)
        given = given[:, np.unique(codes, return_index=True)[1]]
    rows = len(given)
    if limit >= 1 or limit <= 0 or not len(values):
        return np.full(rows, 0.0 if limit >= 1 and len(values) else 1.0)
    bets = _bets_of_one(float(np.asarray(given).sum(axis=1).max()), float(limit))
    steps = np.log1p(bets[None, :] * (limit - values[:, None]) / (1 - limit))
    return _of_growth(product(given, steps))


def cluster_values(
    values: NDArray[np.float64], limit: float, codes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return a value in [0, 1] of each cluster, (clusters,), float64.

    Their mean is at most ``limit`` just where that of all items is, sum over number: each is the
    limit, and what the cluster's items have beyond it over the size of the largest cluster.
    """
    sums, sizes = cluster_sums(np.stack([values, np.ones(len(values))]), codes)
    return np.asarray(np.clip(limit + (sums - limit * sizes) / sizes.max(initial=1.0), 0.0, 1.0))


def _bets(n: Numbers, limit: Numbers) -> NDArray[np.float64]:
    """Return the bets for n values, careful to bold, (bets, ...), float64, fractions of the most.

    The careful one is the best at level 0.05 for the most scattered values of this mean, 0 and 1;
    the others lie at even ratios up to nearly everything. Both arrays are of the same shape.
    """
    careful = np.sqrt(2 * np.log(1 / _LEVEL) * (1 - limit) / (np.maximum(n, 1) * limit))
    most = np.full_like(careful, _MOST)
    return np.asarray(np.geomspace(np.minimum(careful, most), most, len(_SHARES)))


@lru_cache(maxsize=2**8)
def _bets_of_one(n: float, limit: float) -> NDArray[np.float64]:
    """Return the bets of one mean, (bets,): many comparisons are over as many items."""
    return _bets(np.asarray(n), np.asarray(limit))


def _of_growth(growth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the p of each row, (rows,), for the logarithms of what each bet makes, (rows, bets).

    The largest exponent is taken out: a capital may exceed what a number can hold.
    """
    growth = growth + np.log(_SHARES)
    most = growth.max(axis=1)
    log_capital = most + np.log(np.exp(growth - most[:, None]).sum(axis=1))
    return np.asarray(np.exp(-np.maximum(log_capital, 0.0)))


def upper_mean_bounds(
    values: Numbers,
    over: NDArray[np.bool_],
    confidence: float,
    *,
    codes: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the one-sided upper bound of the mean of each row, (rows,), float64; 1 without cases.

    ``values``, each in [0, 1], and ``over``, bool, which of them are cases, are (rows, items);
    ``codes``, (items,) from 0 without a gap, are the clusters of the items, as in ``betting_p``.
    """
    bounds = np.ones(len(over))
    some = np.flatnonzero(over.any(axis=1))
    at_once = max(1, _AT_ONCE // max(1, over.shape[1]))
    for start in range(0, len(some), at_once):
        rows = some[start : start + at_once]
        bounds[rows] = _bounds_of_cases(values[rows], over[rows], confidence, codes)
    return bounds


def _bounds_of_cases(
    values: Numbers, over: NDArray[np.bool_], confidence: float, codes: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Return the bounds of rows that have cases, each found by halving what it may lie in."""
    units, sizes = np.where(over, values, 0.0).astype(np.float64), over.astype(np.float64)
    if codes is not None:
        units, sizes = cluster_sums(units, codes), cluster_sums(sizes, codes)
    n, largest = (sizes > 0).sum(axis=1), sizes.max(axis=1, initial=0.0)
    low, high = units.sum(axis=1) / sizes.sum(axis=1), np.ones(len(units))
    units, sizes, places = _distinct(units, sizes)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        limit = np.where(middle < 1, middle, 0.5)  # no mean is above 1, whatever is bet
        # What a unit has beyond the limit, as a part of the room that is left above it.
        beyond = (units - limit[:, None] * sizes) / (largest * (1 - limit))[:, None]
        lost = -np.minimum(beyond, 1.0)
        steps = (np.log1p(bet[:, None] * lost) for bet in _bets(n, limit))
        growth = [(one if places is None else one.take(places)).sum(axis=1) for one in steps]
        kept = (_of_growth(np.stack(growth, axis=1)) <= 1 - confidence) | (middle >= 1)
        low, high = np.where(kept, low, middle), np.where(kept, middle, high)
    return high


def _distinct(
    units: NDArray[np.float64], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp] | None]:
    """Return units and sizes of which few differ, (different,) each, and where each row has them.

    The places, (rows, units), are those of a flat array (rows, different). ``None`` where most
    differ: units and sizes are then as they were.
    """
    pairs, places = np.unique(units + 1j * sizes, return_inverse=True)
    if len(pairs) > _FEW * units.shape[1]:
        return units, sizes, None
    rows = np.arange(len(units))[:, None] * len(pairs)
    return pairs.real, pairs.imag, places.reshape(units.shape) + rows


def upper_mean_bound(
    values: Numbers, confidence: float, *, codes: NDArray[np.int64] | None = None
) -> float:
    """Return the one-sided upper bound of the mean of (items,) values in [0, 1]; 1 without any.

    ``codes`` as in ``betting_p``, here and in the lower bound.
    """
    row = np.asarray(values, dtype=np.float64)[None]
    return float(upper_mean_bounds(row, np.ones_like(row, dtype=bool), confidence, codes=codes)[0])


def lower_mean_bound(
    values: Numbers, confidence: float, *, codes: NDArray[np.int64] | None = None
) -> float:
    """Return the one-sided lower bound of the mean of (items,) values in [0, 1]; 0 without any."""
    lost = 1.0 - np.asarray(values, dtype=np.float64)
    return 1.0 - upper_mean_bound(lost, confidence, codes=codes)


def betting_intervals(
    values: Numbers,
    over: NDArray[np.bool_],
    *,
    codes: NDArray[np.int64] | None = None,
    confidence: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of the interval of each row's mean, (rows,) each; 0 to 1 without cases.

    Shapes as in ``upper_mean_bounds``.
    """
    one_sided = (1 + confidence) / 2
    values = np.asarray(values, dtype=np.float64)
    low = 1.0 - upper_mean_bounds(1.0 - values, over, one_sided, codes=codes)
    return low, upper_mean_bounds(values, over, one_sided, codes=codes)


def betting_interval(values: Numbers, confidence: float = 0.95) -> tuple[float, float]:
    """Return both ends of the interval of the mean of (items,) values in [0, 1]."""
    one_sided = (1 + confidence) / 2
    return lower_mean_bound(values, one_sided), upper_mean_bound(values, one_sided)
