"""Stops asking once no answer could change what the gates say (--safescale-stop-when-decided)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_safescale.gates.decision import DECIDED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.gates.result import GateResult

__all__ = ["DECIDED", "Watch"]

_SHARE = 20
"""Looking at the gates takes at most one part in so many of the time."""
_FIRST_S = 0.5


class Watch:
    """Looks now and then whether all gates are decided, and says so once.

    How often it looks changes what is saved and never what the gates say: they are judged by the
    same rule at the end.
    """

    def __init__(
        self,
        judge: Callable[[], Sequence[GateResult]],
        halt: Callable[[str], None],
        *,
        every: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``every`` is after how many cases it looks in any case, as where a round has ended."""
        self._judge = judge
        self._halt = halt
        self._clock = clock
        self._next = clock() + _FIRST_S
        self._every, self._seen = every, 0
        self.halted = False

    def saw_case(self) -> None:
        """Look at the gates where it is time to."""
        start = self._clock()
        self._seen += 1
        ended = self._every is not None and self._seen % self._every == 0
        if self.halted or (start < self._next and not ended):
            return
        results = self._judge()
        end = self._clock()
        self._next = end + _SHARE * (end - start)
        if results and not any(result.waits for result in results):
            self.halted = True
            self._halt(DECIDED)
