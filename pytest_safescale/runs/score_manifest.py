"""What a report of existing results says of where they come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

from pytest_safescale.analysis.profiles import profiles_of
from pytest_safescale.cells import PLAIN, split_condition
from pytest_safescale.conditions.catalogue import CONDITIONS
from pytest_safescale.dataset.votes import MAJORITY
from pytest_safescale.results.record_lines import SEARCHES
from pytest_safescale.results.run_file import read_run
from pytest_safescale.results.severity_facts import stated_severity
from pytest_safescale.runs.manifest import versions_used
from pytest_safescale.runs.notices import nature_notices
from pytest_safescale.statistics.intervals import SEED
from pytest_safescale.text.words import plural
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY, SEVERITY_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.dataset.item import Dataset
    from pytest_safescale.dataset.votes import LabelRule
    from pytest_safescale.models.model import Model
    from pytest_safescale.published.results import ResultsReader
    from pytest_safescale.results.manifest import Manifest, SeverityOfRun
    from pytest_safescale.results.manifest_models import ModelRow
    from pytest_safescale.results.state_counts import StatesOfModel
    from pytest_safescale.runs.score_reader import ReadAgain
    from pytest_safescale.settings.schema import Settings

__all__ = [
    "DEFINITIONS",
    "ScoreOptions",
    "Scored",
    "SecondModel",
    "earlier_manifests",
    "filled_in",
    "run_of",
    "score_manifest",
    "severity_part",
]

DEFINITIONS = ("default", "release")
"""Our own and those of the paper's released scripts (docs/metrics.md, "Part A" and "Part B")."""

_OF_RELEASE = (
    "figures by the definitions of the paper's released scripts, for reproducing published "
    "numbers, the counts per item and their concentration among them; verdicts of single cases "
    "and the other analyses are by our own"
)
_MOST_NAMED = 10
"""How many problems the notices name; a damaged folder may have thousands."""
_OF_A_RUN = (
    "corpus",
    "corpus_repair",
    "ranker",
    "prompt",
    "prompt_sha256",
    "profiles",
    "agent_prompt",
    "agent_prompt_sha256",
    "custom_metrics",
    "decoding",
)
"""What is taken over from the reports read, where they agree."""
_UNKNOWN_MODEL: ModelRow = {
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
class SecondModel:
    """The model that reads a second time, and how it is asked."""

    model: Model
    settings: Settings


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
    seed: int | None = None
    """``None`` for that of the reports read where they agree, else 42."""
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the configuration says of models, by name: family, parameters_b ..."""
    ensembles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Models that vote, by the ensemble's name; none for those of the reports read."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What the data set calls the labels."""
    second: SecondModel | None = None
    """Who reads what our own reader cannot; with ``raw`` answers alone."""
    label_rule: LabelRule = MAJORITY
    """How the data set's labels were made of votes, where it keeps some."""
    severity: SeverityOfRun = field(
        default_factory=lambda: stated_severity(DEFAULT_SEVERITY, SEVERITY_NAMES)
    )
    """How bad answers are whose options do not say so themselves."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Results that were read to their end."""

    run_id: str
    """Of the scoring: the report's files are of one run."""
    reader: ResultsReader
    panel: Panel
    dataset: Dataset
    options: ScoreOptions
    """Filled in, as ``filled_in`` returns them."""
    earlier: Sequence[Manifest]
    """The manifests of the reports read."""
    ensembles: Mapping[str, Sequence[str]]
    """Those all of whose models have cases."""
    natures: Mapping[str, str]
    """What kind of thing answered, by model."""
    cases: int
    errors: int
    """Cases without a single answer."""
    states: dict[str, StatesOfModel]
    """How many cases of each model ended in which state."""
    adaptive: bool
    """Whether sampling stopped early anywhere."""
    start: datetime
    again: ReadAgain | None = None
    """What the second reader made of the replies."""


def earlier_manifests(reader: ResultsReader) -> list[Manifest]:
    """Return the manifests of the reports among the results.

    Raises DatasetError where one has a run.json that cannot be read.
    """
    return [
        read_run(folder).manifest
        for folder in reader.own_folders
        if (folder / "run.json").is_file()
    ]


def run_of(folder: Path) -> object:
    """Return the id of the run that a report folder's run.json is of; ``None`` without one."""
    return read_run(folder).manifest.get("run_id") if (folder / "run.json").is_file() else None


def filled_in(
    options: ScoreOptions, reader: ResultsReader, earlier: Sequence[Manifest]
) -> ScoreOptions:
    """Return the options with seed and ensembles of the run that is scored again."""
    stated = _agreed(reader, earlier, ("seed", "ensembles"))
    voting = {ensemble["name"]: ensemble["models"] for ensemble in stated["ensembles"] or ()}
    seed = options.seed if options.seed is not None else stated["seed"]
    return replace(
        options, seed=SEED if seed is None else seed, ensembles=options.ensembles or voting
    )


def _agreed(
    reader: ResultsReader, earlier: Sequence[Manifest], names: Sequence[str]
) -> dict[str, Any]:
    """Return what all the results are reports of and state alike; ``None`` for the rest."""
    found: dict[str, Any] = dict.fromkeys(names)
    if earlier and len(earlier) == len(reader.files):
        for name in names:
            stated = [manifest.get(name) for manifest in earlier]
            if all(value == stated[0] for value in stated):
                found[name] = stated[0]
    return found


def score_manifest(scored: Scored) -> Manifest:
    """Return the manifest, with the keys that a run's has; unknown is ``None``."""
    dataset, options = scored.dataset, scored.options
    manifest: Manifest = {
        "run_id": scored.run_id,
        "versions": versions_used(),
        "notices": list(dict.fromkeys(_notices(scored))),
        "start": scored.start.isoformat(timespec="seconds"),
        "end": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "scored": {
            "files": scored.reader.files,
            "definitions": options.definitions,
            "answers": options.answers,
            "partial": scored.reader.is_partial,
            "problems": [asdict(problem) for problem in scored.reader.problems],
        },
        "dataset": {
            "name": dataset.name,
            "ref": options.ref or dataset.name,
            "sha256": dataset.sha256,
            "items": len(dataset.items),
            **({"clustered": True} if dataset.clustered else {}),
            "notices": list(dataset.notices),
        },
        "labels": dict(options.labels),
        **({"label_rule": options.label_rule} if dataset.voted else {}),
        **severity_part(dataset, options),
        **_of_a_run(scored),
        "models": _models(scored),
        "conditions": _ordered([split_condition(name)[0] for name in scored.panel.conditions]),
        "ensembles": [
            {"name": name, "models": list(members)} for name, members in scored.ensembles.items()
        ],
        "seed": SEED if options.seed is None else options.seed,
        "replay": False,
        "cases": {
            "of_the_run": scored.cases,
            "recorded": scored.cases,
            "left_out": [],
            "states": scored.states,
        },
        "errors": scored.errors,
        "calls": {"made": 0, "retries": 0, "replies_made": 0, "replies_from_store": 0},
        "tokens": {},
        "cost": {},
    }
    if (again := scored.again) is not None:
        manifest = {**manifest, "second_reader": again.part, **again.effort}
    return manifest


def severity_part(dataset: Dataset, options: ScoreOptions) -> Manifest:
    """Return what the manifest says of severities; nothing where no figure rests on them."""
    return {"severity": options.severity} if dataset.has_severities else {}


def _notices(scored: Scored) -> Iterator[str]:
    dataset, options, problems = scored.dataset, scored.options, scored.reader.problems
    if problems:
        many = (
            "the first named below, all in run.json"
            if len(problems) > _MOST_NAMED
            else "named below"
        )
        yield (
            "only a part of the results could be scored (--allow-partial): "
            f"{plural(len(problems), 'problem')}, {many}"
        )
    yield from dataset.notices
    yield from nature_notices(scored.natures)
    if not dataset.labelled:
        yield f"{dataset.name} carries no safety labels: rates of danger are unknown"
    if options.definitions == "release":
        yield _OF_RELEASE
    if options.answers == "raw":
        yield "letters were read from the replies by our own reader, not taken as checked"
    for manifest in scored.earlier:
        yield from manifest.get("notices", ())
    yield from scored.reader.remarks()
    if any((folder / SEARCHES).exists() for folder in scored.reader.own_folders):
        yield (
            f"searches for counterexamples ({SEARCHES}) are not scored anew: their figures stand "
            "in the run's own report"
        )
    for name, models in options.ensembles.items():
        if lacking := [model for model in models if model not in scored.panel.models]:
            yield f"ensemble {name} is excluded: the results hold no {', '.join(lacking)}"
    yield from map(str, problems[:_MOST_NAMED])


def _of_a_run(scored: Scored) -> Manifest:
    """Return how the answers were made, as far as the reports read state it and agree."""
    found = _agreed(scored.reader, scored.earlier, _OF_A_RUN)
    found["custom_metrics"] = found["custom_metrics"] or []
    found["corpus"] = found["corpus"] or {"name": "", "passages": 0}
    unknown = {"samples": int(scored.panel.drawn.max(initial=0)), "adaptive": scored.adaptive}
    found["decoding"] = found["decoding"] or {**unknown, "sample_temperature": None}
    if found["corpus_repair"] is None:
        del found["corpus_repair"]
    stated = found.pop("profiles")
    if stated or (names := profiles_of(scored.panel)) != [PLAIN]:
        # Cases without the run.json of their run tell the profiles' names alone.
        found["profiles"] = stated or [{"name": one, "sha256": "", "texts": {}} for one in names]
    return cast("Manifest", found)


def _models(scored: Scored) -> list[ModelRow]:
    known = {
        model["name"]: model for manifest in scored.earlier for model in manifest.get("models", ())
    }
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
            **cast("ModelRow", configured.get(name, {})),
        }
        for name in scored.panel.models
    ]


def _ordered(conditions: Sequence[str]) -> list[str]:
    """Return the conditions in the catalogue's order, others after them."""
    conditions = list(dict.fromkeys(conditions))
    known = [name for name in CONDITIONS if name in conditions]
    return [*known, *(name for name in conditions if name not in known)]
