"""The evidence of a case and an agent's turns, as plain JSON data with what they were worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit.agent_reading import reading_finding
from pytest_safescale.audit.evidence_class import classed
from pytest_safescale.audit.telling_sentences import telling_sentences

if TYPE_CHECKING:
    from pytest_safescale.conditions.condition import Evidence, Step
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.results.case_record import StepRecord
    from pytest_safescale.results.evidence_record import (
        EvidenceFacts,
        EvidenceRecord,
        ReadingFacts,
    )

__all__ = ["evidence_record", "step_record"]

EVIDENCE_CHARACTERS = 20_000


def evidence_record(evidence: Evidence, item: Item) -> EvidenceRecord:
    """Return what the condition showed and, of what was retrieved, what it was for the item."""
    record: EvidenceRecord = {
        "text": evidence.text[:EVIDENCE_CHARACTERS],
        "characters": len(evidence.text),
        "passages": list(evidence.passages),
        "unmatched": evidence.unmatched,
    }
    if record["text"] and (deciding := telling_sentences(record["text"], item)):
        record["deciding"] = [
            {"start": one.start, "end": one.end, "tells": one.tells} for one in deciding
        ]
    if evidence.retrieved or evidence.trace:
        record["facts"] = _facts(evidence, item)
    return record


def step_record(step: Step) -> StepRecord:
    """Return one turn of the agent."""
    return {
        "kind": step.kind,
        "text": step.text,
        "queries": list(step.queries),
        "passages": list(step.passages),
        "letter": step.letter,
    }


def _facts(evidence: Evidence, item: Item) -> EvidenceFacts:
    found = classed(evidence.retrieved, item)
    # An agent reads as it goes: what it read first is no better placed for its answer.
    placed = found.badly_placed and not evidence.trace
    facts: EvidenceFacts = {
        "evidence_class": found.evidence_class.value,
        "passages": found.passages,
        "fact_at": found.fact_at,
        "carries": found.carries,
        "badly_placed": placed,
        "dangerous": list(found.dangerous),
        "dangerous_passages": found.dangerous_passages,
    }
    if evidence.trace:
        facts["reading"] = _reading(evidence, item)
    return facts


def _reading(evidence: Evidence, item: Item) -> ReadingFacts:
    by_id = {passage.id: passage for passage in evidence.retrieved}
    turns = [[by_id[name] for name in step.passages if name in by_id] for step in evidence.trace]
    queries = [query for step in evidence.trace for query in step.queries]
    found = reading_finding(turns, queries, evidence.text, item)
    return {
        "fact_turn": found.fact_turn,
        "danger_turn": found.danger_turn,
        "reported": found.reported,
        "repeated": found.repeated,
        "unused": list(found.unused),
    }
