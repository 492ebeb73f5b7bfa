"""How far a run is, told now and then while it goes on; nothing where no terminal shows it."""

from __future__ import annotations

import time
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.store import Store
from pytest_safescale.plugin import outcomes, output
from pytest_safescale.plugin.travelling import travelling_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.calls.stored_replies import Spent
    from pytest_safescale.plugin.session import SafescaleSession
    from pytest_safescale.plugin.travelling import Travelling

__all__ = ["Progress", "progress_line"]

EVERY_S = 10.0


class Progress:
    """Prints a line every ten seconds, in the process that writes to the terminal."""

    def __init__(self, session: SafescaleSession, reporter: pytest.TerminalReporter) -> None:
        self._session = session
        self._reporter = reporter
        self._done = 0
        self._replies = 0
        self._states: Counter[str] = Counter()
        self._searching = session.run.settings.wants_robustness
        self._begun = time.monotonic()
        self._next = self._begun + EVERY_S

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case that came to its end, and tell how far the run is when it is time."""
        travelling = travelling_with(report)
        # A case under a relation brings the case's own record along once.
        told = "search" if self._searching else "outcome"
        if told not in travelling or not outcomes.is_final(report):
            return
        now = time.monotonic()
        self._done += 1
        self._replies += _replies(travelling)
        if "state" in travelling:
            self._states[travelling["state"]] += 1
        if now >= self._next:
            self._next = now + EVERY_S
            output.write(self._reporter, [self._line(now - self._begun)])

    def _line(self, seconds: float) -> str:
        run = self._session.run
        store = Store(run.settings.store, run=self._session.run_id, read_only=run.settings.replay)
        spent, made = store.spending.spent(), store.stored_by_this_run(but=run.embedder)
        store.close()
        cases = len(run.cases)
        if self._searching:
            cases *= len(self._session.robustness().relations)
        return progress_line(
            done=self._done,
            cases=cases,
            seconds=seconds,
            spent=spent,
            from_store=1 - min(1.0, made / max(1, self._replies)),
            unit="searches" if self._searching else "cases",
            states=self._states,
        )


def _replies(travelling: Travelling) -> int:
    """Return how many replies a report's case and variants took, from the store or not."""
    search = travelling.get("search")
    return travelling.get("replies", 0) + (search["replies"] if search else 0)


def progress_line(
    *,
    done: int,
    cases: int,
    seconds: float,
    spent: Spent,
    from_store: float,
    unit: str = "cases",
    states: Mapping[str, int] = MappingProxyType({}),
) -> str:
    """Return one line: cases, calls a second, share from the store, time left, tokens, money.

    And how many replies did not come to an answer, by state, where there are any.
    """
    left = seconds * (cases - done) / done
    tokens = spent.prompt_tokens + spent.completion_tokens
    estimated = f" ({spent.estimated_tokens} estimated)" if spent.estimated_tokens else ""
    ended = "".join(
        f"{states[state]} {state}, "
        for state in ("abstained", "unreadable", "failed")
        if states.get(state)
    )
    rate = f"{spent.calls} calls ({spent.calls / seconds:.0f}/s)"
    return (
        f"safescale: {done}/{cases} {unit}, {ended}{rate}, "
        f"{from_store:.0%} from the store, {left:.0f} s left, {tokens} tokens{estimated}, "
        f"cost {spent.money:.2f}"
    )
