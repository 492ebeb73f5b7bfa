"""How far a process of a run works ahead of its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.calls.engine import PAUSED, RESUMED, look_ahead_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.settings.schema import Settings

__all__ = ["LookAhead", "Share", "cases_of_a_round", "look_ahead"]

MOST_OF_A_ROUND = 25_000
"""Most cases that wait for a batch at once: most take two requests, so that they fill a file."""
ROUNDS_TO_DECIDE = 4
"""Parts in which cases are asked by batch where the rest may turn out not to be needed."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one of several processes takes of a run."""

    worker: int = 0
    workers: int = 1
    own: Sequence[int] | None = None
    """All that its tests want, where it knows; else they may want what any process asks."""


@dataclass(frozen=True, kw_only=True)
class LookAhead:
    """What an engine works through, and how many of it at once."""

    order: Sequence[int]
    window: int
    """Cases that are under way at once."""
    keep: int | None
    """Finished results that are held for tests which may go to another process."""
    unread: tuple[int, int]
    """Unread results at which looking ahead pauses, and under how many it goes on."""


def cases_of_a_round(settings: Settings, cases: int) -> int | None:
    """Return how many of a run's cases wait for a batch at once.

    ``None`` where each call goes at once.
    Where gates may be decided before the last case, a part of them is judged before the next.
    """
    if settings.replay or not settings.batch:
        return None
    if settings.stop_when_decided:
        cases = -(-cases // ROUNDS_TO_DECIDE)
    return max(8, min(cases, MOST_OF_A_ROUND))


def look_ahead(
    settings: Settings,
    order: Sequence[int],
    *,
    cases: int,
    share: Share,
    in_flight: int,
) -> LookAhead:
    """Return what a process works through of its share, in the order of the tests.

    ``cases`` is how many the run has.
    """
    # Searches for counterexamples have several jobs a case, and are not stopped early.
    jobs = cases if settings.stop_when_decided else len(order)
    together = cases_of_a_round(settings, jobs)
    if together is not None:
        own = order[share.worker :: share.workers] if share.own is None else share.own
        return _by_rounds(settings, own, together, alone=share.workers == 1)
    window = max(8, 2 * in_flight)
    unread = (PAUSED * window, RESUMED * window)
    if share.own is not None:
        return LookAhead(order=share.own, window=window, keep=None, unread=unread)
    positions = look_ahead_order(len(order), worker=share.worker, workers=share.workers)
    return LookAhead(
        order=[order[position] for position in positions],
        window=window,
        keep=None if share.workers == 1 else 4 * settings.concurrency,
        unread=unread,
    )


def _by_rounds(
    settings: Settings, share: Sequence[int], together: int, *, alone: bool
) -> LookAhead:
    """Return a process's share of cases that go by batch.

    The shares of other processes are left to them: waiting for calls that they make would mean to
    look for thousands again and again.
    """
    return LookAhead(
        order=share,
        window=together,
        keep=None if alone else together,
        unread=(1, 0) if settings.stop_when_decided else (together, max(1, together // 2)),
    )
