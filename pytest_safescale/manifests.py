"""What two runs' manifests have in common, and how the models they name were served."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Model = Mapping[str, Any]

__all__ = ["FACTS", "differing", "fact", "newly_served", "served_notices"]

FACTS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "data set": ("dataset", "sha256"),
        "number of items": ("dataset", "items"),
        "corpus": ("corpus",),
        "ranker": ("ranker",),
        "prompt": ("prompt_sha256",),
        "agent's prompt": ("agent_prompt_sha256",),
        "decoding": ("decoding",),
        "seed": ("seed",),
        "conditions": ("conditions",),
        "ensembles": ("ensembles",),
        "words for labels": ("labels",),
        "metrics of one's own": ("custom_metrics",),
        "robustness": ("robustness",),
        "pytest-safescale version": ("versions", "pytest-safescale"),
        "versions": ("versions",),
    }
)
"""Where a manifest states what shapes cases and figures, by the words for it."""


def fact(manifest: Mapping[str, Any], name: str) -> Any:
    """Return what a manifest states under a name of FACTS; ``None`` for nothing."""
    value: Any = manifest
    for key in FACTS[name]:
        value = value.get(key) if isinstance(value, dict) else None
    return value or None


def differing(one: Mapping[str, Any], other: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the names of what two manifests state otherwise."""
    return [name for name in names if fact(one, name) != fact(other, name)]


def served_notices(models: Iterable[Model]) -> list[str]:
    """Say which models of a run answered under more than one name or fingerprint."""
    return [
        f"{model['name']} answered as {_told(model['served'])}: "
        "what was served changed within the run"
        for model in models
        if len(model["served"]) > 1
    ]


def newly_served(now: Iterable[Model], before: Iterable[Model]) -> list[str]:
    """Say which models of one name answered otherwise than in an earlier run.

    A model that nobody renamed and the server answers for under another name or fingerprint is
    another model.
    """
    earlier = {model["name"]: model["served"] for model in before}
    return [
        f"{model['name']} answered as {_told(model['served'])}, in the baseline as "
        f"{_told(earlier[model['name']])}: what is served was changed"
        for model in now
        if model["served"]
        and earlier.get(model["name"])
        and _told(model["served"]) != _told(earlier[model["name"]])
    ]


def _told(served: Iterable[Mapping[str, str]]) -> str:
    names = (
        f"{one['model']} ({one['fingerprint']})" if one["fingerprint"] else one["model"]
        for one in served
    )
    return ", ".join(name or "no name" for name in names)
