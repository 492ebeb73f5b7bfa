"""Files in the shapes that the field publishes: their exact field names, content of our own."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Callable

QUESTION = "Which study comes first in a child with suspected appendicitis?"
STUDIES = ("CT", "Ultrasound", "MRI", "Radiograph")
TEN = (*STUDIES, "Scintigraphy", "Angiography", "Laparoscopy", "Endoscopy", "Biopsy", "No study")


def json_lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def parquet_bytes(*records: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(records)), sink)
    return sink.getvalue()


def rows(*cells: tuple[str, ...]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(cells)
    return text.getvalue().encode()


def _cells(record: dict[str, Any], written: Callable[[Any], str]) -> bytes:
    """Return a table of one record, whose objects stand in their cells as text."""
    cells = (written(v) if isinstance(v, dict) else str(v) for v in record.values())
    return rows(tuple(record), tuple(cells))


MEDQA: dict[str, Any] = {
    "question": QUESTION,
    "answer": "Ultrasound",
    "options": dict(zip("ABCD", STUDIES, strict=True)),
    "meta_info": "step2&3",
    "answer_idx": "B",
    "metamap_phrases": ["child", "suspected appendicitis"],
}
MEDQA_KEYED = {
    **MEDQA,
    "options": [{"key": key, "value": text} for key, text in MEDQA["options"].items()],
}
MEDQA_BIGBIO = {
    "id": "0",
    "question_id": "0",
    "document_id": "0",
    "question": QUESTION,
    "type": "multiple_choice",
    "choices": list(STUDIES),
    "context": "",
    "answer": ["Ultrasound"],
}
MEDQA_ENDINGS = {
    "id": "train-00001",
    "sent1": QUESTION,
    "sent2": "",
    **{f"ending{n}": text for n, text in enumerate(STUDIES)},
    "label": 1,
}
MEDMCQA = {
    "id": "6f4a1c2e-0b1d-4b7a-9a55-0d7f7f1f8c11",
    "question": QUESTION,
    "opa": STUDIES[0],
    "opb": STUDIES[1],
    "opc": STUDIES[2],
    "opd": STUDIES[3],
    "cop": 1,
    "choice_type": "single",
    "exp": "Ultrasound needs no radiation.",
    "subject_name": "Radiology",
    "topic_name": None,
}
MMLU = {"question": QUESTION, "subject": "clinical_knowledge", "choices": [*STUDIES], "answer": 1}
MMLU_PRO = {
    "question_id": 5001,
    "question": QUESTION,
    "options": [*TEN],
    "answer": "B",
    "answer_index": 1,
    "cot_content": "",
    "category": "health",
    "src": "ori_mmlu-clinical_knowledge",
}
PUBMEDQA = {
    "QUESTION": "Is ultrasound accurate in children with suspected appendicitis?",
    "CONTEXTS": ["Ultrasound is widely used.", "In 120 children it found 110 of 118 cases."],
    "LABELS": ["BACKGROUND", "RESULTS"],
    "MESHES": ["Child", "Appendicitis"],
    "YEAR": "2011",
    "reasoning_required_pred": "yes",
    "reasoning_free_pred": "yes",
    "final_decision": "yes",
    "LONG_ANSWER": "Ultrasound is accurate in children.",
}
PUBMEDQA_HUB = {
    "pubid": 12345678,
    "question": PUBMEDQA["QUESTION"],
    "context": {
        "contexts": PUBMEDQA["CONTEXTS"],
        "labels": PUBMEDQA["LABELS"],
        "meshes": PUBMEDQA["MESHES"],
        "reasoning_required_pred": ["yes"],
        "reasoning_free_pred": ["yes"],
    },
    "long_answer": PUBMEDQA["LONG_ANSWER"],
    "final_decision": "yes",
}
_CHOICES = " ".join(f"({letter}) {text}" for letter, text in zip("ABCDEFGHIJ", TEN, strict=True))
MEDXPERTQA = {
    "id": "Text-0",
    "question": f"{QUESTION}\nAnswer Choices: {_CHOICES}",
    "options": dict(zip("ABCDEFGHIJ", TEN, strict=True)),
    "label": "B",
    "medical_task": "Diagnosis",
    "body_system": "Digestive",
    "question_type": "Reasoning",
}
MEDXPERTQA_LISTED = {
    **MEDXPERTQA,
    "options": [{"letter": k, "content": v} for k, v in MEDXPERTQA["options"].items()],  # type: ignore[attr-defined]
}

FILES: dict[str, tuple[str, str, bytes]] = {
    "MedQA, lines": ("medqa", "phrases_no_exclude_test.jsonl", json_lines(MEDQA)),
    "MedQA, keyed": ("medqa", "test.parquet", parquet_bytes(MEDQA_KEYED)),
    "MedQA, choices": ("medqa", "test.jsonl", json_lines(MEDQA_BIGBIO)),
    "MedQA, endings": ("medqa", "test.json", json_lines(MEDQA_ENDINGS)),
    "MedMCQA, hub": ("medmcqa", "validation-00000-of-00001.parquet", parquet_bytes(MEDMCQA)),
    "MedMCQA, lines": ("medmcqa", "dev.json", json_lines(MEDMCQA)),
    "MMLU, hub": ("mmlu", "test-00000-of-00001.parquet", parquet_bytes(MMLU)),
    "MMLU, table": ("mmlu", "clinical_knowledge_test.csv", rows((QUESTION, *STUDIES, "B"))),
    "MMLU-Pro": ("mmlu_pro", "test-00000-of-00001.parquet", parquet_bytes(MMLU_PRO)),
    "PubMedQA": ("pubmedqa", "ori_pqal.json", json.dumps({"12345678": PUBMEDQA}).encode()),
    "PubMedQA, table": ("pubmedqa", "train.csv", _cells(PUBMEDQA_HUB, str)),
    "PubMedQA, JSON cells": ("pubmedqa", "train.csv", _cells(PUBMEDQA_HUB, json.dumps)),
    "PubMedQA, hub": ("pubmedqa", "train-00000-of-00001.parquet", parquet_bytes(PUBMEDQA_HUB)),
    "MedXpertQA": ("medxpertqa", "test.jsonl", json_lines(MEDXPERTQA)),
    "MedXpertQA, listed": ("medxpertqa", "input.jsonl", json_lines(MEDXPERTQA_LISTED)),
}
"""Preset, file name and content of each published shape."""
