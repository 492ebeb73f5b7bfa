"""How far a process of a run works ahead of its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.calls.engine import PAUSED, RESUMED, look_ahead_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.settings.schema import Settings

__all__ = ["LookAhead", "look_ahead"]

CASES_OF_A_ROUND = 25_000
"""Most cases that wait for a batch at once: most take two requests, so that they fill a file."""
ROUNDS_TO_DECIDE = 4
"""Parts in which cases are asked by batch where the rest may turn out not to be needed."""


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


def look_ahead(
    settings: Settings, order: Sequence[int], *, worker: int, workers: int, in_flight: int
) -> LookAhead:
    """Return what one of several processes works through, in the order of the tests."""
    if settings.batch and not settings.replay:
        return _by_rounds(settings, order[worker::workers], workers)
    window = max(8, 2 * in_flight)
    positions = look_ahead_order(len(order), worker=worker, workers=workers)
    return LookAhead(
        order=[order[position] for position in positions],
        window=window,
        keep=None if workers == 1 else 4 * settings.concurrency,
        unread=(PAUSED * window, RESUMED * window),
    )


def _by_rounds(settings: Settings, share: Sequence[int], workers: int) -> LookAhead:
    """Return a process's share of cases that go by batch: as many at once as a file has room for.

    The shares of other processes are left to them: waiting for calls that they make would mean to
    look for thousands again and again. Where gates may be decided before the last case, a part of
    the cases is judged before the next is asked.
    """
    window = max(8, min(len(share), CASES_OF_A_ROUND))
    if settings.stop_when_decided:
        window = max(8, -(-len(share) // ROUNDS_TO_DECIDE))
    return LookAhead(
        order=share,
        window=window,
        keep=None if workers == 1 else window,
        unread=(1, 1) if settings.stop_when_decided else (window, max(1, window // 2)),
    )
