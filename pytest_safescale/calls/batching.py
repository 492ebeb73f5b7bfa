"""Does in one go what is wanted in the same turn of an event loop."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

__all__ = ["Together"]

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Gathers what callers hand in and does it at once: one transaction serves them all."""

    def __init__(self, do: Callable[[Sequence[T]], Coroutine[Any, Any, Sequence[R]]]) -> None:
        """``do`` returns a result for each thing it is given, in order."""
        self._do = do
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._doing: set[asyncio.Task[Sequence[R]]] = set()

    def __call__(self, thing: T) -> asyncio.Future[R]:
        """Return the future result; what ``do`` raises, each of its callers gets."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._go)
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((thing, future))
        return future

    def _go(self) -> None:
        waiting, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        self._doing.add(task := loop.create_task(self._do([thing for thing, _ in waiting])))
        task.add_done_callback(partial(self._hand_out, [future for _, future in waiting]))

    def _hand_out(
        self, futures: Sequence[asyncio.Future[R]], task: asyncio.Task[Sequence[R]]
    ) -> None:
        self._doing.discard(task)
        for place, future in enumerate(futures):
            if future.done():  # its caller was cancelled
                continue
            if task.cancelled():
                future.cancel()
            elif error := task.exception():
                future.set_exception(error)
            else:
                future.set_result(task.result()[place])
