"""How often a gate on any change passes, worked out exactly; and when an anchor sees small steps.

Run ``python -m benchmarks.equivalence``; docs/statistics.md has its figures. Every number of items
that change one way and the other is gone through, with its multinomial chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.power import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = (20, 60, 200, 1_000)
MARGINS = (0.05, 0.1)
CHURN = (0.0, 0.01, 0.05, 0.2)
"""Shares of the items that change each way where the rates are the same."""
ALPHA = 0.05
STEP = 0.01
"""By how much each of ten releases is worse than the one before it."""


def passes(n: int, margin: float, difference: float, back: float, *, both: bool = True) -> float:
    """Return how often ``max_change`` passes, or ``max_increase`` if not ``both``.

    ``difference`` is the true one, and ``back`` the share of items that change the other way.
    """
    gained = back + difference
    counts, chances = outcomes(n, (gained, back, 1 - gained - back))
    more, less = counts[:, 0], counts[:, 1]
    kept = difference_p(more, less, n, margin) <= ALPHA
    if both:
        kept &= difference_p(less, more, n, margin) <= ALPHA
    return float(chances[kept].sum())


def worst_level(n: int, margin: float) -> float:
    """Return the highest chance to pass at the margin, over shares that change back."""
    shares = np.concatenate([[0.0], np.geomspace(1e-4, 0.4, 40)])
    return max(passes(n, margin, margin, float(back)) for back in shares)


def tables() -> Iterator[str]:
    """Give the lines of the tables."""
    heading = "".join(f"{f'{n} items':>12}" for n in ITEMS)
    yield "max_change with 95 % confidence, exactly"
    yield f"{'':<44}{heading}"
    for margin in MARGINS:
        level = "".join(f"{worst_level(n, margin):12.1%}" for n in ITEMS)
        yield f"{f'margin {margin}, moved by as much: at most':<44}{level}"
        for churn in CHURN:
            power = "".join(f"{passes(n, margin, 0.0, churn):12.1%}" for n in ITEMS)
            yield f"{f'  not moved, {churn:.0%} change each way':<44}{power}"
    yield ""
    yield f"max_increase = 0.05 against the anchor, each step {STEP:.0%} worse, 1 % change back"
    yield f"{'':<44}{heading}"
    for step in (1, 3, 5, 7, 10):
        chance = "".join(f"{passes(n, 0.05, step * STEP, 0.01, both=False):12.1%}" for n in ITEMS)
        yield f"{f'after {step} steps it still passes':<44}{chance}"


if __name__ == "__main__":
    print("\n".join(tables()))
