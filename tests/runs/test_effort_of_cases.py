"""What a case costs that is answered from the store, in calls of functions: no clock is read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.store import Store
from pytest_safescale.results.record_book import RecordBook
from pytest_safescale.runs.call_limits import call_limits
from pytest_safescale.runs.run import case_runner
from tests.effort import calls_of_ours, run_of_cases

if TYPE_CHECKING:
    from pytest_safescale.runs.run import Run

CASES = 60
MOST_ASKED, MOST_RECORDED = 115, 95
"""Calls of a case of one letter: 103 and 84 where this was written."""


def asked(run: Run) -> list[Any]:
    """Return the cases' results, from the store where it has their replies."""
    limits = call_limits(run.settings, in_flight=8, heed_halt=False, workers=1, batch=False)

    async def ask() -> list[Any]:
        store = Store(run.settings.store, run="r", read_only=False, lock_s=5, not_before=0)
        caller = Caller(store, limits)
        runner = case_runner(run, caller)
        found = await asyncio.gather(*(runner.run(case) for case in run.cases))
        caller.close()
        return found

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def effort(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, float]:
    """Return the calls a case, for asking it and for its record."""
    run = run_of_cases(tmp_path_factory.mktemp("effort"), CASES)
    asked(run)
    results, for_asking = calls_of_ours(lambda: asked(run))
    book = RecordBook()

    def take() -> None:
        for number, result in enumerate(results):
            record = result.record()
            record["nodeid"] = str(number)
            book.add(record)

    _, for_records = calls_of_ours(take)
    assert len(book) == CASES
    return for_asking / CASES, for_records / CASES


def test_a_case_from_the_store_is_asked_in_few_calls(effort: tuple[float, float]) -> None:
    assert effort[0] <= MOST_ASKED


def test_a_record_is_made_and_counted_in_few_calls(effort: tuple[float, float]) -> None:
    assert effort[1] <= MOST_RECORDED
