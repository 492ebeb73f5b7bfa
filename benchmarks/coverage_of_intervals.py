"""How often the intervals of the tables hold the truth, by enumeration of every outcome.

    python -m benchmarks.coverage_of_intervals

For a rate: Clopper-Pearson at 95 % beside the paper's bootstrap (its percentiles without the noise
of resampling), the worst and the mean over true rates from 0.1 % to 50 %. For a paired difference:
Tango's interval, the same with the half item of the gates, and the bootstrap, the worst and the
mean over shares of items that differ from 0.2 % to 60 % and over how they are split between the
two sides. Beside them the highest chance of lying wholly on one side, and the mean width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import binom

from pytest_safescale.statistics.intervals import clopper_pearson
from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.paired import tango_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ends = tuple[NDArray[np.float64], NDArray[np.float64]]
    Counts = Callable[[NDArray[np.int64], NDArray[np.int64], int], Ends]

SIZES = (20, 60, 200, 1000)
RATES = np.concatenate([np.geomspace(0.001, 0.05, 60), np.linspace(0.05, 0.5, 200)])
DIFFERING = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6)
SPLITS = np.linspace(0.5, 1.0, 21)
"""Share of the items that differ which have the event on the left; the other half mirrors it."""
_ROUNDING = 1e-12
_STEPS = 50


class Coverage(NamedTuple):
    """How one kind of interval does over every truth."""

    worst: float
    mean: float
    one_side: float
    """The highest chance that it lies wholly above the truth, or wholly below."""
    width: float
    """Mean over truths and outcomes."""


def of_truths(chances: NDArray[np.float64], truths: NDArray[np.float64], ends: Ends) -> Coverage:
    """Return the coverage; ``chances`` is (truths, outcomes), ``ends`` are of the outcomes."""
    low, high = (end[None, :] for end in ends)
    above = (chances * (low > truths[:, None] + _ROUNDING)).sum(axis=1)
    below = (chances * (high < truths[:, None] - _ROUNDING)).sum(axis=1)
    covered = 1 - above - below
    return Coverage(
        worst=float(covered.min()),
        mean=float(covered.mean()),
        one_side=float(max(above.max(), below.max())),
        width=float((chances @ (high - low)[0]).mean()),
    )


def rate_coverage(n: int) -> dict[str, Coverage]:
    """Return the coverage of both intervals of a rate of n cases."""
    counts = np.arange(n + 1)
    chances = np.asarray(binom.pmf(counts[None, :], n, RATES[:, None]))
    resampled = tuple(binom.ppf(level, n, counts / n) / n for level in (0.025, 0.975))
    found = {"clopper-pearson": clopper_pearson(counts, n), "bootstrap": resampled}
    return {name: of_truths(chances, RATES, ends) for name, ends in found.items()}


def difference_coverage(n: int) -> dict[str, Coverage]:
    """Return the coverage of the intervals of a paired difference over n items."""
    most = min(n, int(n * max(DIFFERING) + 8 * (n * max(DIFFERING)) ** 0.5))
    b, c = np.array([(b, c) for b in range(most + 1) for c in range(most + 1 - b)]).T
    ways = gammaln(n + 1) - gammaln(b + 1) - gammaln(c + 1) - gammaln(n - b - c + 1)
    kinds: dict[str, Counts] = {
        "tango": tango_interval,
        "with half an item": _corrected,
        "bootstrap": _resampled,
    }
    found = {}
    ends = {name: interval(b, c, n) for name, interval in kinds.items()}
    for name in kinds:
        parts = [
            of_truths(
                np.exp(
                    ways
                    + xlogy(b, share * split)
                    + xlogy(c, share * (1 - split))
                    + xlogy(n - b - c, 1 - share)
                )[None, :],
                np.array([share * (2 * split - 1)]),
                ends[name],
            )
            for share in DIFFERING
            for split in SPLITS
        ]
        found[name] = Coverage(
            worst=min(part.worst for part in parts),
            mean=float(np.mean([part.mean for part in parts])),
            one_side=max(part.one_side for part in parts),
            width=float(np.mean([part.width for part in parts])),
        )
    return found


def _corrected(b: NDArray[np.int64], c: NDArray[np.int64], n: int) -> Ends:
    """Return the ends at which the test of the gates, with half an item, has a p of 0.025."""
    return -_upper(c, b, n), _upper(b, c, n)


def _upper(more: NDArray[np.int64], less: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    inside, outside = (more - less) / n, np.ones(len(more))
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        rejected = difference_p(more, less, n, middle) <= 0.025
        inside, outside = np.where(rejected, inside, middle), np.where(rejected, middle, outside)
    return outside


def _resampled(b: NDArray[np.int64], c: NDArray[np.int64], n: int) -> Ends:
    """Return percentile ends by the normal limit of resampling, which has no width at b + c = 0."""
    delta = (b - c) / n
    half = 1.959964 * np.sqrt(np.maximum((b + c) / n - delta**2, 0.0) / n)
    return delta - half, delta + half


def main() -> None:
    """Print both tables."""
    for title, coverage in (("a rate", rate_coverage), ("a difference", difference_coverage)):
        print(f"{title:20}{'n':>6}{'worst':>9}{'mean':>9}{'one side':>10}{'width':>9}")
        for n in SIZES:
            for name, found in coverage(n).items():
                shares = f"{found.worst:9.1%}{found.mean:9.1%}{found.one_side:10.1%}"
                print(f"{name:20}{n:6}{shares}{found.width:9.4f}", flush=True)


if __name__ == "__main__":
    main()
