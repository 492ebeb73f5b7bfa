"""What calls wait for besides their replies, so that a run that stands still can say why."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Waits"]


class Waits:
    """Noted in the engine's loop, read from the thread of the tests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reasons: Counter[str] = Counter()

    @contextlib.contextmanager
    def noted(self, reason: str) -> Iterator[None]:
        """Return a context of waiting for something."""
        with self._lock:
            self._reasons[reason] += 1
        try:
            yield
        finally:
            with self._lock:
                self._reasons[reason] -= 1

    def reasons(self) -> list[str]:
        """Return what calls are waiting for at this moment."""
        with self._lock:
            return [reason for reason, calls in self._reasons.items() if calls]
