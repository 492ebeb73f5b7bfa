"""``safescale audit``: whether a corpus is fit to be read, before any model is asked."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.cli.out_file import check_place
from pytest_safescale.cli.output import Output
from pytest_safescale.cli.progress import tell
from pytest_safescale.cli.run_options import ASKING, add_run_options
from pytest_safescale.cli.shape_option import add_shape_option, settings_with_shape
from pytest_safescale.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.audit.audit_corpus import Audit
    from pytest_safescale.models.model import Model
    from pytest_safescale.settings.schema import Settings

__all__ = ["HELP", "add_options", "run"]

HELP = "what is wrong with a corpus, before a model reads it"
_NOBODY = "none"
"""Stands for no auditor, where the configuration names one."""
_SHOWN = 10
"""Findings of a class that are told on the terminal."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the corpus, the items and where the audit goes."""
    command.add_argument("corpus", type=Path, metavar="CORPUS", help="passages, a .jsonl file")
    command.add_argument(
        "--dataset",
        metavar="ITEMS",
        help="the items that the corpus is to serve: coverage, support for dangers, applicability",
    )
    add_shape_option(command)
    command.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="where the audit goes"
    )
    command.add_argument(
        "--repair", type=Path, metavar="PLAN.json", help="write what to change there, as data"
    )
    command.add_argument(
        "--auditor",
        "--safescale-auditor",
        metavar="MODEL",
        help="a model that judges what the rules bring, or none; the options below say how it is "
        "asked",
    )
    command.add_argument(
        "--retriever",
        metavar="SPEC",
        help="bm25, or openai:MODEL for recall under dense retrieval too; default: as configured",
    )
    add_run_options(command, ASKING)


def run(given: argparse.Namespace) -> Output:
    """Write the audit; returns its counts and worst findings, and 1 where a gate does not hold.

    Raises UsageError for a corpus, a configuration or a folder that cannot be used, and writes
    nothing then.
    """
    from pytest_safescale.audit.audit_corpus import audit_corpus
    from pytest_safescale.audit.audit_gates import judged_gates
    from pytest_safescale.audit.libraries import check_libraries
    from pytest_safescale.audit.repair import repair_plan
    from pytest_safescale.dataset.corpus import read_passages
    from pytest_safescale.dataset.corpus_repair import PLAN_KIND
    from pytest_safescale.dataset.load import load_dataset
    from pytest_safescale.report.audit_folder import write_audit
    from pytest_safescale.report.auditor_lines import auditor_lines

    check_libraries()
    configured = settings_with_shape(given, (*ASKING, "retriever"))
    embedder = _embedder(given, configured)
    model = _auditor(given, configured, embeds=embedder is not None)
    _check_places(given)
    passages = read_passages(given.corpus)
    dataset = given.dataset and load_dataset(
        given.dataset, shape=configured.shape, root=Path.cwd(), labels=configured.labels.rule
    )
    this_year, items = date.today().year, dataset.items if dataset else None
    dense = None
    if embedder is not None and items is not None:
        from pytest_safescale.runs.dense_recall import dense_recall

        # First, so that an endpoint that gives nothing is told at once.
        dense = dense_recall(passages, items, embedder, configured, tell)
    audit = audit_corpus(
        passages,
        tell,
        items=items,
        this_year=this_year,
        max_age_years=configured.audit.max_age_years,
        wider=model is not None,
    )
    auditor = None
    if model is not None:
        from pytest_safescale.runs.auditor import judge_audit

        judged = judge_audit(audit, passages, items or (), model, configured, tell)
        audit, auditor = replace(audit, findings=judged.findings), judged.part
    gates = judged_gates(configured.audit.gates, audit)
    content = {
        "schema_version": 1,
        "kind": "safescale audit",
        "corpus": _corpus(given.corpus, audit),
        "dataset": dataset and {"name": dataset.name, "sha256": dataset.sha256},
        "age": {"this_year": this_year, "max_age_years": configured.audit.max_age_years},
        "auditor": auditor,
        "gates": gates,
        **_found(audit, dense),
    }
    lines = [*_lines(audit, dense), *(["", *auditor_lines(auditor)] if auditor else [])]
    lines += ["", *(gate["sentence"] for gate in gates)]
    repair = None
    if given.repair is not None:
        plan = {"kind": PLAN_KIND, "corpus": content["corpus"], **repair_plan(audit.standing)}
        repair = (given.repair, plan)
        lines.append(f"{len(plan['actions'])} actions in {given.repair}")
    write_audit(content, given.out, repair)
    failed = any(gate["outcome"] == "failed" for gate in gates)
    return Output([*lines, f"Written: {given.out}"], 1 if failed else 0)


def _check_places(given: argparse.Namespace) -> None:
    """Raise UsageError where what is found could not be written, before anything is asked."""
    from pytest_safescale.dataset.corpus_repair import PLAN_KIND
    from pytest_safescale.report.staged_folder import check_folder

    check_folder(given.out)
    if given.repair is not None:
        check_place(given.repair, option="--repair", kind=PLAN_KIND, word="plan")


def _embedder(given: argparse.Namespace, configured: Settings) -> Model | None:
    """Return the embedding model of dense retrieval, where one is configured and there are items.

    Raises SettingsError where the command names one and no items.
    """
    from pytest_safescale.models.build import build_embedder

    if given.dataset is None:
        if given.retriever not in (None, "bm25"):
            raise SettingsError(
                f"--retriever: found {given.retriever!r} and no items to look for; allowed: "
                "--dataset ITEMS beside it"
            )
        return None
    return build_embedder(configured, root=Path.cwd())


def _auditor(given: argparse.Namespace, configured: Settings, *, embeds: bool) -> Model | None:
    """Return the model that judges; refuses options of asking where no model is asked at all."""
    spec = given.auditor if given.auditor is not None else configured.audit.auditor
    if spec not in (None, _NOBODY):
        from pytest_safescale.models.build import build_reading_model

        return build_reading_model(spec, configured, root=Path.cwd(), option="--safescale-auditor")
    for name in () if embeds else ASKING:
        if (found := vars(given)[name.replace("-", "_")]) not in (None, False):
            raise SettingsError(
                f"--{name}: found {found!r} and no model to ask; allowed: --safescale-auditor "
                "MODEL beside it"
            )
    return None


def _corpus(path: Path, audit: Audit) -> dict[str, Any]:
    """Return what names the corpus in audit.json and in a plan of repairs."""
    return {
        "name": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "passages": audit.passages,
        "sentences": audit.sentences,
    }


def _found(audit: Audit, dense: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the findings and their figures, as audit.json holds them."""
    return {
        "coverage": _coverage(audit),
        "dense_coverage": dense,
        "counts": audit.counts,
        "by_judge": audit.by_judge,
        "findings": [finding.record() for finding in audit.findings],
    }


def _coverage(audit: Audit) -> dict[str, Any] | None:
    """Return the figures of coverage, with the items that the auditor alone says are served."""
    if audit.coverage is None:
        return None
    bare = [one for one in audit.of_class("coverage") if one.kind == "unsupported"]
    judged = any(one.auditor for one in bare)
    denied = sum(one.denied for one in bare)
    return {**audit.coverage, "supported_by_auditor": denied if judged else None}


def _lines(audit: Audit, dense: Mapping[str, Any] | None) -> Iterator[str]:
    yield f"{audit.passages} passages, {audit.sentences} sentences"
    for name, count in audit.counts.items():
        yield f"{name:<16}{count:>8}{_by_judge(audit.by_judge[name])}"
    if (coverage := _coverage(audit)) and coverage["items"]:
        yield ""
        yield _coverage_line(coverage)
    if dense is not None and dense["items"]:
        yield _dense_line(dense)
    for name in audit.counts:
        yield from _shown(name, [one.record() for one in audit.standing if one.finding == name])


def _by_judge(counts: Mapping[str, int]) -> str:
    """Return who says so, where it is not the rules alone."""
    if set(counts) <= {"rules"}:
        return ""
    return "  " + "; ".join(f"{by}: {count}" for by, count in counts.items())


def _dense_line(found: Mapping[str, Any]) -> str:
    calls = found["took"]["calls"]
    return (
        f"under {found['ranker']} {_recalls(found)}: {calls['made']} calls made, "
        f"{calls['replies_from_store']} replies from the store"
    )


def _recalls(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{found[f'recall_at_{k}']:.0%} by the first {k}" for k in (1, 5, 10))


def _coverage_line(found: Mapping[str, Any]) -> str:
    recalls = _recalls(found)
    more = found["supported_by_auditor"]
    told = f"; the auditor says that {more} of the others are" if more is not None else ""
    return (
        f"{found['supported']} of {found['items']} items are served by a passage: {recalls}{told}"
    )


def _shown(name: str, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if found:
        yield ""
    for one in found[:_SHOWN]:
        about = [f"item {one['item']}"] if one["item"] is not None else []
        about += [place["passage"] for place in (one["place"], one["other"]) if place]
        parts = [f"{name}, {one['kind']}", " and ".join(about), one["sentence"]]
        yield ": ".join(part for part in parts if part)
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more in audit.csv"
