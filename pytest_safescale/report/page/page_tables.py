"""The report's tables, made ready for the templates; each figure keeps its place in run.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pytest_safescale.cells import unrepaired
from pytest_safescale.report.state_lines import answered_share
from pytest_safescale.report.table import COLUMNS
from pytest_safescale.report.wording import NOTHING, model_label, run_verdict_sentence
from pytest_safescale.results.manifest_facts import failed_tests
from pytest_safescale.settings.shards import shard_in, shard_sentence
from pytest_safescale.text.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.run_content import ComparisonRow, FigureRow
    from pytest_safescale.results.run_file import RunFile
    from pytest_safescale.results.search_record import CounterexampleRow

__all__ = [
    "Entry",
    "RunVerdict",
    "counterexamples",
    "every_figure",
    "figure_table",
    "indexed_comparisons",
    "method",
    "run_verdict",
]

Row = TypeVar("Row")

_SHOWN = ("family", "item_id", "model", "condition", "edit", "before", "after")
"""What is told of a counterexample, each in a word or a letter."""


@dataclass(frozen=True)
class Entry(Generic[Row]):
    """One object of run.json and its place in its list."""

    row: Row
    place: int


class RunVerdict(NamedTuple):
    """What the gates say of the run."""

    state: str
    """``blocked``, ``passed`` or ``open`` (no gates, or undecided ones that only warn)."""
    sentence: str
    passes: bool = False
    """Whether gates were judged, on all they are about, and nothing blocks."""


def run_verdict(run: RunFile) -> RunVerdict:
    """Say in one line whether the run passes, as summary.md does."""
    if (shard := shard_in(run.manifest)) is not None:
        return RunVerdict("open", shard_sentence(shard))
    gates, failed = run.gates, failed_tests(run.manifest)
    failing = sum(gate["blocks"] for gate in gates)
    undecided = sum(gate["outcome"] == "inconclusive" for gate in gates)
    reservations = run.manifest.get("reservations", ())
    state = "open" if undecided or reservations or not gates else "passed"
    sentence = run_verdict_sentence(
        len(gates),
        failing=failing,
        undecided=undecided,
        failed=failed,
        reservations=reservations,
        switched_off=bool(run.manifest.get("gates_switched_off")),
        answered=answered_share(run.manifest),
    )
    blocks = bool(failing or failed)
    return RunVerdict(
        "blocked" if blocks else state,
        sentence,
        passes=bool(gates) and not blocks and not reservations,
    )


def _entries(run: RunFile) -> dict[tuple[str, str, str, str, str], Entry[FigureRow]]:
    return {
        (row["model"], row["condition"], *_kind(row)): Entry(row, index)
        for index, row in enumerate(run.metrics)
    }


def _kind(row: FigureRow) -> tuple[str, str, str]:
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
    """Return, for each model, a row per metric and decoding mode and a column per condition."""
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


def indexed_comparisons(run: RunFile, kind: str) -> list[Entry[ComparisonRow]]:
    """Return the comparisons of a kind."""
    return [Entry(row, i) for i, row in enumerate(run.comparisons) if row["kind"] == kind]


def counterexamples(found_by_search: Iterable[CounterexampleRow]) -> list[dict[str, Any]]:
    """Return counterexamples with their diff by lines; what is missing is a dash."""
    return [
        {
            **{name: _value_text(value) for name, value in found.items() if name in _SHOWN},
            "diff": [(line[:1], line) for line in found["diff"].splitlines()],
            "sentence": found["sentence"],
            "reproduce": found["reproduce"],
        }
        for found in found_by_search
    ]


def _value_text(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, dict):
        return ", ".join(f"{words(str(key))}: {_value_text(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_value_text(part) for part in value)
    return str(value)


def _prompts(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Return the texts that models were asked with, whole; the agent's where it was one."""
    groups: dict[str, Mapping[str, Any]] = {}
    if prompt := manifest.get("prompt"):
        groups["Prompt"] = {words(name): text for name, text in prompt.items()}
    for profile in manifest.get("profiles", ()):
        # Its own texts apart from those that it has from the plain prompt.
        own = {
            words(name): text
            for name, text in profile["texts"].items()
            if text and text != (prompt or {}).get(name)
        }
        groups[f"Prompt profile {words(profile['name'])}"] = own | {"sha256": profile["sha256"]}
    agent = manifest.get("agent_prompt")
    if agent and "agentic_rag" in map(unrepaired, manifest.get("conditions", ())):
        groups["Prompt of the agent"] = {words(name): text for name, text in agent.items()}
    return groups


def _repair(manifest: Manifest) -> dict[str, Any]:
    """Return the plan of repairs; nothing without one."""
    repair = manifest.get("corpus_repair")
    if not repair:
        return {}
    return {
        "corpus repair": repair["name"],
        "corpus repair sha256": repair["sha256"],
        "repairs": _value_text(repair["actions"]),
        "passages after repair": repair["passages"],
    }


def method(manifest: Manifest) -> list[dict[str, Any]]:
    """Return the manifest's facts in groups of pairs."""
    dataset, corpus = manifest["dataset"], manifest.get("corpus")
    scored = manifest.get("scored")
    calls, tokens = manifest.get("calls") or {}, manifest.get("tokens") or {}
    groups: dict[str, Mapping[str, Any]] = {
        "Data": {
            "data set": dataset["name"],
            "read as": "; ".join(dataset.get("read_as") or ()),
            "items": dataset["items"],
            "sha256": dataset["sha256"],
            "corpus": corpus["name"] if corpus else None,
            "passages": corpus["passages"] if corpus else None,
            **_repair(manifest),
            "ranker": manifest.get("ranker"),
            "prompt sha256": manifest.get("prompt_sha256"),
            **({"lock sha256": manifest["lock"]["sha256"]} if "lock" in manifest else {}),
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
            "tokens of this run": _value_text(tokens.get("this_run")),
            "tokens behind the figures": _value_text(tokens.get("behind_figures")),
            "cost": _value_text(manifest.get("cost")),
        },
        "Versions": manifest["versions"],
        **_prompts(manifest),
    }
    if scored:
        groups["Scored from files, with their sha256"] = {
            "definitions": scored["definitions"],
            "answers": scored["answers"],
            "partial": scored["partial"],
            **scored["files"],
        }
    return [
        {"title": title, "pairs": [(name, _value_text(value)) for name, value in part.items()]}
        for title, part in groups.items()
    ]
