"""How much is done for something, in calls of the package's functions: no clock is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_safescale

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["calls_of_ours"]

OURS = str(Path(pytest_safescale.__file__).parent)


def calls_of_ours(do: Callable[[], Any]) -> tuple[Any, int]:
    """Return what is done, and how many functions of the package this thread has called for it."""
    count = 0

    def seen(frame: Any, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.startswith(OURS)

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        return do(), count
    finally:
        sys.setprofile(before)
