"""What the store keeps of calls, and what it says of them: keys, claims, replies as text, costs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.models.model import ModelInfo, Reply, Request, ToolCall

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = [
    "SPENT",
    "Claim",
    "Kept",
    "Spent",
    "Wanted",
    "call_key",
    "read_reply",
    "share_out",
    "written_reply",
]

Wanted = tuple[bytes, "Sequence[int]"]
"""A call's key, and the samples of it that are wanted."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What became of the samples a process asked for."""

    stored: Mapping[int, Reply]
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
    money: float = 0.0
    """In the user's own unit."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Replies to one call, ready to be kept."""

    call: bytes
    model: str
    base_url: str
    replies: Mapping[int, Reply]
    """By sample index."""
    spent: Spent


SPENT = ("calls", "retries", "prompt_tokens", "completion_tokens", "money")


def call_key(info: ModelInfo, request: Request) -> bytes:
    """Return the key of a request, over everything that shapes its reply but the sample index."""
    parts = {
        "provider": info.provider,
        "model": info.model,
        "revision": info.revision,
        "messages": request.messages,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "tools": request.tools,
    }
    if request.subject is not None and info.provider == "simulated":
        parts["subject"] = [request.subject.item.content_sha256, request.subject.condition]
    packed = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(packed.encode("ascii")).digest()


def share_out(
    samples: Sequence[int],
    stored: Mapping[int, Reply],
    owners: Mapping[int, str],
    alive: Collection[str],
    failed: str | None,
) -> Claim:
    """Say what of one call is there, what another process asks for, and what is left to ask."""
    if failed is not None:
        return Claim(stored=stored, failed=failed)
    missing = [sample for sample in samples if sample not in stored]
    elsewhere = tuple(sample for sample in missing if owners.get(sample) in alive)
    mine = tuple(sample for sample in missing if sample not in elsewhere)
    return Claim(stored=stored, mine=mine, elsewhere=elsewhere)


def written_reply(reply: Reply) -> str:
    """Return a reply as the store keeps it."""
    fields = {key: value for key, value in vars(reply).items() if value not in ("", ())}
    if reply.tool_calls:
        fields["tool_calls"] = [vars(call) for call in reply.tool_calls]
    return json.dumps(fields)


def read_reply(body: str) -> Reply:
    """Return a reply that was kept."""
    fields = json.loads(body)
    fields.setdefault("text", "")
    if "tool_calls" in fields:
        fields["tool_calls"] = tuple(ToolCall(**call) for call in fields["tool_calls"])
    return Reply(**fields)
