"""A model that answers in process, as a script of functions tells it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pytest_safescale.models.model import EndpointFacts, ModelInfo, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def info(**fields: object) -> ModelInfo:
    given = {"name": "scripted", "provider": "openai", "model": "scripted", "base_url": "here"}
    return ModelInfo(**{**given, **fields})  # type: ignore[arg-type]


def request(text: str = "Q", *, samples: int = 1, **fields: object) -> Request:
    given = {"temperature": 0.0, "max_tokens": 10, "seed": 42, "samples": tuple(range(samples))}
    messages = ({"role": "user", "content": text},)
    return Request(messages=messages, **{**given, **fields})  # type: ignore[arg-type]


def answers(request: Request) -> list[Reply]:
    return [
        Reply(text="B", prompt_tokens=10 * (position == 0), completion_tokens=2)
        for position, _ in enumerate(request.samples)
    ]


class ScriptedModel:
    """Each request is met by the next function of the script, the last one for good."""

    def __init__(
        self, *script: Callable[[Request], Sequence[Reply]], delay_s: float = 0, **fields: object
    ) -> None:
        self.info = info(**fields)
        self.facts = EndpointFacts()
        self.asked: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._script = list(script) or [answers]
        self._delay_s = delay_s

    async def ask(self, request: Request) -> Sequence[Reply]:
        self.asked.append(request)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self._delay_s)
            return step(request)
        finally:
            self._at_once -= 1

    async def aclose(self) -> None:
        pass


def failing(error: Exception) -> Callable[[Request], Sequence[Reply]]:
    def step(_: Request) -> Sequence[Reply]:
        raise error

    return step
