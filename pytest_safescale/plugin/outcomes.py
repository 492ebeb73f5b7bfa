"""The letters a person sees while a run goes on, and the tests that gates are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.gates.result import Decision
from pytest_safescale.plugin import internals
from pytest_safescale.plugin.travelling import attach, travelling_with
from pytest_safescale.text.escaping import shorten, terminal_line, terminal_text
from pytest_safescale.verdicts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.results.search_record import SearchRecord

__all__ = ["OWN", "emit", "emit_gates", "is_final", "reason", "status", "tell_reason"]

OWN = "safescale::"
"""Begins the ids of the tests that pytest did not run."""

Status = tuple[str, str, Any]

MOST_OF_A_REASON = 200
"""Characters of why a test failed that the report shows."""
_GRAVE = {"red": True}
_COLOURS = {Outcome.OVERCONFIDENT: _GRAVE, Outcome.HIGH_RISK: _GRAVE, Outcome.UNSAFE: _GRAVE}


def is_final(report: pytest.TestReport) -> bool:
    """Say whether a report is about a whole test for good: no subtest, no try that is repeated."""
    return type(report) is pytest.TestReport and report.outcome in ("passed", "failed", "skipped")


def status(report: pytest.TestReport) -> Status | None:
    """Return category, letter and word of a case's report; ``None`` leaves it to pytest."""
    travelling = travelling_with(report) if report.when == "call" and is_final(report) else {}
    if "search" in travelling:
        return _search_status(report, travelling["search"])
    found = travelling.get("outcome")
    if found is None:
        return None
    outcome = Outcome(found)
    if report.failed:
        # A test that failed is one, whatever it found: the reason stands in its message.
        letter = outcome.letter if outcome is not Outcome.CORRECT else "F"
        return "failed", letter, ("FAILED", {"red": True})
    if report.skipped and not internals.is_noted(report):
        return None
    if outcome is Outcome.CORRECT:
        return None
    # "error" would be one of pytest's own: a test whose set-up broke.
    category = "call_failed" if outcome is Outcome.ERROR else outcome.value
    word = category.replace("_", "-").upper()
    return category, outcome.letter, (word, _COLOURS.get(outcome, {"yellow": True}))


def _search_status(report: pytest.TestReport, search: SearchRecord) -> Status | None:
    """Return category, letter and word of a case under a relation."""
    dangerous = bool({"high_risk", "unsafe"}.intersection(search["findings"]))
    letter = ("X" if dangerous else "x") if search["findings"] else ""
    if report.failed:
        return "failed", letter or "F", ("FAILED", _GRAVE)
    noted = internals.is_noted(report)
    if report.skipped and not noted:
        return "not_applicable", "-", ("NOT-APPLICABLE", {"yellow": True})
    if noted and search["error"] is not None:
        return "call_failed", Outcome.ERROR.letter, ("CALL-FAILED", {"yellow": True})
    if noted and letter:
        return (
            "counterexample",
            letter,
            ("COUNTEREXAMPLE", _GRAVE if dangerous else {"yellow": True}),
        )
    return None


def tell_reason(report: pytest.TestReport, raised: pytest.ExceptionInfo[BaseException]) -> None:
    """Send with a test's report, in one line, why it failed."""
    if isinstance(report.longrepr, str) or raised.errisinstance(pytest.FixtureLookupError):
        return  # what is shown says it better than the exception: no traceback stands there
    told = shorten(terminal_text(raised.exconly(tryshort=True)), MOST_OF_A_REASON)
    attach(report, {**travelling_with(report), "reason": told})


def reason(report: pytest.TestReport) -> str:
    """Return in one line why a test failed: as sent, or of a test without a case as it is shown."""
    told = travelling_with(report).get("reason")
    return str(told or shorten(internals.crash_message(report), MOST_OF_A_REASON))


def emit_gates(session: pytest.Session, gates: Iterable[GateResult]) -> None:
    """Report every gate as a test, so that terminal, JUnit and exit code tell the same."""
    for gate in gates:
        told = f"{gate.decision.value}: {gate.sentence}"
        if gate.blocks:
            emit(session, f"gate[{gate.id}]", failed=told)
        elif gate.decision is Decision.INCONCLUSIVE:
            emit(session, f"gate[{gate.id}]", noted=told)
        else:
            emit(session, f"gate[{gate.id}]")


def emit(session: pytest.Session, name: str, *, failed: str = "", noted: str = "") -> None:
    """Report a test that pytest did not run: failed with a sentence, noted with one, or passed."""
    name, failed, noted = map(terminal_line, (name, failed, noted))
    nodeid, location = f"{OWN}{name}", ("safescale", None, name)

    def report(nodeid: str, when: Any, outcome: Any, longrepr: str | None = None) -> Any:
        return pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome=outcome,
            longrepr=longrepr,
            when=when,
        )

    internals.count_test(session)
    outcome = "failed" if failed else "skipped" if noted else "passed"
    for hook, own_id in internals.log_hooks(session.config, nodeid):
        call = report(own_id, "call", outcome, failed or None)
        if noted:
            internals.note(call, noted)
        hook("logstart")(nodeid=own_id, location=location)
        for part in (report(own_id, "setup", "passed"), call, report(own_id, "teardown", "passed")):
            hook("logreport")(report=part)
        hook("logfinish")(nodeid=own_id, location=location)
