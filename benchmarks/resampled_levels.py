"""How often a bound of a mean by resampling passes wrongly at levels that many gates share.

    python -m benchmarks.resampled_levels

Draws differences whose true mean is exactly at the margin and counts how often the studentised
resamples that gates use (docs/metrics.md, "Difference of two means") keep it, with 5,000 resamples
so that a p of 0.001 can be told from a smaller one.
"""

from __future__ import annotations

from math import exp

import numpy as np

RESAMPLES, BATCH = 5000, 500
SIZES = ((60, 10_000), (200, 10_000), (1000, 4000))
LEVELS = (0.05, 0.01, 0.001)
KINDS = ("symmetric", "skewed", "as skewed as seconds")
SKEWS = (0.0, 0.5, 1.0)
"""Standard deviation of the logarithm; 0 stands for normal differences."""


def passed(n: int, skew: float, repetitions: int) -> list[float]:
    """Return the share of runs with a p at or below each level, all of them wrongly."""
    draw = np.random.default_rng(5)
    weights = np.random.default_rng(42).multinomial(n, np.full(n, 1 / n), RESAMPLES) / n
    kept = np.zeros(len(LEVELS))
    for _ in range(repetitions // BATCH):
        values = draw.normal(size=(n, BATCH))
        if skew:
            values = np.exp(skew * values) - exp(skew * skew / 2)
        means, errors = values.mean(axis=0), values.std(axis=0) / n**0.5
        resampled = weights @ values
        spread = np.sqrt(np.maximum(weights @ values**2 - resampled**2, 1e-300) / n)
        deviations = np.where(spread > 1e-9, (resampled - means) / spread, -np.inf)
        p_values = ((deviations <= means / errors).sum(axis=0) + 1) / (RESAMPLES + 1)
        kept += [(p_values <= level).sum() for level in LEVELS]
    return [float(share) for share in kept / repetitions]


def main() -> None:
    """Print the table."""
    print("differences            n " + "".join(f"{f'at {level:.1%}':>10}" for level in LEVELS))
    for kind, skew in zip(KINDS, SKEWS, strict=True):
        for n, repetitions in SIZES:
            told = "".join(f"{share:10.2%}" for share in passed(n, skew, repetitions))
            print(f"{kind:21}{n:5}{told}")


if __name__ == "__main__":
    main()
