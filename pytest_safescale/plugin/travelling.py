"""What a test's report brings from the process that ran it, as plain JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from typing_extensions import TypedDict

if TYPE_CHECKING:
    import pytest

    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.search_record import SearchRecord

__all__ = ["Stop", "Travelling", "attach", "taken_in", "travelling_with"]


class Stop(TypedDict):
    """Why the whole run ends."""

    reason: str
    exit_code: int


class Travelling(TypedDict, total=False):
    """What a test's report brings along; a key for what there is."""

    record: CaseRecord
    """Until it is taken in: pytest keeps every report to the end."""
    outcome: str
    """Of a record that was taken in: a value of ``Outcome``."""
    state: str
    """Of a record that was taken in: what became of its single answer."""
    replies: int
    """Of a record that was taken in: how many replies it took, from the store or not."""
    search: SearchRecord
    stop: Stop
    reason: str
    """Why the test failed, in one line."""
    tracebacks: dict[str, str]
    """Of the first exception in each application under test, by the model's name."""


def travelling_with(report: pytest.CollectReport | pytest.TestReport) -> Travelling:
    """Return what a report brings along; empty for a test that is not ours."""
    return cast("Travelling", getattr(report, "safescale", {}))


def attach(report: pytest.TestReport, travelling: Travelling) -> None:
    """Let a report bring something along, in place of what it had."""
    report.safescale = travelling  # type: ignore[attr-defined]


def taken_in(report: pytest.TestReport) -> None:
    """Leave on a report, of a record that was taken in, what the terminal tells of it."""
    travelling = travelling_with(report)
    if (record := travelling.pop("record", None)) is not None:
        travelling["outcome"] = record["outcome"]
        travelling["state"] = record["state"]
        travelling["replies"] = sum(call["replies"] for call in record["calls"])
