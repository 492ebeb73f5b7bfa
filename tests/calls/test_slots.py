"""How many calls are under way at once, and what it costs to let many in."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from pytest_safescale.calls.slots import Slots


def test_no_more_are_in_than_there_are_slots_and_each_gets_its_turn() -> None:
    inside, most, order = 0, 0, []

    async def one(slots: Slots, number: int) -> None:
        nonlocal inside, most
        async with slots:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    async def all_of_them() -> None:
        slots = Slots(3)
        await asyncio.gather(*(one(slots, number) for number in range(10)))

    asyncio.run(all_of_them())
    assert most == 3
    assert order == list(range(10))


def test_a_slot_is_given_back_by_who_fails_and_passed_on_by_who_is_cancelled() -> None:
    async def go() -> int:
        slots = Slots(1)
        with pytest.raises(ValueError, match="broken"):
            async with slots:
                raise ValueError("broken")
        await slots.__aenter__()
        waiting = [asyncio.create_task(slots.__aenter__()) for _ in range(2)]
        await asyncio.sleep(0)
        await slots.__aexit__()
        waiting[0].cancel()  # woken already, and cancelled before it runs
        await waiting[1]
        return 1

    assert asyncio.run(asyncio.wait_for(go(), 60)) == 1


def looked_at(waiting: int) -> int:
    """Return how many calls of built-in functions it takes to let so many in at once."""
    count = 0

    def seen(_: Any, event: str, __: object) -> None:
        nonlocal count
        count += event == "c_call"

    async def go() -> None:
        slots = Slots(waiting)
        for _ in range(waiting):
            await slots.__aenter__()
        tasks = [asyncio.create_task(slots.__aenter__()) for _ in range(waiting)]
        await asyncio.sleep(0)
        before = sys.getprofile()
        sys.setprofile(seen)
        try:
            for _ in range(waiting):  # as where all replies come in one turn of the loop
                await slots.__aexit__()
            await asyncio.gather(*tasks)
        finally:
            sys.setprofile(before)

    asyncio.run(go())
    return count


def test_letting_many_in_costs_each_the_same_however_many_wait() -> None:
    assert looked_at(800) < 1.5 * 8 * looked_at(100)
