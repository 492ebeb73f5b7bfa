"""Chat completions of any OpenAI-compatible endpoint."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import EndpointRefused, SafescaleError
from pytest_safescale.models.http import Refusal
from pytest_safescale.models.model import (
    BatchRefused,
    EndpointFacts,
    ModelInfo,
    ParameterRefused,
    Reply,
    Request,
    ToolsRefused,
    TransientFailure,
    as_mapping,
    read_tool_calls,
    writable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.models.http import JsonClient

__all__ = ["OpenAIModel", "explained", "whole_number"]

_UNKNOWN_MODEL = re.compile(
    r"\bmodel(?:\W+\S+){0,2}?\s+(?:is |was |does |could )?not (?:be )?(?:found|exist)|"
    r"\b(?:unknown|invalid|no such|not a valid) model\b",
    re.IGNORECASE,
)
_NOT_SUPPORTED = re.compile(r"not support|unsupported|not allowed|instead", re.IGNORECASE)
_TOOLS_OFF = re.compile(r"unsupported param: tools|tools param requires", re.IGNORECASE)
"""What llama.cpp says, with status 500, when it runs without tools."""
_ADAPTABLE = (400, 404, 422, 501)
"""Statuses with which servers refuse a parameter."""


class OpenAIModel:
    """A model behind ``/chat/completions``; learns which parameters its endpoint takes."""

    def __init__(self, info: ModelInfo, client: JsonClient) -> None:
        self.info = info
        self.facts = EndpointFacts()
        self._client = client

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Make one round trip."""
        payload = self._payload(request)
        start = time.perf_counter()
        try:
            answer = await self._client.post("/chat/completions", payload)
        except Refusal as refusal:
            self._learn(refusal, request)
            # What was sent is compared, for a request beside this one may have learned it.
            if self._payload(request) != payload:
                raise ParameterRefused(str(refusal)) from None
            raise explained(refusal, self.info, self._client) from None
        except TransientFailure as failure:
            if request.tools and _TOOLS_OFF.search(str(failure)):
                self.facts.tools = False
                raise ToolsRefused(str(failure)) from None
            raise
        return _replies(answer, len(request.samples), time.perf_counter() - start)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _payload(self, request: Request) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "model": self.info.model,
            "messages": list(request.messages),
            "temperature": request.temperature,
            self.facts.max_tokens_name: request.max_tokens,
        }
        if self.facts.seed:
            # Single samples need seeds of their own, or a server gives the same one every time.
            payload["seed"] = request.seed + request.samples[0]
        if len(request.samples) > 1:
            payload["n"] = len(request.samples)
        if request.tools:
            payload["tools"] = list(request.tools)
        return payload

    def _learn(self, refusal: Refusal, request: Request) -> None:
        """Note what the endpoint does not take.

        Raises BatchRefused and ToolsRefused, which are for the caller and the agent to meet.
        """
        if refusal.status not in _ADAPTABLE:
            return
        if len(request.samples) > 1 and _names(refusal, "n", "best_of", "choices"):
            self.facts.batch = 1
            raise BatchRefused(str(refusal))
        if request.tools and _names(refusal, "tools", "tool", "tool_choice", "function"):
            self.facts.tools = False
            raise ToolsRefused(str(refusal))
        if _wants_other_name(refusal):
            self.facts.max_tokens_name = "max_completion_tokens"
        elif _names(refusal, "seed"):
            self.facts.seed = False


def explained(refusal: Refusal, info: ModelInfo, client: JsonClient) -> SafescaleError:
    """Return what a refusal means: for this call, or for every call to come."""
    name, model = info.name, info.model
    if refusal.status in (401, 403):
        source = f" in {client.key_from}" if client.key_from else ""
        return EndpointRefused(
            f"{name}: {client.host} refuses the key{source} (HTTP {refusal.status})"
        )
    if "insufficient_quota" in refusal.code:
        return EndpointRefused(f"{name}: {client.host} says the quota is spent: {refusal.message}")
    unknown = "model_not_found" in refusal.code or _UNKNOWN_MODEL.search(refusal.message)
    if refusal.status == 404 or (refusal.status in (400, 422) and unknown):
        return EndpointRefused(
            f"{name}: {client.base_url} does not know the model {model!r}: {refusal.message}"
        )
    return refusal


def _wants_other_name(refusal: Refusal) -> bool:
    """Say whether ``max_tokens`` itself is refused, and not only a value that is too high."""
    return _names(refusal, "max_tokens") and _NOT_SUPPORTED.search(refusal.message) is not None


def _names(refusal: Refusal, *parameters: str) -> bool:
    """Say whether a refusal is about one of these parameters."""
    if refusal.param:
        return refusal.param in parameters
    words = "|".join(map(re.escape, parameters))
    return re.search(rf"(?<![\w.])(?:{words})(?![\w])", refusal.message) is not None


def _replies(answer: dict[str, Any], wanted: int, latency: float) -> list[Reply]:
    choices = answer.get("choices")
    choices = choices if isinstance(choices, list) else []
    messages = [choice for choice in map(as_mapping, choices) if as_mapping(choice.get("message"))]
    if not messages:
        raise TransientFailure("the answer holds no choice")
    messages = messages[:wanted]
    usage = as_mapping(answer.get("usage"))
    prompt, completion = (
        whole_number(usage, "prompt_tokens"),
        whole_number(usage, "completion_tokens"),
    )
    share, rest = divmod(completion, len(messages))
    return [
        Reply(
            text=_text(choice["message"].get("content")),
            tool_calls=read_tool_calls(choice["message"].get("tool_calls")),
            finish_reason=str(choice.get("finish_reason") or ""),
            served_model=str(answer.get("model") or ""),
            fingerprint=str(answer.get("system_fingerprint") or ""),
            # One prompt was paid for, and the split of the completion sums to what was counted.
            prompt_tokens=prompt if position == 0 else 0,
            completion_tokens=share + (position < rest),
            latency_s=latency,
        )
        for position, choice in enumerate(messages)
    ]


def _text(content: object) -> str:
    if isinstance(content, str):
        return writable(content)
    if isinstance(content, list):
        parts = [as_mapping(part) for part in content]
        shown = [part for part in parts if part.get("type", "text") in ("text", "output_text")]
        return writable("".join(str(part.get("text") or "") for part in shown))
    return ""


def whole_number(usage: Mapping[str, Any], name: str) -> int:
    """Return a whole number that a server states; 0 where it states none."""
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
