"""How far confidence is from accuracy (metrics.md, part A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "bin_gaps", "calibration_errors", "errors_of_bins"]

BINS = 10
_EDGES = np.array([i / BINS for i in range(1, BINS)])


def bin_gaps(
    confidence: NDArray[Any], correct: NDArray[Any], over: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return confidence less correctness of each case in its bin, and which bin it is in.

    Both have a last axis of ten bins, each with its lower edge, the last with both. A confidence
    below 0 (the release does not cut it) is in no bin.
    """
    bins = np.searchsorted(_EDGES, confidence, side="right")
    inside = over & (confidence >= 0)
    member = (bins[..., None] == np.arange(BINS)) & inside[..., None]
    return member * (confidence - correct)[..., None], member


def errors_of_bins(
    gaps: NDArray[Any], cases: NDArray[Any], n: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the expected and the maximum calibration error of summed bins; NaN over no cases.

    ``gaps`` and ``cases`` have a last axis of bins, ``n`` counts the cases of all bins and none.
    """
    sizes = np.abs(gaps)
    expected = np.where(n > 0, sizes.sum(axis=-1) / np.maximum(n, 1), np.nan)
    largest = (sizes / np.maximum(cases, 1)).max(axis=-1)
    return expected, np.where(cases.any(axis=-1), largest, np.nan)


def calibration_errors(
    confidence: NDArray[Any], correct: NDArray[Any], over: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the expected and the maximum calibration error over the last axis, the cases."""
    gaps, cases = bin_gaps(confidence, correct, over)
    return errors_of_bins(gaps.sum(axis=-2), cases.sum(axis=-2), over.sum(axis=-1))
