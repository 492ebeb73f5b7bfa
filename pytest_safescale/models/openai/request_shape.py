"""What a model's table changes of its requests, and the request that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.models.model import EndpointFacts, Message, Request
    from pytest_safescale.settings.model_settings import ModelSettings

__all__ = ["RequestShape"]


@dataclass(frozen=True, kw_only=True)
class RequestShape:
    """How every request of a model differs from what the protocol asks."""

    temperature: float | None = None
    """Of single answers and an agent's turns, where it is not 0."""
    temperature_samples: float | None = None
    """Of samples, where it is not the protocol's."""
    seed: int | None = None
    """In the place of the run's."""
    omit: tuple[str, ...] = ()
    """Parameters that are never sent: ``temperature``, ``seed``, ``max_tokens``."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters, as JSON data."""
    system: bool = True
    """Whether there are system messages; else they begin the first user message."""
    answer_format: str | None = None
    """``json`` or ``choice`` where answers are wanted as structured output."""

    @classmethod
    def of(cls, table: ModelSettings) -> RequestShape:
        """Return what a model's table says."""
        return cls(**{name: getattr(table, name) for name in cls.__dataclass_fields__})

    def told(self) -> dict[str, Any]:
        """Return what differs, as JSON data: part of the manifest and of the store's key."""
        plain = RequestShape()
        given = {name: value for name, value in vars(self).items() if value != getattr(plain, name)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}

    def payload(self, request: Request, facts: EndpointFacts) -> dict[str, Any]:
        """Return the body of a request but for its model, without what the endpoint refuses."""
        messages = list(request.messages)
        payload: dict[str, Any] = {
            "messages": messages if self.system else without_system(messages)
        }
        temperature = self._temperature(request)
        if temperature is not None and temperature not in facts.refused_temperatures:
            payload["temperature"] = temperature
        if "max_tokens" not in self.omit:
            payload[facts.max_tokens_name] = request.max_tokens
        if facts.seed and "seed" not in self.omit:
            seed = request.seed if self.seed is None else self.seed
            # Single samples need seeds of their own, or a server gives the same one every time.
            payload["seed"] = seed + request.samples[0]
        if len(request.samples) > 1:
            payload["n"] = len(request.samples)
        if request.logprobs:
            payload |= {"logprobs": True, "top_logprobs": facts.top_logprobs}
        if request.tools:
            payload["tools"] = list(request.tools)
        return {**payload, **self.extra_body}

    def _temperature(self, request: Request) -> float | None:
        """Return the temperature to ask for; ``None`` for none."""
        if "temperature" in self.omit:
            return None
        own = self.temperature_samples if request.temperature > 0 else self.temperature
        return request.temperature if own is None else own


def without_system(messages: Sequence[Message]) -> list[Message]:
    """Return messages with what the system messages say at the beginning of the first user's."""
    told = [str(message["content"]) for message in messages if message["role"] == "system"]
    kept = [dict(message) for message in messages if message["role"] != "system"]
    first = next((message for message in kept if message["role"] == "user"), None)
    if first is None:
        first = {"role": "user", "content": ""}
        kept.insert(0, first)
    first["content"] = "\n\n".join(filter(None, (*told, first["content"])))
    return kept
