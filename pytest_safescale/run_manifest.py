"""What ran: the manifest of a run."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.store import Store
from pytest_safescale.conditions.agent import AGENT_SYSTEM
from pytest_safescale.run import notices

if TYPE_CHECKING:
    from pytest_safescale.gates.baseline import Baseline
    from pytest_safescale.gates.coverage import Coverage
    from pytest_safescale.models.model import Model
    from pytest_safescale.report.book import RecordBook
    from pytest_safescale.run import Run
    from pytest_safescale.shards import Shard

__all__ = ["frame_of", "run_manifest", "shard_manifest", "versions_used"]


def frame_of(run: Run) -> dict[str, Any]:
    """Return the part of the manifest that figures and gates depend on."""
    return {
        "ensembles": [
            {"name": name, "models": list(members)} for name, members in run.ensembles.items()
        ],
        "custom_metrics": [metric.manifest() for metric in run.metrics],
        "decoding": asdict(run.decoding),
        "seed": run.settings.seed,
        "family_wise": run.settings.family_wise,
    }


def run_manifest(
    run: Run, book: RecordBook, coverage: Coverage, run_id: str, start: datetime
) -> dict[str, Any]:
    """Return what ran: data, models, decoding, calls and costs, and the notices that go with it."""
    settings = run.settings
    store = Store(settings.store, run=run_id)
    spent = asdict(store.spent())
    made = store.stored_by_this_run(but=run.embedder)
    halted = store.halted()
    store.close()
    behind = book.behind_figures()
    asked = sum(coverage.expected.values())
    return {
        "run_id": run_id,
        "versions": versions_used(),
        "notices": [
            *notices(run),
            *_incomplete(asked, len(book.records), halted),
            *_searches_lacking(run, book),
            *_unchecked(book),
        ],
        "start": start.isoformat(timespec="seconds"),
        "end": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "dataset": {
            "name": run.dataset.name,
            "ref": settings.dataset,
            "sha256": run.dataset.sha256,
            "items": len(run.dataset.items),
            "notice": run.dataset.notice,
        },
        "corpus": {"name": run.dataset.corpus_name, "passages": len(run.dataset.corpus)},
        "ranker": run.retriever.name if run.retriever is not None else None,
        "prompt_sha256": run.prompt.sha256(),
        "agent_prompt_sha256": hashlib.sha256(AGENT_SYSTEM.encode()).hexdigest(),
        "models": [_model(model, book) for model in run.models],
        "conditions": [condition.name for condition in run.conditions],
        **frame_of(run),
        "labels": dict(settings.labels),
        "concurrency": settings.concurrency,
        "replay": settings.replay,
        "cases": {
            "of_the_run": asked,
            "recorded": len(book.records),
            "left_out": [
                {"condition": condition, "reason": reason, "items": count}
                for (condition, reason), count in run.left_out.items()
            ],
        },
        "errors": book.errors,
        **({"failed_tests": failed} if (failed := book.failed_tests()) else {}),
        "calls": {
            "made": spent["calls"],
            "retries": spent["retries"],
            "replies_made": made,
            "replies_from_store": max(0, int(behind["replies"]) - made),
        },
        "tokens": {
            "this_run": {key: spent[key] for key in ("prompt_tokens", "completion_tokens")},
            "behind_figures": {key: behind[key] for key in ("prompt_tokens", "completion_tokens")},
        },
        "cost": {"this_run": spent["money"], "behind_figures": behind["money"]},
        **({"self_check": book.checks} if book.checks else {}),
        **({"robustness": dict(book.searches.settings)} if book.searches.records else {}),
    }


def shard_manifest(
    run: Run, shard: Shard, coverage: Coverage, baseline: Baseline | None
) -> dict[str, Any]:
    """Return what the shards of a run are joined by."""
    places = {item.id: place for place, item in enumerate(run.dataset.items)}
    asked = dict.fromkeys(case.item.id for case in run.cases)
    return {
        **shard._asdict(),
        "settings_sha256": run.settings.sha256(),
        "items": {item_id: places[item_id] for item_id in asked},
        "cases": [
            {"model": model, "condition": condition, "cases": cases}
            for (model, condition), cases in coverage.expected.items()
        ],
        "baseline": baseline.path if baseline is not None else None,
    }


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


def _model(model: Model, book: RecordBook) -> dict[str, Any]:
    info = asdict(model.info)
    info["nature"] = model.info.nature.value
    info["served"] = book.served_as(model.info.name)
    return info


def versions_used() -> dict[str, str]:
    """Return the versions that shape a run, by distribution."""
    names = ("pytest-safescale", "pytest", "pytest-xdist", "numpy", "scipy", "bm25s")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
