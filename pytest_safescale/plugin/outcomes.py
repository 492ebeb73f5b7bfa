"""The letters a person sees while a run goes on, and the tests that gates are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_safescale.gates.result import GateOutcome
from pytest_safescale.report.text import shorten
from pytest_safescale.scoring.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.gates.result import GateResult

__all__ = ["OWN", "emit", "emit_gates", "reason", "status"]

OWN = "safescale::"
"""Begins the ids of the tests that pytest did not run."""

Status = tuple[str, str, Any]

MOST_OF_A_REASON = 200
"""Characters of why a test failed that the report shows."""
_NO_REASON = ("[gw", "All traceback entries are hidden")
"""Begin lines that pytest and xdist add to a message."""
_GRAVE = {"red": True}
_COLOURS = {Outcome.OVERCONFIDENT: _GRAVE, Outcome.HIGH_RISK: _GRAVE, Outcome.UNSAFE: _GRAVE}


def status(report: pytest.TestReport) -> Status | None:
    """Return category, letter and word of a case's report; ``None`` leaves it to pytest."""
    travelling = getattr(report, "safescale", {})
    if "search" in travelling and report.when == "call":
        return _search_status(report, travelling["search"])
    record = travelling.get("record")
    if record is None or report.when != "call":
        return None
    outcome = Outcome(record["outcome"])
    if report.failed:
        # A test that failed is one, whatever it found: the reason stands in its message.
        letter = outcome.letter if outcome is not Outcome.CORRECT else "F"
        return "failed", letter, ("FAILED", {"red": True})
    if report.skipped and not hasattr(report, "wasxfail"):
        return None
    if outcome is Outcome.CORRECT:
        return None
    # "error" would be one of pytest's own: a test whose set-up broke.
    category = "call_failed" if outcome is Outcome.ERROR else outcome.value
    word = category.replace("_", "-").upper()
    return category, outcome.letter, (word, _COLOURS.get(outcome, {"yellow": True}))


def _search_status(report: pytest.TestReport, search: Mapping[str, Any]) -> Status | None:
    """Return category, letter and word of a case under a relation."""
    dangerous = bool({"high_risk", "unsafe"}.intersection(search["findings"]))
    letter = ("X" if dangerous else "x") if search["findings"] else ""
    if report.failed:
        return "failed", letter or "F", ("FAILED", _GRAVE)
    noted = hasattr(report, "wasxfail")
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


def note(sentence: str) -> NoReturn:
    """Note a finding as ``pytest.xfail`` does, without the sources that nobody is shown.

    Reading and formatting them takes longer than all else that is done for a case.
    """
    raise pytest.xfail.Exception(sentence, pytrace=False)


def reason(report: pytest.TestReport) -> str:
    """Return in one line why a test failed, shortened."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return shorten(crash.message, MOST_OF_A_REASON)
    lines = [line for line in report.longreprtext.splitlines() if not line.startswith(_NO_REASON)]
    return shorten(" ".join(lines), MOST_OF_A_REASON)


def emit_gates(session: pytest.Session, gates: Iterable[GateResult]) -> None:
    """Report every gate as a test, so that terminal, JUnit and exit code tell the same."""
    for gate in gates:
        told = f"{gate.outcome.value}: {gate.sentence}"
        if gate.blocks:
            emit(session, f"gate[{gate.id}]", failed=told)
        elif gate.outcome is GateOutcome.INCONCLUSIVE:
            emit(session, f"gate[{gate.id}]", noted=told)
        else:
            emit(session, f"gate[{gate.id}]")


def emit(session: pytest.Session, name: str, *, failed: str = "", noted: str = "") -> None:
    """Report a test that pytest did not run: failed with a sentence, noted with one, or passed."""
    nodeid, location = f"{OWN}{name}", ("safescale", None, name)

    def report(when: Any, outcome: Any, longrepr: str | None = None) -> pytest.TestReport:
        return pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome=outcome,
            longrepr=longrepr,
            when=when,
        )

    call = report("call", "failed" if failed else "skipped" if noted else "passed", failed or None)
    if noted:
        call.wasxfail = noted
    session.testscollected += 1  # else the terminal would tell of more than 100 %
    hook = session.config.hook
    hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
    for part in (report("setup", "passed"), call, report("teardown", "passed")):
        hook.pytest_runtest_logreport(report=part)
    hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)
