"""What an OpenAI message says: its visible words, its hidden reasoning, its refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.models.model import as_mapping
from pytest_safescale.text.escaping import writable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Said", "read_message"]

_HIDDEN_FIELDS = ("reasoning_content", "reasoning", "thinking")
"""Where servers put reasoning beside the content: vLLM, SGLang and DeepSeek, OpenRouter, Ollama."""
_HIDDEN_PARTS = ("reasoning", "reasoning_text", "thinking")
_SHOWN_PARTS = ("text", "output_text")


@dataclass(frozen=True, kw_only=True)
class Said:
    """The parts of a message that are kept; each is empty where there is none."""

    text: str
    """What the user is meant to see."""
    reasoning: str
    refusal: str
    """The endpoint's own field for declining, which stands in the place of content."""


def read_message(message: Mapping[str, Any]) -> Said:
    """Return what a message says, in whichever form its server gives it."""
    content = message.get("content")
    parts = [as_mapping(part) for part in content] if isinstance(content, list) else []
    text = content if isinstance(content, str) else _joined(parts, _SHOWN_PARTS)
    hidden = next((told for told in map(message.get, _HIDDEN_FIELDS) if told), None)
    details = message.get("reasoning_details")
    reasoning = (
        _words(hidden)
        or _joined(parts, _HIDDEN_PARTS)
        or "".join(map(_words, details if isinstance(details, list) else ()))
    )
    refusal = _words(message.get("refusal")) or _joined(parts, ("refusal",))
    return Said(text=writable(text), reasoning=writable(reasoning), refusal=writable(refusal))


def _joined(parts: Iterable[Mapping[str, Any]], kinds: tuple[str, ...]) -> str:
    return "".join(_words(part) for part in parts if part.get("type", "text") in kinds)


def _words(value: object) -> str:
    """Return the text of a field: text itself, an object that holds it, or a list of those."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part if isinstance(part, str) else _own_words(part) for part in value)
    return _own_words(value)


def _own_words(value: object) -> str:
    if not isinstance(value, dict):
        return ""
    part: Mapping[str, Any] = value
    named = (part.get(name) for name in ("text", "thinking", "reasoning", "refusal", "summary"))
    for told in named:
        if isinstance(told, str) and told:
            return told
        if isinstance(told, list):  # Mistral: a thinking part holds a list of text parts
            return "".join(str(as_mapping(inner).get("text") or "") for inner in told)
    return ""
