"""What ran: the manifest of a run."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.calls.store import Store
from pytest_safescale.conditions.agent import agent_prompt
from pytest_safescale.gates.decision import DECIDED
from pytest_safescale.gates.gate_fields import ANCHOR, BASELINE
from pytest_safescale.gates.written_gates import NO_GATES
from pytest_safescale.models.model import EndpointFacts
from pytest_safescale.results.profile_rows import apart
from pytest_safescale.results.severity_facts import stated_severity
from pytest_safescale.runs.decoding_notices import refusal_notices
from pytest_safescale.runs.notices import notices
from pytest_safescale.runs.second_reader import described_reader, second_reader_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.calls.stored_replies import Spent
    from pytest_safescale.gates.completeness import Completeness
    from pytest_safescale.models.model import Model
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.manifest import DatasetOfRun, Manifest, SeverityOfRun
    from pytest_safescale.results.manifest_models import ModelRow, SecondReaderOfRun, TokenCounts
    from pytest_safescale.results.manifest_shards import ShardCell, ShardOfRun
    from pytest_safescale.results.record_book import RecordBook
    from pytest_safescale.runs.run import Run
    from pytest_safescale.settings.shards import Shard

__all__ = [
    "described_model",
    "frame_of",
    "run_manifest",
    "shard_manifest",
    "stated_before",
    "tokens_spent",
    "versions_used",
]


def frame_of(run: Run) -> Manifest:
    """Return the part of the manifest that figures and gates depend on."""
    return {
        "ensembles": [
            {"name": name, "models": list(members)} for name, members in run.ensembles.items()
        ],
        "custom_metrics": [metric.manifest() for metric in run.metrics],
        "decoding": asdict(run.decoding),
        "seed": run.settings.seed,
        "family_wise": run.settings.joint_method,
        **({"label_rule": run.settings.labels.rule} if run.dataset.voted else {}),
        **({"severity": _severity(run)} if run.dataset.has_severities else {}),
    }


def _severity(run: Run) -> SeverityOfRun:
    return stated_severity(run.settings.severity_of_answers, run.settings.default_severities)


def stated_before(run: Run) -> Manifest:
    """Return what a run states before its first call: what a certificate is held against."""
    return {
        "dataset": {
            "name": run.dataset.name,
            "sha256": run.dataset.sha256,
            **_clustered(run),
        },
        **_retrieval(run),
        **_prompts(run),
        **_profiles(run),
        "models": [described_model(model) for model in run.models],
        "conditions": [condition.name for condition in run.conditions],
        **frame_of(run),
    }


def run_manifest(
    run: Run, book: RecordBook, completeness: Completeness, run_id: str, start: datetime
) -> Manifest:
    """Return what ran: data, models, decoding, calls and costs, and the notices that go with it."""
    settings = run.settings
    store = Store(settings.store, run=run_id, read_only=settings.replay)
    spent = store.spending.spent()
    made = store.stored_by_this_run(but=run.embedder)
    halted = store.halted()
    learned = {model.info.name: _learned(model, store) for model in (*run.models, *run.beside)}
    store.close()
    behind, from_store = book.behind_figures(), book.from_store()
    asked = sum(completeness.expected.values())
    return {
        "run_id": run_id,
        "versions": versions_used(),
        "notices": [
            *notices(run),
            *(
                notice
                for model in (*run.models, *run.beside)
                for notice in refusal_notices(model.info, learned[model.info.name])
            ),
            *_incomplete(asked, len(book), halted),
            *_searches_lacking(run, book),
            *_unchecked(book),
            *book.passed_unanswered,
        ],
        "start": start.isoformat(timespec="seconds"),
        "end": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "dataset": {
            "name": run.dataset.name,
            "ref": settings.dataset,
            "sha256": run.dataset.sha256,
            "items": len(run.dataset.items),
            **_clustered(run),
            "subject": run.dataset.subject,
            "notices": list(run.dataset.notices),
            "read_as": list(run.dataset.remarks),
        },
        **_retrieval(run),
        **_prompts(run),
        "models": [_model(model, learned[model.info.name], book) for model in run.models],
        **_beside(run, learned, book),
        "conditions": [condition.name for condition in run.conditions],
        "condition_summaries": {one.name: one.summary for one in run.conditions},
        **_reader(run, book),
        **frame_of(run),
        "labels": settings.labels.words,
        **({"gates_switched_off": True} if settings.gates == NO_GATES else {}),
        **({"narrowed": run.narrowed} if run.narrowed else {}),
        **({"stopped": halted} if halted == DECIDED else {}),
        "concurrency": settings.concurrency,
        "replay": settings.replay,
        "fresh": settings.fresh,
        "max_age": settings.max_age,
        "budget": {"max_calls": settings.max_calls, "max_cost": settings.max_cost},
        "cases": {
            "of_the_run": asked,
            "recorded": len(book),
            "left_out": [
                {"condition": condition, "reason": reason, "items": count}
                for (condition, reason), count in run.excluded.items()
            ],
        },
        "errors": book.errors,
        **({"failed_tests": failed} if (failed := book.failed_tests()) else {}),
        "calls": {
            "made": spent.calls,
            "retries": spent.retries,
            "replies": behind["replies"],
            "replies_made": made,
            "replies_from_store": sum(from_store.values()),
            "from_store_by_day": from_store,
        },
        "tokens": {
            "this_run": tokens_spent(spent),
            "behind_figures": behind["tokens"],
        },
        "cost": {"this_run": spent.money, "behind_figures": behind["money"]},
        **({"self_check": book.checks} if book.checks else {}),
        **({"robustness": book.searches.settings} if book.searches.records else {}),
        **({} if book.repeat is None else {"repeat": book.repeat}),
        **book.attempt,
    }


def _beside(run: Run, learned: Mapping[str, EndpointFacts], book: RecordBook) -> Manifest:
    """Return the models that were asked for others; nothing where there are none."""
    rows = [_model(model, learned[model.info.name], book) for model in run.beside]
    return {"models_beside": rows} if rows else {}


def _reader(run: Run, book: RecordBook) -> Manifest:
    """Return what the second reader is and did; nothing where there is none."""
    if run.reader is None:
        return {}
    info = run.reader.info
    stated: SecondReaderOfRun = {**described_reader(info), "served": book.served_as(info.name)}
    tokens = book.tokens_of(info.name)
    return {"second_reader": second_reader_part(stated, book.second_readings, tokens)}


def _clustered(run: Run) -> DatasetOfRun:
    return {"clustered": True} if run.dataset.clustered else {}


def _retrieval(run: Run) -> Manifest:
    """Return what is searched, and by what."""
    repair = run.dataset.repair
    mended: Manifest = {}
    if repair is not None:
        mended["corpus_repair"] = {
            "name": repair.name,
            "sha256": repair.sha256,
            "actions": dict(repair.actions),
            "passages": len(repair.passages),
        }
    return {
        "corpus": {"name": run.dataset.corpus_name, "passages": len(run.dataset.corpus)},
        **mended,
        "ranker": run.retriever.name if run.retriever is not None else None,
    }


def _prompts(run: Run) -> Manifest:
    """Return the prompts in full and the hashes by which they are compared."""
    agent = agent_prompt(run.dataset.subject)
    return {
        "prompt": run.prompt.texts(),
        "prompt_sha256": run.prompt.sha256(),
        **_profiles(run),
        "agent_prompt": agent,
        "agent_prompt_sha256": hashlib.sha256(json.dumps(agent).encode()).hexdigest(),
    }


def _profiles(run: Run) -> Manifest:
    """Return the prompt profiles in full; nothing where the plain one alone is asked."""
    if not run.names_profiles:
        return {}
    return {
        "profiles": [
            {"name": profile.name, "sha256": profile.sha256(), "texts": profile.texts()}
            for profile in run.profiles
        ]
    }


def shard_manifest(
    run: Run, shard: Shard, completeness: Completeness, earlier: Sequence[Baseline]
) -> ShardOfRun:
    """Return what the shards of a run are joined by."""
    places = {item.id: place for place, item in enumerate(run.dataset.items)}
    asked = dict.fromkeys(case.item.id for case in run.cases)
    paths = {one.called: one.path for one in earlier}
    return {
        "number": shard.number,
        "of": shard.of,
        "settings_sha256": run.settings.sha256(),
        "items": {item_id: places[item_id] for item_id in asked},
        "cases": _shard_cells(run, completeness),
        "anchor": paths.get(ANCHOR),
        "baseline": paths.get(BASELINE),
    }


def _shard_cells(run: Run, completeness: Completeness) -> list[ShardCell]:
    rows: list[ShardCell] = [
        {"model": model, "condition": condition, "cases": cases}
        for (model, condition), cases in completeness.expected.items()
    ]
    return apart(rows) if run.names_profiles else rows


def _searches_lacking(run: Run, book: RecordBook) -> list[str]:
    """Say what figures of robustness are short of."""
    if not book.searches.records:
        return []
    wanted = len(book.searches.settings["relations"]) * len(run.cases)
    made = len(book.searches.records)
    failed = sum(record["errors"] > 0 for record in book.searches.records)
    found = []
    if made < wanted:
        found.append(f"robustness is incomplete: {made} of {wanted} searches were made")
    if failed:
        found.append(
            f"calls failed in {failed} searches for counterexamples: another run asks them again"
        )
    return found


def _unchecked(book: RecordBook) -> list[str]:
    names = ", ".join(check["gate"] for check in book.checks if check["unchecked"])
    return [f"the controls of the self-check show nothing of {names}"] if names else []


def _incomplete(asked: int, recorded: int, halted: str | None) -> list[str]:
    if recorded == asked:
        return []
    why = f"; {halted}" if halted else ""
    return [f"this run is incomplete: {recorded} of {asked} cases were asked{why}"]


def _learned(model: Model, store: Store) -> EndpointFacts:
    """Return what is known of a model's endpoint, whichever process learned it."""
    facts = EndpointFacts()
    facts.update(store.facts(endpoint_of(model)))
    return facts


def described_model(model: Model) -> ModelRow:
    """Return a model as a manifest states it before its first call."""
    row = cast("ModelRow", asdict(model.info))
    row["nature"] = model.info.nature.value
    return row


def _model(model: Model, learned: EndpointFacts, book: RecordBook) -> ModelRow:
    row = described_model(model)
    row["refused"] = learned.refused()
    if "answer_format" in model.info.shaping:
        row["answer_format_parameter"] = learned.answer_format or None
    row["served"] = book.served_as(model.info.name)
    row["tokens"] = book.tokens_of(model.info.name)
    return row


def tokens_spent(spent: Spent) -> TokenCounts:
    """Return the tokens that calls took, as a manifest states them."""
    return {
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "estimated_tokens": spent.estimated_tokens,
    }


def versions_used() -> dict[str, str]:
    """Return the versions that shape a run, by distribution."""
    names = ("pytest-safescale", "pytest", "pytest-xdist", "numpy", "scipy", "bm25s")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
