"""How fast an endpoint may be asked: its limits per minute, and the pauses that it asks for."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_safescale.calls.usage import request_estimate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pytest_safescale.calls.database import Database
    from pytest_safescale.calls.wait_reasons import Waits
    from pytest_safescale.models.model import Model, Request

__all__ = ["Pace", "Turns", "endpoint_of"]

LATE_S = 0.05
"""How late a turn may be taken without moving the next ones, in seconds."""


class Turns:
    """The turns of each limit, which all processes that open the store share.

    A turn is taken when it has come and never ahead of it: whoever stops waiting gives none back,
    and leaves none behind.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def take(self, name: str, seconds: float) -> float:
        """Take a turn that lasts so many seconds, if it has come; return the seconds until then."""
        with self._db.writing():
            now = time.time()
            rows = self._db.rows("SELECT taken_at, next_at FROM pace WHERE name = ?", (name,))
            taken_at, next_at = rows[0] if rows else (now, now)
            if taken_at > now:  # the clock was set back: what is left of that turn is unknown
                next_at -= taken_at - now
            if next_at <= now:
                next_at = max(next_at, now - LATE_S) + seconds
                row, wait = (name, now, next_at), 0.0
            else:
                row, wait = (name, min(taken_at, now), next_at), next_at - now
            self._db.write("INSERT OR REPLACE INTO pace VALUES (?, ?, ?)", [row])
        return wait


class Pace:
    """Lets the requests of one process wait for their turns."""

    def __init__(
        self,
        take: Callable[[str, float], Awaitable[float]],
        waits: Waits,
        *,
        share: float = 1.0,
    ) -> None:
        """``take`` takes a turn, or returns the seconds to wait for it.

        ``share`` is the part of every limit that may be used here, above 0.
        """
        self._take = take
        self._share = share
        self._waits = waits
        # One request of a limit looks for its turn; the others stand behind it.
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._not_before: dict[str, float] = {}

    async def turn(self, model: Model, request: Request) -> None:
        """Wait until a request may be sent."""
        for limit, name, seconds in _turns(model, request, self._share):
            async with self._queues[name]:
                while (wait := await self._take(name, seconds)) > 0:
                    with self._waits.noted(f"the next turn of {model.info.name}: {limit}"):
                        await asyncio.sleep(wait)
        while (wait := self._not_before.get(model.info.base_url, 0.0) - time.monotonic()) > 0:
            with self._waits.noted(f"the pause that the server of {model.info.name} asks for"):
                await asyncio.sleep(wait)

    def pause(self, model: Model, seconds: float) -> None:
        """Send nothing to a model's server for so many seconds."""
        url = model.info.base_url
        self._not_before[url] = max(time.monotonic() + seconds, self._not_before.get(url, 0.0))


def _turns(model: Model, request: Request, share: float) -> Iterator[tuple[str, str, float]]:
    """Yield the limits a request is under: in words, by name, and the seconds that it takes."""
    info, endpoint = model.info, endpoint_of(model)
    if limit := share * (info.requests_per_minute or 0):
        yield f"{limit:g} requests a minute are allowed", f"{endpoint} requests", 60 / limit
    if limit := share * (info.tokens_per_minute or 0):
        seconds = 60 * request_estimate(request) / limit
        yield f"{limit:g} tokens a minute are allowed", f"{endpoint} tokens", seconds


def endpoint_of(model: Model) -> str:
    """Return the name under which facts about a model's endpoint are kept."""
    return f"{model.info.provider}:{model.info.model}@{model.info.base_url}"
