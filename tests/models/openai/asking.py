"""Requests to a model behind an endpoint on loopback, asked as callers do."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from pytest_safescale.models.model import ModelInfo, ParameterRefused, Reply, Request
from pytest_safescale.models.openai.chat import OpenAIModel
from pytest_safescale.models.openai.http import JsonClient, Timeouts
from tests.servers import KEY

TOOLS = ({"type": "function", "function": {"name": "search"}},)
SAID = {"message": {"content": "B"}, "finish_reason": "stop"}
"""A choice as a server gives it."""


def request(**fields: Any) -> Request:
    given = {"temperature": 0.0, "max_tokens": 10, "seed": 42}
    return Request(messages=({"role": "user", "content": "Q"},), **{**given, **fields})


def model(url: str, *, key: str = KEY, timeout_s: float = 600.0, name: str = "m") -> OpenAIModel:
    info = ModelInfo(name="openai:m", provider="openai", model=name, base_url=url)
    return OpenAIModel(
        info, JsonClient(url, key=key, key_from="A_KEY", timeouts=Timeouts(exchange_s=timeout_s))
    )


async def adapted(asked: OpenAIModel, one: Request) -> list[Reply]:
    """Ask as callers do: once more for each parameter that the endpoint does not take."""
    while True:
        with contextlib.suppress(ParameterRefused):
            return list(await asked.ask(one))


def ask(asked: OpenAIModel, *requests: Request, at_once: bool = False) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        calls = [adapted(asked, one) for one in requests or (request(),)]
        try:
            found = await asyncio.gather(*calls) if at_once else [await call for call in calls]
            return [reply for replies in found for reply in replies]
        finally:
            await asked.aclose()

    return asyncio.run(all_of_them())
