"""What a new run of as many items would show, and what the data say of a rate itself.

Definitions: docs/metrics.md, "A new run". The prior is Jeffreys': Beta(1/2, 1/2) of a rate,
Dirichlet(1/2, 1/2, 1/2) of items that change one way, the other way, or not. A new run draws other
items, and answers to them, from what the data leave possible; it knows nothing of clusters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betainc, betaln, gammaln

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Counts = NDArray[np.float64]

__all__ = ["chance_of_changes", "chance_of_counts", "posterior_within"]

PRIOR = 0.5
_NEVER = 1e-10
"""Counts less likely than this are left out."""


def chance_of_counts(count: int, n: int, passes: NDArray[np.bool_]) -> float:
    """Return the chance that a new run of n items has a count that passes.

    ``count`` of n items counted in this run; ``passes`` is (n + 1,), by the count of the new run.
    The counts of a new run are beta-binomial.
    """
    return float(_of_counts(count, n)[passes].sum())


def _of_counts(count: int, n: int) -> NDArray[np.float64]:
    """Return the chance of each count of a new run, (n + 1,), float64."""
    found = np.arange(n + 1.0)
    a, b = count + PRIOR, n - count + PRIOR
    ways = -np.log1p(n) - betaln(n - found + 1, found + 1)
    return np.asarray(np.exp(ways + betaln(found + a, n - found + b) - betaln(a, b)))


def chance_of_changes(
    more: int, less: int, n: int, passes: Callable[[Counts, Counts], NDArray[np.bool_]]
) -> float:
    """Return the chance that the changes of a new run of n pairs pass.

    In this run ``more`` pairs had the event on the left alone and ``less`` on the right alone;
    ``passes`` takes both of the new run, arrays of one shape. They are Dirichlet-multinomial.
    """
    sides = np.meshgrid(_likely(more, n), _likely(less, n), indexing="ij")
    same = n - sides[0] - sides[1]
    kept = same >= 0
    found = [sides[0][kept], sides[1][kept], same[kept]]
    prior = [more + PRIOR, less + PRIOR, n - more - less + PRIOR]
    logs = np.full(len(found[0]), gammaln(n + 1) + gammaln(sum(prior)) - gammaln(n + sum(prior)))
    for one, known in zip(found, prior, strict=True):
        logs += gammaln(one + known) - gammaln(known) - gammaln(one + 1)
    return float(np.exp(logs)[passes(found[0], found[1])].sum())


def _likely(count: int, n: int) -> Counts:
    """Return the counts that a new run may have on one side."""
    # The other two kinds together have twice the prior; one more half changes nothing to speak of.
    known = np.flatnonzero(_of_counts(count, n) > _NEVER)
    return np.arange(known[0], known[-1] + 1.0)


def posterior_within(count: int, n: int, low: float, high: float) -> float:
    """Return the chance, given the data, that the true rate lies between two rates."""
    a, b = count + PRIOR, n - count + PRIOR
    return float(betainc(a, b, high) - betainc(a, b, low))
