"""The report's tables, made ready for the templates; each figure keeps its place in run.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.report.changes import LISTS
from pytest_safescale.report.table import COLUMNS
from pytest_safescale.report.text import NOTHING, failed_tests, model_label, verdict_sentence, words
from pytest_safescale.shards import shard_in, shard_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.report.reading import Row, RunFile

__all__ = [
    "Entry",
    "Verdict",
    "change_groups",
    "counterexamples",
    "every_figure",
    "figure_table",
    "gate_groups",
    "indexed_comparisons",
    "method",
    "verdict",
]

_FOLDED = 12
"""Gates that hold are folded away from this number on."""


class Entry(NamedTuple):
    """One object of run.json and its place in its list."""

    row: Row
    place: int


class Verdict(NamedTuple):
    """What the gates say of the run."""

    state: str
    """``blocked``, ``passed`` or ``open`` (no gates, or undecided ones that only warn)."""
    sentence: str


def verdict(run: RunFile) -> Verdict:
    """Say in one line whether the run passes, as summary.md does."""
    if (shard := shard_in(run.manifest)) is not None:
        return Verdict("open", shard_verdict(shard))
    gates, failed = run.gates, failed_tests(run.manifest)
    failing = sum(gate["blocks"] for gate in gates)
    undecided = sum(gate["outcome"] == "inconclusive" for gate in gates)
    state = "open" if undecided or not gates else "passed"
    return Verdict(
        "blocked" if failing or failed else state,
        verdict_sentence(len(gates), failing=failing, undecided=undecided, failed=failed),
    )


def gate_groups(gates: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the gates that block, those undecided that only warn, and those that hold."""
    entries = [Entry(row, index) for index, row in enumerate(gates)]
    entries.sort(key=lambda entry: entry.row["outcome"] != "failed")
    groups = (
        ("Gates that do not hold", [e for e in entries if e.row["blocks"]]),
        (
            "Gates that warn",
            [e for e in entries if not e.row["blocks"] and e.row["outcome"] != "passed"],
        ),
        ("Gates that hold", [e for e in entries if e.row["outcome"] == "passed"]),
    )
    return [
        {
            "title": title,
            "entries": found,
            "folded": title == "Gates that hold" and len(found) > _FOLDED,
        }
        for title, found in groups
        if found
    ]


def _entries(run: RunFile) -> dict[tuple[str, str, str, str, str], Entry]:
    return {
        (row["model"], row["condition"], *_kind(row)): Entry(row, index)
        for index, row in enumerate(run.metrics)
    }


def _kind(row: Row) -> tuple[str, str, str]:
    return row["regime"], row["metric"], row.get("family") or ""


def figure_table(run: RunFile) -> list[dict[str, Any]]:
    """Return, for each model, its conditions with the figures of COLUMNS."""
    entries = _entries(run)
    groups = []
    for model in run.all_names:
        rows = []
        for condition in run.conditions:
            found = [
                entries.get((model, condition, regime, name, "")) for _, regime, name in COLUMNS
            ]
            if any(found):
                n = found[0].row["n"] if found[0] else None
                rows.append({"condition": condition, "n": n, "entries": found})
        groups.append({"name": model_label(model), "rows": rows})
    return groups


def every_figure(run: RunFile) -> list[dict[str, Any]]:
    """Return, for each model, a row per metric and regime and a column per condition."""
    entries = _entries(run)
    groups = []
    for model in run.all_names:
        own = [row for row in run.metrics if row["model"] == model]
        conditions = [name for name in run.conditions if any(r["condition"] == name for r in own)]
        kinds = dict.fromkeys(map(_kind, own))
        rows = [
            {
                "metric": metric,
                "regime": regime,
                "family": family,
                "entries": [
                    entries.get((model, name, regime, metric, family)) for name in conditions
                ],
            }
            for regime, metric, family in kinds
        ]
        groups.append({"name": model_label(model), "conditions": conditions, "rows": rows})
    return groups


def indexed_comparisons(run: RunFile, kind: str) -> list[Entry]:
    """Return the comparisons of a kind."""
    return [Entry(row, i) for i, row in enumerate(run.comparisons) if row["kind"] == kind]


def change_groups(run: RunFile) -> list[dict[str, Any]]:
    """Return, for each list of items that changed against the baseline, its cells and their items.

    ``cells`` is ``None`` where the data set has no labels to tell by.
    """
    rows = run.analyses.get("changes") or ()
    return [
        {
            "title": told,
            "cells": None if all(row[key] is None for row in rows) else [r for r in rows if r[key]],
            "key": key,
            "count": sum(len(row[key] or ()) for row in rows),
            "of": sum(row["n"] for row in rows),
        }
        for key, told in LISTS
        if rows
    ]


def counterexamples(findings: Iterable[Row]) -> list[dict[str, Any]]:
    """Return robustness findings with their diff by lines; what is missing is a dash."""
    names = ("family", "item_id", "model", "condition", "edit", "before", "after")
    return [
        {
            **{name: _told(found.get(name)) for name in names},
            "diff": [(line[:1], line) for line in (found.get("diff") or "").splitlines()],
            "sentence": found.get("sentence"),
            "reproduce": found.get("reproduce"),
        }
        for found in findings
    ]


def _told(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, dict):
        return ", ".join(f"{words(str(key))}: {_told(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_told(part) for part in value)
    return str(value)


def method(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the manifest's facts in groups of pairs."""
    dataset, corpus = manifest["dataset"], manifest.get("corpus") or {}
    scored = manifest.get("scored") or {}
    calls, tokens = manifest.get("calls") or {}, manifest.get("tokens") or {}
    groups: dict[str, Mapping[str, Any]] = {
        "Data": {
            "data set": dataset["name"],
            "items": dataset["items"],
            "sha256": dataset["sha256"],
            "corpus": corpus.get("name"),
            "passages": corpus.get("passages"),
            "ranker": manifest.get("ranker"),
            "prompt sha256": manifest.get("prompt_sha256"),
        },
        "Decoding": {
            **{words(name): value for name, value in manifest["decoding"].items()},
            "seed": manifest.get("seed"),
            "replayed from the store only": "yes" if manifest.get("replay") else "no",
        },
        "Effort": {
            "start": manifest.get("start"),
            "end": manifest.get("end"),
            "calls made": calls.get("made"),
            "replies from the store": calls.get("replies_from_store"),
            "tokens of this run": _told(tokens.get("this_run")),
            "tokens behind the figures": _told(tokens.get("behind_figures")),
            "cost": _told(manifest.get("cost")),
        },
        "Versions": manifest["versions"],
    }
    if scored:
        stated = {name: scored[name] for name in ("definitions", "answers", "partial")}
        groups["Scored from files, with their sha256"] = {**stated, **scored["files"]}
    return [
        {"title": title, "pairs": [(name, _told(value)) for name, value in part.items()]}
        for title, part in groups.items()
    ]
