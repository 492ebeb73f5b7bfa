"""A case as one flat row, for tables: its item, its answers, what they mean and what they took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from pytest_safescale.dataset.item import PUBLIC
from pytest_safescale.results.case_record import CustomValues  # noqa: TC001  # columns of it
from pytest_safescale.results.run_tables import table_columns
from pytest_safescale.results.state_counts import case_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.results.case_record import CallRecord, CaseRecord

__all__ = ["CASE_COLUMNS", "CaseRow", "flat_case"]


class CaseRow(TypedDict):
    """A case: what ``CaseRecord`` says, without evidence, trace, layers and single calls."""

    item_id: str
    item_sha256: str | None
    subspecialty: str
    question_type: str
    cluster: str
    pool: str
    """``public`` or ``sealed``."""
    question: str
    options: dict[str, str]
    """Texts by letter."""
    labels: dict[str, list[str]]
    """The labels that are set, by letter."""
    labelled: bool
    """Whether the data set says yes or no of a label of the item."""
    truth: str
    """The correct letter."""
    outcome: str
    """A value of ``Outcome``."""
    correct: bool | None
    """Whether the single answer is the correct letter; ``None`` where the call failed."""
    findings: list[str]
    """The names of ``--safescale-strict``, gravest first."""
    state: str
    """``answered``, ``abstained``, ``unreadable`` or ``failed``."""
    error: str | None
    letter: str | None
    """The single answer; ``None`` for a reply that names none."""
    reply: str | None
    """Its text."""
    form: str | None
    """How it was read, or why there is none."""
    finish_reason: str | None
    latency_s: float | None
    """Seconds until it."""
    majority: str | None
    """The letter most samples gave."""
    confidence: float | None
    """Of the samples, in [0, 1]."""
    agreement: float | None
    """Share of the answer that the samples gave most often."""
    sample_letters: list[str | None]
    """In the order in which they were drawn; none where none were."""
    samples_error: str | None
    prompt_sha256: str | None
    calls: int
    """Calls behind the case."""
    replies: int
    prompt_tokens: int
    completion_tokens: int
    money: float
    """In the user's unit."""
    custom: CustomValues | None
    """Values of the user's own metrics, by decoding mode and name."""
    nodeid: str | None
    """Of the test that asked the case."""


CASE_COLUMNS = table_columns(CaseRow)
"""The columns of a table of cases."""


def flat_case(record: CaseRecord) -> dict[str, Any]:
    """Return the row of a case record, of ``CASE_COLUMNS`` what the case says itself."""
    whose = {"model": record["model"], "condition": record["condition"]}
    profile = {"profile": record["profile"]} if "profile" in record else {}
    return {**whose, **profile, **_case_row(record)}


def _case_row(record: CaseRecord) -> CaseRow:
    single, samples = record["greedy"], record["samples"]
    calls: Sequence[CallRecord] = record.get("calls", ())
    return {
        "item_id": record["item_id"],
        "item_sha256": record.get("item_sha256"),
        "subspecialty": record.get("subspecialty", ""),
        "question_type": record.get("question_type", ""),
        "cluster": record.get("cluster", ""),
        "pool": record.get("pool", PUBLIC),
        "question": record.get("question", ""),
        "options": record["options"],
        "labels": record["labels"],
        "labelled": record.get("labelled", False),
        "truth": record["truth"],
        "outcome": record["outcome"],
        "correct": None if single is None else single["letter"] == record["truth"],
        "findings": record["findings"],
        "state": case_state(record).value,
        "error": record["error"],
        "letter": single["letter"] if single else None,
        "reply": single.get("text") if single else None,
        "form": single.get("form") if single else None,
        "finish_reason": single.get("finish_reason") if single else None,
        "latency_s": single["latency_s"] if single else None,
        "majority": samples.get("majority") if samples else None,
        "confidence": samples.get("confidence") if samples else None,
        "agreement": samples.get("agreement") if samples else None,
        "sample_letters": samples["letters"] if samples else [],
        "samples_error": record["samples_error"],
        "prompt_sha256": record.get("prompt_sha256"),
        "calls": len(calls),
        "replies": sum(call["replies"] for call in calls),
        "prompt_tokens": sum(call["prompt_tokens"] for call in calls),
        "completion_tokens": sum(call["completion_tokens"] for call in calls),
        "money": sum(call["money"] for call in calls),
        "custom": record.get("custom"),
        "nodeid": record.get("nodeid"),
    }
