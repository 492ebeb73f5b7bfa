"""How often the interval of public less sealed items covers the true difference: exact figures.

    python -m benchmarks.pool_difference

No simulation: every pair of counts is weighed by its binomial chances, over a grid of true rates.
Beside Newcombe's interval stands the textbook's normal one.
"""

from __future__ import annotations

from itertools import product
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from pytest_safescale.statistics.two_samples import newcombe

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Interval = Callable[[tuple[float, float], tuple[float, float]], tuple[float, float]]

SIZES = ((20, 20), (60, 20), (60, 60), (200, 60), (200, 200), (1000, 200))
"""Public and sealed items."""
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)
GAPS = (0.0, 0.05, 0.1, 0.2)
"""By how much the rate over public items is higher."""


def normal(left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of the normal interval."""
    one, other = left[0] / left[1], right[0] / right[1]
    half = 1.96 * sqrt(one * (1 - one) / left[1] + other * (1 - other) / right[1])
    return one - other - half, one - other + half


def ends_of(n: int, m: int, interval: Interval) -> NDArray[np.float64]:
    """Return the ends of the interval of each pair of counts, (n + 1, m + 1, 2), float64."""
    found = [interval((x, n), (y, m)) for x, y in product(range(n + 1), range(m + 1))]
    return np.array(found).reshape(n + 1, m + 1, 2)


def coverage(ends: NDArray[np.float64], one: float, other: float) -> float:
    """Return how often intervals with these ends hold the difference of two true rates."""
    n, m = ends.shape[0] - 1, ends.shape[1] - 1
    chances = np.outer(binom.pmf(np.arange(n + 1), n, one), binom.pmf(np.arange(m + 1), m, other))
    held = (ends[..., 0] <= one - other) & (one - other <= ends[..., 1])
    return float(chances[held].sum())


def main() -> None:
    """Print the mean and the worst coverage over the grid."""
    print("public  sealed  Newcombe: mean   worst  normal: mean   worst")
    for n, m in SIZES:
        told = []
        for interval in (newcombe, normal):
            ends = ends_of(n, m, interval)
            found = [
                coverage(ends, rate + gap, rate)
                for rate, gap in product(RATES, GAPS)
                if rate + gap < 1
            ]
            told += [f"{100 * np.mean(found):5.1f} %  {100 * min(found):5.1f} %"]
        print(f"{n:6}  {m:6}         {told[0]}       {told[1]}")


if __name__ == "__main__":
    main()
