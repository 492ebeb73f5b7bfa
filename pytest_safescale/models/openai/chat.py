"""Chat completions of any OpenAI-compatible endpoint."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import EndpointRefused, SafescaleError
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
)
from pytest_safescale.models.openai.answer_format import PROBE, AnswerFormat
from pytest_safescale.models.openai.answers import MESSAGE_CHARACTERS, Refusal
from pytest_safescale.models.openai.batch_api import OpenAIBatches
from pytest_safescale.models.openai.http_address import CHAT_PATH
from pytest_safescale.models.openai.logprobs import answer_tokens
from pytest_safescale.models.openai.messages import read_message
from pytest_safescale.models.openai.request_shape import RequestShape
from pytest_safescale.text.escaping import shorten
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from pytest_safescale.models.batch_endpoint import BatchEndpoint
    from pytest_safescale.models.model import Exchange
    from pytest_safescale.models.openai.http import JsonClient
    from pytest_safescale.models.openai.messages import Said

__all__ = ["OpenAIModel", "explained", "failure_in", "whole_number"]

PROBE_TOKENS = 64
"""Fewest tokens of the reply that shows whether a format is held to."""
BYTES_OF_A_CHOICE = 4 * 2**20
"""Most bytes of an answer for each choice asked for; the longest reasoning takes a tenth."""
BYTES_WITH_LOGPROBS = 4 * BYTES_OF_A_CHOICE
"""The same where each token comes with those that could have stood in its place."""
FEWEST_LISTED = 5
"""Tokens listed in each place where a server does not list the most that are asked for."""
_UNKNOWN_MODEL = Pattern(
    r"\bmodel(?:\W+\S+){0,2}?\s+(?:is |was |does |could )?not (?:be )?(?:found|exist)|"
    r"\b(?:unknown|invalid|no such|not a valid) model\b",
    re.IGNORECASE,
)
_NO_SYSTEM = Pattern(
    r"\bsystem (?:role|message|prompt|instruction)s?\b.{0,40}\bnot\b|"
    r"\b(?:not|no)\b.{0,40}\bsystem (?:role|message|prompt|instruction)s?\b|"
    r"\bnot\b.{0,20}['\"`]system['\"`]|['\"`]system['\"`].{0,40}\bnot\b",
    re.IGNORECASE,
)
"""vLLM of Gemma's template: ``System role not supported``; OpenAI: ``not support 'system'``."""
_NOT_SUPPORTED = Pattern(r"not support|unsupported|not allowed|instead", re.IGNORECASE)
_TOOLS_OFF = Pattern(r"unsupported param: tools|tools param requires", re.IGNORECASE)
"""What llama.cpp says, with status 500, when it runs without tools."""
_SEVERAL_OFF = Pattern(
    r"\b(?:one|1|single|multiple|several)\b[\w\s]{0,20}\b(?:choice|completion|sample|sequence)s?\b|"
    r"[`'\"]n[`'\"]|(?<![\w.])n\s*(?:[=>]|(?:must|should|is|has|greater|larger|above)\b)",
    re.IGNORECASE,
)
"""How servers refuse more than one choice, with whatever status.

llama.cpp: ``Only one completion choice is allowed``, with 500.
"""
_BROKEN_OFF = (
    "error",  # OpenRouter
    "abort",  # vLLM, SGLang
    "aborted",
    "cancelled",
    "canceled",
    "failed",
    "insufficient_system_resource",  # DeepSeek
)
"""Reasons to finish with which a server says that it broke the reply off itself."""
MOST_TOKENS = 10**8
"""More than any request takes: a larger number is a server's mistake."""
_ADAPTABLE = (400, 404, 422, 501)
"""Statuses with which servers refuse a parameter."""


class OpenAIModel:
    """A model behind ``/chat/completions``; learns which parameters its endpoint takes."""

    def __init__(
        self, info: ModelInfo, client: JsonClient, shape: RequestShape | None = None
    ) -> None:
        """``shape`` is what the model's table changes of its requests."""
        self._shape = shape or RequestShape()
        self.info = replace(info, base_url=client.stated_url, shaping=self._shape.told())
        self.facts = EndpointFacts()
        self._client = client
        self._format = AnswerFormat(kind) if (kind := self._shape.answer_format) else None

    def ask(self, request: Request) -> Coroutine[Any, Any, Sequence[Reply]]:
        """Make one round trip; the first for an answer in a format of its own probes that."""
        return self._asked(self._at_once, request)

    @property
    def batches(self) -> BatchEndpoint:
        """Where its batches are made."""
        return OpenAIBatches(self.info.name, self._client)

    async def ask_through(self, exchange: Exchange, request: Request) -> Sequence[Reply]:
        """Ask as `ask` does, by another way."""
        return [reply.came_by_batch() for reply in await self._asked(exchange, request)]

    def _at_once(
        self, _: Request, path: str, body: dict[str, Any], most_bytes: int
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        return self._client.post(path, body, most_bytes=most_bytes)

    def _asked(self, exchange: Exchange, request: Request) -> Coroutine[Any, Any, Sequence[Reply]]:
        """Return what asks, after a probe where the endpoint's way with a format is not known."""
        wanted = self._format
        if wanted is None or wanted.settled or not request.letters:
            return self._round_trip(exchange, request)
        return self._probed(exchange, wanted, request)

    async def _probed(
        self, exchange: Exchange, wanted: AnswerFormat, request: Request
    ) -> Sequence[Reply]:
        async with wanted.lock:
            wanted.require(self.info.name)
            if not wanted.settled:
                await self._probe(exchange, wanted, request)
        return await self._round_trip(exchange, request)

    async def _probe(self, exchange: Exchange, wanted: AnswerFormat, request: Request) -> None:
        """See whether the endpoint holds to the format; raises what has the caller ask again.

        So a probe is paced, counted and paid for as every request is.
        """
        room = max(PROBE_TOKENS, request.max_tokens)
        probe = replace(request, messages=PROBE, max_tokens=room, samples=(0,), logprobs=False)
        try:
            replies = await self._round_trip(exchange, probe)
        except Refusal as refusal:
            if refusal.status not in _ADAPTABLE:
                raise
            wanted.refused(refusal.message)
        else:
            wanted.answered(replies[0].text, request.letters)
        wanted.require(self.info.name)
        if wanted.settled:
            self.facts.answer_format = wanted.parameter
        raise ParameterRefused(f"{self.info.name}: {wanted.kind} was probed")

    async def _round_trip(self, exchange: Exchange, request: Request) -> Sequence[Reply]:
        payload = self._payload(request)
        start = time.perf_counter()
        try:
            size = BYTES_WITH_LOGPROBS if request.logprobs else BYTES_OF_A_CHOICE
            answer = await exchange(request, CHAT_PATH, payload, size * len(request.samples))
            replies = _replies(answer, len(request.samples), time.perf_counter() - start)
            if request.logprobs:
                self._require_logprobs(replies)
            return replies
        except Refusal as refusal:
            self._learn(refusal, request, payload)
            # What was sent is compared, for a request beside this one may have learned it.
            if self._payload(request) != payload:
                raise ParameterRefused(str(refusal)) from None
            raise explained(refusal, self.info, self._client) from None
        except TransientFailure as failure:
            self._learn_from_words(str(failure), request)
            raise

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _payload(self, request: Request) -> dict[str, Any]:
        payload = {"model": self.info.model, **self._shape.payload(request, self.facts)}
        if self._format is not None and request.letters:
            payload |= self._format.parameters(request.letters)
        return payload

    def _learn(self, refusal: Refusal, request: Request, payload: Mapping[str, Any]) -> None:
        """Note what the endpoint does not take.

        Raises BatchRefused and ToolsRefused, which are for the caller and the agent to meet, and
        EndpointRefused where it gives no probabilities.
        """
        self._learn_from_words(refusal.message, request)
        if request.logprobs and _concerns(refusal, "logprobs", "top_logprobs"):
            self._list_fewer(refusal, payload)
        if refusal.status not in _ADAPTABLE:
            return
        if len(request.samples) > 1 and _concerns(refusal, "n", "best_of", "choices"):
            self.facts.batch = 1
            raise BatchRefused(str(refusal))
        if request.tools and _concerns(refusal, "tools", "tool", "tool_choice", "function"):
            self.facts.tools = False
            raise ToolsRefused(str(refusal))
        if _wants_other_name(refusal):
            self.facts.max_tokens_name = "max_completion_tokens"
        elif _concerns(refusal, "seed"):
            self.facts.seed = False
        elif "temperature" in payload and _concerns(refusal, "temperature"):
            # What was refused alone is known: a server that wants more than 0 takes the samples'.
            refused = {*self.facts.refused_temperatures, payload["temperature"]}
            self.facts.refused_temperatures = sorted(refused)

    def _list_fewer(self, refusal: Refusal, payload: Mapping[str, Any]) -> None:
        """Ask for fewer listed tokens from now on, for some servers have a limit."""
        if payload["top_logprobs"] <= FEWEST_LISTED:
            raise EndpointRefused(self._lacks_logprobs(f"HTTP {refusal.status}: {refusal.message}"))
        self.facts.top_logprobs = FEWEST_LISTED

    def _require_logprobs(self, replies: Sequence[Reply]) -> None:
        """Note that probabilities come; raises EndpointRefused where none ever came with words."""
        if any(reply.answer_tokens is not None for reply in replies):
            self.facts.logprobs = True
        elif not self.facts.logprobs and any(reply.text.strip() for reply in replies):
            raise EndpointRefused(self._lacks_logprobs("its reply lists no probabilities"))

    def _lacks_logprobs(self, why: str) -> str:
        return (
            f"{self.info.name}: {self._client.host} gives no logprobs ({why}), which "
            'confidence_from = "logprobs" needs; leave that key out of the model\'s table, and '
            "samples give a confidence"
        )

    def _learn_from_words(self, words: str, request: Request) -> None:
        """Note what the endpoint does not take where its words say so, whatever the status.

        Raises BatchRefused and ToolsRefused.
        """
        if len(request.samples) > 1 and _SEVERAL_OFF.search(words):
            self.facts.batch = 1
            raise BatchRefused(words) from None
        if request.tools and _TOOLS_OFF.search(words):
            self.facts.tools = False
            raise ToolsRefused(words) from None


def explained(refusal: Refusal, info: ModelInfo, client: JsonClient) -> SafescaleError:
    """Return what a refusal means: for this call, or for every call to come."""
    name, model = info.name, info.model
    if refusal.status in (401, 403):
        source = f" in {client.key_from}" if client.key_from else ""
        # Words about a key may hold a part of it; a missing right or header is told by words alone.
        words = f": {refusal.message}" if refusal.status == 403 else ""
        return EndpointRefused(
            f"{name}: {client.host} refuses the key{source} (HTTP {refusal.status}{words})"
        )
    if "insufficient_quota" in refusal.code:
        return EndpointRefused(f"{name}: {client.host} says the quota is spent: {refusal.message}")
    unknown = "model_not_found" in refusal.code or _UNKNOWN_MODEL.search(refusal.message)
    if refusal.status in (404, 405) and client.advice and not unknown:
        return EndpointRefused(
            f"{name}: {client.base_url} takes no such requests (HTTP {refusal.status}: "
            f"{refusal.message}); {client.advice}"
        )
    if _NO_SYSTEM.search(refusal.message):
        return EndpointRefused(
            f"{name}: {client.host} takes no system message: {refusal.message}; system = false in "
            "the model's table has it begin the user's message"
        )
    if refusal.status == 404 or (refusal.status in (400, 422) and unknown):
        return EndpointRefused(
            f"{name}: {client.base_url} does not know the model {model!r}: {refusal.message}"
        )
    return refusal


def _wants_other_name(refusal: Refusal) -> bool:
    """Say whether ``max_tokens`` itself is refused, and not only a value that is too high."""
    return _concerns(refusal, "max_tokens") and _NOT_SUPPORTED.search(refusal.message) is not None


def _concerns(refusal: Refusal, *parameters: str) -> bool:
    """Say whether a refusal is about one of these parameters."""
    if refusal.param:
        return refusal.param in parameters
    words = "|".join(map(re.escape, parameters))
    return re.search(rf"(?<![\w.])(?:{words})(?![\w])", refusal.message) is not None


def _replies(answer: dict[str, Any], wanted: int, latency: float) -> list[Reply]:
    if failure := failure_in(answer):
        raise TransientFailure(failure)
    given = answer.get("choices")
    choices = [as_mapping(choice) for choice in (given if isinstance(given, list) else ())]
    messages = [choice for choice in choices if _is_reply(choice)][:wanted]
    if not messages:
        told = next(filter(None, map(failure_in, choices)), "")
        raise TransientFailure(told or f"the answer holds no choice{_words_instead(answer)}")
    read = [read_message(choice["message"]) for choice in messages]
    usage = as_mapping(answer.get("usage"))
    # A prompt takes tokens, and so does a reply that says anything: 0 was not counted.
    prompt = whole_number(usage, "prompt_tokens") or None
    completion = whole_number(usage, "completion_tokens")
    if completion == 0 and any(
        _says_something(choice["message"], said)
        for choice, said in zip(messages, read, strict=True)
    ):
        completion = None
    shares = _shares(completion, len(messages))
    return [
        Reply(
            **vars(read[position]),
            answer_tokens=answer_tokens(choice, read[position].text),
            tool_calls=read_tool_calls(choice["message"].get("tool_calls")),
            finish_reason=str(choice.get("finish_reason") or ""),
            served_model=str(answer.get("model") or ""),
            fingerprint=str(answer.get("system_fingerprint") or ""),
            # One prompt was paid for.
            prompt_tokens=prompt if position == 0 else 0,
            completion_tokens=shares[position],
            latency_s=latency,
        )
        for position, choice in enumerate(messages)
    ]


def _says_something(message: Mapping[str, Any], said: Said) -> bool:
    return any(vars(said).values()) or bool(message.get("tool_calls"))


def _is_reply(choice: Mapping[str, Any]) -> bool:
    return bool(as_mapping(choice.get("message"))) and not failure_in(choice)


def failure_in(part: Mapping[str, Any]) -> str:
    """Return a server's words for a failure told inside a success, of all choices or of one."""
    error = part.get("error") or as_mapping(part.get("message")).get("error")
    ended = str(part.get("finish_reason") or "").lower()
    if not error and ended not in _BROKEN_OFF:
        return ""
    words = as_mapping(error).get("message") or (error if isinstance(error, str) else "")
    code = as_mapping(error).get("code") or ended
    named = f" ({shorten(str(code), MESSAGE_CHARACTERS)})" if code else ""
    said = shorten(str(words), MESSAGE_CHARACTERS) or "no reason given"
    return f"the server tells of an error{named}: {said}"


def _words_instead(answer: Mapping[str, Any]) -> str:
    """Return what a server says in the place of choices, where it says anything."""
    said = next((answer[name] for name in ("message", "detail") if answer.get(name)), "")
    return f": {shorten(str(said), MESSAGE_CHARACTERS)}" if said else ""


def _shares(total: int | None, parts: int) -> Sequence[int | None]:
    """Split what was counted of all choices so that the parts sum to it."""
    if total is None:
        return [None] * parts
    share, rest = divmod(total, parts)
    return [share + (position < rest) for position in range(parts)]


def whole_number(stated: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number that a server states; ``None`` for none, or one that cannot be true."""
    value = stated.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_TOKENS:
        return None
    return value
