"""The gates tried on planted controls, before anything is asked (--safescale-self-check)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.plugin import outcomes
from pytest_safescale.self_check import check_gates, control_book

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.report.book import RecordBook
    from pytest_safescale.run import Run
    from pytest_safescale.self_check import GateCheck

__all__ = ["SelfCheck"]


class SelfCheck:
    """Stands before the run: where a gate is none, nothing is asked of a model."""

    def __init__(
        self,
        run: Run,
        book: RecordBook,
        judged: Callable[[RecordBook], Sequence[GateResult]],
    ) -> None:
        """``judged`` tells what the gates say of records; ``book`` keeps what is found."""
        self._run = run
        self._book = book
        self._judged = judged
        self._checks: list[GateCheck] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Try the gates; ``True`` says that no test needs to run."""
        if session.config.option.collectonly:
            return None
        self._checks = check_gates(lambda control: self._judged(control_book(self._run, control)))
        self._book.checks = [vars(check) for check in self._checks]
        if not self.faults:
            return None
        self.report(session)
        return True

    @property
    def faults(self) -> list[str]:
        """What is wrong with each gate that is none."""
        return [f"{check.gate}: {check.fault}" for check in self._checks if check.fault]

    def report(self, session: pytest.Session) -> None:
        """Report every gate that was tried as a test."""
        for check in self._checks:
            name = f"self-check[{check.gate}]"
            outcomes.emit(session, name, failed=check.fault, noted=check.unchecked)
