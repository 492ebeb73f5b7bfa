"""What two runs' manifests have in common, and how the models they name were served."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_counts import CaseCounts
    from pytest_safescale.results.manifest_models import ModelRow, Served

__all__ = [
    "FACTS",
    "SUPERSEDED",
    "changed_values",
    "cut_notices",
    "differing",
    "fact",
    "failed_tests",
    "newly_served",
    "probability_notices",
    "sample_notices",
    "search_notices",
    "served_notices",
]

_LONGEST = 24
SUPERSEDED = "run.superseded.json"
"""The run.json of a run in whose folder another one began, as long as its cases stand there."""
FACTS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "data set": ("dataset", "sha256"),
        "number of items": ("dataset", "items"),
        "clusters": ("dataset", "clustered"),
        "corpus": ("corpus",),
        "corpus repair": ("corpus_repair",),
        "ranker": ("ranker",),
        "prompt": ("prompt_sha256",),
        "prompt profiles": ("profiles",),
        "agent's prompt": ("agent_prompt_sha256",),
        "decoding": ("decoding",),
        "seed": ("seed",),
        "conditions": ("conditions",),
        "ensembles": ("ensembles",),
        "words for labels": ("labels",),
        "rule for labels": ("label_rule",),
        "severities": ("severity",),
        "metrics of one's own": ("custom_metrics",),
        "robustness": ("robustness",),
        "pytest-safescale version": ("versions", "pytest-safescale"),
        "versions": ("versions",),
        "lock": ("lock", "sha256"),
    }
)
"""Where a manifest states what shapes cases and figures, by the words for it."""


def fact(manifest: Manifest, name: str) -> object:
    """Return what a manifest states under a name of FACTS; ``None`` for nothing."""
    value: object = manifest
    for key in FACTS[name]:
        value = value.get(key) if isinstance(value, dict) else None
    return value or None


def failed_tests(manifest: Manifest) -> int:
    """Return how many tests of a run failed beside its gates, such as strict findings."""
    failed = manifest.get("failed_tests")
    return failed["tests"] if failed else 0


def differing(one: Manifest, other: Manifest, names: Iterable[str]) -> list[str]:
    """Return the names of what two manifests state otherwise."""
    return [name for name in names if fact(one, name) != fact(other, name)]


def changed_values(now: object, before: object) -> str:
    """Return, in brackets, what two runs state of one thing; empty where that is long."""
    if isinstance(now, dict) and isinstance(before, dict):
        keys = [key for key in {**now, **before} if now.get(key) != before.get(key)]
        told = (f"{key} {before.get(key)}, here {now.get(key)}" for key in keys)
        return f" ({'; '.join(told)})"
    short = max(len(str(now)), len(str(before))) <= _LONGEST
    return f" ({before}, here {now})" if short else ""


def served_notices(models: Iterable[ModelRow]) -> list[str]:
    """Say which models of a run answered under more than one name or fingerprint."""
    return [
        f"{model['name']} answered as {_served_names(model['served'])}: "
        "what was served changed within the run"
        for model in models
        if len(model["served"]) > 1
    ]


def sample_notices(cases: CaseCounts) -> list[str]:
    """Say how many cases of a manifest lack samples they were to have, and why."""
    lacking = cases.get("lacking_samples")
    if not lacking or not lacking["cases"]:
        return []
    why = f"; the first: {lacking['reason']}" if lacking["reason"] else ""
    return [
        f"self-consistency: {lacking['cases']} of {cases['recorded']} cases lack samples they were "
        f"to have{why}"
    ]


def search_notices(cases: CaseCounts) -> list[str]:
    """Say in how many cases of a manifest the corpus held not a word of what was searched for."""
    unmatched = cases.get("unmatched")
    if not unmatched or not unmatched["cases"]:
        return []
    return [
        f"retrieval: in {unmatched['cases']} of {cases['recorded']} cases no passage of the corpus "
        f"holds a word of the query ({unmatched['searches']} searches): a question gets the first "
        "passages of the file there, an agent none"
    ]


def probability_notices(cases: CaseCounts) -> list[str]:
    """Say how many answers of a manifest lack the probabilities that were asked for."""
    lacking = cases.get("lacking_probabilities")
    if not lacking or not lacking["cases"]:
        return []
    return [
        f"option probabilities: {lacking['cases']} of {lacking['of']} answers came without those "
        "of a token that is their letter, and are in no figure by them"
    ]


def cut_notices(cases: CaseCounts) -> list[str]:
    """Say of which models answers were cut before they were given, and what gives them room."""
    states = cases.get("states") or {}
    cut = {model: counts["forms"].get("cut", 0) for model, counts in states.items()}
    return [
        f"{model}: {count} single answer{'s' if count > 1 else ''} cut at the token limit before "
        "an option was named: reasoning = true, or a larger max_tokens or max_tokens_retry, in the "
        "model's table gives room"
        for model, count in cut.items()
        if count
    ]


def newly_served(
    now: Iterable[ModelRow],
    before: Mapping[str, Sequence[Served]],
    *,
    where: str = "in the baseline",
) -> list[str]:
    """Say which models of one name answered otherwise than ``before``, as served by name.

    A model that nobody renamed and the server answers for under another name or fingerprint is
    another model.
    """
    return [
        f"{model['name']} answered as {_served_names(model['served'])}, {where} as "
        f"{_served_names(before[model['name']])}: what is served was changed"
        for model in now
        if model["served"]
        and before.get(model["name"])
        and _served_names(model["served"]) != _served_names(before[model["name"]])
    ]


def _served_names(served: Iterable[Served]) -> str:
    names = (
        f"{one['model']} ({one['fingerprint']})" if one["fingerprint"] else one["model"]
        for one in served
    )
    return ", ".join(name or "no name" for name in names)
