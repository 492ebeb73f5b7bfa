"""The ratio of two rates (docs/metrics.md, "Relative risk")."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["RelativeRisk", "relative_risk"]

_Z = 1.959964


class RelativeRisk(NamedTuple):
    """A ratio with its interval at 95 %."""

    ratio: float | None
    """``None`` where either rate is over no cases, or the second is 0."""
    low: float | None
    """``None``, as the upper end is, where either count is 0."""
    high: float | None


def relative_risk(count: int, n: int, base_count: int, base_n: int) -> RelativeRisk:
    """Return the rate ``count / n`` over ``base_count / base_n``, with Katz's log interval.

    Katz, Baptista, Azen and Pike, Biometrics 34 (1978) 469.
    """
    if not (n and base_n and base_count):
        return RelativeRisk(None, None, None)
    ratio = (count / n) / (base_count / base_n)
    if not count:
        return RelativeRisk(ratio, None, None)
    half = _Z * math.sqrt(1 / count - 1 / n + 1 / base_count - 1 / base_n)
    return RelativeRisk(ratio, ratio * math.exp(-half), ratio * math.exp(half))
