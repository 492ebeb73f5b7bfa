"""How far confidence is from accuracy (docs/metrics.md, "Calibration")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["BINS", "bin_gaps", "calibration_errors", "errors_of_bins"]

BINS = 10
_EDGES = np.array([i / BINS for i in range(1, BINS)])


def bin_gaps(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    over: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return each case's gap (confidence less correctness) in its bin, and its bin.

    ``confidence`` (float64, in [0, 1]), ``correct`` and ``over`` (bool) share a shape (..., cases).
    Both results are (..., cases, 10), float64 and bool; the gap is 0 in every other bin. A bin
    holds its lower edge, the last one both. A confidence below 0, which the released scripts do
    not cut, is in no bin.
    """
    bins = np.searchsorted(_EDGES, confidence, side="right")
    inside = over & (confidence >= 0)
    member = (bins[..., None] == np.arange(BINS)) & inside[..., None]
    return member * (confidence - correct)[..., None], member


def errors_of_bins(
    gaps: NDArray[np.float64], cases: Numbers, n: Numbers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the expected and the maximum calibration error, each (...), float64.

    ``gaps`` (sums of gaps) and ``cases`` (numbers of cases) are (..., 10); ``n`` (...) counts the
    cases of all bins and of none. NaN over no cases.
    """
    sizes = np.abs(gaps)
    expected = np.where(n > 0, sizes.sum(axis=-1) / np.maximum(n, 1), np.nan)
    largest = (sizes / np.maximum(cases, 1)).max(axis=-1)
    return expected, np.where(cases.any(axis=-1), largest, np.nan)


def calibration_errors(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    over: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the expected and the maximum calibration error, each (...), float64.

    The arguments are (..., cases), as in ``bin_gaps``; NaN over no cases.
    """
    gaps, cases = bin_gaps(confidence, correct, over)
    return errors_of_bins(gaps.sum(axis=-2), cases.sum(axis=-2), over.sum(axis=-1))
