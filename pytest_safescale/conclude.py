"""From records to a conclusion: figures, gates, comparisons and the manifest."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.gates.baseline import differences, twins
from pytest_safescale.gates.evidence import EarlierRun, Evidence
from pytest_safescale.gates.gate import Gate, parse_gates
from pytest_safescale.gates.judging import judge_gates
from pytest_safescale.manifests import served_notices
from pytest_safescale.report.conclusion import Conclusion
from pytest_safescale.run_manifest import frame_of, run_manifest, shard_manifest
from pytest_safescale.scoring.adaptive import EXACT_METRICS
from pytest_safescale.scoring.analyses import analyses, complete_ensembles
from pytest_safescale.scoring.changes import changes
from pytest_safescale.scoring.custom import specs_in
from pytest_safescale.scoring.ensembles import ensemble_metrics
from pytest_safescale.scoring.figures import all_metrics
from pytest_safescale.scoring.metrics import SELF_CONSISTENCY
from pytest_safescale.scoring.paired import compare_runs, condition_comparisons
from pytest_safescale.scoring.panel import panel_from_records
from pytest_safescale.scoring.robustness import (
    robustness_events,
    robustness_metrics,
    robustness_table,
)
from pytest_safescale.scoring.scaling import ModelFacts
from pytest_safescale.scoring.shared import shared_items
from pytest_safescale.shards import shard_notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pytest_safescale.gates.baseline import Baseline
    from pytest_safescale.gates.coverage import Coverage
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.report.book import RecordBook
    from pytest_safescale.run import Run
    from pytest_safescale.scoring.changes import Changes
    from pytest_safescale.scoring.metrics import Metric
    from pytest_safescale.scoring.paired import Comparison
    from pytest_safescale.scoring.panel import Panel

    MoreGates = Callable[[Sequence[Metric]], Sequence[Sequence[Mapping[str, Any]]]]

__all__ = [
    "against",
    "assess",
    "conclude",
    "earlier_run",
    "ensemble_rows",
    "facts_in",
    "judged",
    "marked_as_adaptive",
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
    manifest = run_manifest(run, book, coverage, run_id, start)
    if run.shard is not None:
        manifest["shard"] = shard_manifest(run, run.shard, coverage, baseline)
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
    panel, metrics, ensembles = _measured(book, manifest)
    seed, searches = manifest["seed"], book.searches.records
    every_gate = _with_more(gates, more_gates, metrics, manifest)
    manifest["notices"] += served_notices(manifest["models"])
    manifest["notices"] += [
        f"ensemble {ensemble['name']} has no figures: not all of its models were asked"
        for ensemble in manifest["ensembles"]
        if ensemble["name"] not in ensembles
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
        gates=judge_gates(every_gate, _evidence(book, panel, metrics, manifest, coverage, earlier)),
        comparisons=comparisons,
        analyses={
            **analyses(
                panel,
                ensembles=ensembles,
                facts=facts_in(manifest),
                adaptive=bool(manifest["decoding"]["adaptive"]),
                seed=seed,
            ),
            **({"robustness": robustness_table(searches)} if searches else {}),
            **({"changes": [asdict(row) for row in changed]} if changed else {}),
        },
        findings=book.searches.findings(),
    )


def judged(
    run: Run,
    book: RecordBook,
    *,
    coverage: Coverage,
    gates: Sequence[Gate],
    more_gates: MoreGates = lambda _: (),
    baseline: Baseline | None = None,
) -> list[GateResult]:
    """Return what the gates say of these records, while a run goes on or before it has begun."""
    manifest = frame_of(run)
    panel, metrics, _ = _measured(book, manifest)
    every_gate = _with_more(gates, more_gates, metrics, manifest)
    earlier = earlier_run(baseline, panel) if baseline is not None else None
    return judge_gates(every_gate, _evidence(book, panel, metrics, manifest, coverage, earlier))


def _measured(
    book: RecordBook, manifest: Mapping[str, Any]
) -> tuple[Panel, list[Metric], Mapping[str, Sequence[str]]]:
    """Return panel, figures and the ensembles that have some."""
    panel = panel_from_records(book.records)
    adaptive, seed = bool(manifest["decoding"]["adaptive"]), manifest["seed"]
    metrics = all_metrics(panel, seed=seed)
    if adaptive:
        metrics = [marked_as_adaptive(row) for row in metrics]
    named = {ensemble["name"]: ensemble["models"] for ensemble in manifest["ensembles"]}
    ensembles = complete_ensembles(panel, named)
    metrics += ensemble_rows(panel, ensembles, adaptive=adaptive)
    metrics += robustness_metrics(book.searches.records, labelled=panel.labelled, seed=seed)
    return panel, metrics, ensembles


def _with_more(
    gates: Sequence[Gate],
    more_gates: MoreGates,
    metrics: Sequence[Metric],
    manifest: Mapping[str, Any],
) -> list[Gate]:
    added = [table for tables in more_gates(metrics) for table in tables]
    return [*gates, *parse_gates(added, "pytest_safescale_gates", specs_in(manifest))]


def _evidence(
    book: RecordBook,
    panel: Panel,
    metrics: Sequence[Metric],
    manifest: Mapping[str, Any],
    coverage: Coverage,
    earlier: EarlierRun | None,
) -> Evidence:
    return Evidence(
        metrics=metrics,
        coverage=coverage,
        panel=panel,
        baseline=earlier,
        searched=robustness_events(book.searches.records, labelled=panel.labelled),
        ensembles={one["name"]: one["models"] for one in manifest["ensembles"]},
        specs=specs_in(manifest),
        seed=manifest["seed"],
        holm=manifest.get("family_wise") == "holm",
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
