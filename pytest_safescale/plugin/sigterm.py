"""SIGTERM ends a run as Ctrl-C does: in order, with the report of what was answered."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.plugin import output

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["SigtermEndsTheRun"]


class SigtermEndsTheRun:
    """Turns the first SIGTERM into the end of pytest, where it would end the process at once.

    Whoever has a handler of their own, or ignores the signal, keeps that.
    """

    def __init__(self) -> None:
        self._ends = False
        self._installed = False

    def install(self) -> None:
        """Take the signal, where it is free to be taken."""
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._end)
            self._installed = True

    def restore(self) -> None:
        """Let the signal do again what it did before."""
        if self._installed:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._installed = False

    def hold_off(self) -> None:
        """From here on the signal changes nothing: the run ends, and its report is written."""
        self._ends = True

    def _end(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 (Python's form)
        if not self._ends:
            self._ends = True
            raise output.ending("stopped by SIGTERM", pytest.ExitCode.INTERRUPTED)
