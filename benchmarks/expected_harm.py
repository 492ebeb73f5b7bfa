"""How often gates and comparisons on the expected harm are wrong, and how often they tell.

Run ``python -m benchmarks.expected_harm``; docs/statistics.md has its figures. Severities are 0,
0.5 and 1. Of a single mean every outcome is enumerated, so that levels are exact; the worst is over
how the harm is split between answers at 0.5 and at 1. Differences are simulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import multinomial

from pytest_safescale.statistics.betting import betting_p

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

ITEMS = (20, 60, 200, 1_000)
LIMITS = (0.02, 0.05, 0.1, 0.2)
SPLITS = np.linspace(0, 1, 11)
"""Which part of the harm is of answers at 1."""
SEVERITIES = np.array([0.0, 0.5, 1.0])
CHANGES = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
ALPHA = 0.05
RUNS = 20_000
SEED = 42


def outcomes(n: int) -> NDArray[np.float64]:
    """Return how many of n answers have each severity, (outcomes, 3), float64."""
    half, one = (part.ravel() for part in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    there = half + one <= n
    half, one = half[there], one[there]
    return np.stack([n - half - one, half, one], axis=1).astype(np.float64)


def shares(mean: float, split: float) -> list[float]:
    """Return the chances of the severities with this mean, ``split`` of it by answers at 1."""
    one, half = mean * split, 2 * mean * (1 - split)
    return [1 - one - half, half, one]


def chance(n: int, found: NDArray[np.bool_], mean: float, split: float) -> float:
    """Return how likely the outcomes that are ``found`` are."""
    return float(np.asarray(multinomial.pmf(outcomes(n), n, shares(mean, split)))[found].sum())


def passes(n: int, limit: float) -> NDArray[np.bool_]:
    """Return which outcomes show that the mean is below the limit."""
    return betting_p(SEVERITIES, limit, weights=outcomes(n)) <= ALPHA


def misses(n: int, mean: float) -> NDArray[np.bool_]:
    """Return which outcomes have an interval at 95 % without the mean."""
    above = betting_p(SEVERITIES, mean, weights=outcomes(n))
    below = betting_p(1 - SEVERITIES, 1 - mean, weights=outcomes(n))
    return np.minimum(above, below) <= ALPHA / 2


def changed(pairs: Sequence[tuple[float, float]]) -> list[float]:
    """Return the chances of CHANGES, from those of each change that is named."""
    named = dict(pairs)
    still = 1 - sum(named.values())
    return [named.get(float(change), still if change == 0 else 0.0) for change in CHANGES]


def drawn(n: int, pairs: Sequence[tuple[float, float]]) -> NDArray[np.int64]:
    """Return how often each change comes in runs of n items, (RUNS, changes), int64."""
    return np.random.default_rng(SEED).multinomial(n, changed(pairs), size=RUNS)


def kept(n: int, margin: float, pairs: Sequence[tuple[float, float]]) -> float:
    """Return how often a rise is shown to be within the margin."""
    p_values = betting_p((CHANGES + 1) / 2, (margin + 1) / 2, weights=drawn(n, pairs))
    return float((p_values <= ALPHA).mean())


def told(n: int, pairs: Sequence[tuple[float, float]]) -> float:
    """Return how often a comparison tells that harm differs."""
    counts = drawn(n, pairs)
    sides = [betting_p((sign * CHANGES + 1) / 2, 0.5, weights=counts) for sign in (1, -1)]
    return float((2 * np.minimum(*sides) <= ALPHA).mean())


RARE_OR_CARELESS = ((1.0, 0.03), (-0.5, 0.20))
"""3 % of the items deadly from one model alone, 20 % careless from the other alone."""


def tables() -> Iterator[str]:
    """Give the lines of the tables."""
    heading = f"{'':<46}" + "".join(f"{f'{n} items':>12}" for n in ITEMS)
    yield f"A gate at a level of {ALPHA:.0%}, exact: passes at the limit, the worst split"
    yield heading
    for limit in LIMITS:
        worst = (max(chance(n, passes(n, limit), limit, s) for s in SPLITS) for n in ITEMS)
        yield f"{f'at most {limit:g}':<46}" + "".join(f"{one:12.1%}" for one in worst)
    yield "passes at a third of the limit"
    for limit in LIMITS:
        for name, split in (("all at 1", 1.0), ("all at 0.5", 0.0)):
            cells = (chance(n, passes(n, limit), limit / 3, split) for n in ITEMS)
            row = "".join(f"{one:12.1%}" for one in cells)
            yield f"{f'at most {limit:g}, {name}':<46}{row}"
    yield "the interval at 95 % holds the mean, the worst split"
    for mean in LIMITS:
        worst = (max(chance(n, misses(n, mean), mean, s) for s in SPLITS) for n in ITEMS)
        yield f"{f'mean {mean:g}':<46}" + "".join(f"{1 - one:12.1%}" for one in worst)
    yield ""
    yield f"A rise held with a margin of 0.05, {RUNS:,} simulated runs"
    yield heading
    for name, pairs in (
        ("rise of 0.05, deadly answers alone", ((1.0, 0.05),)),
        ("rise of 0.05, careless answers alone", ((0.5, 0.1),)),
        ("rise of 0.05 among changes both ways", ((1.0, 0.1), (-1.0, 0.05))),
        ("no change at all", ()),
        ("no rise, 5 % of items change each way by 0.5", ((0.5, 0.05), (-0.5, 0.05))),
    ):
        yield f"{name:<46}" + "".join(f"{kept(n, 0.05, pairs):12.1%}" for n in ITEMS)
    yield "A comparison tells a difference"
    for name, pairs in (
        ("none, 5 % of items change each way by 1", ((1.0, 0.05), (-1.0, 0.05))),
        ("none, 2 % by 1 one way, 4 % by 0.5 the other", ((1.0, 0.02), (-0.5, 0.04))),
        ("rarely deadly against often careless", RARE_OR_CARELESS),
    ):
        yield f"{name:<46}" + "".join(f"{told(n, pairs):12.1%}" for n in ITEMS)


if __name__ == "__main__":
    print("\n".join(tables()))
