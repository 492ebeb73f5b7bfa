"""A caller that loses no time before it tries again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.limits import CallLimits

if TYPE_CHECKING:
    from pytest_safescale.calls.store import Store

FAST = {"first_wait_s": 0.001, "max_attempts": 4}


def caller(store: Store, **limits: object) -> Caller:
    """Return a caller with these limits."""
    return Caller(store, CallLimits(**{**FAST, **limits}))  # type: ignore[arg-type]
