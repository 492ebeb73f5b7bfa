"""The seam between this program and whatever answers: requests, replies and the Model protocol."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pytest_safescale.cells import PLAIN
from pytest_safescale.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.batch_endpoint import BatchEndpoint

__all__ = [
    "ANY_BATCH",
    "AnswerToken",
    "BatchModel",
    "BatchRefused",
    "EndpointFacts",
    "Exchange",
    "Message",
    "Model",
    "ModelInfo",
    "Nature",
    "ParameterRefused",
    "Question",
    "Reply",
    "Request",
    "Subject",
    "ToolCall",
    "ToolsRefused",
    "TransientFailure",
    "Unreachable",
    "as_mapping",
    "read_tool_calls",
]

ANY_BATCH = 10_000
"""The batch of an endpoint that gives as many samples in one request as are asked for."""

MOST_LISTED = 20
"""Tokens with probabilities that are asked for in each place: the most that OpenAI lists."""

Message = dict[str, Any]
"""One message in OpenAI's chat form: plain JSON data with at least ``role`` and ``content``."""


class Nature(str, Enum):
    """What kind of thing answers; every output labels what is not a model under test."""

    MODEL = "model"
    BASELINE = "a lexical baseline"
    SIMULATED = "simulated"


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What is known about a model before it is asked anything."""

    name: str
    """As it stands in test ids and reports; unique within a run."""
    provider: str
    """``openai``, ``python``, ``lexical`` or ``simulated``."""
    model: str
    """As the provider knows it: a served model's name, a callable's path, a profile."""
    revision: str = ""
    """What else shapes its replies, such as a hash of its source; part of the store's key."""
    identity: str = ""
    """A name or digest of its weights; in the store's key it stands in the address's place."""
    nature: Nature = Nature.MODEL
    base_url: str = ""
    """Its address, written in one way; part of the store's key; empty where it has none."""
    family: str = ""
    parameters_b: float | None = None
    """Parameters in billions."""
    active_parameters_b: float | None = None
    context_tokens: int = 32_768
    """The window; the default is taken where nobody states it."""
    confidence_from: str = "samples"
    """``logprobs`` where its single answers come with the probabilities of the options."""
    reasoning: bool = False
    """Whether it thinks before it answers and so needs room for that (4,096 tokens)."""
    max_tokens: int | None = None
    """Most tokens of an answer; ``None`` for 10, or 4,096 with ``reasoning``."""
    max_tokens_reasoning: int | None = None
    """Most tokens of an answer or turn with the thinking before it, where ``reasoning`` is on."""
    max_tokens_agent: int | None = None
    """Most tokens of an agent's turn; ``None`` for 1,024, or 4,096 with ``reasoning``."""
    max_tokens_retry: int | None = None
    """Most tokens of one further try of an answer that was cut at its limit; ``None`` for none."""
    price_in: float = 0.0
    """Money per million prompt tokens, in the user's unit."""
    price_out: float = 0.0
    """Money per million completion tokens, in the user's unit."""
    batch_discount: float = 0.0
    """The share of both prices that is taken off for replies that came by a batch."""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_parallel: int | None = None
    """Most calls of it at once; ``None`` for as many as the run makes."""
    shaping: Mapping[str, Any] = field(default_factory=dict)
    """What its table changes of every request, as JSON data; part of the store's key."""

    @property
    def answers_by_itself(self) -> bool:
        """Whether it answers in this process and for nothing: no endpoint, no code of a user's."""
        return self.provider in {"lexical", "simulated"}


class Question(Enum):
    """What a request asks of its case."""

    ANSWER = "answer"
    SUPPORT = "support"
    """What the evidence says of an option: SUPPORTS, CONTRADICTS or SILENT."""
    RISK = "risk"
    """Whether a wrong answer could harm: YES or NO."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Which case a request belongs to. Only simulated models look; it is never sent or stored."""

    item: Item
    condition: str
    """Of a repaired corpus, the condition beside it: equal prompts have one reply."""
    profile: str = PLAIN
    """The prompt profile whose answer is wanted; ``plain`` also for turns before the last."""
    shown_as: Mapping[str | None, str] = field(default_factory=dict)
    """The letter of each of the item's in the prompt, where another; of ``None`` the option that
    abstains."""
    question: Question = Question.ANSWER
    letter: str | None = None
    """The option that the question is about, where it is about one."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One prompt, asked for one or more samples."""

    messages: tuple[Message, ...]
    temperature: float
    max_tokens: int
    seed: int
    samples: tuple[int, ...] = (0,)
    """The indices of the samples wanted; each has its own reply and its own seed."""
    tools: tuple[dict[str, Any], ...] = ()
    letters: tuple[str, ...] = ()
    """Of the item whose answer is wanted, for models with an ``answer_format``; else unused."""
    logprobs: bool = False
    """Whether the reply is to come with the probabilities of its letters."""
    repeat: int = 0
    """Which further asking of the same it is; each is a call of its own. Not sent."""
    subject: Subject | None = None

    def for_samples(self, samples: Sequence[int]) -> Request:
        """Return the same request for other samples."""
        return replace(self, samples=tuple(samples))


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One call of a tool that the model asks for."""

    id: str
    name: str
    arguments: str
    """JSON text as the model wrote it, not yet trusted."""


@dataclass(frozen=True, kw_only=True)
class AnswerToken:
    """A token of a reply that is a single letter, and how probable each letter was in its place."""

    letter: str
    """A to Z, as it was said."""
    chances: Mapping[str, float]
    """By letter, as far as the endpoint listed it; all other text has what is left of 1."""
    article: bool = False
    """Whether it may be a word of a sentence, as in ``A chest film``."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back for one sample."""

    text: str
    reasoning: str = ""
    """Hidden reasoning that came in a field of its own; what ``text`` holds of it stays there."""
    refusal: str = ""
    """The words of the endpoint's own field for declining."""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    served_model: str = ""
    """The model's name as the server gave it."""
    fingerprint: str = ""
    """The server's ``system_fingerprint``, empty where it gives none."""
    prompt_tokens: int | None = None
    """As the server counted them; ``None`` where it stated no usable number, and never a guess."""
    completion_tokens: int | None = None
    latency_s: float | None = None
    """Seconds from sending the request to its full reply."""
    answer_tokens: tuple[AnswerToken, ...] | None = None
    """Where its visible text may name an answer; ``None`` where no probabilities came."""
    left_out: int = 0
    """Characters that were cut out of its text because it was too long to be kept."""
    by_batch: bool = False
    """Whether it came by a batch, and so at that price."""

    def came_by_batch(self) -> Reply:
        """Return it as a batch brought it: how long a batch takes is no model's latency."""
        return replace(self, latency_s=None, by_batch=True)


class TransientFailure(CallFailed):
    """A failure that asking again may mend."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        """Seconds the server asks to wait, where it says so."""
        super().__init__(reason)


class Unreachable(TransientFailure):
    """No connection to the endpoint could be made at all."""


class ToolsRefused(CallFailed):
    """The endpoint takes no ``tools``; the agent falls back to plain text."""


class BatchRefused(CallFailed):
    """The endpoint takes no ``n`` above one; samples are asked for one by one."""


class ParameterRefused(CallFailed):
    """The endpoint takes no parameter of this name; it is left out from now on: ask again."""


@dataclass(kw_only=True)
class EndpointFacts:
    """What has been learned about an endpoint by asking it; kept in the store between runs."""

    batch: int | None = None
    """How many samples it gives for one request; ``None`` while nobody has asked for several."""
    tools: bool = True
    """Whether it takes ``tools``, as far as known."""
    seed: bool = True
    """Whether it takes ``seed``, as far as known."""
    refused_temperatures: Sequence[float] = ()
    """Values of ``temperature`` that it refused; others it may take."""
    answer_format: str = ""
    """The parameter by which it holds to a format of answers; empty where none was probed."""
    logprobs: bool | None = None
    """Whether it gives the probabilities of tokens; ``None`` while nobody has asked for them."""
    top_logprobs: int = MOST_LISTED
    """How many tokens it lists in each place, as far as known."""
    max_tokens_name: str = "max_tokens"
    """The parameter that bounds the reply; some servers want ``max_completion_tokens``."""

    def refused(self) -> list[str]:
        """Return the parameters that it refused, in words."""
        known = {
            "seed": self.seed,
            **{f"temperature {value:g}": False for value in self.refused_temperatures},
            "max_tokens": self.max_tokens_name == "max_tokens",
            "tools": self.tools,
        }
        return [name for name, taken in known.items() if not taken]

    def learn_batch(self, wanted: int, came: int) -> None:
        """Take from one request for several samples how many the endpoint gives for one."""
        self.batch = ANY_BATCH if came == wanted else max(1, came)

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as plain JSON data."""
        return asdict(self)

    def update(self, facts: Mapping[str, Any]) -> None:
        """Take over facts kept by an earlier run; what is unknown here is passed over."""
        for name in self.as_dict():
            if name in facts:
                setattr(self, name, facts[name])


class Model(Protocol):
    """Whatever can be asked: one implementation per provider."""

    @property
    def info(self) -> ModelInfo:
        """What is known about it."""

    @property
    def facts(self) -> EndpointFacts:
        """What has been learned about its endpoint; the caller and the model both write it."""

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Make one round trip and return at least one reply, at most one per sample wanted.

        Raises:
            TransientFailure: asking again may help.
            CallFailed: this call cannot succeed.
            ParameterRefused: asked again at once, the request will be another.
            ToolsRefused, BatchRefused: the endpoint lacks a feature the request uses.
            EndpointRefused: no call can succeed.
        """

    async def aclose(self) -> None:
        """Release connections and threads."""


class Exchange(Protocol):
    """How a request comes to an endpoint in another way than at once, and its answer back."""

    async def __call__(
        self, request: Request, path: str, body: dict[str, Any], most_bytes: int, /
    ) -> dict[str, Any]:
        """Return the JSON object that answers a body sent to a path such as ``/embeddings``.

        ``request`` is what the body was made of; ``most_bytes`` bounds the answer. Raises what a
        client of the endpoint raises: TransientFailure, CallFailed.
        """


@runtime_checkable
class BatchModel(Model, Protocol):
    """A model whose requests can go to its endpoint as lines of a batch."""

    @property
    def batches(self) -> BatchEndpoint:
        """Where its batches are made."""

    async def ask_through(self, exchange: Exchange, request: Request) -> Sequence[Reply]:
        """Ask as `ask` does, with what is learned and raised there, but by another way."""


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return ``value`` if it is a JSON object, else an empty one: servers answer in all shapes."""
    return value if isinstance(value, dict) else {}


def read_tool_calls(calls: object) -> tuple[ToolCall, ...]:
    """Return the ``tool_calls`` of an OpenAI message; none where they are no list."""
    if not isinstance(calls, list):
        return ()
    functions = [(as_mapping(call), as_mapping(as_mapping(call).get("function"))) for call in calls]
    return tuple(
        ToolCall(
            id=str(call.get("id") or f"call_{position}"),
            name=str(function.get("name") or ""),
            arguments=_as_json_text(function.get("arguments")),
        )
        for position, (call, function) in enumerate(functions)
    )


def _as_json_text(arguments: object) -> str:
    # The form says text, but some servers give the object itself.
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {}, default=str)
