"""How what failed is tried again: how often, for how long, and after which waits."""

from __future__ import annotations

import tenacity

from pytest_safescale.models.model import TransientFailure

__all__ = ["Tries", "retrying"]

Tries = tenacity.AsyncRetrying
"""The tries of something, one after the other."""

LONGEST_S = 30
"""Of a wait between two tries, unless the server asks for a longer one."""


def retrying(*, attempts: int | None, seconds: float | None, first_wait_s: float) -> Tries:
    """Return the tries of something that may raise TransientFailure; the last one stays raised.

    ``attempts`` and ``seconds`` bound them, where given. ``first_wait_s`` is the scale of the
    jittered, exponentially growing wait, never shorter than the server asks for; at 0 there is no
    other wait.
    """
    stops: list[tenacity.stop.stop_base] = []
    if attempts is not None:
        stops.append(tenacity.stop_after_attempt(attempts))
    if seconds is not None:
        stops.append(tenacity.stop_before_delay(seconds))
    return Tries(
        retry=tenacity.retry_if_exception_type(TransientFailure),
        stop=tenacity.stop_any(*stops),
        wait=_Wait(first_wait_s),
        reraise=True,
    )


class _Wait(tenacity.wait.wait_base):
    """Jittered exponential back-off, but never shorter than the server asks for."""

    def __init__(self, first_s: float) -> None:
        self._backoff = tenacity.wait_random_exponential(multiplier=first_s, max=LONGEST_S)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        wait = self._backoff(retry_state)
        failure = retry_state.outcome.exception() if retry_state.outcome else None
        asked = getattr(failure, "retry_after_s", None)
        return wait + asked if asked else wait
