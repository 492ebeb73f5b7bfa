"""``safescale audit``: whether a corpus is fit to be read, before any model is asked."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.cli.out_file import check_place
from pytest_safescale.cli.output import Output
from pytest_safescale.cli.progress import tell
from pytest_safescale.cli.shape_option import add_shape_option, settings_with_shape

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.audit.audit_corpus import Audit
    from pytest_safescale.settings.audit_settings import AuditSettings

__all__ = ["HELP", "add_options", "run"]

HELP = "what is wrong with a corpus, before a model reads it"
_PLAN = "safescale repair plan"
"""What a plan says that it is."""
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


def run(given: argparse.Namespace) -> Output:
    """Write the audit; returns its counts and worst findings, and 1 where a gate does not hold.

    Raises UsageError for a corpus, a configuration or a folder that cannot be used, and writes
    nothing then.
    """
    from pytest_safescale.audit.audit_corpus import audit_corpus
    from pytest_safescale.audit.repair import repair_plan
    from pytest_safescale.dataset.corpus import read_passages
    from pytest_safescale.dataset.load import load_dataset
    from pytest_safescale.report.audit_folder import write_audit

    configured = settings_with_shape(given)
    settings = configured.audit
    if given.repair is not None:
        check_place(given.repair, option="--repair", kind=_PLAN, word="plan")
    passages = read_passages(given.corpus)
    dataset = given.dataset and load_dataset(
        given.dataset, shape=configured.shape, root=Path.cwd(), labels=configured.labels.rule
    )
    this_year = date.today().year
    audit = audit_corpus(
        passages,
        tell,
        items=dataset.items if dataset else None,
        this_year=this_year,
        max_age_years=settings.max_age_years,
    )
    gates = _gates(settings, audit.counts)
    content = {
        "schema_version": 1,
        "kind": "safescale audit",
        "corpus": {
            "name": given.corpus.name,
            "sha256": hashlib.sha256(given.corpus.read_bytes()).hexdigest(),
            "passages": audit.passages,
            "sentences": audit.sentences,
        },
        "dataset": dataset and {"name": dataset.name, "sha256": dataset.sha256},
        "age": {"this_year": this_year, "max_age_years": settings.max_age_years},
        "coverage": audit.coverage,
        "counts": audit.counts,
        "gates": gates,
        "findings": [finding.record() for finding in audit.findings],
    }
    repair = None
    if given.repair is not None:
        plan = {"kind": _PLAN, "corpus": content["corpus"], **repair_plan(audit.findings)}
        repair = (given.repair, plan)
    write_audit(content, given.out, repair)
    lines = [*_lines(audit), "", *(gate["sentence"] for gate in gates)]
    if repair is not None:
        lines.append(f"{len(repair[1]['actions'])} actions in {given.repair}")
    failed = any(gate["outcome"] == "failed" for gate in gates)
    return Output([*lines, f"Written: {given.out}"], 1 if failed else 0)


def _gates(settings: AuditSettings, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return every gate with what was found; one on a class that was not looked for fails."""
    gates = []
    for gate in settings.gates:
        found = counts.get(gate.finding)
        holds = found is not None and found <= gate.max
        told = "not looked for without --dataset" if found is None else str(found)
        gates.append(
            {
                "finding": gate.finding,
                "max": gate.max,
                "found": found,
                "outcome": "passed" if holds else "failed",
                "sentence": f"{'holds' if holds else 'does not hold'}: {gate.finding}: found "
                f"{told}; allowed: at most {gate.max}",
            }
        )
    return gates


def _lines(audit: Audit) -> Iterator[str]:
    yield f"{audit.passages} passages, {audit.sentences} sentences"
    for name, count in audit.counts.items():
        yield f"{name:<16}{count:>8}"
    if audit.coverage and audit.coverage["items"]:
        yield ""
        yield _coverage_line(audit.coverage)
    for name in audit.counts:
        yield from _shown(name, [one.record() for one in audit.findings if one.finding == name])


def _coverage_line(found: Mapping[str, Any]) -> str:
    recalls = ", ".join(f"{found[f'recall_at_{k}']:.0%} by the first {k}" for k in (1, 5, 10))
    return f"{found['supported']} of {found['items']} items are served by a passage: {recalls}"


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
