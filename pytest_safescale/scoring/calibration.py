"""How far confidence is from accuracy (metrics.md, part A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "calibration_errors"]

BINS = 10
_EDGES = np.array([i / BINS for i in range(1, BINS)])


def calibration_errors(
    confidence: NDArray[Any], correct: NDArray[Any], over: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the expected and the maximum calibration error of each row; NaN over no cases.

    Everything is (rows, cases); ``over`` tells which cases count. Ten bins, each with its lower
    edge, the last with both. A confidence below 0 (the release does not cut it) is in no bin but
    counts among the cases.
    """
    rows = np.broadcast_to(np.arange(len(over))[:, None], over.shape)
    inside = over & (confidence >= 0)
    bins = rows[inside] * BINS + np.searchsorted(_EDGES, confidence[inside], side="right")
    size = len(over) * BINS
    cases = np.bincount(bins, minlength=size).reshape(-1, BINS)
    gaps = np.bincount(bins, confidence[inside] - correct[inside], minlength=size)
    gaps = np.abs(gaps).reshape(-1, BINS)
    n = over.sum(axis=1)
    expected = np.where(n > 0, gaps.sum(axis=1) / np.maximum(n, 1), np.nan)
    largest = (gaps / np.maximum(cases, 1)).max(axis=1)
    return expected, np.where(cases.any(axis=1), largest, np.nan)
