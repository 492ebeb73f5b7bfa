"""One case asked once, past every store: what an endpoint takes, and what it replies."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.calls.usage import Usage, money_of, usage_of
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import ParameterRefused, Request, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.conditions.prompt import PromptTemplate
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Model, Reply
    from pytest_safescale.runs.case import Decoding

__all__ = ["Tried", "try_model"]

MOST_REQUESTS = 8
"""Each that is refused leaves out or renames one parameter."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of asking once."""

    requests: int
    """All but the last were refused for a parameter."""
    reply: Reply
    answer: Answer
    seconds: float
    """Of the answered request."""
    usage: Usage
    money: float
    """In the user's unit."""


def try_model(model: Model, item: Item, prompt: PromptTemplate, decoding: Decoding) -> Tried:
    """Ask an item in closed book, without a store and without a second try of a call that failed.

    Raises CallFailed and EndpointRefused.
    """
    request = Request(
        messages=build_messages(prompt, item, ""),
        temperature=0.0,
        max_tokens=decoding.tokens_for(model),
        seed=decoding.seed,
        letters=tuple(item.letters),
        logprobs=model.info.confidence_from == "logprobs",
        subject=Subject(item=item, condition="closed_book"),
    )
    return asyncio.run(_tried(model, request, item))


async def _tried(model: Model, request: Request, item: Item) -> Tried:
    try:
        for number in range(1, MOST_REQUESTS + 1):
            start = time.perf_counter()
            try:
                replies = await model.ask(request)
            except ParameterRefused:
                continue
            return _found(model, request, item, replies, number, time.perf_counter() - start)
    finally:
        await model.aclose()
    raise CallFailed(f"{model.info.name} refused {MOST_REQUESTS} requests, each for a parameter")


def _found(
    model: Model,
    request: Request,
    item: Item,
    replies: Sequence[Reply],
    requests: int,
    seconds: float,
) -> Tried:
    if not replies:
        raise CallFailed(f"{model.info.name}: the reply held no choice")
    reply, usage = replies[0], usage_of(request, replies[:1])
    answer = read_answer(
        reply.text,
        {option.letter: option.text for option in item.options},
        finish_reason=reply.finish_reason,
        refusal=reply.refusal,
        reasoning=reply.reasoning,
    )
    return Tried(
        requests=requests,
        reply=reply,
        answer=answer,
        seconds=seconds,
        usage=usage,
        money=money_of(model.info, usage),
    )
