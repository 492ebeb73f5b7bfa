"""The evidence of a case as it stands in cases.jsonl."""

from __future__ import annotations

from pytest_safescale.conditions.condition import Evidence, Step
from pytest_safescale.runs.evidence_record import EVIDENCE_CHARACTERS, evidence_record
from tests.audit.test_evidence_class import DANGER, FACT, ITEM, NOTHING, passages


def test_evidence_that_was_not_retrieved_has_no_class() -> None:
    record = evidence_record(Evidence(text=FACT), ITEM)
    assert record == {
        "text": FACT,
        "characters": len(FACT),
        "passages": [],
        "unmatched": 0,
        "deciding": [{"start": 0, "end": len(FACT), "tells": "key_fact"}],
    }


def test_long_evidence_is_cut_and_its_length_told() -> None:
    record = evidence_record(Evidence(text="x" * (EVIDENCE_CHARACTERS + 5)), ITEM)
    assert (len(record["text"]), record["characters"]) == (20_000, 20_005)


def test_retrieved_evidence_says_what_it_was_for_the_item() -> None:
    retrieved = tuple(passages(*[NOTHING] * 6, FACT))
    record = evidence_record(Evidence(text="as shown", retrieved=retrieved), ITEM)
    assert record["facts"] == {
        "evidence_class": "carries_key_fact",
        "passages": 7,
        "fact_at": 7,
        "carries": True,
        "badly_placed": True,
        "dangerous": [],
        "dangerous_passages": 0,
    }


def test_an_agents_evidence_is_what_it_read_with_what_it_did_with_it() -> None:
    read = tuple(passages(*[NOTHING] * 6, FACT, DANGER))
    ids = tuple(passage.id for passage in read)
    trace = (
        Step(kind="search", text="", queries=("stone",), passages=ids[:6]),
        Step(kind="search", text="", queries=("stone", "ureter"), passages=ids[6:]),
        Step(kind="report", text=""),
    )
    record = evidence_record(Evidence(text=NOTHING, trace=trace, retrieved=read), ITEM)
    facts = record["facts"]
    assert (facts["evidence_class"], facts["fact_at"]) == ("supports_dangerous_option", 7)
    # An agent reads as it goes: nothing that it read is badly placed.
    assert facts["badly_placed"] is False
    assert facts["reading"] == {
        "fact_turn": 2,
        "danger_turn": 2,
        "reported": False,
        "repeated": 1,
        "unused": ["p6", "p7"],
    }


def test_an_agent_that_read_nothing_has_silent_evidence() -> None:
    trace = (Step(kind="report", text=""),)
    facts = evidence_record(Evidence(text=FACT, trace=trace), ITEM)["facts"]
    assert (facts["evidence_class"], facts["passages"]) == ("silent", 0)
    assert facts["reading"]["reported"] is True
