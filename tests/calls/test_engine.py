"""The engine works ahead of whoever wants its results."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.engine import Engine, look_ahead_order
from pytest_safescale.errors import EngineEnded, Interrupted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


HANG_S = 600
"""Ends a test that hangs; far beyond what anything here takes, on any machine."""
ASIDE = 1000
"""A job outside every order, to pass through the loop with."""


def engine(run: object, jobs: int = 20, **options: object) -> Engine[int]:
    given = {"order": range(jobs), "window": 4, **options}
    started: Engine[int] = Engine(run, **given)  # type: ignore[arg-type]
    started.start()
    return started


def count_once_quiet(running: Engine[int], begun: list[int]) -> int:
    """Return how many jobs have begun once none begins while another passes through the loop."""
    before = -1
    while len(begun) > before:
        before = len(begun)
        running.result(ASIDE)
    return before


def noting(begun: list[int]) -> Callable[[int], Awaitable[int]]:
    """Return a run that is done at once and notes the jobs that it began."""

    async def noted(job: int) -> int:
        if job != ASIDE:
            begun.append(job)
        return job

    return noted


async def double(job: int) -> int:
    await asyncio.sleep(0)
    return 2 * job


def test_every_job_gives_its_own_result_in_any_order() -> None:
    running = engine(double)
    assert [running.result(job) for job in (3, 0, 19, 7)] == [6, 0, 38, 14]
    running.close()


def test_a_job_wanted_twice_is_given_twice() -> None:
    running = engine(double)
    assert [running.result(5), running.result(5)] == [10, 10]
    running.close()


def test_a_job_outside_the_order_is_done_too() -> None:
    running = engine(double, jobs=2)
    assert running.result(50) == 100
    running.close()


def test_jobs_are_done_ahead_within_the_window() -> None:
    begun: list[int] = []
    release = threading.Event()

    async def held(job: int) -> int:
        if job != ASIDE:
            begun.append(job)
            while not release.is_set():
                await asyncio.sleep(0.001)
        return job

    running = engine(held)
    count_once_quiet(running, begun)
    assert begun == [0, 1, 2, 3]
    release.set()
    assert running.result(0) == 0
    running.close()


def test_who_takes_a_result_lets_the_loop_do_first_what_it_has_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pytest_safescale.calls.engine.TURN_S", HANG_S)
    done: list[int] = []

    def send(number: int) -> None:
        time.sleep(0.001)  # as a system call, it lets the other thread run
        done.append(number)
        if number < 19:  # in a turn of its own, as a request follows a reply
            asyncio.get_running_loop().call_soon(send, number + 1)

    async def sends(job: int) -> int:
        if job:
            await asyncio.Event().wait()  # under way to the end
        asyncio.get_running_loop().call_soon(send, 0)
        return job

    running = engine(sends, 2)
    running.result(0)
    assert len(done) == 20
    running.close()


def test_looking_ahead_pauses_while_results_lie_unread() -> None:
    begun: list[int] = []
    running = engine(noting(begun), jobs=100)
    assert 4 < count_once_quiet(running, begun) <= 4 * 4 + 4
    assert [running.result(job) for job in range(100)] == list(range(100))
    running.close()


def test_looking_ahead_goes_on_in_spurts() -> None:
    begun: list[int] = []
    running = engine(noting(begun), jobs=100)
    ahead = count_once_quiet(running, begun)
    for job in range(4):
        running.result(job)
    assert count_once_quiet(running, begun) == ahead
    for job in range(4, ahead - 4):
        running.result(job)
    assert count_once_quiet(running, begun) > ahead
    running.close()


def test_looking_ahead_can_wait_until_a_test_wants_what_has_not_begun() -> None:
    begun: list[int] = []
    running = engine(noting(begun), jobs=12, unread=(1, 0))

    def settled() -> list[int]:
        for _ in range(20):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), running._loop).result()
        return begun

    assert settled() == [0, 1, 2, 3]
    assert [running.result(job) for job in range(4)] == [0, 1, 2, 3]
    assert settled() == [0, 1, 2, 3]
    assert running.result(4) == 4
    assert count_once_quiet(running, begun) > 5
    running.close()


def test_with_a_bound_on_what_is_kept_looking_ahead_goes_on() -> None:
    begun: list[int] = []
    running = engine(noting(begun), jobs=100, keep=5)
    count_once_quiet(running, begun)
    assert begun == list(range(100))
    assert running.result(0) == 0
    running.close()


@pytest.mark.parametrize("error", [ValueError, TimeoutError, pytest.fail.Exception])
def test_a_failure_is_raised_where_the_result_is_wanted(error: type[BaseException]) -> None:
    async def broken(job: int) -> int:
        raise error(f"job {job}")

    running = engine(broken)
    with pytest.raises(error, match="job 3"):
        running.result(3)
    running.close()


def test_closing_cancels_what_is_under_way() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def forever(job: int) -> int:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return job

    running = engine(forever)
    begun.wait()
    running.close()
    assert cancelled.is_set()


def test_draining_ends_what_is_under_way_and_begins_nothing_more() -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def held(job: int) -> int:
        if job != ASIDE:
            begun.append(job)
            while not running._exhausted:  # until it is being drained
                await asyncio.sleep(0.001)
            ended.append(job)
        return job

    running: Engine[int] = Engine(held, order=range(20), window=4)
    running.start()  # by now the jobs know it
    count_once_quiet(running, begun)
    running.drain()
    # In whichever order each of them came to see it.
    assert sorted(ended) == begun == [0, 1, 2, 3]
    running.close()
    assert sorted(ended) == begun == [0, 1, 2, 3]


def test_draining_leaves_no_job_behind_that_was_about_to_begin() -> None:
    begun: list[int] = []
    asked, draining = threading.Event(), threading.Event()

    class Held(Sequence[int]):
        """An order whose second job is known only once the engine is being drained."""

        def __len__(self) -> int:
            return 2

        def __getitem__(self, place: int) -> int:  # type: ignore[override]
            if place == 1:
                asked.set()
                draining.wait(HANG_S)
            return range(2)[place]

    async def noted(job: int) -> int:
        while not running._exhausted:
            await asyncio.sleep(0.001)
        begun.append(job)
        return job

    running: Engine[int] = Engine(noted, order=Held(), window=4)
    running.start()  # by now the job knows it
    asked.wait(HANG_S)
    drainer = threading.Thread(target=running.drain)
    drainer.start()
    while not running._exhausted:
        asked.wait(0)
    draining.set()
    drainer.join(HANG_S)
    running.close()
    assert begun == [0]


def test_what_must_happen_at_the_end_happens_in_the_loop() -> None:
    ended: list[str] = []

    async def end() -> str:
        ended.append(threading.current_thread().name)
        return ""

    running = engine(double, on_close=(end,))
    running.close()
    running.close()
    assert ended == ["safescale-engine"]


def test_workers_share_the_order_and_then_look_after_each_other() -> None:
    assert look_ahead_order(5, worker=0, workers=2) == [0, 2, 4, 1, 3]
    assert look_ahead_order(5, worker=1, workers=2) == [1, 3, 0, 2, 4]
    assert look_ahead_order(3, worker=0, workers=1) == [0, 1, 2]


def exits(job: int) -> None:
    sys.exit(f"job {job}")


def interrupts(job: int) -> None:
    raise KeyboardInterrupt


def stops(job: int) -> None:
    asyncio.get_running_loop().stop()


def stops_for_good(job: int) -> None:
    loop = asyncio.get_running_loop()
    loop.stop()
    loop.call_soon(stops_for_good, job)


ENDS: dict[Callable[[int], None], str] = {
    exits: "SystemExit",
    interrupts: "KeyboardInterrupt",
    stops: "its event loop was stopped",
    stops_for_good: "its event loop was stopped",
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("where", ["the job", "a task of its own", "a callback"])
def test_whoever_ends_the_loop_ends_every_wait_with_the_reason(
    end: Callable[[int], None], where: str
) -> None:
    closed: list[str] = []

    async def ends(job: int) -> int:
        if job == 5:
            await asyncio.sleep(0.01)
            if where == "a task of its own":
                await asyncio.gather(asyncio.to_thread(int), in_a_task(job))
            elif where == "a callback":
                asyncio.get_running_loop().call_soon(end, job)
            else:
                end(job)
            await asyncio.sleep(3600)
        return job

    async def in_a_task(job: int) -> None:
        end(job)

    async def close() -> str:
        closed.append("closed")
        return "told"

    running = engine(ends, on_close=(close,))
    with pytest.raises(EngineEnded, match=ENDS[end]):
        running.result(5)
    for job in (5, 50):
        with pytest.raises(EngineEnded, match="ended the loop that asks"):
            running.result(job)
    running.drain()
    assert running.close() == "told"
    assert closed == ["closed"]


def test_an_application_that_cancels_every_task_fails_the_wait_for_them() -> None:
    async def cancels(job: int) -> int:
        if job == 3:
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        await asyncio.sleep(0.05)
        return job

    running = engine(cancels, jobs=4)
    assert running.result(3) == 3
    with pytest.raises(EngineEnded, match="cancelled a case's task"):
        running.result(0)
    assert running.result(9) == 9
    running.close()


def test_the_exception_of_a_beat_ends_everything_at_once() -> None:
    asked = threading.Event()

    async def forever(job: int) -> int:
        asked.set()
        await asyncio.sleep(3600)
        return job

    running = engine(forever, beat=lambda: Interrupted("stopped") if asked.is_set() else None)
    with pytest.raises(Interrupted, match="stopped"):
        running.result(0)
    with pytest.raises(Interrupted, match="stopped"):
        running.result(1)
    running.close()


def test_whoever_waits_long_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_safescale.calls.engine.TOLD_S", 0.01)
    release = threading.Event()
    calls: list[int] = []

    async def held(job: int) -> int:
        while not release.is_set():
            await asyncio.sleep(0.001)
        return job

    def on_wait() -> None:
        calls.append(len(calls))
        if len(calls) == 3:
            release.set()

    running = engine(held)
    assert running.result(0, on_wait=on_wait) == 0
    assert calls[:3] == [0, 1, 2]
    running.close()


def test_a_task_that_will_not_end_keeps_the_end_from_nothing() -> None:
    closed, begun, ended = threading.Event(), threading.Event(), asyncio.Event()

    async def stubborn(job: int) -> int:
        begun.set()
        while not closed.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        ended.set()
        return job

    async def close() -> str:
        closed.set()
        await ended.wait()  # the task ends with the loop, not under it
        return ""

    running = engine(stubborn, jobs=1, on_close=(close,))
    begun.wait()
    running.close()
    assert closed.wait(HANG_S)
