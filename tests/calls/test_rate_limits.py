"""Requests wait for their turns, and whoever stops waiting leaves nothing behind."""

from __future__ import annotations

import asyncio
import time

import pytest

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.limits import CallLimits
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.wait_reasons import Waits
from tests.calls.models import ScriptedModel, request


def test_turns_are_shared_by_all_processes_and_taken_when_they_come(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    other = Store(store.path)
    waits = [opened.turns.take("m requests", 10.0) for opened in (store, other, store, other)]
    assert waits == [0, 10, 10, 10]
    assert store.turns.take("another", 10.0) == 0
    other.close()


@pytest.mark.parametrize("ahead_s", [-86_400, -60, 60, 86_400])
def test_a_clock_that_is_set_makes_nobody_wait_longer_than_a_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    now = time.time
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now() + ahead_s)
        store.turns.take("m", 10.0)
    assert store.turns.take("m", 10.0) <= 10
    assert store.turns.take("m", 10.0) <= 10


def test_a_turn_that_is_taken_a_little_late_moves_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    taken = []
    for _ in range(2_000):
        if store.turns.take("m", 0.1) == 0:
            taken.append(clock[0])
        clock[0] += 0.013
    assert len(taken) == pytest.approx(2_000 * 0.013 / 0.1, abs=2)


def test_calls_that_were_waiting_when_a_run_stopped_hold_nobody_up(store: Store) -> None:
    model = ScriptedModel(requests_per_minute=6)
    waits = Waits()

    async def stopped() -> None:
        ask = Caller(store, CallLimits(in_flight=64), waits)
        calls = [asyncio.ensure_future(ask.ask(model, request(str(n)))) for n in range(64)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        while not waits.reasons():
            await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(stopped())
    assert len(model.asked) == 1
    next_run = Store(store.path)
    assert next_run.turns.take("openai:scripted@here requests", 10.0) <= 10
    next_run.close()


def test_what_calls_wait_for_is_told_while_they_do(store: Store) -> None:
    model, waits = ScriptedModel(requests_per_minute=0.01), Waits()

    async def two() -> list[str]:
        ask = Caller(store, CallLimits(), waits)
        calls = [asyncio.ensure_future(ask.ask(model, request(str(n)))) for n in range(2)]
        while not (told := waits.reasons()):
            await asyncio.sleep(0.01)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return told

    assert asyncio.run(two()) == ["the next turn of scripted: 0.01 requests a minute are allowed"]
    assert waits.reasons() == []


def test_rate_limits_space_the_calls(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, begun, pause, take = [1000.0], [], asyncio.sleep, store.turns.take

    async def passing(seconds: float) -> None:
        clock[0] += seconds
        await pause(0)

    def noted(name: str, seconds: float) -> float:
        wait = take(name, seconds)
        if not wait:
            begun.append(clock[0])
        return wait

    async def three() -> None:
        ask = Caller(store, CallLimits())
        await asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(3)))

    model = ScriptedModel(requests_per_minute=600)
    monkeypatch.setattr(time, "time", lambda: clock[0])
    monkeypatch.setattr(asyncio, "sleep", passing)
    monkeypatch.setattr(store.turns, "take", noted)
    asyncio.run(three())
    assert begun == pytest.approx([1000.0, 1000.1, 1000.2], rel=1e-9)
    assert len(model.asked) == 3


def test_a_share_of_the_limit_is_all_that_is_used(store: Store) -> None:
    model = ScriptedModel(requests_per_minute=6)
    asyncio.run(Caller(store, CallLimits(rate_share=0.25)).ask(model, request()))
    assert 10 < store.turns.take("openai:scripted@here requests", 10.0) <= 40
