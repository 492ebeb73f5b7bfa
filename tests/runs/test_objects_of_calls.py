"""How many objects a call under way keeps, which the garbage collector visits: no clock is read.

They are what its passes cost: it makes one each time a quarter has been added to all that lives,
and hundreds of calls wait for their replies at once.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.engine import Engine
from pytest_safescale.calls.store import Store
from pytest_safescale.models.redacted import guarded
from pytest_safescale.runs.call_limits import call_limits
from pytest_safescale.runs.run import case_runner
from pytest_safescale.text.redaction import Redactor
from tests.calls.models import ScriptedModel, answers
from tests.effort import run_of_cases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.models.model import Reply, Request

FIRST, CALLS = 10, 50
MOST_OBJECTS = 39
"""Of a call, above HTTP: 33 where this was written."""


class WaitingModel(ScriptedModel):
    """Answers once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def ask(self, request: Request) -> Sequence[Reply]:
        self.asked.append(request)
        await self.may_answer.wait()
        return answers(request)


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="what an instance holds is an object more")
def test_a_call_under_way_keeps_few_objects(tmp_path: Path) -> None:
    run = run_of_cases(tmp_path, FIRST + CALLS)
    model = WaitingModel()
    waiting = guarded(model, Redactor(()))
    cases = [replace(case, model=waiting) for case in run.cases]
    limits = call_limits(run.settings, in_flight=CALLS, heed_halt=False, workers=1, batch=False)
    store = Store(run.settings.store, run="r", read_only=False, lock_s=5, not_before=0)
    caller = Caller(store, limits)
    runner = case_runner(run, caller)

    async def several(some: range) -> float:
        """Return the objects of a call while so many wait."""
        asked = len(model.asked)
        model.may_answer.clear()
        before = objects()
        tasks = [asyncio.create_task(runner.run(cases[number])) for number in some]
        while len(model.asked) - asked < len(some):
            await asyncio.sleep(0)
        found = (objects() - before) / len(some)
        model.may_answer.set()
        await asyncio.gather(*tasks)
        return found

    async def ask() -> float:
        await several(range(FIRST))  # what is made once is made now
        return await several(range(FIRST, FIRST + CALLS))

    found = asyncio.run(ask())
    caller.close()
    assert found <= MOST_OBJECTS


def test_a_result_that_nobody_has_taken_is_one_object_of_the_engine() -> None:
    async def run(job: int) -> int:
        return job

    def after(jobs: int) -> int:
        engine: Engine[int] = Engine(run, order=range(jobs), window=4, unread=(jobs, jobs))
        engine.start()
        engine.result(jobs - 1)
        found = objects()
        engine.close()
        return found

    after(10)
    assert (after(410) - after(10)) / 400 <= 2
