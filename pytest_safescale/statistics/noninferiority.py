"""A paired difference of two proportions held against a margin.

Definitions: docs/metrics.md, "Difference of two rates".

Tango's score test (Statistics in Medicine 1998, 17:891-908) with a continuity correction of half
an item. The score test alone exceeds its level: by exact enumeration up to 6.0 % for 60 items and
5.9 % for 200 at a nominal 5 %. With the correction it stays at or below 5 % wherever not nearly
all items change; `benchmarks/gate_levels.py` shows it. Its bound is never at the difference
itself: 200 items without any change leave 1.8 points possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HALF_ITEM", "difference_bound", "difference_p"]

HALF_ITEM = 0.5
_STEPS = 60


def difference_p(
    more: Any, less: Any, n: Any, margin: Any, *, correction: float = HALF_ITEM
) -> Any:
    """Return the one-sided p of the hypothesis that the difference is ``margin`` or more.

    ``more`` items have the event on the left alone, ``less`` on the right alone, of ``n`` pairs:
    numbers, or arrays that broadcast; p is float64 of their common shape. The difference is the
    left rate minus the right; ``margin`` is a fraction. A ``correction`` of 0 gives Tango's test.
    """
    more, less, n, margin = (
        np.asarray(value, dtype=np.float64) for value in (more, less, n, margin)
    )
    changed = _share_of_less(more, less, n, margin)
    variance = n * (2 * changed + margin * (1 - margin))
    distance = more - less + correction - n * margin
    with np.errstate(divide="ignore", invalid="ignore"):
        score = distance / np.sqrt(variance)
    # Without variance nothing is known: neither a margin of 0 nor no pairs can be kept.
    return np.where(
        (variance > 0) & (n > 0), special().ndtr(score), np.where(margin >= 1, 0.0, 1.0)
    )[()]


def _share_of_less(more: Any, less: Any, n: Any, margin: Any) -> NDArray[np.float64]:
    """Return the maximum-likelihood share of ``less`` items under a difference of ``margin``.

    Arguments as in ``difference_p``; float64 of their common shape.
    """
    a, b, c = 2 * n, (2 * n - more + less) * margin - more - less, -less * margin * (1 - margin)
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))
    share: NDArray[np.float64] = np.maximum((root - b) / np.maximum(2 * a, 1.0), 0.0)
    return share


def difference_bound(more: float, less: float, n: float, confidence: float) -> float:
    """Return the one-sided upper bound of the difference, a fraction: the smallest margin kept.

    Numbers of items may be fractions, which tells what more items at the same rates would give.
    """
    low, high = (more - less) / n, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if difference_p(more, less, n, middle) <= 1 - confidence:
            high = middle
        else:
            low = middle
    return high
