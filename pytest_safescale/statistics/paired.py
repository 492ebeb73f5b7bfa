"""The exact paired test of 0/1 outcomes, and Holm's adjustment of many tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import bdtr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["holm", "holm_rows", "mcnemar"]


def mcnemar(b: Any, c: Any) -> Any:
    """Return the exact two-sided McNemar p of ``b`` against ``c`` discordant pairs.

    Counts, or integer arrays that broadcast; p is float64 of their common shape, 1 where b + c = 0.
    """
    b, c = np.asarray(b), np.asarray(c)
    tail = bdtr(np.minimum(b, c), np.maximum(b + c, 1), 0.5)
    return np.where(b + c == 0, 1.0, np.minimum(1.0, 2 * tail))[()]


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
