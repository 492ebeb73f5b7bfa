"""How many may be in at once; who waits is let in by turns, at the same cost however many wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_safescale.models.model import ModelInfo

__all__ = ["Rooms", "Slots"]


class Slots:
    """A number of slots, each taken with ``async with``.

    They lie in a queue. A semaphore looks through all that it has woken each time it is released,
    which takes a fifth of a run's own time where hundreds of replies come at once.
    """

    def __init__(self, count: int) -> None:
        """``count`` is 1 or more."""
        self._free: asyncio.Queue[None] = asyncio.Queue()
        for _ in range(count):
            self._free.put_nowait(None)

    async def __aenter__(self) -> None:
        """Take a slot, once one is free."""
        await self._free.get()

    async def __aexit__(self, *_: object) -> None:
        """Give the slot back."""
        self._free.put_nowait(None)


class Rooms:
    """The slots of each model whose table bounds how many of its calls are made at once."""

    def __init__(self, workers: int) -> None:
        """``workers`` is the number of processes that share each bound."""
        self._workers = workers
        self._rooms: dict[str, Slots] = {}

    def of(self, info: ModelInfo) -> Slots | None:
        """Return the slots of a model in this process; ``None`` where nothing bounds its calls."""
        if info.max_parallel is None:
            return None
        if info.name not in self._rooms:
            self._rooms[info.name] = Slots(max(1, info.max_parallel // self._workers))
        return self._rooms[info.name]
