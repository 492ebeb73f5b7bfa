"""How often intervals hold the rate they are made for: exact ones beside the paper's bootstrap.

    python benchmarks/coverage_of_intervals.py

Draws 2,000 runs of 200 independent items for each of the known rates 0.01, 0.05 and 0.2 and
prints, for Clopper-Pearson at 95 % and for the percentile bootstrap, in what share of the runs the
interval holds the rate, on which side it misses, and how wide it is on average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.intervals import bootstrap, clopper_pearson

if TYPE_CHECKING:
    from numpy.typing import NDArray

ITEMS = 200
REPETITIONS = 2000
RATES = (0.01, 0.05, 0.2)
SEED = 1


@dataclass(frozen=True, kw_only=True)
class CoverageProbability:
    """How one kind of interval does at one rate."""

    rate: float
    method: str
    covered: float
    """Share of the runs whose interval holds the rate."""
    above: float
    """Share whose interval lies wholly above the rate."""
    below: float
    """Share whose interval lies wholly below it: the dangerous side of a safety rate."""
    width: float


def coverage_probabilities(
    rate: float, *, items: int = ITEMS, repetitions: int = REPETITIONS, seed: int = SEED
) -> list[CoverageProbability]:
    """Return the coverage probability of both intervals over runs drawn at a known rate."""
    draws = np.random.default_rng(seed).random((repetitions, items)) < rate
    exact = clopper_pearson(draws.sum(axis=1), items)
    resampled = bootstrap(draws, np.ones_like(draws))
    return [
        _coverage_probability(rate, "clopper-pearson", *exact),
        _coverage_probability(rate, "bootstrap-percentile", resampled.low, resampled.high),
    ]


def _coverage_probability(
    rate: float, method: str, low: NDArray[np.float64], high: NDArray[np.float64]
) -> CoverageProbability:
    return CoverageProbability(
        rate=rate,
        method=method,
        covered=float(((low <= rate) & (rate <= high)).mean()),
        above=float((low > rate).mean()),
        below=float((high < rate).mean()),
        width=float((high - low).mean()),
    )


def main() -> None:
    """Print the table."""
    print(f"{REPETITIONS} simulated runs of {ITEMS} items each, seed {SEED}")
    print(f"{'rate':>5}  {'interval':22}{'covered':>9}{'above':>8}{'below':>8}{'width':>8}")
    for rate in RATES:
        for row in coverage_probabilities(rate):
            print(
                f"{row.rate:5.2f}  {row.method:22}{row.covered:9.1%}{row.above:8.1%}"
                f"{row.below:8.1%}{row.width:8.4f}"
            )


if __name__ == "__main__":
    main()
