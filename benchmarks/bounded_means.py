"""How often gates on means pass wrongly, and rightly: by betting, and by resampling.

Run ``python -m benchmarks.bounded_means``; docs/statistics.md has its figures. Values are drawn
from distributions of a known mean. The level is the share of runs in which a gate passes although
the mean is at its threshold, the power the share in which it passes where the mean is better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import binom

from pytest_safescale.gates.criteria.difference import MeanDifferenceCriterion
from pytest_safescale.gates.measures import MeanOfCases
from pytest_safescale.statistics.betting import betting_p

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]

ITEMS = (20, 60, 200, 1_000)
ALPHA = 0.05
RUNS = 2_000
RESAMPLED_RUNS = 300
SEED = 42


class Mean(NamedTuple):
    """A distribution of values, at the threshold and better than it."""

    name: str
    threshold: float
    at: Draw
    better: Draw


def collapses(share: float) -> Draw:
    """Return a draw of correct shares of 1 that collapse to 0 for few items."""
    return lambda draws, n: (draws.random(n) >= share).astype(np.float64)


def samples(mean: float) -> Draw:
    """Return a draw of shares of 20 samples around rates that differ by item."""
    return lambda draws, n: (
        draws.binomial(20, draws.beta(4 * mean, 4 * (1 - mean), n)).astype(np.float64) / 20
    )


MEANS = (
    Mean("1 but for a few at 0, at least 0.95", 0.95, collapses(0.05), collapses(0.01)),
    Mean("shares of samples, at least 0.9", 0.9, samples(0.9), samples(0.95)),
    Mean("shares of samples, at least 0.7", 0.7, samples(0.7), samples(0.8)),
)


def passed(draw: Draw, threshold: float, n: int) -> float:
    """Return the share of runs in which a mean is shown to be at least the threshold."""
    draws = np.random.default_rng(SEED)
    return float(
        np.mean([betting_p(1 - draw(draws, n), 1 - threshold)[0] <= ALPHA for _ in range(RUNS)])
    )


def worst_level(n: int) -> float:
    """Return the highest level over values of two kinds, worked out exactly."""
    counts = np.arange(n + 1)
    worst = 0.0
    for mean in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99):
        for low, high in ((0.0, 1.0), (0.0, (1 + mean) / 2), (mean / 2, 1.0)):
            runs = np.where(np.arange(n)[None, :] < counts[:, None], high, low)
            wrong = np.array([betting_p(values, mean)[0] <= ALPHA for values in runs])
            share = (mean - low) / (high - low)
            worst = max(worst, float(binom.pmf(counts, n, share)[wrong].sum()))
    return worst


def difference_passed(n: int, share: float, *, margin: float = 0.05) -> tuple[float, float]:
    """Return how often a fall within the margin is shown: by betting, by resampling.

    The share of items that were right in every sample is right in none now, the others as before:
    a fall of as much as that share, by few items alone.
    """
    draws = np.random.default_rng(SEED)
    found = []
    for _ in range(RESAMPLED_RUNS):
        before = draws.binomial(20, 0.98, n) / 20
        now = np.where(draws.random(n) < share / 0.98, 0.0, draws.binomial(20, 0.98, n) / 20)
        halves = ((before - now) + 1) / 2
        by_betting = betting_p(halves, (margin + 1) / 2)[0] <= ALPHA
        found.append((by_betting, _by_resampling(now, before, margin)))
    return tuple(np.mean(found, axis=0))


def _by_resampling(now: NDArray[np.float64], before: NDArray[np.float64], margin: float) -> bool:
    criterion = MeanDifferenceCriterion(
        threshold=margin,
        at_most=True,
        confidence=1 - ALPHA,
        now=_measure(now),
        before=_measure(before),
        rising=False,
        other="the baseline",
    )
    fit = not criterion.unfit()
    return fit and int(criterion.evaluate().decision_codes(ALPHA)[0]) == 0


def _measure(values: NDArray[np.float64]) -> MeanOfCases:
    ids = tuple(map(str, range(len(values))))
    return MeanOfCases(ids=ids, values=values, over=np.ones(len(values), dtype=bool))


def tables() -> Iterator[str]:
    """Give the lines of the tables."""
    heading = f"{'':<38}" + "".join(f"{f'{n} items':>12}" for n in ITEMS)
    yield f"{RUNS} simulated runs each, seed {SEED}; confidence {1 - ALPHA:.0%}"
    yield ""
    yield heading
    for mean in MEANS:
        for name, draw in (("at the threshold", mean.at), ("better", mean.better)):
            cells = "".join(f"{passed(draw, mean.threshold, n):12.1%}" for n in ITEMS)
            yield f"{mean.name if name[0] == 'a' else '  better':<38}{cells}"
    exact = "".join(f"{worst_level(n):12.1%}" for n in ITEMS[:-1])
    yield f"{'worst of values of two kinds, exact':<38}{exact}"
    yield ""
    yield f"a fall at the margin of 0.05, by few items alone; {RESAMPLED_RUNS} runs"
    yield heading
    for name, share in (("at the margin", 0.05), ("no fall", 0.0)):
        rows = [difference_passed(n, share) for n in ITEMS]
        for side, how in enumerate(("by betting", "by resampling")):
            yield f"{f'{name}, {how}':<38}" + "".join(f"{row[side]:12.1%}" for row in rows)


if __name__ == "__main__":
    print("\n".join(tables()))
