"""Sentences for whoever watches a run: what it waits for, and what became of replies in hand.

They are pytest warnings: those of xdist's workers reach the terminal at once, and all of them stand
in the summary at the end.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from pytest_safescale.plugin import output
from pytest_safescale.plugin.internals import uncaptured
from pytest_safescale.text.escaping import terminal_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_safescale.calls.wait_reasons import Waits

__all__ = ["NoticesShown", "RunNotice", "WaitNotices", "tell"]


class RunNotice(UserWarning):
    """A sentence about the run, for whoever watches it."""


def tell(config: pytest.Config, sentence: str) -> None:
    """Tell a sentence, from whichever process runs the tests."""
    told = RunNotice(terminal_line(sentence))
    message = warnings.WarningMessage(told, RunNotice, "safescale", 0)
    config.hook.pytest_warning_recorded.call_historic(
        kwargs={"warning_message": message, "nodeid": "", "when": "runtest", "location": None}
    )


class NoticesShown:
    """Shows what is told at once, in the process that writes to the terminal."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Show a notice of the run on a line of its own."""
        if issubclass(warning_message.category, RunNotice):
            with uncaptured(self._reporter.config):
                output.write(self._reporter, [f"safescale: {warning_message.message}"])


class WaitNotices:
    """Tells what the calls of a process wait for besides their replies, each reason once."""

    def __init__(self, waits: Waits, tell: Callable[[str], None]) -> None:
        self._waits = waits
        self._tell = tell
        self._notices_shown: set[str] = set()

    def __call__(self) -> None:
        """Tell what has come up since the last time; called while a test waits."""
        now = set(self._waits.reasons())
        for reason in sorted(now - self._notices_shown):
            self._tell(f"waiting for {reason}")
        self._notices_shown = now
