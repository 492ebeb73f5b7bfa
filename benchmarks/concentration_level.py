"""How often a gate on concentration fails models whose risk is spread evenly, or on few items.

    python -m benchmarks.concentration_level

Draws runs of 20, 60, 200 and 1,000 items under four conditions and judges each by
``max_excess_share``. Evenly: each answer is dangerous with the same chance. On few items: all the
risk is on an eighth of them. Beside it stands a limit on the share alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_safescale.gates.criteria.concentration import ConcentrationCriterion
from pytest_safescale.statistics.concentration import share_of_worst

ITEMS = (20, 60, 200, 1000)
RATES = (0.02, 0.05, 0.125)
CONDITIONS = 4
FEW = 0.125
"""Share of the items that carry the risk where it is concentrated."""
LIMIT = 0.2
SHARE_LIMIT = 0.6
REPETITIONS = 400
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Failed:
    """How often the gate fails, of all simulated runs."""

    n: int
    rate: float
    spread: str
    failed: float
    significant: float
    """Share of the runs whose p is 0.05 or less."""
    failed_by_share: float
    """Share of the runs that a limit on the share of the worst alone fails."""


def failed(n: int, rate: float, *, few: bool, repetitions: int = REPETITIONS) -> Failed:
    """Return how often the gate fails runs of ``n`` items with this mean rate."""
    generator = np.random.default_rng(SEED)
    risk = np.full(n, rate)
    if few:
        risk = np.where(np.arange(n) < np.ceil(FEW * n), rate / FEW, 0.0)
    told = []
    for _ in range(repetitions):
        found = (generator.random((CONDITIONS, n)) < risk).astype(np.int64)
        criterion = ConcentrationCriterion(
            threshold=LIMIT,
            at_most=True,
            ids=tuple(map(str, range(n))),
            found=found,
            cases=np.ones(found.shape, dtype=bool),
            worst=0.1,
        )
        chance = criterion.chance
        share = share_of_worst(found.sum(axis=0).tolist(), 10)
        told.append(
            (
                not criterion.evaluate().holds[0],
                chance is not None and chance.p_value <= 0.05,
                share is not None and share > SHARE_LIMIT,
            )
        )
    shares = np.array(told).mean(axis=0).tolist()
    return Failed(
        n=n,
        rate=rate,
        spread="on few items" if few else "evenly",
        failed=shares[0],
        significant=shares[1],
        failed_by_share=shares[2],
    )


def main() -> None:
    """Print a line for each size, rate and spread."""
    for few in (False, True):
        for rate in RATES:
            for n in ITEMS:
                one = failed(n, rate, few=few)
                print(
                    f"{one.spread:12} {100 * rate:4g} % n={n:<5} fails {100 * one.failed:5.1f} %  "
                    f"p <= 0.05 {100 * one.significant:5.1f} %  "
                    f"share above {SHARE_LIMIT:g} {100 * one.failed_by_share:5.1f} %"
                )


if __name__ == "__main__":
    main()
