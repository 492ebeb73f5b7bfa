"""A test of a rate that may be looked at after every item: a mixture martingale.

Definitions: docs/statistics.md, "At any stop". Rates and thresholds are fractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import betainc, betaln, xlog1py, xlogy

from pytest_safescale.statistics.power import MOST_ITEMS
from pytest_safescale.statistics.prediction import PRIOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    _Rate = Callable[[int, NDArray[np.int64]], Any]

__all__ = [
    "StoppedRuns",
    "anytime_p",
    "first_pass",
    "items_to_stop",
    "log_martingale",
    "most_events",
    "predicted_pass",
    "stopped_runs",
]

_SHAPE = 0.5
"""Both parameters of the Beta distribution that is cut off at the threshold."""
_AT_ONCE = 512
"""Items whose states are looked at together."""


def log_martingale(events: Any, n: Any, threshold: float) -> NDArray[np.float64]:
    """Return log M of ``events`` among ``n`` items, of any one shape, float64.

    M is the likelihood of the items averaged over rates below ``threshold``, by a Beta(1/2, 1/2)
    cut off there, over their likelihood at ``threshold``, which lies above 0 and below 1. Where
    the true rate is ``threshold`` or more its expectation falls with every item, so by Ville's
    inequality it ever reaches 1 / alpha with a chance of at most alpha.
    """
    events, n = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    a, b = events + _SHAPE, n - events + _SHAPE
    with np.errstate(divide="ignore"):  # far above the threshold nothing is left: log 0
        below = betaln(a, b) + np.log(betainc(a, b, threshold))
    prior = betaln(_SHAPE, _SHAPE) + np.log(betainc(_SHAPE, _SHAPE, threshold))
    at = xlogy(events, threshold) + xlog1py(n - events, -threshold)
    return np.asarray(below - prior - at, dtype=np.float64)


def anytime_p(
    events: NDArray[np.int64], n: NDArray[np.int64], threshold: float
) -> NDArray[np.float64]:
    """Return the p of the rate being ``threshold`` or more, (rows,), float64.

    ``events`` and ``n`` are (rows, items): how many events there are among how many cases once so
    many items were taken. p is 1 over the highest M that any of these states has, at most 1: it
    holds whenever one stops.
    """
    best = np.zeros(len(events))
    for start in range(0, events.shape[1], _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        best = np.maximum(best, _logs(events[:, some], n[:, some], threshold).max(axis=1))
    return np.asarray(np.exp(-best))


def _logs(events: NDArray[np.int64], n: NDArray[np.int64], threshold: float) -> NDArray[np.float64]:
    """Return log M of each state, of its shape; resamples meet the same few again and again."""
    first, fewest = int(n.min()), int(events.min())
    width = int(events.max()) - fewest + 1
    place = (n - first) * width + (events - fewest)
    met = np.zeros((int(n.max()) - first + 1) * width, dtype=bool)
    met[place] = True
    states = np.flatnonzero(met)
    logs = np.zeros(len(met))
    logs[states] = log_martingale(fewest + states % width, first + states // width, threshold)
    return np.asarray(logs[place])


def most_events(items: int, threshold: float, alpha: float) -> NDArray[np.int64]:
    """Return with how many events at most M reaches 1 / ``alpha``, (items,), int64; -1 for none.

    One entry after each item; M falls with every event.
    """
    found = np.full(items, -1, dtype=np.int64)
    events = -1
    for n in range(1, items + 1):
        while events < n and log_martingale(events + 1, n, threshold) >= -np.log(alpha):
            events += 1
        found[n - 1] = events
    return found


def first_pass(threshold: float, alpha: float) -> int | None:
    """Return after how many items without an event M reaches 1 / ``alpha``; ``None`` for never.

    Never is beyond a million items.
    """
    if not 0 < threshold < 1:
        return None if threshold <= 0 else 1
    n = np.arange(1, MOST_ITEMS + 1)
    shown = log_martingale(np.zeros_like(n), n, threshold) >= -np.log(alpha)
    return int(np.argmax(shown)) + 1 if shown.any() else None


class StoppedRuns(NamedTuple):
    """What runs come to that stop once the threshold is shown to be kept, or is broken for good."""

    passed: float
    """Share of the runs in which it is shown."""
    items: float
    """Items asked about, on the average."""
    failed: float
    """Share of the runs in which more items have the event than the threshold allows."""


def stopped_runs(
    items: int,
    threshold: float,
    rate: float,
    alpha: float,
    *,
    first: int = 1,
    goes_on: bool = False,
) -> StoppedRuns:
    """Return what runs of at most ``items`` items come to whose true rate is ``rate``; exact.

    They are looked at after each item from the ``first`` on, and end too where more events came
    than the threshold allows among all items. ``first`` above 1 is for levels alone. A run that
    ``goes_on`` asks all items, and passes if these keep the threshold too.
    """
    *_, last = _after_each(items, threshold, alpha, lambda _, __: rate, first, goes_on=goes_on)
    return last


def items_to_stop(
    threshold: float, rate: float, alpha: float, *, power: float, most: int
) -> int | None:
    """Return the items by which the share ``power`` of runs has shown the threshold to be kept.

    It rises with every further item. ``None`` beyond ``most``.
    """
    runs = _after_each(most, threshold, alpha, lambda _, __: rate)
    return next((n for n, run in enumerate(runs, start=1) if run.passed >= power), None)


def predicted_pass(count: int, n: int, threshold: float, alpha: float) -> float:
    """Return the chance that a new run of ``n`` items passes, all of which are asked.

    It shows the threshold kept at some item, and keeps it over all of them.

    ``count`` of n items had the event in this run; the rate of the new one is what these leave
    possible, by Jeffreys' prior, so that its items are drawn as from a Polya urn.
    """
    a, b = count + PRIOR, n - count + PRIOR
    *_, last = _after_each(
        n, threshold, alpha, lambda so_far, events: (a + events) / (a + b + so_far), goes_on=True
    )
    return last.passed


def _after_each(
    items: int,
    threshold: float,
    alpha: float,
    rate: _Rate,
    first: int = 1,
    *,
    goes_on: bool = False,
) -> Iterator[StoppedRuns]:
    """Carry the chance of each number of events from item to item; give what runs come to so far.

    ``rate`` is of the next item to have the event, after so many items with so many events. A run
    that ``goes_on`` where the threshold is shown passes if all its items keep it too.
    """
    shown, most = most_events(items, threshold, alpha), int(threshold * items + 1e-9)
    # Rows: the threshold was not shown yet, and it was.
    chance, events = np.zeros((2, most + 1)), np.arange(most + 1)
    chance[0, 0] = 1.0
    asked = 0.0
    for n in range(1, items + 1):
        asked += float(chance.sum() if goes_on else chance[0].sum())
        going = chance if goes_on else chance[:1]
        more = going * rate(n - 1, events)
        going -= more
        going[:, 1:] += more[:, :-1]
        if n >= first and shown[n - 1] >= 0:
            end = int(shown[n - 1]) + 1
            chance[1, :end] += chance[0, :end]
            chance[0, :end] = 0.0
        yield StoppedRuns(float(chance[1].sum()), asked, max(0.0, 1 - float(chance.sum())))
