"""Report folders made without a run: figures, gates and analyses by the package."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from pytest_safescale.analysis.all_analyses import analyses
from pytest_safescale.analysis.changed_answers import changes, with_replies
from pytest_safescale.analysis.comparisons import compare_runs, condition_comparisons
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.metrics import SINGLE, Metric
from pytest_safescale.analysis.scaling import ModelFacts
from pytest_safescale.conditions.prompt import default_prompt
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.inputs import GateInputs
from pytest_safescale.gates.judge import judge_gates
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.results.panel_records import panel_from_records
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_safescale.analysis.changed_answers import Changes
    from pytest_safescale.analysis.comparisons import Comparison
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.results.case_record import CaseRecord
    from pytest_safescale.results.search_record import CounterexampleRow


def make_folder(
    path: Path, shape: Shape | None = None, *, text: Callable[[str], str] | None = None
) -> Path:
    """Write run.json and cases.jsonl; ``text`` changes every free text of data and models."""
    shape = shape or Shape()
    records = make_records(shape)
    run = make_run(shape, records)
    if text is not None:
        records = [_changed(record, text) for record in records]
        run = _changed(run, text)
    path.mkdir(parents=True, exist_ok=True)
    with (path / "cases.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    (path / "run.json").write_text(json.dumps(run, indent=1, allow_nan=False), encoding="utf-8")
    return path


def make_run(shape: Shape, records: Sequence[CaseRecord]) -> Any:
    """Return the content of run.json."""
    panel = panel_from_records(records)
    metrics = all_metrics(panel)
    cells = {
        (model, condition): shape.items for model in shape.models for condition in shape.conditions
    }
    completeness = Completeness(expected=cells, recorded=cells)
    inputs = GateInputs(metrics=metrics, completeness=completeness, panel=panel)
    gates = judge_gates(parse_gates(list(shape.gates), "the test"), inputs)
    comparisons = [asdict(comparison) for comparison in condition_comparisons(panel)]
    run: dict[str, Any] = {
        "schema_version": 1,
        "manifest": make_manifest(shape, sum(r["error"] is not None for r in records)),
        "metrics": [asdict(metric) for metric in metrics],
        "gates": [gate.record() for gate in gates],
        "comparisons": comparisons,
        "analyses": analyses(
            panel,
            ensembles={"three": shape.models} if len(shape.models) > 2 else {},
            facts={
                name: ModelFacts(parameters_b=10.0**at, model_family="f")
                for at, name in enumerate(shape.models)
            },
        ),
    }
    if shape.extras:
        run["metrics"] += [asdict(row) for row in _ensemble(metrics, shape)]
        run["comparisons"] += [asdict(row) for row in _against_baseline(shape, records)]
        run["analyses"]["changes"] = [asdict(row) for row in _changes(shape, records)]
        run["findings"] = [_counterexample(shape)]
        run["manifest"]["ensembles"] = [{"name": "three", "models": list(shape.models)}]
    return run


def make_manifest(shape: Shape, errors: int = 0) -> dict[str, Any]:
    """Return a manifest as a run writes it."""
    cases = len(shape.models) * len(shape.conditions) * shape.items
    return {
        "run_id": f"run-{shape.seed}",
        "versions": {"python": "3.11.7", "pytest-safescale": "0.1.0", "pytest": "9.2.0"},
        "notices": ["made for a test: figures show how this program works"],
        "start": f"2026-05-{shape.seed:02d}T09:00:00+00:00",
        "end": f"2026-05-{shape.seed:02d}T09:10:00+00:00",
        "dataset": {"name": "sample", "sha256": "a" * 64, "items": shape.items, "notices": []},
        "corpus": {"name": "sample", "passages": 20},
        "ranker": "bm25",
        "prompt": default_prompt("radiology").texts(),
        "prompt_sha256": "b" * 64,
        "agent_prompt": {"system": "Search before you answer."},
        "models": [_model(name, number) for number, name in enumerate(shape.models)],
        "repeat": {
            "folder": "/the project",
            "root": ".",
            "suites": [],
            "models": {},
            "options": ["--safescale-samples=20"],
            "environment": ["SAFESCALE_API_KEY"],
        },
        "conditions": list(shape.conditions),
        "decoding": {
            "samples": shape.samples,
            "seed": 42,
            "sample_temperature": 0.7,
            "answer_tokens": 10,
            "reasoning_tokens": 4096,
            "agent_tokens": 1024,
        },
        "seed": 42,
        "concurrency": 32,
        "replay": False,
        "cases": {
            "of_the_run": cases,
            "recorded": cases,
            "left_out": [{"condition": "max_context", "reason": "no corpus", "items": 2}],
        },
        "errors": errors,
        "calls": {"made": 10, "retries": 0, "replies_made": 210, "replies_from_store": 0},
        "tokens": {
            "this_run": {"prompt_tokens": 1000, "completion_tokens": 210},
            "behind_figures": {"prompt_tokens": 1000, "completion_tokens": 210},
        },
        "cost": {"this_run": 0.0, "behind_figures": 0.0},
    }


def _model(name: str, number: int) -> dict[str, Any]:
    return {
        "name": name,
        "provider": "simulated",
        "model": "paper",
        "revision": "",
        "nature": "simulated",
        "base_url": "",
        "family": ("oak", "elm")[number % 2],
        "parameters_b": 1.5 * 4**number,
        "active_parameters_b": None,
        "context_tokens": 32768,
        "reasoning": False,
        "price_in": 0.0,
        "price_out": 0.0,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "max_parallel": None,
        "served": [{"model": "paper", "fingerprint": "fp"}],
    }


def _ensemble(metrics: Sequence[Metric], shape: Shape) -> list[Metric]:
    own = [
        row
        for row in metrics
        if row.model == shape.models[-1]
        and row.regime == SINGLE
        and row.metric in {"accuracy", "high_risk_error_rate"}
    ]
    alike = [
        replace(row, metric="synchronized_failure_rate") for row in own if row.metric == "accuracy"
    ]
    return [replace(row, model="ensemble:three") for row in (*own, *alike)]


def _baseline(shape: Shape, records: Sequence[CaseRecord]) -> tuple[Panel, Panel, dict[str, str]]:
    """Return the panels of a run and of one before, in which every third answer was right."""
    before = [
        {**record, "greedy": record["greedy"] and {**record["greedy"], "letter": record["truth"]}}
        if place % 3 == 0
        else record
        for place, record in enumerate(records)
    ]
    earlier = cast("Sequence[CaseRecord]", before)
    same = {name: name for name in shape.models}
    return panel_from_records(records), panel_from_records(earlier), same


def _against_baseline(shape: Shape, records: Sequence[CaseRecord]) -> list[Comparison]:
    panel, before, same = _baseline(shape, records)
    return compare_runs(panel, before, matched_models=same, called="baseline", seed=42)


def _changes(shape: Shape, records: Sequence[CaseRecord]) -> list[Changes]:
    panel, before, same = _baseline(shape, records)
    items = [item.id for item in panel.items]
    cells = [(name, condition) for name in same for condition in shape.conditions]
    said = {(*cell, item): "I thought again." for cell in cells for item in items}
    found = changes(panel, before, matched_models=same, shared=items)
    return [with_replies(row, said) for row in found]


def _counterexample(shape: Shape) -> CounterexampleRow:
    return {
        "family": "option_order",
        "item_id": "item-0",
        "model": shape.models[0],
        "condition": shape.conditions[0],
        "edit": "options reversed",
        "diff": "--- before\n+++ after\n@@ -1,2 +1,2 @@\n-A. One\n-B. Two\n+A. Two\n+B. One",
        "before": "A",
        "after": "B",
        "after_in_item": "A",
        "sentence": "Another option was chosen after the options were reversed.",
        "edits": [{"kind": "reorder_options", "order": ["B", "A"]}],
        "calls": 3,
        "shrunk": True,
        "findings": ["counterexample", "high_risk"],
        "reproduce": "pytest suites/test_evidence_robustness.py -k item-0",
    }


_FIXED = {"regime", "metric", "outcome", "findings", "kind", "letter", "letters", "majority"}
"""Keys whose values are the package's own words or letters that must stay what they are."""
_FIXED_KEYS = _FIXED | {"labels", "truth", "nature", "versions", "ci_method", "diff"}


def _changed(value: Any, text: Callable[[str], str], key: str = "") -> Any:
    if key in _FIXED_KEYS:
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [_changed(part, text, key) for part in value]
    if isinstance(value, dict):
        return {name: _changed(part, text, name) for name, part in value.items()}
    return value
