"""The engine works ahead of whoever wants its results."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pytest_safescale.calls.engine import Engine, look_ahead_order


def engine(run: object, jobs: int = 20, **options: object) -> Engine[int]:
    given = {"order": range(jobs), "window": 4, **options}
    started: Engine[int] = Engine(run, **given)  # type: ignore[arg-type]
    started.start()
    return started


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
        begun.append(job)
        while not release.is_set():
            await asyncio.sleep(0.001)
        return job

    running = engine(held)
    time.sleep(0.1)
    assert begun == [0, 1, 2, 3]
    release.set()
    assert running.result(0) == 0
    running.close()


def test_looking_ahead_pauses_while_results_lie_unread() -> None:
    begun: list[int] = []

    async def noted(job: int) -> int:
        begun.append(job)
        return job

    running = engine(noted, jobs=100)
    time.sleep(0.1)
    assert len(begun) <= 4 * 4 + 4
    assert [running.result(job) for job in range(100)] == list(range(100))
    running.close()


def test_looking_ahead_goes_on_in_spurts() -> None:
    begun: list[int] = []

    async def noted(job: int) -> int:
        begun.append(job)
        return job

    def begun_once_quiet() -> int:
        time.sleep(0.1)
        return len(begun)

    running = engine(noted, jobs=100)
    ahead = begun_once_quiet()
    for job in range(4):
        running.result(job)
    assert begun_once_quiet() == ahead
    for job in range(4, ahead - 4):
        running.result(job)
    assert begun_once_quiet() > ahead
    running.close()


def test_with_a_bound_on_what_is_kept_looking_ahead_goes_on() -> None:
    begun: list[int] = []

    async def noted(job: int) -> int:
        begun.append(job)
        return job

    running = engine(noted, jobs=100, keep=5)
    deadline = time.monotonic() + 5
    while len(begun) < 100 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert begun == list(range(100))
    assert running.result(0) == 0
    running.close()


def test_a_failure_is_raised_where_the_result_is_wanted() -> None:
    async def broken(job: int) -> int:
        raise ValueError(f"job {job}")

    running = engine(broken)
    with pytest.raises(ValueError, match="job 3"):
        running.result(3)
    running.close()


def test_closing_cancels_what_is_under_way_and_ends_within_two_seconds() -> None:
    cancelled = threading.Event()

    async def forever(job: int) -> int:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return job

    running = engine(forever)
    time.sleep(0.05)
    start = time.monotonic()
    running.close()
    assert cancelled.is_set()
    assert time.monotonic() - start < 2


def test_draining_ends_what_is_under_way_and_begins_nothing_more() -> None:
    ended: list[int] = []

    async def slow(job: int) -> int:
        await asyncio.sleep(0.1)
        ended.append(job)
        return job

    running = engine(slow)
    time.sleep(0.05)
    running.drain()
    assert ended == [0, 1, 2, 3]
    running.close()
    assert ended == [0, 1, 2, 3]


def test_what_must_happen_at_the_end_happens_in_the_loop() -> None:
    ended: list[str] = []

    async def end() -> None:
        ended.append(threading.current_thread().name)

    running = engine(double, on_close=end)
    running.close()
    running.close()
    assert ended == ["safescale-engine"]


def test_workers_share_the_order_and_then_look_after_each_other() -> None:
    assert look_ahead_order(5, worker=0, workers=2) == [0, 2, 4, 1, 3]
    assert look_ahead_order(5, worker=1, workers=2) == [1, 3, 0, 2, 4]
    assert look_ahead_order(3, worker=0, workers=1) == [0, 1, 2]
