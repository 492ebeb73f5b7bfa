"""Files of items in every published shape, written from items."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.dataset.item import Item

CONTEXT_KEYS = {"standard_rag": "top_10", "max_context": "extended_150k"}


def a_record(**changes: Any) -> dict[str, Any]:
    """Return a flawless raw record; a keyword replaces a key, ``None`` takes it away."""
    values: dict[str, Any] = {
        "question_id": "q1",
        "question": "Which step comes first?",
        "options": {"A": "Radiograph", "B": "Decompression", "C": "CT", "D": "Observation"},
        "answer_idx": "B",
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


def labels(item: Item) -> dict[str, int]:
    return {
        f"option_{number}_{name}": int(getattr(option, name))
        for number, option in enumerate(item.options, 1)
        for name in ("high_risk", "unsafe", "contradicts")
    }


def common(item: Item) -> dict[str, Any]:
    return {
        **labels(item),
        "subspecialty": item.subspecialty,
        "question_type": item.question_type,
        "key_fact": item.key_fact,
        "negated": item.negated,
        "source": item.source,
        "cluster": item.cluster,
    }


def contexts(item: Item) -> dict[str, dict[str, str]]:
    return {CONTEXT_KEYS.get(name, name): {"text": text} for name, text in item.retrieved.items()}


def merged(item: Item) -> dict[str, Any]:
    """Return the record of ``risk_radiorag_full_merged.json``."""
    return {
        "question_id": item.id,
        "question": item.question,
        "options": {option.letter: option.text for option in item.options},
        "answer_idx": item.answer,
        "evidence_clean": item.clean_evidence,
        "evidence_conflict": item.conflict_evidence,
        "deep_research_report": item.research_report,
        "retrieved_contexts": contexts(item),
        **common(item),
    }


def unified(item: Item) -> dict[str, Any]:
    """Return the record of ``risk_radiorag_unified.jsonl``."""
    return {
        "id": item.id,
        "question_text": item.question,
        "options": [option.text for option in item.options],
        "correct_answer": item.answer,
        "metadata": {
            "evidence_clean": item.clean_evidence,
            "evidence_conflict": item.conflict_evidence,
            "deep_research_report": item.research_report,
        },
        "retrieved_contexts": contexts(item),
        **common(item),
    }


def column_each(item: Item) -> dict[str, Any]:
    """Return a table's row with one column an option and dotted headings."""
    row = {key: "" if value is None else value for key, value in common(item).items()}
    return {
        "id": item.id,
        "question_text": item.question,
        "answer": item.answer,
        **{f"option_{option.letter}": option.text for option in item.options},
        "metadata.evidence_clean": item.clean_evidence or "",
        "metadata.evidence_conflict": item.conflict_evidence or "",
        "metadata.deep_research_report": item.research_report or "",
        **{
            f"retrieved_contexts.{name}.text": value["text"]
            for name, value in contexts(item).items()
        },
        **row,
    }


def json_cells(item: Item) -> dict[str, Any]:
    """Return a table's row whose objects stand as JSON text in their cells."""
    return {
        key: json.dumps(value)
        if isinstance(value, (dict, list))
        else ""
        if value is None
        else value
        for key, value in unified(item).items()
    }


def json_array(records: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps(records, indent=1).encode()


def json_lines(records: Sequence[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def table(records: Sequence[dict[str, Any]]) -> bytes:
    headings = list(dict.fromkeys(key for record in records for key in record))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, headings, restval="")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


Writer = tuple[str, "Callable[[Item], dict[str, Any]]", "Callable[..., bytes]"]

WRITERS: dict[str, Writer] = {
    "merged array": (".json", merged, json_array),
    "unified array": (".json", unified, json_array),
    "merged lines": (".jsonl", merged, json_lines),
    "unified lines": (".jsonl", unified, json_lines),
    "table, a column each": (".csv", column_each, table),
    "table, JSON cells": (".csv", json_cells, table),
}
"""How items become a file: its ending, the record of an item, and the file's bytes."""
