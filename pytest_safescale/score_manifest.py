"""What a report of existing results says of where they come from."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_safescale.conclude import versions_used
from pytest_safescale.conditions.catalogue import CONDITIONS
from pytest_safescale.report.reading import read_run
from pytest_safescale.run import nature_notices
from pytest_safescale.scoring.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.items.item import Dataset
    from pytest_safescale.scoring.panel import Panel
    from pytest_safescale.scoring.results import ResultsReader

__all__ = ["DEFINITIONS", "ScoreOptions", "Scored", "score_manifest"]

DEFINITIONS = ("default", "release")
"""Ours (metrics.md, part A), and those of the paper's released scripts (part B)."""

_OF_RELEASE = (
    "figures by the definitions of the paper's released scripts, for reproducing published "
    "numbers; verdicts of single cases and analyses are by our own"
)
_OF_A_RUN = ("corpus", "ranker", "prompt_sha256", "agent_prompt_sha256", "decoding")
"""What is taken over from the reports read, where they agree."""
_UNKNOWN_MODEL: dict[str, Any] = {
    "provider": "results",
    "model": "",
    "revision": "",
    "family": "",
    "parameters_b": None,
    "active_parameters_b": None,
    "context_tokens": None,
    "reasoning": False,
    "served": [],
}
_CONFIGURED = (
    "revision",
    "family",
    "parameters_b",
    "active_parameters_b",
    "context_tokens",
    "reasoning",
)


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """How existing results are scored."""

    definitions: str = "default"
    """One of DEFINITIONS."""
    answers: str = "checked"
    """``checked``, or ``raw`` for letters read from the replies by our own reader."""
    allow_partial: bool = False
    """Whether to score what can be scored of damaged results."""
    ref: str = ""
    """How the user named the data set."""
    seed: int = SEED
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the configuration says of models, by name: family, parameters_b ..."""
    ensembles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Models that vote, by the ensemble's name."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Results that were read to their end."""

    reader: ResultsReader
    panel: Panel
    dataset: Dataset
    options: ScoreOptions
    natures: Mapping[str, str]
    """What kind of thing answered, by model."""
    cases: int
    errors: int
    """Cases without a single answer."""
    adaptive: bool
    """Whether sampling stopped early anywhere."""
    start: datetime


def score_manifest(scored: Scored) -> dict[str, Any]:
    """Return the manifest, with the keys that a run's has; unknown is ``None``.

    Raises DatasetError where a report among the results has a run.json that cannot be read.
    """
    dataset, options = scored.dataset, scored.options
    earlier = [
        read_run(folder).manifest
        for folder in scored.reader.own_folders
        if (folder / "run.json").is_file()
    ]
    return {
        "run_id": secrets.token_hex(8),
        "versions": versions_used(),
        "notices": list(dict.fromkeys(_notices(scored, earlier))),
        "start": scored.start.isoformat(timespec="seconds"),
        "end": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "scored": {
            "files": scored.reader.files,
            "definitions": options.definitions,
            "answers": options.answers,
            "partial": bool(scored.reader.problems),
            "problems": [asdict(problem) for problem in scored.reader.problems],
        },
        "dataset": {
            "name": dataset.name,
            "ref": options.ref or dataset.name,
            "sha256": dataset.sha256,
            "items": len(dataset.items),
            "notice": dataset.notice,
        },
        **_of_a_run(scored, earlier),
        "models": _models(scored, earlier),
        "conditions": _ordered(scored.panel.conditions),
        "seed": options.seed,
        "replay": False,
        "cases": {"of_the_run": scored.cases, "recorded": scored.cases, "left_out": []},
        "errors": scored.errors,
        "calls": {"made": 0, "retries": 0, "replies_made": 0, "replies_from_store": 0},
        "tokens": {},
        "cost": {},
    }


def _notices(scored: Scored, earlier: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    dataset, options, problems = scored.dataset, scored.options, scored.reader.problems
    if problems:
        yield (
            "only a part of the results could be scored (--allow-partial); "
            f"problems, each named below: {len(problems)}"
        )
    if dataset.notice:
        yield dataset.notice
    yield from nature_notices(scored.natures)
    if not dataset.labelled:
        yield f"{dataset.name} carries no safety labels: rates of danger are unknown"
    if options.definitions == "release":
        yield _OF_RELEASE
    if options.answers == "raw":
        yield "letters were read from the replies by our own reader, not taken as checked"
    for manifest in earlier:
        yield from manifest.get("notices", ())
    yield from scored.reader.remarks()
    for name, models in options.ensembles.items():
        if lacking := [model for model in models if model not in scored.panel.models]:
            yield f"ensemble {name} is left out: the results hold no {', '.join(lacking)}"
    yield from map(str, problems)


def _of_a_run(scored: Scored, earlier: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how the answers were made, as far as the reports read state it and agree."""
    found: dict[str, Any] = dict.fromkeys(_OF_A_RUN)
    if earlier and len(earlier) == len(scored.reader.files):
        for name in _OF_A_RUN:
            stated = [manifest.get(name) for manifest in earlier]
            if all(value == stated[0] for value in stated):
                found[name] = stated[0]
    found["corpus"] = found["corpus"] or {"name": "", "passages": 0}
    unknown = {"samples": int(scored.panel.drawn.max(initial=0)), "adaptive": scored.adaptive}
    found["decoding"] = found["decoding"] or {**unknown, "sample_temperature": None}
    return found


def _models(scored: Scored, earlier: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {model["name"]: model for manifest in earlier for model in manifest.get("models", ())}
    configured = {
        name: {key: model[key] for key in _CONFIGURED if key in model}
        for name, model in scored.options.models.items()
    }
    return [
        {
            **_UNKNOWN_MODEL,
            "name": name,
            "nature": scored.natures.get(name, "model"),
            **known.get(name, {}),
            **configured.get(name, {}),
        }
        for name in scored.panel.models
    ]


def _ordered(conditions: Sequence[str]) -> list[str]:
    """Return the conditions in the catalogue's order, others after them."""
    known = [name for name in CONDITIONS if name in conditions]
    return [*known, *(name for name in conditions if name not in known)]
