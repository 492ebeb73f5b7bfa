"""How often gates pass wrongly: simulated runs whose true rates are known.

    python benchmarks/gate_levels.py

Draws 2,000 runs of 60, 200 and 1,000 items and judges each by the criteria of gates. A rate exactly
at its threshold, a difference of two paired proportions exactly at its margin, and a difference of
two means there may each pass at 5 % of the runs at most. Beside the paired gate stand the score
test without its correction and the Wald interval, and the highest level over all shares of changed
items, by exact enumeration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from pytest_safescale.gates.cell_measures import measure_of_count
from pytest_safescale.gates.criteria.difference import MeanDifferenceCriterion
from pytest_safescale.gates.criteria.threshold import RateCriterion
from pytest_safescale.gates.measures import MeanOfCases
from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.power import Change, chance_to_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from numpy.typing import NDArray

    Test = Callable[[Any, Any, Any, Any], Any]

ITEMS = (60, 200, 1000)
REPETITIONS = 2000
CONFIDENCE = 0.95
RATES = (0.01, 0.02, 0.05, 0.12)
MARGINS = (0.05, 0.1)
CHANGED_BACK = (0.0, 0.01, 0.05, 0.2)
"""Shares of the items that lose the event; those that gain it are as many and the margin more."""
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Level:
    """How often one kind of gate passes at one truth."""

    gate: str
    n: int
    truth: str
    passed: float
    """Share of the runs."""


def rate_level(n: int, rate: float, *, repetitions: int = REPETITIONS, seed: int = SEED) -> Level:
    """Return how often ``max`` passes where the true rate is its threshold."""
    counts = np.random.default_rng(seed).binomial(n, rate, repetitions)
    found = {
        int(count): RateCriterion(
            threshold=rate,
            at_most=True,
            confidence=CONFIDENCE,
            measure=measure_of_count(int(count), n),
        ).evaluate()
        for count in np.unique(counts)
    }
    passed = [found[int(count)].decision_codes(1 - CONFIDENCE)[0] == 0 for count in counts]
    return Level(gate="max", n=n, truth=f"rate {rate:g}", passed=float(np.mean(passed)))


def paired_draws(
    n: int, difference: float, back: float, *, repetitions: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (repetitions,) numbers of items that gain and that lose the event."""
    shares = [back + difference, back, 1 - 2 * back - difference]
    drawn = np.random.default_rng(seed).multinomial(n, shares, repetitions)
    return drawn[:, 0], drawn[:, 1]


def paired_level(
    n: int,
    margin: float,
    back: float,
    *,
    difference: float | None = None,
    test: Test = difference_p,
    repetitions: int = REPETITIONS,
    seed: int = SEED,
) -> float:
    """Return how often ``max_increase`` passes; the true difference is the margin if not given."""
    true = margin if difference is None else difference
    more, less = paired_draws(n, true, back, repetitions=repetitions, seed=seed)
    value = (more - less) / n
    passed = (value <= margin) & (test(more, less, n, margin) <= 1 - CONFIDENCE)
    return float(passed.mean())


def score_p(more: Any, less: Any, n: Any, margin: Any) -> Any:
    """Return the p of Tango's score test without the correction."""
    return difference_p(more, less, n, margin, correction=0.0)


def wald_p(more: Any, less: Any, n: Any, margin: Any) -> Any:
    """Return the p that the textbook's normal interval gives; 0 where it has no width."""
    difference = (more - less) / n
    error = np.sqrt(np.maximum((more + less) / n - difference**2, 0.0) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error > 0, ndtr((difference - margin) / error), difference >= margin)


def worst_level(n: int, margin: float, *, most: float = 0.4, points: int = 40) -> float:
    """Return the highest level over shares that lose the event up to ``most``, enumerated."""
    shares = np.concatenate([[0.0], np.geomspace(1e-4, most, points)])
    return max(exact_level(n, margin, float(back)) for back in shares)


def exact_level(n: int, margin: float, back: float) -> float:
    """Return the chance to pass at the margin: the sum over all numbers of changed items."""
    return chance_to_keep(
        n, margin, Change(worse=back + margin, better=back), confidence=CONFIDENCE
    )


def mean_level(
    n: int, margin: float = 0.05, *, repetitions: int = REPETITIONS, seed: int = SEED
) -> float:
    """Return how often ``max_increase`` on a mean passes at the margin.

    Values are shares of 20 samples around each item's own rate; one item in ten rises by ten times
    the margin, so differences are as skewed as those of a model that broke on few items.
    """
    draws = np.random.default_rng(seed)
    passed = 0
    for _ in range(repetitions):
        rates = draws.uniform(0.0, 0.5, n)
        risen = rates + (draws.random(n) < 0.1) * 10 * margin
        before, now = (draws.binomial(20, share) / 20 for share in (rates, risen))
        criterion = MeanDifferenceCriterion(
            threshold=margin,
            at_most=True,
            confidence=CONFIDENCE,
            now=_measure(now),
            before=_measure(before),
            rising=True,
            other="the baseline",
        )
        passed += int(criterion.evaluate().decision_codes(1 - CONFIDENCE)[0] == 0)
    return passed / repetitions


def _measure(values: NDArray[np.float64]) -> MeanOfCases:
    ids = tuple(map(str, range(len(values))))
    return MeanOfCases(ids=ids, values=values, over=np.ones(len(values), dtype=bool))


def tables() -> Iterator[str]:
    """Give the lines of the tables."""
    yield f"{REPETITIONS} simulated runs each, seed {SEED}; confidence {CONFIDENCE:.0%}"
    yield ""
    yield "max at the true rate, wrongly passed"
    yield f"{'rate':>8}" + "".join(f"{n:>10}" for n in ITEMS)
    for rate in RATES:
        yield f"{rate:8.2f}" + "".join(f"{rate_level(n, rate).passed:10.1%}" for n in ITEMS)
    yield ""
    yield "max_increase at its margin, wrongly passed: the gate, the score test alone, Wald"
    yield f"{'margin':>8}{'back':>7}" + "".join(f"{n:>22}" for n in ITEMS)
    for margin in MARGINS:
        for back in CHANGED_BACK:
            yield f"{margin:8.2f}{back:7.2f}" + "".join(
                "".join(
                    f"{paired_level(n, margin, back, test=test):>{width}.1%}"
                    for test, width in ((difference_p, 10), (score_p, 6), (wald_p, 6))
                )
                for n in ITEMS
            )
    yield ""
    yield "the same over all shares of changed items, exactly: the highest level"
    for margin in (0.02, *MARGINS):
        yield f"{margin:8.2f}" + "".join(f"{worst_level(n, margin):10.2%}" for n in ITEMS)
    yield ""
    yield "max_increase where nothing rises: margin 0 wrongly passed, margin 0.05 rightly"
    for back in CHANGED_BACK[1:]:
        told = (
            (paired_level(n, 0.0, back), paired_level(n, 0.05, back, difference=0.0)) for n in ITEMS
        )
        yield f"{back:8.2f}" + "".join(f"{wrong:10.1%}{right:8.1%}" for wrong, right in told)
    yield ""
    yield "max_increase of a mean at its margin of 0.05, wrongly passed"
    yield f"{'':8}" + "".join(f"{mean_level(n):10.1%}" for n in ITEMS)


def main() -> None:
    """Print the tables."""
    for line in tables():
        print(line)


if __name__ == "__main__":
    main()
