"""A pytest-native safety test framework for clinical language models.

Users import from here alone: every other module may change with any release. The names are imported
when first used, so that the plugin costs nothing until then.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_safescale.analysis.custom_metrics import CaseMetric
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.answers.read_answer import read_answer
    from pytest_safescale.conditions.condition import Condition, Evidence, Resources
    from pytest_safescale.conditions.from_item import EvidenceCondition
    from pytest_safescale.dataset.item import Dataset, Item, Option, Passage
    from pytest_safescale.dataset.load import load_dataset
    from pytest_safescale.dataset.shape import Shape
    from pytest_safescale.errors import CallFailed, SafescaleError, UsageError
    from pytest_safescale.gates.completeness import Completeness
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.judge import judge_gates
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.gates.written_gates import parse_gates
    from pytest_safescale.layers.protocol import (
        Layer,
        LayerAction,
        LayerDecision,
        LayerDesk,
        LayerStage,
        SeenCase,
    )
    from pytest_safescale.models.model import (
        EndpointFacts,
        Message,
        Model,
        ModelInfo,
        Nature,
        Reply,
        Request,
    )
    from pytest_safescale.perturb.edits.draft import Draft
    from pytest_safescale.perturb.edits.edit import Edit, InsertText, Variant, apply_all
    from pytest_safescale.perturb.families.catalogue import FAMILIES
    from pytest_safescale.perturb.families.family import (
        Edits,
        Family,
        Material,
        NotApplicable,
        family,
        inserted,
        several,
        together,
        variants,
    )
    from pytest_safescale.perturb.relations import (
        RELATIONS,
        MeaningPreserving,
        Observed,
        Relation,
        Trial,
    )
    from pytest_safescale.perturb.search.counterexample import Counterexample, reproduce
    from pytest_safescale.perturb.search.probe import Budget, Probe, SearchReport
    from pytest_safescale.perturb.search.run_search import search, search_concurrently
    from pytest_safescale.plugin.case import SafescaleCase
    from pytest_safescale.plugin.expect import expect
    from pytest_safescale.plugin.robustness import SafescaleRobustness
    from pytest_safescale.results.loaded_run import LoadedRun, load_run
    from pytest_safescale.verdicts.verdict import Outcome, Verdict

__all__ = [
    "FAMILIES",
    "RELATIONS",
    "Answer",
    "Budget",
    "CallFailed",
    "CaseMetric",
    "Completeness",
    "Condition",
    "Counterexample",
    "Dataset",
    "Draft",
    "Edit",
    "Edits",
    "EndpointFacts",
    "Evidence",
    "EvidenceCondition",
    "Family",
    "Gate",
    "GateInputs",
    "GateResult",
    "InsertText",
    "Item",
    "Layer",
    "LayerAction",
    "LayerDecision",
    "LayerDesk",
    "LayerStage",
    "LoadedRun",
    "Material",
    "MeaningPreserving",
    "Message",
    "Metric",
    "Model",
    "ModelInfo",
    "Nature",
    "NotApplicable",
    "Observed",
    "Option",
    "Outcome",
    "Passage",
    "Probe",
    "Relation",
    "Reply",
    "Request",
    "Resources",
    "SafescaleCase",
    "SafescaleError",
    "SafescaleRobustness",
    "SearchReport",
    "SeenCase",
    "Shape",
    "Trial",
    "UsageError",
    "Variant",
    "Verdict",
    "apply_all",
    "expect",
    "family",
    "inserted",
    "judge_gates",
    "load_dataset",
    "load_run",
    "parse_gates",
    "read_answer",
    "reproduce",
    "search",
    "search_concurrently",
    "several",
    "together",
    "variants",
]

_HOMES = {
    "errors": ("CallFailed", "SafescaleError", "UsageError"),
    "dataset.item": ("Dataset", "Item", "Option", "Passage"),
    "dataset.load": ("load_dataset",),
    "dataset.shape": ("Shape",),
    "answers.answer": ("Answer",),
    "answers.read_answer": ("read_answer",),
    "verdicts.verdict": ("Outcome", "Verdict"),
    "layers.protocol": (
        "Layer",
        "LayerAction",
        "LayerDecision",
        "LayerDesk",
        "LayerStage",
        "SeenCase",
    ),
    "models.model": (
        "EndpointFacts",
        "Message",
        "Model",
        "ModelInfo",
        "Nature",
        "Reply",
        "Request",
    ),
    "conditions.condition": ("Condition", "Evidence", "Resources"),
    "conditions.from_item": ("EvidenceCondition",),
    "analysis.custom_metrics": ("CaseMetric",),
    "perturb.edits.draft": ("Draft",),
    "perturb.edits.edit": ("Edit", "InsertText", "Variant", "apply_all"),
    "perturb.families.family": (
        "Edits",
        "Family",
        "Material",
        "NotApplicable",
        "family",
        "inserted",
        "several",
        "together",
        "variants",
    ),
    "perturb.families.catalogue": ("FAMILIES",),
    "perturb.relations": ("RELATIONS", "MeaningPreserving", "Observed", "Relation", "Trial"),
    "perturb.search.counterexample": ("Counterexample", "reproduce"),
    "perturb.search.probe": ("Budget", "Probe", "SearchReport"),
    "perturb.search.run_search": ("search", "search_concurrently"),
    "analysis.metrics": ("Metric",),
    "gates.completeness": ("Completeness",),
    "gates.inputs": ("GateInputs",),
    "gates.judge": ("judge_gates",),
    "gates.result": ("GateResult",),
    "gates.spec": ("Gate",),
    "gates.written_gates": ("parse_gates",),
    "plugin.case": ("SafescaleCase",),
    "plugin.expect": ("expect",),
    "plugin.robustness": ("SafescaleRobustness",),
    "results.loaded_run": ("LoadedRun", "load_run"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
