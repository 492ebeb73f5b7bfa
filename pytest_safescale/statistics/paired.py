"""Paired 0/1 outcomes: the exact test, Tango's interval, and Holm's adjustment of many tests.

Definitions: docs/metrics.md, "Paired comparisons".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["TANGO", "holm", "holm_rows", "mcnemar", "tango_interval"]

TANGO = "tango"
_STEPS = 60


def mcnemar(b: Any, c: Any) -> Any:
    """Return the exact two-sided McNemar p of ``b`` against ``c`` discordant pairs.

    Counts, or integer arrays that broadcast; p is float64 of their common shape, 1 where b + c = 0.
    """
    b, c = np.asarray(b), np.asarray(c)
    tail = special().bdtr(np.minimum(b, c), np.maximum(b + c, 1), 0.5)
    return np.where(b + c == 0, 1.0, np.minimum(1.0, 2 * tail))[()]


def tango_interval(b: Any, c: Any, n: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Return both ends of Tango's score interval of the difference (b - c) / n, as fractions.

    ``b`` and ``c`` are the discordant of ``n`` pairs, at least 1: numbers, or arrays that
    broadcast; the ends are float64 of their common shape. They are the differences at which the
    score test has a two-sided p of 1 - ``confidence`` (Tango, Statistics in Medicine 1998,
    17:891-908), found by bisection to 2^-59.
    """
    b, c, n = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (b, c, n)))
    alpha = (1 - confidence) / 2
    return -_upper_end(c, b, n, alpha)[()], _upper_end(b, c, n, alpha)[()]


def _upper_end(
    b: NDArray[np.float64], c: NDArray[np.float64], n: NDArray[np.float64], alpha: float
) -> NDArray[np.float64]:
    """Return the largest difference that is not rejected from below; shapes as above."""
    inside, outside = (b - c) / n, np.ones_like(n)
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        rejected = difference_p(b, c, n, middle, correction=0.0) <= alpha
        inside, outside = np.where(rejected, inside, middle), np.where(rejected, middle, outside)
    return np.asarray(outside)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p values, in the order given."""
    adjusted: list[float] = holm_rows(np.array([p_values], dtype=np.float64))[0].tolist()
    return adjusted


def holm_rows(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Holm's adjusted p values within each row; shape (rows, tests), float64, in and out."""
    order = np.argsort(p_values, axis=1, kind="stable")
    left = np.arange(p_values.shape[1], 0, -1)
    ranked = np.minimum(1.0, np.take_along_axis(p_values, order, axis=1) * left)
    adjusted = np.empty_like(ranked)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(ranked, axis=1), axis=1)
    return adjusted
