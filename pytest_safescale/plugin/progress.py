"""How far a run is, told now and then while it goes on; nothing where no terminal shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.calls.entries import Spent
    from pytest_safescale.plugin.session import SafescaleSession

__all__ = ["Progress", "progress_line"]

EVERY_S = 10.0


class Progress:
    """Prints a line every ten seconds, in the process that writes to the terminal."""

    def __init__(self, session: SafescaleSession, reporter: pytest.TerminalReporter) -> None:
        self._session = session
        self._reporter = reporter
        self._done = 0
        self._replies = 0
        self._searching = session.run.settings.wants_robustness
        self._begun = time.monotonic()
        self._next = self._begun + EVERY_S

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case that came to its end, and tell how far the run is when it is time."""
        travelling = getattr(report, "safescale", {})
        # A case under a relation brings the case's own record along once.
        told = "search" if self._searching else "record"
        if told not in travelling:
            return
        now = time.monotonic()
        self._done += 1
        self._replies += _replies(travelling)
        if now >= self._next:
            self._next = now + EVERY_S
            self._reporter.ensure_newline()
            self._reporter.write_line(self._line(now - self._begun))

    def _line(self, seconds: float) -> str:
        run = self._session.run
        store = Store(run.settings.store, run=self._session.run_id)
        spent, made = store.spent(), store.stored_by_this_run(but=run.embedder)
        store.close()
        cases = len(run.cases)
        if self._searching:
            cases *= len(self._session.robustness.relations)
        return progress_line(
            done=self._done,
            cases=cases,
            seconds=seconds,
            spent=spent,
            from_store=1 - min(1.0, made / max(1, self._replies)),
            unit="searches" if self._searching else "cases",
        )


def _replies(travelling: Mapping[str, Any]) -> int:
    """Return how many replies a report's case and variants took, from the store or not."""
    calls = travelling.get("record", {}).get("calls", ())
    of_variants: int = travelling.get("search", {}).get("replies", 0)
    of_case: int = sum(call["replies"] for call in calls)
    return of_variants + of_case


def progress_line(
    *,
    done: int,
    cases: int,
    seconds: float,
    spent: Spent,
    from_store: float,
    unit: str = "cases",
) -> str:
    """Return one line: cases, calls a second, share from the store, time left, tokens, money."""
    left = seconds * (cases - done) / done
    tokens = spent.prompt_tokens + spent.completion_tokens
    return (
        f"safescale: {done}/{cases} {unit}, {spent.calls} calls ({spent.calls / seconds:.0f}/s), "
        f"{from_store:.0%} from the store, {left:.0f} s left, {tokens} tokens, "
        f"cost {spent.money:.2f}"
    )
