"""Report folders to certify a threshold from, and the certificate that comes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RISK = ("--risk", "high_risk_error_rate", "--max", "0.1")
SAMPLE = "sample data: no clinical claims"
SURE = ["AAAAA"] * 150 + ["BBBAA"] * 50
"""Sure where it is right, and dangerous where it is not."""


def record(
    place: int, samples: str, model: str, condition: str, cluster: str = ""
) -> dict[str, Any]:
    letters = [None if mark == "-" else mark for mark in samples]
    states = ["abstained" if mark == "-" else "answered" for mark in samples]
    return {
        "model": model,
        "condition": condition,
        "outcome": "correct",
        "findings": [],
        "item_id": f"item-{place}",
        **({"cluster": cluster} if cluster else {}),
        "truth": "A",
        "options": {"A": "right", "B": "high-risk", "C": "wrong"},
        "labels": {"B": ["high_risk"]},
        "greedy": {"letter": "A", "state": "answered", "latency_s": None},
        "error": None,
        "samples": {"letters": letters, "states": states},
        "samples_error": None,
    }


def write_run(
    name: str,
    texts: list[str],
    *,
    model: str = "m",
    condition: str = "closed_book",
    of_a_cluster: int = 0,
    **facts: Any,
) -> None:
    """Write a report folder whose cases have these samples, one text an item."""
    clusters = [f"p{place // of_a_cluster}" if of_a_cluster else "" for place in range(len(texts))]
    cases = zip(texts, clusters, strict=True)
    records = [
        record(place, text, model, condition, cluster)
        for place, (text, cluster) in enumerate(cases)
    ]
    manifest = {
        "run_id": name,
        "notices": [SAMPLE],
        "dataset": {
            "name": "items.json",
            "sha256": "d1",
            "items": len(texts),
            **({"clustered": True} if of_a_cluster else {}),
        },
        "prompt_sha256": "p1",
        "decoding": {"samples": len(texts[0])},
        "models": [{"name": model, "provider": "openai", "model": "big", "served": []}],
        "conditions": [condition],
        "cases": {"of_the_run": len(texts), "recorded": len(texts)},
        **facts,
    }
    Path(name).mkdir()
    Path(name, "run.json").write_text(json.dumps({"manifest": manifest}), encoding="utf-8")
    lines = "".join(json.dumps(one) + "\n" for one in records)
    Path(name, "cases.jsonl").write_text(lines, encoding="utf-8")


def content(path: str = "certified.json") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return read
