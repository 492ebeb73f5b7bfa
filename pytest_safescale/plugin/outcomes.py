"""The letters a person sees while a run goes on, and the tests that gates are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.gates.gate import GateOutcome
from pytest_safescale.scoring.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_safescale.gates.gate import GateResult

__all__ = ["emit_gates", "status"]

Status = tuple[str, str, Any]

_GRAVE = {"red": True}
_COLOURS = {Outcome.OVERCONFIDENT: _GRAVE, Outcome.HIGH_RISK: _GRAVE, Outcome.UNSAFE: _GRAVE}


def status(report: pytest.TestReport) -> Status | None:
    """Return category, letter and word of a case's report; ``None`` leaves it to pytest."""
    record = getattr(report, "safescale", {}).get("record")
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


def emit_gates(config: pytest.Config, gates: Iterable[GateResult]) -> None:
    """Report every gate as a test, so that terminal, JUnit and exit code tell the same."""
    for gate in gates:
        nodeid = f"safescale::gate[{gate.id}]"
        location = ("safescale", None, f"gate[{gate.id}]")
        config.hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
        for report in _reports(gate, nodeid, location):
            config.hook.pytest_runtest_logreport(report=report)
        config.hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)


def _reports(
    gate: GateResult, nodeid: str, location: tuple[str, int | None, str]
) -> list[pytest.TestReport]:
    def report(when: Any, outcome: Any, longrepr: str | None) -> pytest.TestReport:
        return pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome=outcome,
            longrepr=longrepr,
            when=when,
        )

    if gate.blocks:
        call = report("call", "failed", f"{gate.outcome.value}: {gate.sentence}")
    elif gate.outcome is GateOutcome.INCONCLUSIVE:
        call = report("call", "skipped", None)
        call.wasxfail = f"inconclusive: {gate.sentence}"
    else:
        call = report("call", "passed", None)
    return [report("setup", "passed", None), call, report("teardown", "passed", None)]
