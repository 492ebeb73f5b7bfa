"""Any OpenAI-compatible endpoint: chat completions, and embeddings for dense retrieval."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import CallFailed, EndpointRefused
from pytest_safescale.models.http import Refusal
from pytest_safescale.models.model import (
    BatchRefused,
    EndpointFacts,
    ModelInfo,
    Reply,
    Request,
    ToolCall,
    ToolsRefused,
    TransientFailure,
    as_mapping,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.models.http import JsonClient

__all__ = ["OpenAIEmbedder", "OpenAIModel"]

_UNKNOWN_MODEL = re.compile(
    r"model[^.]{0,80}?(?:not found|not exist|unknown|invalid|no such)|"
    r"(?:not found|unknown|invalid|no such)[^.]{0,40}?model",
    re.IGNORECASE,
)
_ADAPTABLE = (400, 404, 422, 501)
"""Statuses with which servers refuse a parameter."""


class OpenAIModel:
    """A model behind ``/chat/completions``; learns which parameters its endpoint takes."""

    def __init__(self, info: ModelInfo, client: JsonClient) -> None:
        self.info = info
        self.facts = EndpointFacts()
        self._client = client

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Make one round trip; one more where the endpoint refuses a parameter we can spare."""
        start = time.perf_counter()
        try:
            answer = await self._client.post("/chat/completions", self._payload(request))
        except Refusal as refusal:
            if not self._adapt(refusal, request):
                raise self._refused(refusal) from None
            start = time.perf_counter()
            try:
                answer = await self._client.post("/chat/completions", self._payload(request))
            except Refusal as again:
                raise self._refused(again) from None
        latency = time.perf_counter() - start
        return _replies(answer, len(request.samples), latency)

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

    def _adapt(self, refusal: Refusal, request: Request) -> bool:
        """Say whether to ask again without what was refused.

        Raises BatchRefused and ToolsRefused, which are for the caller and the agent to meet.
        """
        if refusal.status not in _ADAPTABLE:
            return False
        if len(request.samples) > 1 and _names(refusal, "n", "best_of", "choices"):
            raise BatchRefused(str(refusal))
        if request.tools and _names(refusal, "tools", "tool", "tool_choice", "function"):
            self.facts.tools = False
            raise ToolsRefused(str(refusal))
        if self.facts.max_tokens_name == "max_tokens" and _names(refusal, "max_completion_tokens"):
            self.facts.max_tokens_name = "max_completion_tokens"
            return True
        if self.facts.seed and _names(refusal, "seed"):
            self.facts.seed = False
            return True
        return False

    def _refused(self, refusal: Refusal) -> CallFailed | EndpointRefused:
        name, host = self.info.name, self._client.host
        if refusal.status in (401, 403):
            return EndpointRefused(f"{name}: {host} refuses the key (HTTP {refusal.status})")
        if refusal.code == "insufficient_quota":
            return EndpointRefused(f"{name}: {host} says the quota is spent: {refusal.message}")
        unknown = "model_not_found" in refusal.code or _UNKNOWN_MODEL.search(refusal.message)
        if refusal.status == 404 or (refusal.status in (400, 422) and unknown):
            return EndpointRefused(
                f"{name}: {self._client.base_url} does not know the model "
                f"{self.info.model!r}: {refusal.message}"
            )
        return refusal


class OpenAIEmbedder:
    """An embedding model behind ``/embeddings``."""

    def __init__(self, model: str, client: JsonClient) -> None:
        self._model = model
        self._client = client

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, all of one length; raises CallFailed."""
        payload = {"model": self._model, "input": list(texts)}
        try:
            answer = await self._client.post("/embeddings", payload)
        except Refusal as refusal:
            if refusal.status in (401, 403, 404):
                raise EndpointRefused(
                    f"embeddings of {self._model!r} at {self._client.host}: {refusal}"
                ) from None
            raise
        vectors = _vectors(answer)
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1:
            raise CallFailed(
                f"{self._client.host} gave {len(vectors)} embeddings for {len(texts)} texts, "
                f"of lengths {sorted({len(vector) for vector in vectors})}"
            )
        return vectors


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
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    share, rest = divmod(completion, len(messages))
    return [
        Reply(
            text=_text(choice["message"].get("content")),
            tool_calls=_tool_calls(choice["message"].get("tool_calls")),
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
        return content
    if isinstance(content, list):
        return "".join(str(as_mapping(part).get("text") or "") for part in content)
    return ""


def _tool_calls(calls: object) -> tuple[ToolCall, ...]:
    if not isinstance(calls, list):
        return ()
    functions = [(as_mapping(call), as_mapping(as_mapping(call).get("function"))) for call in calls]
    return tuple(
        ToolCall(
            id=str(call.get("id") or f"call_{position}"),
            name=str(function.get("name") or ""),
            arguments=str(function.get("arguments") or ""),
        )
        for position, (call, function) in enumerate(functions)
    )


def _count(usage: Any, name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else 0


def _vectors(answer: dict[str, Any]) -> list[list[float]]:
    rows = answer.get("data")
    rows = [as_mapping(row) for row in rows] if isinstance(rows, list) else []
    ordered = sorted(rows, key=lambda row: _count(row, "index"))
    vectors = [row.get("embedding") for row in ordered]
    return [[float(x) for x in vector] for vector in vectors if isinstance(vector, list)]
