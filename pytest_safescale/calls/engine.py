"""The engine: an event loop in the background that works ahead of the tests.

Jobs are numbered in the order in which the tests were collected. The engine keeps a window of
them under way, so that a test mostly finds its result there; a test whose job has not begun
begins it at once. What a job does is the caller's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["Engine", "look_ahead_order"]

T = TypeVar("T")

CLOSE_S = 1.5
"""How long closing waits for what is under way; Ctrl-C has to be over within two seconds."""
PAUSED, RESUMED = 4, 2
"""How many windows of unread results looking ahead pauses at, and under how many it goes on."""


class Engine(Generic[T]):
    """Runs numbered jobs in a background event loop, ahead of whoever wants their results."""

    def __init__(
        self,
        run: Callable[[int], Awaitable[T]],
        *,
        order: Sequence[int],
        window: int,
        keep: int | None = None,
        beat: Callable[[], None] = lambda: None,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``order`` lists the jobs to look ahead in; ``window`` bounds how many are under way.

        With ``keep``, that many finished results are held for tests that may never come to this
        process; without it every result is wanted here, and looking ahead pauses when four
        windows of them lie unread, until they are two.
        """
        self._run = run
        self._order = iter(order)
        self._window = window
        self._keep = keep
        self._beat = beat
        self._on_close = on_close
        self._lock = threading.Lock()
        self._futures: OrderedDict[int, Future[T]] = OrderedDict()
        self._taken: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._exhausted = False
        self._paused = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="safescale-engine", daemon=True)

    def start(self) -> None:
        """Begin to look ahead."""
        self._thread.start()
        self._in_loop(self._feed)
        asyncio.run_coroutine_threadsafe(self._keep_beating(), self._loop)

    def result(self, job: int) -> T:
        """Wait for a job's result, or raise what it raised."""
        with self._lock:
            future = self._futures.get(job)
            self._taken.add(job)
        if future is None:
            future = self._wanted(job)
        value = future.result()
        with self._lock:
            self._futures.pop(job, None)
            feed = self._paused and self._unread() < RESUMED * self._window
        if feed:
            self._in_loop(self._feed)
        return value

    def close(self) -> None:
        """Cancel what is under way and end the thread; results that arrived are kept elsewhere."""
        if not self._thread.is_alive():
            return
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            asyncio.run_coroutine_threadsafe(self._wind_down(), self._loop).result(CLOSE_S)
        self._in_loop(self._loop.stop)
        self._thread.join(CLOSE_S)

    def drain(self) -> None:
        """Begin nothing more and wait for what is under way: another process wants it."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._settle(), self._loop).result()

    async def _settle(self) -> None:
        self._exhausted = True
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _in_loop(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is wanted any more
            self._loop.call_soon_threadsafe(function)

    def _wanted(self, job: int) -> Future[T]:
        with self._lock:
            future = self._futures.setdefault(job, Future())
        self._in_loop(lambda: self._begin(job, future))
        return future

    def _begin(self, job: int, future: Future[T]) -> None:
        if job not in self._tasks and not future.done():
            self._tasks[job] = self._loop.create_task(self._work(job, future))

    async def _work(self, job: int, future: Future[T]) -> None:
        try:
            value = await self._run(job)
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as error:  # whoever waits for the result raises it
            future.set_exception(error)
        else:
            future.set_result(value)
        finally:
            self._tasks.pop(job, None)
            self._feed()

    def _feed(self) -> None:
        while not self._exhausted and len(self._tasks) < self._window:
            self._paused = not self._has_room()
            if self._paused:
                return
            job = next(self._order, None)
            if job is None:
                self._exhausted = True
                return
            with self._lock:
                if job in self._taken or job in self._futures:
                    continue
                future = self._futures[job] = Future()
            self._begin(job, future)

    def _unread(self) -> int:
        return len(self._futures) - len(self._tasks)

    def _has_room(self) -> bool:
        with self._lock:
            if self._keep is None:
                # Going on in spurts, not result by result: each time wakes the loop's thread.
                return self._unread() < (RESUMED if self._paused else PAUSED) * self._window
            while self._unread() > self._keep:
                oldest = next((job for job, future in self._futures.items() if future.done()), None)
                if oldest is None:
                    break
                del self._futures[oldest]
            return True

    async def _keep_beating(self) -> None:
        while True:
            self._beat()
            await asyncio.sleep(1)

    async def _wind_down(self) -> None:
        self._exhausted = True  # a task that ends makes room for the next: no longer
        tasks: list[asyncio.Task[object]] = [
            task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._on_close is not None:
            await self._on_close()


def look_ahead_order(jobs: int, *, worker: int, workers: int) -> list[int]:
    """Return the order in which one of several processes looks ahead.

    Every process takes each n-th job first, so that together they work through the collected
    order without meeting; then it goes through the others, in case their process has died.
    """
    own = list(range(worker, jobs, workers))
    return own + [job for job in range(jobs) if job % workers != worker]
