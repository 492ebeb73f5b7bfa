"""The engine: an event loop in the background that works ahead of the tests.

Jobs are numbered in the order in which the tests were collected. The engine keeps a window of
them under way, so that a test mostly finds its result there; a test whose job has not begun
begins it at once. What a job does is the caller's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pytest_safescale.errors import EngineEnded, RunEnded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

__all__ = ["Engine", "look_ahead_order"]

T = TypeVar("T")

CANCEL_S = 1.0
"""How long cancelled tasks may take to end; Ctrl-C has to be over within two seconds."""
CLOSE_S = 1.5
"""How long closing waits for a loop that may be blocked, and then for what is done at its end."""
TOLD_S = 5.0
"""After how many seconds of waiting for a result, each time, whoever waits is called."""
TURN_S = 0.1
"""How long whoever takes a result lets the loop go first, at most, in seconds."""
QUIET_S = 0.0005
"""A turn of the loop that takes no longer had nothing to do but to look whether there is anything.

An answered call takes some turns until the next request is sent.
"""
BEAT_S = 0.5
PAUSED, RESUMED = 4, 2
"""How many windows of unread results looking ahead pauses at, and under how many it goes on."""


class _Outcome(Generic[T]):
    """What becomes of a job; the engine's condition guards it.

    A future would bring a condition of its own, a dozen objects that the garbage collector visits
    for as long as the reply is waited for.
    """

    __slots__ = ("done", "error", "value")

    def __init__(self) -> None:
        self.done = False
        self.value: T | None = None
        self.error: BaseException | None = None

    def result(self) -> T:
        """Return the value of one that is done, or raise what the job raised."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


class Engine(Generic[T]):
    """Runs numbered jobs in a background event loop, ahead of whoever wants their results."""

    def __init__(
        self,
        run: Callable[[int], Awaitable[T]],
        *,
        order: Sequence[int],
        window: int,
        keep: int | None = None,
        unread: tuple[int, int] | None = None,
        beat: Callable[[], Exception | None] = lambda: None,
        on_close: Sequence[Callable[[], Coroutine[Any, Any, str]]] = (),
    ) -> None:
        """``order`` lists the jobs to look ahead in; ``window`` bounds how many are under way.

        With ``keep``, that many finished results are held for tests that may never come to this
        process; without it every result is wanted here, and looking ahead pauses when as many of
        them lie unread as ``unread`` says first, until they are fewer than it says then: four
        windows and two, unless given. Where it says 0, it goes on once a test wants what has not
        begun: all that was asked has been looked at then. ``beat`` is called twice a second; the
        exception it returns ends everything at once. ``on_close`` are the steps of the end, taken
        in the loop; what they return is for whoever closes.
        """
        self._run = run
        self._order = iter(order)
        self._window = window
        self._keep = keep
        self._pause_at, self._go_on_below = unread or (PAUSED * window, RESUMED * window)
        self._beat = beat
        self._on_close = on_close
        self._changed = threading.Condition(threading.Lock())
        """Guards what both threads use, and tells whoever waits that a job is done."""
        self._outcomes: OrderedDict[int, _Outcome[T]] = OrderedDict()
        self._taken: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._exhausted = False
        self._paused = False
        self._closing = False
        self._ended: Exception | None = None
        self._winding_down = False
        self._output = ""
        self._beating: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="safescale-engine", daemon=True)

    def start(self) -> None:
        """Begin to look ahead."""
        self._thread.start()
        self._in_loop(self._begin_all)

    def _begin_all(self) -> None:
        self._beating = self._loop.create_task(self._keep_beating())
        self._feed()

    def result(self, job: int, *, on_wait: Callable[[], None] = lambda: None) -> T:
        """Wait for a job's result, or raise what it raised; raises EngineEnded.

        ``on_wait`` is called every few seconds while there is none.
        """
        with self._changed:
            outcome = self._outcomes.get(job)
            self._taken.add(job)
        if outcome is None:
            outcome = self._wanted(job)
        while not self._is_done(outcome, TOLD_S):
            on_wait()
        self._give_way()
        value = outcome.result()
        with self._changed:
            self._outcomes.pop(job, None)
            feed = self._paused and self._unread() < self._go_on_below
        if feed:
            self._in_loop(self._feed)
        return value

    def _is_done(self, outcome: _Outcome[T], patience_s: float | None) -> bool:
        """Wait so long for a job to be done, ``None`` for ever; say whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: outcome.done, patience_s)

    def _settle(
        self, outcome: _Outcome[T], value: T | None = None, error: BaseException | None = None
    ) -> None:
        """Note what became of a job, unless that is known, and tell whoever waits for it."""
        with self._changed:
            if not outcome.done:
                outcome.value, outcome.error, outcome.done = value, error, True
                self._changed.notify_all()

    def _give_way(self) -> None:
        """Let the loop do first what it has at hand, so that its requests wait for no test.

        With two threads at work each send and receive of the loop's waits until the other one
        lets go of the interpreter, milliseconds each time. So tests run while replies are waited
        for, and where they come without a pause after the last of them.
        """
        if self._tasks and not self._paused:
            quiet = threading.Event()
            self._in_loop(lambda: self._tell_once_quiet(quiet, None))
            quiet.wait(TURN_S)

    def _tell_once_quiet(self, quiet: threading.Event, before: float | None) -> None:
        """Tell once a turn of the loop was short: nothing was at hand in it."""
        now = time.perf_counter()
        if before is not None and now - before < QUIET_S:
            quiet.set()
        else:
            self._loop.call_soon(self._tell_once_quiet, quiet, now)

    def close(self) -> str:
        """Cancel what is under way and end the thread; results that arrived are kept elsewhere.

        Returns what whoever runs the tests has to be told.
        """
        self._closing = True
        self._in_loop(self._loop.stop)
        self._thread.join(CLOSE_S)
        if self._winding_down:
            self._thread.join(CLOSE_S)
        return self._output

    def drain(self) -> None:
        """Begin nothing more and wait for what is under way: another process wants it."""
        with self._changed:
            self._exhausted = True
            under_way = list(self._outcomes.values())
        for outcome in under_way:
            self._is_done(outcome, None)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        reason = "its event loop was stopped"
        try:
            self._loop.run_forever()
        except BaseException as error:  # raised in a task, SystemExit and its kin end the loop
            reason = repr(error)
        finally:
            self._end(reason)

    def _end(self, reason: str) -> None:
        """Let nobody wait for a loop that has ended, and give back what it held."""
        self._winding_down = self._exhausted = True
        with self._changed:
            self._ended = self._ended or _ended(None if self._closing else reason)
            outcomes = list(self._outcomes.values())
        for outcome in outcomes:
            self._settle(outcome, error=self._ended)
        for step in (self._cancel_tasks, *self._on_close):
            self._run_out(step)
        self._loop.close()

    def _run_out(self, step: Callable[[], Coroutine[Any, Any, str]]) -> None:
        """Take a step of the end, also where a task that is ending stops the loop once more."""
        for _ in range(3):
            with contextlib.suppress(RuntimeError, SystemExit, KeyboardInterrupt):
                self._output += self._loop.run_until_complete(step())
                return

    def _in_loop(self, function: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nothing is wanted any more
            self._loop.call_soon_threadsafe(function)

    def _wanted(self, job: int) -> _Outcome[T]:
        with self._changed:
            if self._ended is not None:
                raise self._ended
            outcome = self._outcomes.setdefault(job, _Outcome())
        self._in_loop(lambda: self._begin_wanted(job, outcome))
        return outcome

    def _begin_wanted(self, job: int, outcome: _Outcome[T]) -> None:
        self._begin(job, outcome)
        if self._go_on_below == 0:  # in the same turn: a job that is done already lies unread
            self._paused = False
            self._feed()

    def _begin(self, job: int, outcome: _Outcome[T]) -> None:
        if job not in self._tasks and not outcome.done:
            self._tasks[job] = self._loop.create_task(self._work(job, outcome))

    async def _work(self, job: int, outcome: _Outcome[T]) -> None:
        try:
            value = await self._run(job)
        except asyncio.CancelledError:
            cancelled = EngineEnded("the application or a plugin cancelled a case's task")
            self._settle(outcome, error=cancelled)
            raise
        except (KeyboardInterrupt, SystemExit) as error:
            self._stop(_ended(repr(error)))  # as it would from any other task
        except BaseException as error:  # whoever waits for the result raises it
            self._settle(outcome, error=error)
        else:
            self._settle(outcome, value)
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
            outcome = self._entered(job)
            if outcome is not None:
                self._begin(job, outcome)

    def _entered(self, job: int) -> _Outcome[T] | None:
        """Return the outcome of a job that is to begin: who drains does not wait for later ones."""
        with self._changed:
            if self._exhausted or job in self._taken or job in self._outcomes:
                return None
            outcome: _Outcome[T] = _Outcome()
            self._outcomes[job] = outcome
            return outcome

    def _unread(self) -> int:
        return len(self._outcomes) - len(self._tasks)

    def _has_room(self) -> bool:
        with self._changed:
            if self._keep is None:
                # Going on in spurts, not result by result: each time wakes the loop's thread.
                return self._unread() < (self._go_on_below if self._paused else self._pause_at)
            while self._unread() > self._keep:
                oldest = next((job for job, one in self._outcomes.items() if one.done), None)
                if oldest is None:
                    break
                del self._outcomes[oldest]
            return True

    def _stop(self, end: Exception) -> None:
        self._ended = self._ended or end
        self._loop.stop()

    async def _keep_beating(self) -> None:
        while True:
            if (end := self._beat()) is not None:
                self._stop(end)
            await asyncio.sleep(BEAT_S)

    async def _cancel_tasks(self) -> str:
        tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_S)
        return ""


def _ended(reason: str | None) -> Exception:
    """Return what whoever wants a result of an ended loop is told; no reason is a regular end."""
    if reason is None:
        return RunEnded("the run is over")
    return EngineEnded(
        f"nothing more can be asked: the application or a plugin ended the loop that asks: {reason}"
    )


def look_ahead_order(jobs: int, *, worker: int, workers: int) -> list[int]:
    """Return the order in which one of several processes looks ahead.

    Every process takes each n-th job first, so that together they work through the collected
    order without meeting; then it goes through the others, in case their process has died.
    """
    own = list(range(worker, jobs, workers))
    return own + [job for job in range(jobs) if job % workers != worker]
