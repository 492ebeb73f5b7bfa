"""From records to a conclusion: figures, gates, comparisons and the manifest."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict, replace
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.store import Store
from pytest_safescale.conditions.agent import AGENT_SYSTEM
from pytest_safescale.gates.baseline import differences, twins
from pytest_safescale.gates.evidence import EarlierRun, Evidence
from pytest_safescale.gates.gate import Gate, parse_gates
from pytest_safescale.gates.judging import judge_gates
from pytest_safescale.manifests import served_notices
from pytest_safescale.report.conclusion import Conclusion
from pytest_safescale.run import notices
from pytest_safescale.scoring.adaptive import EXACT_METRICS
from pytest_safescale.scoring.analyses import analyses, complete_ensembles
from pytest_safescale.scoring.changes import changes
from pytest_safescale.scoring.custom import specs_in
from pytest_safescale.scoring.ensembles import ensemble_metrics
from pytest_safescale.scoring.figures import all_metrics
from pytest_safescale.scoring.metrics import SELF_CONSISTENCY
from pytest_safescale.scoring.paired import compare_runs, condition_comparisons
from pytest_safescale.scoring.panel import panel_from_records
from pytest_safescale.scoring.robustness import robustness_metrics, robustness_table
from pytest_safescale.scoring.scaling import ModelFacts
from pytest_safescale.scoring.shared import shared_items
from pytest_safescale.shards import shard_notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.gates.baseline import Baseline
    from pytest_safescale.gates.coverage import Coverage
    from pytest_safescale.models.model import Model
    from pytest_safescale.report.conclusion import RecordBook
    from pytest_safescale.run import Run
    from pytest_safescale.scoring.changes import Changes
    from pytest_safescale.scoring.metrics import Metric
    from pytest_safescale.scoring.paired import Comparison
    from pytest_safescale.scoring.panel import Panel
    from pytest_safescale.shards import Shard

    MoreGates = Callable[[Sequence[Metric]], Sequence[Sequence[Mapping[str, Any]]]]

__all__ = [
    "against",
    "assess",
    "conclude",
    "earlier_run",
    "ensemble_rows",
    "facts_in",
    "marked_as_adaptive",
    "versions_used",
]


def conclude(
    run: Run,
    book: RecordBook,
    *,
    coverage: Coverage,
    gates: Sequence[Gate],
    more_gates: MoreGates,
    baseline: Baseline | None,
    run_id: str,
    start: datetime,
) -> Conclusion:
    """Return figures, gates and manifest of a run's records.

    ``more_gates`` is shown the figures and returns tables of gates of its own.
    """
    manifest = _manifest(run, book, coverage, run_id, start)
    if book.searches.records:
        manifest["robustness"] = dict(book.searches.settings)
        manifest["notices"] += _searches_lacking(run, book)
    if run.shard is not None:
        manifest["shard"] = _shard(run, run.shard, coverage, baseline)
        manifest["notices"].insert(0, shard_notice(run.shard))
        # What a part is compared with, or held against, says nothing of the whole.
        baseline = None
    return assess(
        book, manifest, coverage=coverage, gates=gates, more_gates=more_gates, baseline=baseline
    )


def assess(
    book: RecordBook,
    manifest: dict[str, Any],
    *,
    coverage: Coverage,
    gates: Sequence[Gate],
    more_gates: MoreGates = lambda _: (),
    baseline: Baseline | None = None,
) -> Conclusion:
    """Return figures, gates and comparisons of records, whichever processes they come from.

    The manifest tells what figures depend on: models, ensembles, decoding and seed. Its notices
    grow by what the figures are short of.
    """
    panel = panel_from_records(book.records)
    adaptive, seed = bool(manifest["decoding"]["adaptive"]), manifest["seed"]
    metrics = all_metrics(panel, seed=seed)
    if adaptive:
        metrics = [marked_as_adaptive(row) for row in metrics]
    named = {ensemble["name"]: ensemble["models"] for ensemble in manifest["ensembles"]}
    ensembles = complete_ensembles(panel, named)
    metrics += ensemble_rows(panel, ensembles, adaptive=adaptive)
    searches = book.searches.records
    metrics += robustness_metrics(searches, labelled=panel.labelled, seed=seed)
    added = [table for tables in more_gates(metrics) for table in tables]
    specs = specs_in(manifest)
    every_gate = [*gates, *parse_gates(added, "pytest_safescale_gates", specs)]
    manifest["notices"] += served_notices(manifest["models"])
    manifest["notices"] += [
        f"ensemble {name} has no figures: not all of its models were asked"
        for name in named
        if name not in ensembles
    ]
    comparisons = condition_comparisons(panel, seed=seed)
    changed: list[Changes] = []
    earlier: EarlierRun | None = None
    if baseline is not None:
        earlier = earlier_run(baseline, panel)
        found, changed = against(baseline, earlier, panel, manifest)
        comparisons += found
    if "shard" in manifest:
        manifest["shard"]["gates"] = [
            gate.model_dump(mode="json", exclude_unset=True) for gate in every_gate
        ]
        every_gate = []
    return Conclusion(
        manifest=manifest,
        metrics=metrics,
        gates=judge_gates(
            every_gate,
            Evidence(
                metrics=metrics,
                coverage=coverage,
                panel=panel,
                baseline=earlier,
                specs=specs,
                seed=seed,
                holm=manifest.get("family_wise") == "holm",
            ),
        ),
        comparisons=comparisons,
        analyses={
            **analyses(
                panel, ensembles=ensembles, facts=facts_in(manifest), adaptive=adaptive, seed=seed
            ),
            **({"robustness": robustness_table(searches)} if searches else {}),
            **({"changes": [asdict(row) for row in changed]} if changed else {}),
        },
        findings=book.searches.findings(),
    )


def ensemble_rows(
    panel: Panel, ensembles: Mapping[str, Sequence[str]], *, adaptive: bool
) -> list[Metric]:
    """Return the figures of votes; those that adaptive sampling leaves open are marked."""
    rows = ensemble_metrics(panel, ensembles)
    # The mean of the members' confidences needs every sample; the rest is of single answers.
    needy = "dangerous_overconfidence_rate"
    return [replace(row, comparable=not (adaptive and row.metric == needy)) for row in rows]


def facts_in(manifest: Mapping[str, Any]) -> dict[str, ModelFacts]:
    """Return what a manifest states of its models, by name."""
    names = ("parameters_b", "family", "context_tokens")
    return {
        model["name"]: ModelFacts(**{name: model[name] for name in names})
        for model in manifest["models"]
    }


def against(
    baseline: Baseline, earlier: EarlierRun, panel: Panel, manifest: dict[str, Any]
) -> tuple[list[Comparison], list[Changes]]:
    """Compare with an earlier run, and say first what else differs between the two."""
    before, pairs = earlier.panel, dict(earlier.twins)
    shared = shared_items(panel.items, before.items)
    manifest["baseline"] = {
        "path": baseline.path,
        "run_id": baseline.manifest.get("run_id"),
        "models": pairs,
        "items": len(shared.ids),
    }
    manifest["notices"] += differences(manifest, baseline.manifest, shared)
    found = compare_runs(panel, before, twins=pairs, seed=manifest["seed"])
    if not found:
        manifest["notices"].append(
            "the baseline could not be compared: no model, condition and item in common"
        )
    return found, changes(panel, before, twins=pairs, shared=shared.ids)


def earlier_run(baseline: Baseline, panel: Panel) -> EarlierRun:
    """Return the earlier run as gates and comparisons hold this one against it."""
    before = panel_from_records(baseline.records)
    return EarlierRun(
        panel=before,
        twins=twins(panel.models, before.models),
        adaptive=bool((baseline.manifest.get("decoding") or {}).get("adaptive")),
    )


def marked_as_adaptive(row: Metric) -> Metric:
    """Mark a figure that needs every sample, where samples were drawn adaptively."""
    exact = row.regime != SELF_CONSISTENCY or row.metric in EXACT_METRICS
    return row if exact else replace(row, comparable=False)


def _manifest(
    run: Run, book: RecordBook, coverage: Coverage, run_id: str, start: datetime
) -> dict[str, Any]:
    settings = run.settings
    store = Store(settings.store, run=run_id)
    spent = asdict(store.spent())
    made = store.stored_by_this_run()
    store.close()
    behind = book.behind_figures()
    asked = sum(coverage.expected.values())
    return {
        "run_id": run_id,
        "versions": versions_used(),
        "notices": [*notices(run), *_incomplete(asked, len(book.records))],
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
        "ranker": run.ranker.name if run.ranker is not None else None,
        "prompt_sha256": run.prompt.sha256(),
        "agent_prompt_sha256": hashlib.sha256(AGENT_SYSTEM.encode()).hexdigest(),
        "models": [_model(model, book) for model in run.models],
        "conditions": [condition.name for condition in run.conditions],
        "ensembles": [
            {"name": name, "models": list(members)} for name, members in run.ensembles.items()
        ],
        "labels": dict(settings.labels),
        "custom_metrics": [metric.manifest() for metric in run.metrics],
        "decoding": asdict(run.decoding),
        "seed": settings.seed,
        "family_wise": settings.family_wise,
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
    }


def _shard(run: Run, shard: Shard, coverage: Coverage, baseline: Baseline | None) -> dict[str, Any]:
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


def _incomplete(asked: int, recorded: int) -> list[str]:
    if recorded == asked:
        return []
    return [f"this run is incomplete: {recorded} of {asked} cases were asked"]


def _model(model: Model, book: RecordBook) -> dict[str, Any]:
    info = asdict(model.info)
    info["nature"] = model.info.nature.value
    info["served"] = book.served_as(model.info.name)
    return info


def versions_used() -> dict[str, str]:
    """Return the versions that shape a run, by distribution."""
    names = ("pytest-safescale", "pytest", "pytest-xdist", "numpy", "scipy", "bm25s")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
