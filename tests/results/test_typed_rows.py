"""The typed shapes have the keys that what they describe is written with."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from typing_extensions import get_type_hints

from pytest_safescale.analysis.agent_traces import AgentTraces, Drift
from pytest_safescale.analysis.attribution import Attribution
from pytest_safescale.analysis.comparisons import Comparison
from pytest_safescale.analysis.evidence_outcomes import EvidenceOutcome
from pytest_safescale.analysis.evidence_sentences import WorstEvidence
from pytest_safescale.analysis.gap_split import CausePart, GapSplit
from pytest_safescale.analysis.metrics import Metric
from pytest_safescale.audit.agent_reading import ReadingFinding
from pytest_safescale.audit.evidence_class import EvidenceFinding
from pytest_safescale.gates.result import Decision, GateResult
from pytest_safescale.gates.spec import Gate
from pytest_safescale.models.model import ModelInfo
from pytest_safescale.perturb.search.counterexample import Counterexample, CounterexampleRecord
from pytest_safescale.perturb.search.probe import Tally
from pytest_safescale.results.attribution_rows import (
    AgentTracesRow,
    AttributionRows,
    CausePartRow,
    DriftRow,
    EvidenceOutcomeRow,
    GapSplitRow,
    WorstEvidenceRow,
)
from pytest_safescale.results.evidence_record import EvidenceFacts, ReadingFacts
from pytest_safescale.results.manifest import GateCheckRow
from pytest_safescale.results.manifest_models import ModelRow
from pytest_safescale.results.run_content import ComparisonRow, FigureRow, GateRow
from pytest_safescale.results.search_record import SearchRecord
from pytest_safescale.runs.self_check import GateCheck


def keys(shape: Any) -> set[str]:
    return set(get_type_hints(shape))


def named(described: Any) -> set[str]:
    return {field.name for field in fields(described)}


@pytest.mark.parametrize(
    ("shape", "described", "more"),
    [
        (FigureRow, Metric, {"profile"}),
        (ComparisonRow, Comparison, {"profile"}),
        (ModelRow, ModelInfo, {"served", "tokens", "refused", "answer_format_parameter"}),
        (GateCheckRow, GateCheck, set()),
        (CounterexampleRecord, Counterexample, {"schema"}),
        (AttributionRows, Attribution, set()),
        (EvidenceOutcomeRow, EvidenceOutcome, set()),
        (GapSplitRow, GapSplit, set()),
        (CausePartRow, CausePart, set()),
        (AgentTracesRow, AgentTraces, set()),
        (DriftRow, Drift, set()),
        (WorstEvidenceRow, WorstEvidence, set()),
        (EvidenceFacts, EvidenceFinding, {"reading"}),
        (ReadingFacts, ReadingFinding, set()),
    ],
)
def test_a_row_has_the_fields_of_what_it_is_made_of(
    shape: Any, described: Any, more: set[str]
) -> None:
    assert keys(shape) == named(described) | more


def test_a_search_record_has_every_count() -> None:
    assert named(Tally) < keys(SearchRecord)


def test_a_gate_row_has_the_keys_of_a_result() -> None:
    gate = Gate(metric="accuracy", min=0.5)
    result = GateResult(
        gate=gate, model="m", condition="c", decision=Decision.PASSED, sentence="It holds."
    )
    assert keys(GateRow) == {*result.record(), "profile"}
