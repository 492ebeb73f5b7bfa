"""How often a new run passes, where ``repeat_pass`` said with what chance it would.

Run ``python -m benchmarks.repeat_pass``; docs/statistics.md has its figures. True rates are drawn,
then a run from each, which says a chance, then a new run from the same rate.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.intervals import upper_bound
from pytest_safescale.statistics.prediction import chance_of_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ITEMS = (60, 200, 1_000)
THRESHOLD = 0.05
CONFIDENCE = 0.95
RUNS = 200_000
SEED = 42
EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def said_and_seen(n: int, draws: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """Return what runs of n items said, and whether a new run passed, (RUNS,) each."""
    passes = upper_bound(np.arange(n + 1), n, CONFIDENCE) <= THRESHOLD
    chance = np.array([chance_of_counts(count, n, passes) for count in range(n + 1)])
    rates = draws.uniform(0.0, 2 * THRESHOLD, RUNS)
    first, again = draws.binomial(n, rates), draws.binomial(n, rates)
    return chance[first], passes[again].astype(np.float64)


def tables() -> Iterator[str]:
    """Give the lines of the table."""
    draws = np.random.default_rng(SEED)
    yield f"max = {THRESHOLD} with confidence {CONFIDENCE}; true rates 0 to {2 * THRESHOLD}"
    yield f"{'said':>14}" + "".join(f"{f'{n} items':>14}" for n in ITEMS)
    rows = [said_and_seen(n, draws) for n in ITEMS]
    for low, high in pairwise(EDGES):
        cells = []
        for said, seen in rows:
            inside = (said >= low) & (said < high + (high == 1))
            cells.append(f"{seen[inside].mean():14.1%}" if inside.any() else f"{'-':>14}")
        yield f"{f'{low:.0%} to {high:.0%}':>14}" + "".join(cells)


if __name__ == "__main__":
    print("\n".join(tables()))
