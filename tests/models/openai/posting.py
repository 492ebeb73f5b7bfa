"""One request of the HTTP client, from its first byte to its last."""

from __future__ import annotations

import asyncio
from typing import Any

from pytest_safescale.models.openai.http import JsonClient, Timeouts
from tests.servers import KEY

CHAT = "/chat/completions"


def post(
    url: str, *, key: str = KEY, timeouts: Timeouts | None = None, **more: Any
) -> dict[str, Any]:
    async def posted() -> dict[str, Any]:
        timeout = timeouts or Timeouts(exchange_s=600.0)
        client = JsonClient(url, key=key, timeouts=timeout, **more)
        try:
            return await client.post(CHAT, {"model": "m", "messages": []})
        finally:
            await client.aclose()

    return asyncio.run(posted())
