"""What replies took: tokens as the server counted them, estimated where it stated none, and money.

A budget in money must hold whether or not a server counts: unknown is never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from pytest_safescale.text.tokens import estimated_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.models.model import Message, ModelInfo, Reply, Request

__all__ = [
    "Usage",
    "at_batch_price",
    "money",
    "money_of",
    "prompt_estimate",
    "request_estimate",
    "usage_of",
]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens that replies took."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated_tokens: int = 0
    """How many of both are estimates, because no usable number was stated."""
    batch_prompt_tokens: int = 0
    """How many of the prompts' tokens came by a batch."""
    batch_completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )


def usage_of(request: Request, replies: Iterable[Reply]) -> Usage:
    """Return what replies to a request took; what nobody stated is estimated from the texts."""
    prompt = completion = estimated = batch_prompt = batch_completion = 0
    for reply in replies:
        asked, given = reply.prompt_tokens, reply.completion_tokens
        if asked is None:
            asked = prompt_estimate(request.messages)
            estimated += asked
        if given is None:
            given = _completion_estimate(reply)
            estimated += given
        prompt += asked
        completion += given
        if reply.by_batch:
            batch_prompt += asked
            batch_completion += given
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        estimated_tokens=estimated,
        batch_prompt_tokens=batch_prompt,
        batch_completion_tokens=batch_completion,
    )


def prompt_estimate(messages: Sequence[Message]) -> int:
    """Return about how many tokens messages take."""
    return estimated_tokens(*(str(message.get("content") or "") for message in messages))


def request_estimate(request: Request) -> int:
    """Return about how many tokens a request takes at most, its replies included."""
    return prompt_estimate(request.messages) + request.max_tokens * len(request.samples)


def _completion_estimate(reply: Reply) -> int:
    calls = (f"{call.name} {call.arguments}" for call in reply.tool_calls)
    return estimated_tokens(reply.reasoning, reply.refusal, reply.text, *calls)


def money(info: ModelInfo, prompt_tokens: int, completion_tokens: int) -> float:
    """Return what tokens cost at the full price, in the user's unit."""
    return (prompt_tokens * info.price_in + completion_tokens * info.price_out) / 1e6


def at_batch_price(info: ModelInfo) -> ModelInfo:
    """Return a model with the prices of what comes by a batch."""
    left = 1 - info.batch_discount
    return replace(info, price_in=left * info.price_in, price_out=left * info.price_out)


def money_of(info: ModelInfo, usage: Usage) -> float:
    """Return what replies cost, those that came by a batch at its price, in the user's unit."""
    whole = money(info, usage.prompt_tokens, usage.completion_tokens)
    by_batch = money(info, usage.batch_prompt_tokens, usage.batch_completion_tokens)
    return whole - info.batch_discount * by_batch
