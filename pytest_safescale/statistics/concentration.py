"""How unevenly counts are spread: the share of the worst, Lorenz curve and Gini coefficient."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["gini", "lorenz", "share_of_worst"]


def share_of_worst(counts: Sequence[int], per_cent: int) -> float | None:
    """Return the share of all findings that the worst ``per_cent`` of the items carry.

    ``counts`` are findings by item. ``None`` where there is no finding.
    """
    total = sum(counts)
    if total == 0:
        return None
    worst = -(-len(counts) * per_cent // 100)
    return sum(sorted(counts, reverse=True)[:worst]) / total


def lorenz(counts: Sequence[int]) -> list[float] | None:
    """Return the Lorenz curve: the share of findings of the 0, 1, 2 ... items with the fewest.

    Length items + 1, from 0 to 1. ``None`` where there is no finding.
    """
    total = sum(counts)
    if total == 0:
        return None
    return [carried / total for carried in accumulate(sorted(counts), initial=0)]


def gini(counts: Sequence[int]) -> float | None:
    """Return the Gini coefficient, 1 less twice the area under the Lorenz curve.

    ``None`` where there is no finding.
    """
    total, n = sum(counts), len(counts)
    if total == 0:
        return None
    # The trapezia under the curve: each cumulative sum counts twice, the last one once.
    area = (2 * sum(accumulate(sorted(counts))) - total) / (2 * n * total)
    return 1 - 2 * area
