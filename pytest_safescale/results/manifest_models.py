"""The models of a manifest: who was asked, how each answered and what it took."""

from __future__ import annotations

from typing import Any

from typing_extensions import NotRequired, TypedDict

__all__ = [
    "ModelRow",
    "SecondReaderOfRun",
    "Served",
    "TokenCounts",
]


class Served(TypedDict):
    """A name and fingerprint that a model answered under; empty where the server gave none."""

    model: str
    fingerprint: str


class TokenCounts(TypedDict):
    """Tokens that replies took."""

    prompt_tokens: int
    completion_tokens: int
    estimated_tokens: NotRequired[int]
    """How many of both are estimates."""


class ModelRow(TypedDict, total=False):
    """A model: the fields of ``ModelInfo``, and how it answered."""

    name: str
    provider: str
    model: str
    revision: str
    identity: str
    nature: str
    base_url: str
    family: str
    parameters_b: float | None
    active_parameters_b: float | None
    context_tokens: int | None
    confidence_from: str
    reasoning: bool
    max_tokens: int | None
    max_tokens_reasoning: int | None
    max_tokens_agent: int | None
    max_tokens_retry: int | None
    price_in: float
    price_out: float
    batch_discount: float
    requests_per_minute: float | None
    tokens_per_minute: float | None
    max_parallel: int | None
    shaping: dict[str, Any]
    refused: list[str]
    """Parameters that its endpoint refused, in words."""
    answer_format_parameter: str | None
    """The parameter by which its endpoint takes the answer's form."""
    served: list[Served]
    tokens: TokenCounts
    """Behind its figures."""


class SecondReaderOfRun(TypedDict, total=False):
    """The model that reads what the rules cannot, and what it read."""

    name: str
    model: str
    revision: str
    price_in: float
    price_out: float
    served: list[Served]
    tokens: TokenCounts
    unreadable: dict[str, int]
    """Of replies that the rules could not read: how many were asked for, and what it said."""
    agreement: Agreement


class Agreement(TypedDict):
    """How far second reader and rules agree on replies that both can read."""

    n: int
    alike: int
    value: float | None
    low: float | None
    """The exact 95 % interval: its ends."""
    high: float | None
