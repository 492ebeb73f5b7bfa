"""How a run may call its models, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.limits import CallLimits

if TYPE_CHECKING:
    from pytest_safescale.settings.schema import Settings

__all__ = ["call_limits"]


def call_limits(
    settings: Settings,
    *,
    in_flight: int,
    heed_halt: bool = False,
    workers: int = 1,
    batch: bool = False,
) -> CallLimits:
    """Return the limits of a process that keeps so many requests under way at once.

    ``workers`` is how many such processes the run has; with ``batch`` requests that can go by
    batch do.
    """
    return CallLimits(
        in_flight=in_flight,
        workers=workers,
        max_attempts=settings.max_attempts,
        retry_seconds=settings.retry_seconds,
        max_calls=settings.max_calls,
        max_cost=settings.max_cost,
        rate_share=settings.rate_share,
        replay=settings.replay,
        heed_halt=heed_halt,
        batch=batch,
    )
