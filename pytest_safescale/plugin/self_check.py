"""The gates tried on planted controls, before anything is asked (--safescale-self-check)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.plugin import outcomes
from pytest_safescale.runs.self_check import check_gates, control_book, passed_unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.results.record_book import RecordBook
    from pytest_safescale.runs.run import Run
    from pytest_safescale.runs.self_check import GateCheck

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

    def try_gates(self) -> list[str]:
        """Try the gates; returns what is wrong with each that is none."""
        self._checks = check_gates(
            lambda control, share: self._judged(control_book(self._run, control, share))
        )
        self._book.checks = [check.row() for check in self._checks]
        self._book.passed_unanswered = passed_unanswered(self._checks)
        return [f"{check.gate}: {check.fault}" for check in self._checks if check.fault]

    def report(self, session: pytest.Session) -> None:
        """Report every gate that was tried as a test."""
        for check in self._checks:
            name = f"self-check[{check.gate}]"
            outcomes.emit(session, name, failed=check.fault, noted=check.unchecked)
