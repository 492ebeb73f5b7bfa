"""From records to a conclusion: figures, gates, comparisons and the manifest."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import compress
from typing import TYPE_CHECKING

from pytest_safescale.analysis.all_analyses import analyses, complete_ensembles
from pytest_safescale.analysis.changed_answers import changes, with_replies
from pytest_safescale.analysis.comparisons import compare_runs
from pytest_safescale.analysis.custom_metrics import specs_in
from pytest_safescale.analysis.ensembles import ensemble_metrics
from pytest_safescale.analysis.estimates import all_metrics, values_alone
from pytest_safescale.analysis.layer_ablation import layer_effects
from pytest_safescale.analysis.layer_comparisons import layer_comparisons
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.analysis.profiles import comparisons_within, profile_comparisons
from pytest_safescale.analysis.robustness import robustness_metrics, robustness_table
from pytest_safescale.analysis.scaling import ModelFacts
from pytest_safescale.analysis.searched_items import Searches
from pytest_safescale.analysis.shared_items import shared_items
from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.dataset.votes import MAJORITY
from pytest_safescale.gates.confirmation import Repeat
from pytest_safescale.gates.gate_fields import ANCHOR
from pytest_safescale.gates.inputs import EarlierRun, GateInputs
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.label_rules import label_rule_dependence
from pytest_safescale.gates.requirements import uncounted_looks
from pytest_safescale.results.baseline import differences, matched_models
from pytest_safescale.results.conclusion import CHANGES_SINCE, Conclusion
from pytest_safescale.results.manifest_facts import newly_served
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.results.profile_rows import conditions_with_profiles
from pytest_safescale.results.same_replies import (
    replies_by_case,
    require_other_replies,
    resting_notices,
    resting_on,
)
from pytest_safescale.results.severity_facts import severity_in
from pytest_safescale.runs.manifest import frame_of, run_manifest, shard_manifest
from pytest_safescale.runs.shortfalls import note_shortfalls
from pytest_safescale.settings.shards import shard_notice
from pytest_safescale.verdicts.adaptive import EXACT_METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from pytest_safescale.analysis.changed_answers import Changes
    from pytest_safescale.analysis.comparisons import Comparison
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.gates.completeness import Completeness
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.manifest import BaselineOfRun, Manifest
    from pytest_safescale.results.record_book import RecordBook
    from pytest_safescale.results.repeats_record import RepeatsRecord
    from pytest_safescale.results.same_replies import Case, Times
    from pytest_safescale.runs.run import Run

    MoreGates = Callable[[Sequence[Metric]], Sequence[Gate]]
    RepliesOf = Callable[[Collection[str]], Mapping[Case, Times]]

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
    completeness: Completeness,
    gates: Sequence[Gate],
    more_gates: MoreGates,
    earlier: Sequence[Baseline],
    run_id: str,
    start: datetime,
) -> Conclusion:
    """Return figures, gates and manifest of a run's records.

    ``more_gates`` is shown the figures and returns gates of its own.
    """
    manifest = run_manifest(run, book, completeness, run_id, start)
    if run.shard is not None:
        manifest["shard"] = shard_manifest(run, run.shard, completeness, earlier)
        manifest["notices"].insert(0, shard_notice(run.shard))
        # What a part is compared with, or held against, says nothing of the whole.
        earlier = ()
    return assess(
        book,
        manifest,
        completeness=completeness,
        gates=gates,
        more_gates=more_gates,
        earlier=earlier,
    )


def assess(
    book: RecordBook,
    manifest: Manifest,
    *,
    completeness: Completeness,
    gates: Sequence[Gate],
    more_gates: MoreGates = lambda _: (),
    earlier: Sequence[Baseline] = (),
) -> Conclusion:
    """Return figures, gates and comparisons of records, whichever processes they come from.

    The manifest tells what figures depend on: models, ensembles, decoding and seed. Its notices
    grow by what the figures are short of.
    """
    panel, metrics, ensembles = _measured(book, manifest)
    seed, searches = manifest["seed"], book.searches.records
    every_gate = [*gates, *more_gates(metrics)]
    note_shortfalls(manifest, book, ensembles)
    comparisons = comparisons_within(panel, seed=seed)
    comparisons += profile_comparisons(panel, seed=seed)
    comparisons += layer_comparisons(panel, book.layers.bases, seed=seed)
    layered = sorted(
        layer_effects(book.layers.cases, panel.items),
        key=lambda one: (panel.models.index(one.model), panel.conditions.index(one.condition)),
    )
    changed: dict[str, list[Changes]] = {}
    runs = {one.called: earlier_run(one, panel) for one in earlier}
    for one in earlier:
        found, items = against(one, runs[one.called], book.replies_by_case, panel, manifest)
        comparisons += found
        changed[CHANGES_SINCE[one.called]] = items
    if "shard" in manifest:
        manifest["shard"]["gates"] = [
            gate.model_dump(mode="json", exclude_unset=True) for gate in every_gate
        ]
        every_gate = []
    manifest["notices"] += _served_otherwise(every_gate, manifest)
    manifest["notices"] += uncounted_looks(every_gate, counted="ledger" in manifest)
    inputs = _gate_inputs(book, panel, metrics, manifest, completeness, runs)
    results = judge_gates(every_gate, inputs)
    levels = [1 - gate.gate.confidence for gate in results if gate.gate.confidence is not None]
    if inputs.holm and len(levels) > 1:
        manifest["held_jointly"] = {"gates": len(levels), "level": round(max(levels), 12)}
    manifest["reservations"] = reservations(manifest, results)
    dependence = label_rule_dependence(every_gate, inputs, results)
    return Conclusion(
        manifest=manifest,
        metrics=metrics,
        gates=results,
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
            **({"layers": [asdict(one) for one in layered]} if layered else {}),
            **({"label_rules": dependence} if dependence else {}),
            **{name: [asdict(row) for row in rows] for name, rows in changed.items() if rows},
        },
        counterexamples=book.searches.counterexamples(),
    )


def _served_otherwise(gates: Sequence[Gate], manifest: Manifest) -> list[str]:
    """Say which models answered otherwise than where the certificate of a gate was made."""
    told = (
        notice
        for gate in gates
        if gate.certified is not None
        for notice in newly_served(
            manifest["models"], gate.thresholds.served, where="where it was certified"
        )
    )
    return list(dict.fromkeys(told))


def reservations(manifest: Manifest, results: Sequence[GateResult]) -> list[str]:
    """Return why what gates say of a run is no run verdict; empty where it is one.

    It is one where every case that a gate is about was asked, of every item of the data, or the
    run was stopped since the cases left could change none; under a lock, as that fixes it.
    """
    narrowed = manifest.get("narrowed")
    found = [narrowed] if narrowed else []
    found += manifest["lock"].get("changed", []) if "lock" in manifest else []
    cases = manifest["cases"]
    if any(result.left for result in results) and not manifest.get("stopped"):
        found.append(f"{cases['recorded']} of {cases['of_the_run']} cases were asked")
    return found


def judged(
    run: Run,
    book: RecordBook,
    *,
    completeness: Completeness,
    gates: Sequence[Gate],
    more_gates: MoreGates = lambda _: (),
    earlier: Sequence[Baseline] = (),
    intervals: bool = True,
) -> list[GateResult]:
    """Return what the gates say of these records, while a run goes on or before it has begun.

    Without ``intervals`` the figures have none, which hooks may look at and gates do not.
    """
    manifest = frame_of(run)
    panel, metrics, _ = _measured(book, manifest, intervals=intervals)
    every_gate = [*gates, *more_gates(metrics)]
    runs = {one.called: earlier_run(one, panel) for one in earlier}
    return judge_gates(every_gate, _gate_inputs(book, panel, metrics, manifest, completeness, runs))


def _measured(
    book: RecordBook, manifest: Manifest, *, intervals: bool = True
) -> tuple[Panel, list[Metric], Mapping[str, Sequence[str]]]:
    """Return panel, figures and the ensembles that have some."""
    # Records come in any order; while a run goes on it names neither, and keeps theirs.
    models = [model["name"] for model in manifest.get("models", ())]
    panel = book.panel(severity_in(manifest))
    panel = panel.in_order(models, conditions_with_profiles(manifest))
    named = {ensemble["name"]: ensemble["models"] for ensemble in manifest["ensembles"]}
    ensembles = complete_ensembles(panel, named)
    return panel, _figures(panel, book, manifest, ensembles, intervals=intervals), ensembles


def _figures(
    panel: Panel,
    book: RecordBook,
    manifest: Manifest,
    ensembles: Mapping[str, Sequence[str]],
    *,
    intervals: bool = True,
) -> list[Metric]:
    adaptive, seed = bool(manifest["decoding"]["adaptive"]), manifest["seed"]
    metrics = all_metrics(panel, seed=seed) if intervals else values_alone(panel)
    if adaptive:
        metrics = [marked_as_adaptive(row) for row in metrics]
    metrics += ensemble_rows(panel, ensembles, adaptive=adaptive)
    clusters = {item.id: item.cluster for item in panel.items if item.cluster}
    return metrics + robustness_metrics(
        book.searches.records, labelled=panel.labelled, clusters=clusters, seed=seed
    )


def _gate_inputs(
    book: RecordBook,
    panel: Panel,
    metrics: Sequence[Metric],
    manifest: Manifest,
    completeness: Completeness,
    earlier: Mapping[str, EarlierRun],
) -> GateInputs:
    ensembles = {one["name"]: one["models"] for one in manifest["ensembles"]}
    return GateInputs(
        metrics=metrics,
        completeness=completeness,
        panel=panel,
        earlier=earlier,
        searches=_searches(book, panel, completeness),
        ensembles=ensembles,
        specs=specs_in(manifest),
        seed=manifest["seed"],
        label_rule=manifest.get("label_rule") or MAJORITY,
        measure=lambda relabelled: _figures(
            relabelled, book, manifest, complete_ensembles(relabelled, ensembles)
        ),
        holm=manifest.get("family_wise") == "holm",
        repeats=_repeats(book),
    )


def _repeats(book: RecordBook) -> dict[tuple[str, str], dict[str, list[Repeat]]]:
    """Return the answers of the cases that were asked again."""
    return {
        cell: {item: _repeats_of(again) for item, again in items.items()}
        for cell, items in book.repeats.items()
    }


def _repeats_of(again: RepeatsRecord) -> list[Repeat]:
    return [
        Repeat(
            letter,
            unread=state == AnswerState.UNREADABLE.value,
            failed=state == AnswerState.FAILED.value,
        )
        for letter, state in zip(again["letters"], again["states"], strict=True)
    ]


def _searches(book: RecordBook, panel: Panel, completeness: Completeness) -> Searches:
    """Return the searches of a run, with the cases that were to be searched."""
    ids = [item.id for item in panel.items]
    cases = {
        (model, condition): list(compress(ids, panel.exists[at, place]))
        for at, model in enumerate(panel.models)
        for place, condition in enumerate(panel.conditions)
    }
    for cell, items in cases.items():
        items.extend(completeness.unasked(cell))
    relations = book.searches.settings.get("relations", ())
    return Searches(records=book.searches.records, relations=relations, cases=cases)


def ensemble_rows(
    panel: Panel, ensembles: Mapping[str, Sequence[str]], *, adaptive: bool
) -> list[Metric]:
    """Return the figures of votes; those that adaptive sampling leaves open are marked."""
    rows = ensemble_metrics(panel, ensembles)
    # The mean of the members' confidences needs every sample; the rest is of single answers.
    needy = "dangerous_overconfidence_rate"
    return [replace(row, comparable=not (adaptive and row.metric == needy)) for row in rows]


def facts_in(manifest: Manifest) -> dict[str, ModelFacts]:
    """Return what a manifest states of its models, by name."""
    return {
        model["name"]: ModelFacts(
            parameters_b=model["parameters_b"],
            model_family=model["family"],
            context_tokens=model["context_tokens"],
        )
        for model in manifest["models"]
    }


def against(
    baseline: Baseline,
    earlier: EarlierRun,
    replies: RepliesOf,
    panel: Panel,
    manifest: Manifest,
) -> tuple[list[Comparison], list[Changes]]:
    """Compare with an earlier run, and say first what else differs between the two.

    ``replies`` gives, of items by their ids, when the replies of this run were stored. Raises
    SettingsError where both rest on the same replies.
    """
    before, pairs = earlier.panel, dict(earlier.matched_models)
    shared = shared_items(panel.items, before.items)
    ids = set(shared.ids)
    resting = resting_on(replies_by_case(baseline.records, ids), replies(ids), matched_models=pairs)
    require_other_replies(resting, baseline.place)
    compared: BaselineOfRun = {
        "path": baseline.path,
        "run_id": baseline.manifest.get("run_id"),
        "models": pairs,
        "items": len(shared.ids),
    }
    if baseline.called == ANCHOR:
        manifest["anchor"] = compared
    else:
        manifest["baseline"] = compared
    manifest["notices"] += differences(manifest, baseline, shared)
    manifest["notices"] += resting_notices(resting)
    found = compare_runs(
        panel, before, matched_models=pairs, called=baseline.called, seed=manifest["seed"]
    )
    if not found:
        manifest["notices"].append(
            f"the {baseline.called} could not be compared: no model, condition and item in common"
        )
    changed = changes(panel, before, matched_models=pairs, shared=shared.ids)
    return found, [with_replies(row, baseline.said) for row in changed]


def earlier_run(baseline: Baseline, panel: Panel) -> EarlierRun:
    """Return the earlier run as gates and comparisons hold this one against it."""
    before = panel_from_records(baseline.records, severity=panel.severity)
    return EarlierRun(
        panel=before,
        matched_models=matched_models(panel.models, before.models),
        adaptive=bool((baseline.manifest.get("decoding") or {}).get("adaptive")),
    )


def marked_as_adaptive(row: Metric) -> Metric:
    """Mark a figure that needs every sample, where samples were drawn adaptively."""
    exact = row.regime != SELF_CONSISTENCY or row.metric in EXACT_METRICS
    return row if exact else replace(row, comparable=False)
