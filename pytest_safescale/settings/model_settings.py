"""The table of a model, ``[tool.safescale.models.NAME]``: its keys, and what each may be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pytest_safescale.settings.layer_settings import LayeredSettings, Table
from pytest_safescale.settings.serve_settings import ServeSettings  # noqa: TC001 (of pydantic)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FROM_ENVIRONMENT", "ModelSettings", "Table"]

FROM_ENVIRONMENT = "env:"
"""Begins a value of ``headers`` and ``query`` that names an environment variable."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A header's name: a token of RFC 9110, section 5.6.2."""
_SET_BY_US = (
    "accept",
    "accept-encoding",
    "authorization",
    "content-length",
    "content-type",
    "host",
)
_OWN_KEYS = {
    "temperature": "temperature and temperature_samples",
    "seed": "seed",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    **dict.fromkeys(
        ("response_format", "structured_outputs", "guided_choice", "grammar"), "answer_format"
    ),
    "logprobs": "confidence_from",
    "top_logprobs": "confidence_from",
    **dict.fromkeys(("model", "messages", "n", "stream", "tools"), "none; the program sets it"),
}
"""Parameters of a request that ``extra_body`` may not set, and the key that does."""
_OF_ENDPOINTS = (
    "confidence_from",
    "temperature",
    "temperature_samples",
    "seed",
    "omit",
    "extra_body",
    "system",
    "answer_format",
    "batch_discount",
    "headers",
    "query",
    "api_key_header",
    "connect_timeout_s",
    "read_timeout_s",
    "serve",
)
"""Keys that mean something for ``provider = "openai"`` alone."""

Parameter = Literal["temperature", "seed", "max_tokens"]
_KEYS_OF: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature", "temperature_samples"),
    "seed": ("seed",),
    "max_tokens": ("max_tokens", "max_tokens_reasoning", "max_tokens_agent", "max_tokens_retry"),
}
"""The keys that set a parameter."""


_OF_LAYERED = ("provider", "family", *LayeredSettings.model_fields)
"""Keys that ``provider = "layered"`` takes; all else is its base's."""


class ModelSettings(LayeredSettings):
    """A table ``[tool.safescale.models.NAME]``: a model that needs more than one word."""

    provider: Literal["openai", "python", "lexical", "simulated", "layered"]
    model: str = ""
    """The served model's name, the callable's path or the profile."""
    base_url: str | None = None
    api_key_env: str | None = None
    """The environment variable that holds the key."""
    api_key_header: str | None = None
    """The header that carries the bare key, in place of ``Authorization: Bearer``."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further headers of each request; ``env:NAME`` stands for an environment variable."""
    query: dict[str, str] = Field(default_factory=dict)
    """The query of each request's address; values as in ``headers``."""
    revision: str = ""
    """Set a new word when the same name now serves other weights: stored replies do not count."""
    identity: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    """A name or digest of the weights: stored replies count wherever they are served."""
    parameters_b: float | None = Field(default=None, gt=0)
    active_parameters_b: float | None = Field(default=None, gt=0)
    family: str = ""
    context_tokens: int | None = Field(default=None, ge=512)
    confidence_from: Literal["samples", "logprobs"] = "samples"
    """Whether the single answer is asked for with the probabilities of the options."""
    reasoning: bool = False
    max_tokens: int | None = Field(default=None, ge=1)
    max_tokens_reasoning: int | None = Field(default=None, ge=1)
    """In the place of 4,096 where ``reasoning`` is on."""
    max_tokens_agent: int | None = Field(default=None, ge=1)
    max_tokens_retry: int | None = Field(default=None, ge=2)
    """For one further try of an answer that was cut at its limit; none unless given."""
    temperature: float | None = Field(default=None, ge=0, le=5)
    """Of single answers and an agent's turns, in the place of 0."""
    temperature_samples: float | None = Field(default=None, gt=0, le=5)
    """Of samples, in the place of the protocol's 0.7."""
    seed: int | None = Field(default=None, ge=0, lt=2**31)
    """In the place of the run's."""
    omit: tuple[Parameter, ...] = ()
    """Parameters that no request has."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Further parameters of each request."""
    system: bool = True
    """Whether the endpoint takes a system message; else it begins the first user message."""
    answer_format: Literal["json", "choice"] | None = None
    """How answers are wanted as structured output; as free text unless given."""
    price_in: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)
    batch_discount: float = Field(default=0.5, ge=0, le=1)
    """The share of both prices that is taken off for replies that come by a batch."""
    serve: ServeSettings | None = None
    """The server that a run starts for it, or the command alone."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    max_parallel: int | None = Field(default=None, ge=1, le=4096)
    """Most calls of it at once; as ``concurrency`` unless set."""
    timeout_s: float = Field(default=120.0, gt=0)
    connect_timeout_s: float = Field(default=10.0, gt=0)
    read_timeout_s: float | None = Field(default=None, gt=0)
    """The longest silence of a server; ``None`` for as long as the exchange may take."""
    profile: dict[str, Any] | None = None
    """Rates of a simulated model of one's own."""

    @field_validator("serve", mode="before")
    @classmethod
    def _command_or_table(cls, value: object) -> object:
        return {"command": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_address(self) -> ModelSettings:
        if self.serve is not None and self.base_url is not None:
            raise ValueError("base_url and serve are both given; allowed: one of them")
        return self

    @field_validator("max_tokens_reasoning")
    @classmethod
    def _reasons(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and not info.data.get("reasoning"):
            raise ValueError("it is of a model that thinks: reasoning = true is needed beside it")
        return value

    @field_validator("omit")
    @classmethod
    def _left_out_or_set(
        cls, value: tuple[Parameter, ...], info: ValidationInfo
    ) -> tuple[Parameter, ...]:
        for parameter in value:
            given = [name for name in _KEYS_OF[parameter] if info.data.get(name) is not None]
            if given:
                raise ValueError(f"{given[0]} sets what is to be left out; allowed: one of them")
        return tuple(dict.fromkeys(value))

    @field_validator("extra_body")
    @classmethod
    def _further(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name in _OWN_KEYS:
                raise ValueError(f"{name!r} is no further parameter; its key: {_OWN_KEYS[name]}")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError("allowed: what JSON has, so no dates, nan or inf") from None
        return value

    @field_validator("headers")
    @classmethod
    def _names_of_headers(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name.lower() in _SET_BY_US or not _HEADER.fullmatch(name):
                raise ValueError(
                    f"{name[:40]!r} is no header to add; allowed: any but {', '.join(_SET_BY_US)}; "
                    "api_key_header names the key's own"
                )
        return value

    @field_validator("api_key_header")
    @classmethod
    def _name_of_a_header(cls, value: str | None) -> str | None:
        if value is not None and not _HEADER.fullmatch(value):
            raise ValueError("allowed: the name of a header, such as api-key")
        return value

    @model_validator(mode="after")
    def _of_endpoints(self) -> ModelSettings:
        given = [name for name in _OF_ENDPOINTS if name in self.model_fields_set]
        if given and self.provider != "openai":
            raise ValueError(f'{given[0]} is a key of provider = "openai" alone')
        return self

    @model_validator(mode="after")
    def _of_layers(self) -> ModelSettings:
        if self.provider != "layered":
            if given := [
                name for name in LayeredSettings.model_fields if name in self.model_fields_set
            ]:
                raise ValueError(f'{given[0]} is a key of provider = "layered" alone')
            return self
        if others := sorted(self.model_fields_set.difference(_OF_LAYERED)):
            raise ValueError(f"{others[0]} is a key of the model that the layers are around")
        if not self.base:
            raise ValueError("base is missing; allowed: the model that the layers are around")
        self.check_layers()
        return self
