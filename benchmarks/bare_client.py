"""A bare aiohttp client that makes calls as a run does, and keeps nothing of them.

The peer of whole runs in the table of ``python -m benchmarks``:
``python -m benchmarks.bare_client URL CALLS IN_FLIGHT``.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp


async def make_calls(url: str, calls: int, in_flight: int) -> None:
    """Make calls, so many at once."""
    slots = asyncio.Semaphore(in_flight)
    payload = {"model": "canned", "messages": [{"role": "user", "content": "Q"}], "max_tokens": 10}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call() -> None:
            async with slots, session.post(f"{url}/chat/completions", json=payload) as response:
                await response.json()

        await asyncio.gather(*(call() for _ in range(calls)))


if __name__ == "__main__":
    asyncio.run(make_calls(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
