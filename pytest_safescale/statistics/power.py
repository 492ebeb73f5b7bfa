"""What a number of items can show, known before any model is asked: exact binomial figures.

Definitions: docs/metrics.md, "Planning". Rates, margins and chances are fractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.statistics.intervals import upper_bound
from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.special import special

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "CONFIDENCE",
    "MOST_ITEMS",
    "POWER",
    "Change",
    "certifiable",
    "chance_to_keep",
    "chance_to_pass",
    "change_expected",
    "events_allowed",
    "fewest_items",
    "from_which_on",
    "items_for_increase",
    "items_needed",
    "items_to_keep",
    "items_to_pass",
    "outcomes",
    "power_of_increase",
]

CONFIDENCE = 0.95
POWER = 0.8
"""The chance of seeing what is there that a plan asks for."""
MOST_ITEMS = 1_000_000
"""Where a search for a number of items ends."""
MOST_KEPT = 20_000
"""The same where each number takes a sum over two counts."""
_TEETH = 5
"""Further events allowed at which a number of items must still be enough."""
_DISCORDANT = 12.0
"""Standard deviations around the mean beyond which a number of changed items counts as never."""
_SUMMED = 7.0
"""The same in sums over whole tables of counts, where 1e-10 of the whole may be left out."""


class Change(NamedTuple):
    """How the true shares of items move between two runs."""

    worse: float
    """Share of items with an event now and none before."""
    better: float
    """Share of items with an event before and none now."""


def certifiable(items: int, events: int, confidence: float = CONFIDENCE) -> float:
    """Return the lowest rate that is certified by ``events`` among ``items``: the exact bound.

    For a rate that must be high, ``events`` are the cases that miss it, and the answer is one
    minus the rate certified.
    """
    return float(upper_bound(events, items, confidence))


def events_allowed(items: int, threshold: float, confidence: float = CONFIDENCE) -> int | None:
    """Return the most events among ``items`` whose bound is within the threshold.

    ``None`` where not even a run without an event certifies it.
    """
    # A one-sided bound is never below the rate itself.
    events = np.arange(int(items * threshold) + 1)
    within = int((upper_bound(events, items, confidence) <= threshold).sum())
    return within - 1 if within else None


def items_needed(threshold: float, events: int = 0, confidence: float = CONFIDENCE) -> int | None:
    """Return the fewest items that certify the threshold with that many events among them.

    ``None`` where more than MOST_ITEMS would be needed.
    """
    return fewest_items(
        lambda items: certifiable(items, events, confidence) <= threshold, start=events + 1
    )


def chance_to_pass(
    items: int, threshold: float, rate: float, confidence: float = CONFIDENCE
) -> float:
    """Return how often a gate with confidence passes where events truly have this rate.

    At ``rate`` equal to the threshold it is at most ``1 - confidence``: the gate's error.
    """
    allowed = events_allowed(items, threshold, confidence)
    return 0.0 if allowed is None else float(special().bdtr(allowed, items, rate))


def items_to_pass(
    threshold: float, rate: float, *, power: float = POWER, confidence: float = CONFIDENCE
) -> int | None:
    """Return the items from which on such a gate passes with that chance at that true rate.

    The chance drops with each item until one more event is allowed, so that fewer items may do by
    luck. Beyond 400 events about. ``None`` where the rate is not below the threshold, or MOST_ITEMS
    are too few.
    """
    if rate >= threshold:
        return None
    events, found, seen = 0, items_needed(threshold, 0, confidence), 0
    while found is not None and seen < _TEETH:
        step = max(1, events // 400)
        following = items_needed(threshold, events + step, confidence)
        if following is None:
            return None
        # The last item before one more event is allowed has the lowest chance.
        enough = special().bdtr(events, following - 1, rate) >= power
        found, seen = (found, seen + 1) if enough else (following, 0)
        events += step
    return found


def change_expected(rate: float, increase: float, *, independent: bool) -> Change:
    """Return which share of items changes where a rate rises by ``increase``.

    Least change: no item gets better. ``independent``: the two runs' events have nothing to do
    with one another, which two different models come near to.
    """
    after = min(1.0, rate + increase)
    if not independent:
        return Change(worse=after - rate, better=0.0)
    return Change(worse=(1 - rate) * after, better=rate * (1 - after))


def power_of_increase(items: int, change: Change, *, alpha: float = 1 - CONFIDENCE) -> float:
    """Return how often the exact one-sided McNemar test sees the increase at level ``alpha``.

    Unconditional: summed over how many items change. The two-sided test at 5 % that a comparison
    reports sees it as often as the one-sided test at 2.5 %.
    """
    from scipy.stats import binom  # slow to load, and wanted for a plan alone

    changed = change.worse + change.better
    if changed <= 0:
        return 0.0
    discordant = _worth_summing(items, changed, _DISCORDANT)
    # The fewest worse items among m changed ones that chance gives at most alpha of the time.
    critical = binom.isf(alpha, discordant, 0.5) + 1
    seen = binom.sf(critical - 1, discordant, change.worse / changed)
    return float((binom.pmf(discordant, items, changed) * seen).sum())


def chance_to_keep(
    items: int, margin: float, change: Change, *, confidence: float = CONFIDENCE
) -> float:
    """Return how often a gate on an increase of at most ``margin``, with confidence, passes.

    Exact: summed over how many items get worse and how many better.
    """
    counts, chances = outcomes(items, (*change, 1 - sum(change)))
    p_values = difference_p(counts[:, 0], counts[:, 1], items, margin)
    return float(chances[p_values <= 1 - confidence].sum())


def items_to_keep(
    margin: float, change: Change, *, power: float = POWER, confidence: float = CONFIDENCE
) -> int | None:
    """Return from how many items on the margin is kept with that power; ``None`` beyond MOST_KEPT.

    As far as two more changed items show.
    """
    if change.worse - change.better >= margin:
        return None
    return from_which_on(
        lambda items: chance_to_keep(items, margin, change, confidence=confidence) >= power,
        look_ahead=int(2 / margin) + 1,
        most=MOST_KEPT,
    )


def items_for_increase(
    change: Change, *, power: float = POWER, alpha: float = 1 - CONFIDENCE
) -> int | None:
    """Return from how many items on the increase is seen with that power; None beyond MOST_ITEMS.

    The power of an exact test climbs in small steps back and forth, as far as two more changed
    items show.
    """
    changed = change.worse + change.better
    if change.worse <= change.better:
        return None
    return from_which_on(
        lambda items: power_of_increase(items, change, alpha=alpha) >= power,
        look_ahead=int(2 / changed) + 1,
    )


def outcomes(items: int, chances: Sequence[float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how often each kind of case can come among ``items``, and how likely that is.

    Two or three kinds with these ``chances``, which add up to 1: (rows, kinds), int64, and
    (rows,), float64. Rows that are worth no sum are left out.
    """
    sides = [_worth_summing(items, share, _SUMMED) for share in chances[:-1]]
    grid = [side.ravel() for side in np.meshgrid(*sides, indexing="ij")]
    rest = items - np.sum(grid, axis=0)
    counts = np.stack([*grid, rest], axis=1)[rest >= 0]
    gammaln, xlogy = special().gammaln, special().xlogy
    logs = gammaln(items + 1) - gammaln(counts + 1).sum(axis=1)
    logs += xlogy(counts, np.array(chances)).sum(axis=1)
    return counts, np.asarray(np.exp(logs), dtype=np.float64)


def from_which_on(
    enough: Callable[[int], bool], *, look_ahead: int, most: int = MOST_ITEMS
) -> int | None:
    """Return the number of items from which on every number is enough; ``None`` beyond ``most``.

    What holds with many items holds back and forth with fewer: after the last number that is not
    enough ``look_ahead`` more have been tried.
    """
    found = fewest_items(enough, start=1, most=most)
    if found is None:
        return None
    items = found
    while items < found + look_ahead:
        items += 1
        if not enough(items):
            found = items + 1
    return found if found <= most else None


def _worth_summing(items: int, share: float, reach: float) -> NDArray[np.int64]:
    """Return the counts with which a binomial (items, share) is worth summing, (counts,), int64.

    Ascending; counts more than ``reach`` standard deviations (and 10) from the mean are excluded.
    """
    middle, spread = items * share, np.sqrt(items * share * (1 - share))
    low, high = middle - reach * spread - 10, middle + reach * spread + 10
    return np.arange(max(0, int(low)), min(items, int(high)) + 1)


def fewest_items(
    enough: Callable[[int], bool], *, start: int, most: int = MOST_ITEMS
) -> int | None:
    """Return the smallest number from ``start`` on that is enough, where more always is."""
    high = start
    while not enough(high):
        if high >= most:
            return None
        high = min(2 * high, most)
    low = start
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return high
