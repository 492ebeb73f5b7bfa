"""The special functions that exact intervals and tests rest on."""

from __future__ import annotations

from typing import Any

__all__ = ["special"]


def special() -> Any:
    """Return ``scipy.special``, whose functions take arrays that broadcast.

    It takes longer to load than all else that a run needs before its first request, and is wanted
    after its last reply: modules that are loaded at the start take it from here.
    """
    import scipy.special

    return scipy.special
