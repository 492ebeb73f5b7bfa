"""What is wanted in one turn of the loop is done at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pytest_safescale.calls.batching import Together

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_things_of_one_turn_are_done_at_once_and_each_caller_gets_its_own_result() -> None:
    batches: list[list[int]] = []

    async def double(things: Sequence[int]) -> list[int]:
        batches.append(list(things))
        return [2 * thing for thing in things]

    async def ask() -> list[int]:
        together = Together(double)
        first = await asyncio.gather(*(together(number) for number in range(3)))
        return [*first, await together(9)]

    assert asyncio.run(ask()) == [0, 2, 4, 18]
    assert batches == [[0, 1, 2], [9]]


def test_what_goes_wrong_reaches_every_caller_and_the_next_turn_works_again() -> None:
    async def divide(things: Sequence[int]) -> list[float]:
        return [1 / thing for thing in things]

    async def ask() -> list[object]:
        together = Together(divide)
        failed = await asyncio.gather(together(1), together(0), return_exceptions=True)
        return [*map(type, failed), await together(2)]

    assert asyncio.run(ask()) == [ZeroDivisionError, ZeroDivisionError, 0.5]


def test_it_is_done_for_a_caller_that_was_cancelled_too() -> None:
    done: list[int] = []

    async def note(things: Sequence[int]) -> Sequence[int]:
        done.extend(things)
        return things

    async def ask() -> int:
        together = Together(note)
        given_up, waited_for = together(1), together(2)
        given_up.cancel()
        await waited_for
        return len(done)

    assert asyncio.run(ask()) == 2


def test_what_is_cancelled_while_it_is_done_leaves_nobody_waiting_and_the_next_turn_works() -> None:
    async def never(things: Sequence[int]) -> Sequence[int]:
        if 1 in things:
            await asyncio.Event().wait()
        return things

    async def ask() -> tuple[list[object], int]:
        together = Together(never)
        waiting = asyncio.gather(together(1), together(2), return_exceptions=True)
        await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        return [*map(type, await waiting)], await together(3)

    assert asyncio.run(ask()) == ([asyncio.CancelledError, asyncio.CancelledError], 3)
