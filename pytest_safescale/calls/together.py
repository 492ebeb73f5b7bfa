"""Does in one go what is wanted in the same turn of an event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Together"]

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Gathers what callers hand in and does it at once: one transaction serves them all."""

    def __init__(self, do: Callable[[Sequence[T]], Sequence[R]]) -> None:
        """``do`` returns a result for each thing it is given, in order; it may block briefly."""
        self._do = do
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []

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
        try:
            results = self._do([thing for thing, _ in waiting])
        except Exception as error:
            for _, future in waiting:
                if not future.done():  # its caller was cancelled
                    future.set_exception(error)
            return
        for (_, future), result in zip(waiting, results, strict=True):
            if not future.done():
                future.set_result(result)
