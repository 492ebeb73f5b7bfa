"""What the store keeps of calls, and what it says of them: keys, claims, replies as text, costs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from pytest_safescale.calls.usage import money_of
from pytest_safescale.cells import PLAIN
from pytest_safescale.models.model import AnswerToken, ModelInfo, Reply, Request, ToolCall

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_safescale.calls.batch_jobs import Line
    from pytest_safescale.calls.usage import Usage
    from pytest_safescale.models.model import Subject

__all__ = [
    "SPENT",
    "Claim",
    "Kept",
    "Row",
    "Spent",
    "StoredReply",
    "Wanted",
    "call_key",
    "reply_of",
    "share_out",
    "stored_reply",
    "what_is_unusual",
    "written_reply",
]

Wanted = tuple[bytes, "Sequence[int]"]
"""A call's key, and the samples of it that are wanted."""


class Row(NamedTuple):
    """A reply as the store has it."""

    call: bytes
    sample: int
    model: str
    base_url: str
    run: str
    """The run that made it."""
    reply: Reply
    stored_at: float
    """Seconds since 1970."""


class StoredReply(NamedTuple):
    """A reply that is kept, and since when."""

    reply: Reply
    stored_at: float
    """Seconds since 1970. With its call and sample it tells a reply from any other."""
    earlier: bool
    """Whether another run than this one made it."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What became of the samples a process asked for."""

    stored: Mapping[int, StoredReply]
    """Replies that are there already."""
    mine: tuple[int, ...] = ()
    """Samples this process has to ask for now."""
    elsewhere: tuple[int, ...] = ()
    """Samples that another living process is asking for."""
    failed: str | None = None
    """Why the call failed for good in this run, where it did: nobody tries it again."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What calls have cost."""

    calls: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    """Requests sent because an earlier one failed."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated_tokens: int = 0
    """How many of both are estimates."""
    money: float = 0.0
    """In the user's own unit."""

    def having_taken(self, info: ModelInfo, usage: Usage) -> Spent:
        """Return the same calls with what their replies took, at the model's prices."""
        return replace(
            self,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            estimated_tokens=usage.estimated_tokens,
            money=money_of(info, usage),
        )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Replies to one call, ready to be kept."""

    call: bytes
    model: str
    base_url: str
    replies: Mapping[int, Reply]
    """By sample index."""
    at: float
    """When they came, in seconds since 1970."""
    spent: Spent
    lines: tuple[Line, ...] = ()
    """The requests of batches that brought them: these hold them no more."""


_DEFAULTS = {field.name: field.default for field in fields(Reply)}
_OBJECTS = ("tool_calls", "answer_tokens")
"""Fields of a reply that are objects of their own."""
_KINDS = {name: kind for name, kind in get_type_hints(Reply).items() if name not in _OBJECTS}
_IN_ORDER = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))
SPENT = (
    "calls",
    "retries",
    "prompt_tokens",
    "completion_tokens",
    "estimated_tokens",
    "money",
)


def call_key(info: ModelInfo, request: Request) -> bytes:
    """Return the key of a request, over everything that shapes its reply but the sample index.

    A repeat shapes nothing, and is asked all the same: its number makes a call of its own.
    """
    parts = {
        "provider": info.provider,
        "model": info.model,
        "revision": info.revision,
        # An address and a word that names weights are never taken for one another.
        "origin": {"identity": info.identity} if info.identity else {"address": info.base_url},
        "messages": request.messages,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "tools": request.tools,
    }
    if request.repeat:
        parts["repeat"] = request.repeat
    if request.logprobs:
        parts["logprobs"] = True
    if info.shaping:
        parts["shaping"] = dict(info.shaping)
    if "answer_format" in info.shaping:
        parts["letters"] = request.letters
    if request.subject is not None and info.provider == "simulated":
        parts["subject"] = _subject(request.subject)
    return hashlib.sha256(_IN_ORDER.encode(parts).encode("ascii")).digest()


def _subject(subject: Subject) -> list[object]:
    """Return what a simulated model's reply depends on beside its messages."""
    case: list[object] = [subject.item.content_sha256, subject.condition]
    return case if subject.profile == PLAIN else [*case, subject.profile]


def share_out(
    samples: Sequence[int],
    stored: Mapping[int, StoredReply],
    others: Collection[int],
    failed: str | None,
) -> Claim:
    """Say what of one call is there, what another process asks for, and what is left to ask.

    ``others`` are the samples that other living processes have claimed.
    """
    if failed is not None:
        return Claim(stored=stored, failed=failed)
    missing = [sample for sample in samples if sample not in stored]
    elsewhere = tuple(sample for sample in missing if sample in others)
    mine = tuple(sample for sample in missing if sample not in elsewhere)
    return Claim(stored=stored, mine=mine, elsewhere=elsewhere)


def written_reply(reply: Reply) -> str:
    """Return a reply as JSON: what is as usual is left out."""
    return json.dumps(what_is_unusual(reply))


def what_is_unusual(reply: Reply) -> dict[str, Any]:
    """Return the fields of a reply that are not as usual, as plain JSON data."""
    given = vars(reply)
    said = {name: given[name] for name in given if given[name] != _DEFAULTS[name]}
    if reply.tool_calls:
        said["tool_calls"] = [vars(call) for call in reply.tool_calls]
    if reply.answer_tokens is not None:
        said["answer_tokens"] = [vars(token) for token in reply.answer_tokens]
    return said


def stored_reply(body: str | bytes) -> Reply | None:
    """Return a reply that was written as JSON; ``None`` where that is damaged."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return reply_of(said)


def reply_of(said: Any) -> Reply | None:
    """Return the reply of its fields, as plain JSON data; ``None`` where they are damaged."""
    try:
        said["tool_calls"] = tuple(ToolCall(**call) for call in said.get("tool_calls", ()))
        if (tokens := said.get("answer_tokens")) is not None:
            said["answer_tokens"] = tuple(AnswerToken(**token) for token in tokens)
        reply = Reply(**said)
    except (ValueError, TypeError, AttributeError):
        return None
    return reply if _is_whole(reply) else None


def _is_whole(reply: Reply) -> bool:
    """Say whether every field of a reply has a value of its kind."""
    words = (word for call in reply.tool_calls for word in vars(call).values())
    return (
        all(isinstance(word, str) for word in words)
        and all(map(_is_whole_token, reply.answer_tokens or ()))
        and all(isinstance(getattr(reply, name), kind) for name, kind in _KINDS.items())
    )


def _is_whole_token(token: AnswerToken) -> bool:
    return (
        isinstance(token.letter, str)
        and isinstance(token.article, bool)
        and isinstance(token.chances, dict)
        and all(isinstance(chance, float) and 0 <= chance <= 1 for chance in token.chances.values())
    )
