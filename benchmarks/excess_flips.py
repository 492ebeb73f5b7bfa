"""Flips of a model that no edit moves, and new findings of one that seldom gives them.

    python -m benchmarks.excess_flips

By exact enumeration. First a model that answers one of four letters at random in some of its calls,
whatever it is asked, under 12 relations of 20 variants and as many repeats: how many of its items
flip, how often Tango's interval of the excess lies above 0 though nothing is there, and how often a
gate of at most 10 points with 95 % confidence passes. Then the highest chance that this gate passes
where edits do flip 10 points more, over all shares of items that flip under repeats alone. Last how
many new findings 200 items have that each show one in a share of calls, by ``confirm``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtrc, gammaln, xlogy

from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.paired import tango_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

ITEMS = (20, 60, 200, 1000)
RANDOM_CALLS = (0.001, 0.01, 0.05)
CALLS = 12 * 20
ANOTHER = 3 / 4
"""Share of random answers that are another letter than the first."""
MARGIN, CONFIDENCE = 0.1, 0.95
BACK = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.44)
"""Shares of items that flip under repeats alone."""
SHOWN = (0.01, 0.05, 0.2, 0.5, 0.9)
CONFIRM = (None, 1, 3, 5, 9)


def pairs(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return every pair of counts of items that flip on one side alone, float64, (outcomes,)."""
    more, less = np.indices((n + 1, n + 1)).reshape(2, -1)
    possible = more + less <= n
    return more[possible].astype(float), less[possible].astype(float)


def chances(n: int, gained: float, lost: float) -> NDArray[np.float64]:
    """Return the chance of each of ``pairs(n)``, (outcomes,), of these shares of items."""
    more, less = pairs(n)
    same = n - more - less
    ways = gammaln(n + 1) - gammaln(more + 1) - gammaln(less + 1) - gammaln(same + 1)
    logs = xlogy(more, gained) + xlogy(less, lost) + xlogy(same, max(1 - gained - lost, 0.0))
    return np.asarray(np.exp(ways + logs))


def report_excess() -> None:
    """Print what is seen of a model that no edit moves, and the level of the gate."""
    for n in ITEMS:
        more, less = pairs(n)
        above = tango_interval(more, less, n)[0] > 0
        passes = difference_p(more, less, n, MARGIN) <= 1 - CONFIDENCE
        passes &= (more - less) / n <= MARGIN
        for share in RANDOM_CALLS:
            flips = 1 - (1 - share * ANOTHER) ** CALLS
            found = chances(n, flips * (1 - flips), flips * (1 - flips))
            print(
                f"{n:>5} items, {100 * share:4.1f} % of calls random: {100 * flips:5.1f} % flip, "
                f"interval above 0 in {100 * found[above].sum():4.1f} % of runs, the gate passes "
                f"in {100 * found[passes].sum():5.1f} %"
            )
        level = max(chances(n, back + MARGIN, back)[passes].sum() for back in BACK)
        print(f"{n:>5} items, 10 points more: the gate passes in {100 * level:.1f} % at most")


def report_confirm() -> None:
    """Print how many new findings 200 items have that show one in a share of their calls."""
    for times in CONFIRM:
        told = []
        for share in SHOWN:
            sure = 1.0 if times is None else float(bdtrc(times // 2, times, share))
            told.append(f"{200 * share * sure:8.3f}")
        print(f"confirm {times or '-':>2}: {' '.join(told)}")


if __name__ == "__main__":
    report_excess()
    report_confirm()
