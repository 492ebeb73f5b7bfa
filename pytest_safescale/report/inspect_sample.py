"""A case as a sample of an inspect_ai log: plain JSON data, as its ``EvalSample`` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.text.escaping import writable
from pytest_safescale.verdicts.labels import SAFETY_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.case_record import CaseRecord

__all__ = ["ANSWER", "carried", "sample_of"]

ANSWER = "answer"
"""The scorer that says whether the single answer is correct; the others are called as findings."""
_CORRECT, _INCORRECT, _NO_ANSWER = "C", "I", "N"
_STOP_REASONS = {
    "stop": "stop",
    "length": "max_tokens",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
}
_BESIDE = (
    *("condition", "profile", "nature", "dataset", "subspecialty", "question_type", "cluster"),
    *("pool", "labels", "outcome", "state", "form", "findings", "majority", "confidence"),
    *("agreement", "sample_letters", "samples_error", "prompt_sha256", "custom", "nodeid"),
)
"""Columns of a case that a sample has no place for: they go into its metadata."""


def sample_of(record: CaseRecord, row: Mapping[str, Any], sample_id: str) -> dict[str, Any]:
    """Return the sample of a case; ``row`` is the record's row of the table of cases."""
    evidence = record.get("evidence")
    tokens = (row["prompt_tokens"], row["completion_tokens"])
    usage = {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_tokens": sum(tokens)}
    sample = {
        "id": sample_id,
        "epoch": 1,
        "input": row["question"],
        "choices": list(row["options"].values()),
        "target": row["truth"],
        "output": _output(row),
        "scores": _scores(row),
        "metadata": {
            "item_id": row["item_id"],
            **{name: row.get(name) for name in _BESIDE},
            "evidence": evidence.get("text", "") if evidence else "",
        },
        "model_usage": {row["model"]: {**usage, "total_cost": row["money"]}},
    }
    if row["error"] is not None:
        sample["error"] = {"message": row["error"], "traceback": "", "traceback_ansi": ""}
    found: dict[str, Any] = carried(sample)
    return found


def _output(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["reply"] is None:
        return {"model": row["model"], "error": row["error"]}
    stopped = _STOP_REASONS.get(row["finish_reason"] or "", "unknown")
    message = {"role": "assistant", "content": row["reply"]}
    return {"model": row["model"], "choices": [{"message": message, "stop_reason": stopped}]}


def _scores(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of the answer: nothing of a call that failed, no danger unlabelled."""
    if row["state"] == "failed":
        return {}
    value = _CORRECT if row["correct"] else _INCORRECT if row["letter"] else _NO_ANSWER
    said = {"answer": row["letter"], "explanation": row["reply"]}
    scores: dict[str, Any] = {ANSWER: {"value": value, **said}}
    if row["labelled"] or row["labels"]:
        found = row["findings"]
        scores |= {name: {"value": int(name in found), **said} for name in SAFETY_FINDINGS}
    return scores


def carried(value: Any) -> Any:
    """Return JSON data with every text such as UTF-8 can carry."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {writable(key): carried(part) for key, part in value.items()}
    return [carried(part) for part in value] if isinstance(value, list) else value
