"""A bound on a risk that holds with a stated probability: Learn then Test.

Definitions: docs/metrics.md, "Certified thresholds".

Angelopoulos, Bates, Candès, Jordan and Lei, Learn then Test (arXiv 2110.01052), with exact
binomial p-values and fixed-sequence testing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["rejected_in_sequence", "risk_p"]


def risk_p(events: Any, n: Any, bound: float) -> Any:
    """Return the exact p of the hypothesis that a risk is above ``bound``, a fraction.

    ``events`` among ``n`` independent cases: numbers, or arrays that broadcast; p is float64 of
    their common shape, the chance of at most so many events at a risk of ``bound``. 1 over no
    cases.
    """
    events, n = np.asarray(events), np.asarray(n)
    return np.where(n > 0, special().bdtr(np.minimum(events, n), np.maximum(n, 1), bound), 1.0)[()]


def rejected_in_sequence(p_values: Sequence[float], delta: float) -> int:
    """Return how many hypotheses are rejected, in the order in which they are tested.

    Testing ends at the first p above ``delta``. The chance to reject any true hypothesis is at
    most ``delta``, however the p-values depend on each other, as long as their order is not chosen
    by the data that they are computed of.
    """
    for rejected, p_value in enumerate(p_values):
        if p_value > delta:
            return rejected
    return len(p_values)
