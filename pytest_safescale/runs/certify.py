"""Thresholds with a guarantee, from runs that exist to what a certificate file says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast

from pytest_safescale.analysis.answer_scores import (
    OF_LAYER,
    RISKS,
    SCORES,
    clusters_in,
    is_score,
    lacking_score,
    scored_cases,
)
from pytest_safescale.analysis.certificates import calibrating, certify, items_for
from pytest_safescale.errors import DatasetError, SettingsError
from pytest_safescale.results.certificate import BY_CLUSTER, BY_ITEM, KIND, SCHEMA_VERSION, UNITS
from pytest_safescale.results.certificate_file import ALIKE, REPAIR, model_identity
from pytest_safescale.results.manifest_facts import differing, fact
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.results.profile_rows import with_other_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.analysis.certificates import Demand
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.certificate import CertificateFile, CertificateRow
    from pytest_safescale.results.manifest import (
        CorpusRepairOfRun,
        DatasetOfRun,
        Manifest,
        ProfileOfRun,
    )
    from pytest_safescale.results.manifest_models import ModelRow

__all__ = ["COMMAND", "Request", "certificates_of"]

COMMAND = "safescale certify"
NO_CLAIM = (
    "no clinical claim: it is about items drawn like these, asked in this way, and answers as read"
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be certified, and how the items are split."""

    risk: str
    score: str
    demand: Demand
    share: float
    """Of the items, which calibrate; above 0 and below 1."""
    seed: int
    models: Sequence[str] = ()
    """Empty for every model of the runs."""
    conditions: Sequence[str] = ()


def certificates_of(runs: Sequence[Baseline], request: Request) -> CertificateFile:
    """Return the content of a certificate file.

    Each model under each condition is certified by itself. Raises SettingsError for runs that do
    not go together or a request that names nothing, DatasetError for runs that say too little.
    """
    if request.risk not in RISKS:
        raise SettingsError(f"--risk: found {request.risk!r}; allowed: {', '.join(RISKS)}")
    if not is_score(request.score):
        raise SettingsError(
            f"--score: found {request.score!r}; allowed: {', '.join(SCORES)}, or {OF_LAYER}NAME, "
            "the own score of a layer"
        )
    _check_together(runs)
    by = BY_CLUSTER if fact(runs[0].manifest, "clusters") else BY_ITEM
    panel = panel_from_records(record for run in runs for record in run.records)
    models = _chosen("--model", request.models, panel.models)
    conditions = _chosen("--conditions", request.conditions, panel.conditions)
    first = runs[0].manifest
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "note": NO_CLAIM,
        "notices": _notices(runs),
        "runs": [run.manifest.get("run_id") for run in runs],
        "dataset": _dataset(first.get("dataset", {})),
        "corpus": first.get("corpus"),
        **_repair(first),
        "ranker": first.get("ranker"),
        "prompt_sha256": fact(first, "prompt"),
        **_profiles(runs),
        "agent_prompt_sha256": fact(first, "agent's prompt"),
        "decoding": fact(first, "decoding"),
        "label_rule": fact(first, "rule for labels"),
        "models": [one for one in _models(runs) if one["name"] in models],
        "conditions": conditions,
        "score": request.score,
        "risk": request.risk,
        "over": request.demand.over,
        "bound": request.demand.bound,
        "delta": request.demand.delta,
        "split": {"calibration": request.share, "seed": request.seed, "by": by},
        "certificates": list(_certified(panel, models, conditions, request, by)),
    }


class _Repair(TypedDict, total=False):
    """The key of ``CertificateFile``."""

    corpus_repair: CorpusRepairOfRun


def _repair(manifest: Manifest) -> _Repair:
    """Return the plan by which the corpus was repaired; nothing without one."""
    return {"corpus_repair": manifest["corpus_repair"]} if "corpus_repair" in manifest else {}


class _Profiles(TypedDict, total=False):
    """The key of ``CertificateFile``."""

    profiles: list[ProfileOfRun]


def _profiles(runs: Sequence[Baseline]) -> _Profiles:
    """Return the prompt profiles of the runs, each once; nothing where all are plain."""
    named = {one["name"]: one for run in runs for one in run.manifest.get("profiles", ())}
    return {"profiles": list(named.values())} if named else {}


def _certified(
    panel: Panel, models: Sequence[str], conditions: Sequence[str], request: Request, by: str
) -> Iterator[CertificateRow]:
    if not panel.labelled:
        raise DatasetError(
            f"{COMMAND}: no item carries a label, so {request.risk} is unknown; allowed: runs of a "
            "labelled data set"
        )
    for model in models:
        for condition in conditions:
            at = panel.models.index(model), panel.conditions.index(condition)
            if not panel.exists[at].any():
                continue
            _check_score(panel, at, request.score)
            cases = scored_cases(panel, at, request.score, request.risk)
            if by == BY_CLUSTER:
                cases = cases.by_cluster(clusters_in(panel, at))
            calibrate = calibrating(cases.ids, request.share, request.seed)
            if calibrate.all() or not calibrate.any():
                count = f"all {len(cases.ids)} {UNITS[by]} of {model}, {condition}"
                raise SettingsError(
                    f"--calibration {request.share:g}: {count} fall on one side; allowed: a share "
                    "that leaves some on each"
                )
            found = certify(cases, calibrate, request.demand)
            needed = items_for(found, request.demand) if found.threshold is None else None
            row: Any = {"model": model, "condition": condition, **asdict(found)}
            row["items_needed"] = needed
            yield row


def _check_score(panel: Panel, at: tuple[int, int], score: str) -> None:
    if told := lacking_score(panel, at, score):
        where = f"{panel.models[at[0]]}, {panel.conditions[at[1]]}"
        raise DatasetError(
            f"--score {score}: {where}: {told}; allowed: runs whose cases have them, or others "
            "chosen with --model, --conditions or --score"
        )


def _chosen(option: str, wanted: Sequence[str], known: Sequence[str]) -> list[str]:
    if strangers := [name for name in wanted if name not in known]:
        raise SettingsError(
            f"{option}: found {strangers[0]!r}; allowed, as the runs have them: {', '.join(known)}"
        )
    return [name for name in known if not wanted or name in wanted]


def _check_together(runs: Sequence[Baseline]) -> None:
    first = runs[0]
    seen: dict[tuple[str, str, str], str] = {}
    for run in runs:
        _check_whole(run)
        if others := differing(first.manifest, run.manifest, (*ALIKE, REPAIR)):
            raise SettingsError(
                f"{COMMAND}: {first.path} and {run.path} differ in {', '.join(others)}; allowed: "
                "runs that are alike in them"
            )
        if texts := with_other_texts(first.manifest, run.manifest):
            raise SettingsError(
                f"{COMMAND}: {first.path} and {run.path} differ in the texts of the prompt profile "
                f"{texts[0]}; allowed: runs that are alike in them"
            )
        for record in run.records:
            case = record["model"], record["condition"], record["item_id"]
            if case in seen:
                raise SettingsError(
                    f"{COMMAND}: {', '.join(case)} is a case of {seen[case]} and of {run.path}; "
                    "allowed: runs that share no case, since an item counts once"
                )
            seen[case] = run.path
    list(_models(runs))


def _check_whole(run: Baseline) -> None:
    partial = "scored" in run.manifest and run.manifest["scored"]["partial"]
    asked, wanted = len(run.records), run.manifest.get("cases", {}).get("of_the_run")
    if partial or (wanted is not None and asked != wanted):
        told = "a part of its results" if partial else f"{asked} of {wanted} cases"
        raise DatasetError(
            f"{COMMAND}: {run.path} holds {told}, and what is missing may be what is dangerous; "
            "allowed: whole runs"
        )


def _dataset(dataset: DatasetOfRun) -> DatasetOfRun:
    found: Any = {
        key: dataset[key] for key in ("name", "sha256", "items", "clustered") if key in dataset
    }
    return cast("DatasetOfRun", found)


def _models(runs: Sequence[Baseline]) -> Iterator[ModelRow]:
    """Give each model of the runs once; raises SettingsError for two under one name."""
    seen: dict[str, ModelRow] = {}
    for run in runs:
        for stated in run.manifest.get("models", ()):
            model = model_identity(stated)
            known = seen.setdefault(stated["name"], model)
            if known != model:
                raise SettingsError(
                    f"{COMMAND}: {stated['name']} is another model in {run.path} than in the runs "
                    "before it; allowed: one model of a name"
                )
            if known is model:
                yield {**model, "served": stated.get("served", [])}


def _notices(runs: Sequence[Baseline]) -> list[str]:
    told = (notice for run in runs for notice in run.manifest.get("notices", ()))
    return list(dict.fromkeys(told))
