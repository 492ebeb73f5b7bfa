"""How far a run is, told now and then while it goes on; nothing where no terminal shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.store import Spent, Store

if TYPE_CHECKING:
    from pytest_safescale.plugin.session import SafescaleSession

__all__ = ["Progress", "progress_line"]

EVERY_S = 10.0


class Progress:
    """Prints a line every ten seconds, in the process that writes to the terminal."""

    def __init__(self, session: SafescaleSession, reporter: pytest.TerminalReporter) -> None:
        self._session = session
        self._reporter = reporter
        self._done = 0
        self._begun = time.monotonic()
        self._next = self._begun + EVERY_S

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case that came to its end, and tell how far the run is when it is time."""
        if "record" not in getattr(report, "safescale", {}):
            return
        now = time.monotonic()
        self._done += 1
        if now >= self._next:
            self._next = now + EVERY_S
            self._reporter.ensure_newline()
            self._reporter.write_line(self._line(now - self._begun))

    def _line(self, seconds: float) -> str:
        store = Store(self._session.run.settings.store, run=self._session.run_id)
        spent, made = store.spent(), store.stored_by_this_run()
        store.close()
        cases = len(self._session.run.cases)
        samples = 1 + self._session.run.decoding.samples
        return progress_line(
            done=self._done,
            cases=cases,
            seconds=seconds,
            spent=spent,
            from_store=1 - min(1.0, made / (self._done * samples)),
        )


def progress_line(*, done: int, cases: int, seconds: float, spent: Spent, from_store: float) -> str:
    """Return one line: cases, calls a second, share from the store, time left, tokens, money."""
    left = seconds * (cases - done) / done
    tokens = spent.prompt_tokens + spent.completion_tokens
    return (
        f"safescale: {done}/{cases} cases, {spent.calls} calls ({spent.calls / seconds:.0f}/s), "
        f"{from_store:.0%} from the store, {left:.0f} s left, {tokens} tokens, "
        f"cost {spent.money:.2f}"
    )
