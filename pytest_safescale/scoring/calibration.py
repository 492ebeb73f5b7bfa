"""How far confidence is from accuracy (metrics.md, part A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BINS", "Bin", "calibration_bins", "calibration_errors"]

BINS = 10
EDGES = np.array([i / BINS for i in range(1, BINS)])


@dataclass(frozen=True, kw_only=True)
class Bin:
    """One non-empty bin of a reliability diagram."""

    index: int
    """0 to 9; the bin reaches from index / 10 to (index + 1) / 10."""
    n: int
    confidence: float
    """Mean over the bin's cases."""
    accuracy: float
    """Mean over the bin's cases."""


def calibration_bins(confidence: NDArray[Any], correct: NDArray[Any]) -> list[Bin]:
    """Return the non-empty bins: ten, each with its lower edge, the last with both."""
    where = np.searchsorted(EDGES, confidence, side="right")
    return [
        Bin(
            index=int(index),
            n=int((where == index).sum()),
            confidence=float(confidence[where == index].mean()),
            accuracy=float(correct[where == index].mean()),
        )
        for index in np.unique(where)
    ]


def calibration_errors(
    confidence: NDArray[Any], correct: NDArray[Any]
) -> tuple[float | None, float | None]:
    """Return the expected and the maximum calibration error; ``None`` over no cases."""
    bins = calibration_bins(confidence, correct)
    if not bins:
        return None, None
    gaps = [abs(part.confidence - part.accuracy) for part in bins]
    weighted = sum(part.n * gap for part, gap in zip(bins, gaps, strict=True))
    return weighted / len(confidence), max(gaps)
