"""Sentences on models that are not asked as the protocol says (docs/models.md, "Decoding")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.models.model import EndpointFacts, ModelInfo

__all__ = ["decoding_notices", "refusal_notices"]

_UNSENT = "are drawn at the endpoint's own temperature, as no request states one"
_ALIKE = "; where that is 0 all samples of a case are alike and their confidence says nothing"


def decoding_notices(info: ModelInfo) -> Iterator[str]:
    """Say at which temperature a model is asked where its table has it otherwise."""
    shaping = info.shaping
    if "temperature" in shaping.get("omit", ()):
        yield f"{info.name}: single answers and samples {_UNSENT}{_ALIKE}"
    if wanted := shaping.get("answer_format"):
        yield (
            f"{info.name}: answers are asked for as structured output (answer_format = "
            f'"{wanted}"), not as free text'
        )
    for name, kind in (("temperature", "single answers"), ("temperature_samples", "samples")):
        if shaping.get(name):
            said = f"{kind} are drawn at temperature {shaping[name]:g}"
            yield f"{info.name}: {said}, as its table says"


def refusal_notices(info: ModelInfo, facts: EndpointFacts) -> Iterator[str]:
    """Say what follows from a temperature that a model's endpoint refuses."""
    if info.provider != "openai" or "temperature" in info.shaping.get("omit", ()):
        return
    kinds = (("temperature", 0.0, "single answers"), ("temperature_samples", 0.7, "samples"))
    for name, usual, kind in kinds:
        wanted = info.shaping.get(name, usual)
        if wanted in facts.refused_temperatures:
            alike = _ALIKE if kind == "samples" else ""
            refuses = f"the endpoint refuses temperature {wanted:g}"
            yield f"{info.name}: {refuses}: {kind} {_UNSENT}{alike}"
