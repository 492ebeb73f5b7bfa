"""How far confidence is from accuracy (docs/metrics.md, "Calibration")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "BINS",
    "bin_gaps",
    "bins_of",
    "calibration_errors",
    "errors_of_bins",
    "squared_error",
    "squared_error_of_bins",
]

BINS = 10
_EDGES = np.array([i / BINS for i in range(1, BINS)])


def bins_of(confidence: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the bin of each confidence from 0 on, 0 to 9, of the same shape."""
    return np.asarray(np.searchsorted(_EDGES, confidence, side="right"))


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
    bins = bins_of(confidence)
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


def squared_error_of_bins(
    gaps: NDArray[np.float64], squares: NDArray[np.float64], cases: Numbers, own: Numbers
) -> NDArray[np.float64]:
    """Return the debiased squared calibration error, (...), float64.

    ``gaps`` (sums of gaps), ``squares`` (sums of their squares), ``cases`` (numbers of cases) and
    ``own`` (the same, each weight squared) are (..., 10). The squared mean gap of a bin is the mean
    product of two different cases' gaps, which chance does not raise: a bin of one case has none
    and is excluded. NaN where every bin is.
    """
    pairs = np.asarray(cases, dtype=np.float64) ** 2 - own
    there = pairs > 0
    each = np.where(there, (gaps**2 - squares) / np.where(there, pairs, 1.0), 0.0)
    weights = np.where(there, cases, 0.0)
    total = weights.sum(axis=-1)
    found: NDArray[np.float64] = np.where(
        total > 0, (weights * each).sum(axis=-1) / np.maximum(total, 1.0), np.nan
    )
    return found


def squared_error(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    over: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the debiased squared calibration error, (...), float64.

    The arguments are (..., cases), as in ``bin_gaps``; NaN where no bin holds two cases.
    """
    gaps, member = bin_gaps(confidence, correct, over)
    cases = member.sum(axis=-2)
    return squared_error_of_bins(gaps.sum(axis=-2), (gaps**2).sum(axis=-2), cases, cases)
