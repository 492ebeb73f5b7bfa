"""Items of up to 26 options go from the file to the report, letters and figures with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

from tests.plugin.conftest import ITEM
from tests.report.pages import Page

APPLICATION = """
def answer(messages, *, temperature, max_tokens, seed, sample_index):
    question = messages[-1]["content"]
    wanted = question.split("say ")[1][0]
    return wanted if sample_index % 2 == 0 else "J"
"""


def an_item(number: int, options: int, saying: str) -> dict[str, Any]:
    letters = [chr(65 + place) for place in range(options)]
    return {
        **{key: value for key, value in ITEM.items() if not key.startswith("option_")},
        "question_id": f"i{number}",
        "question": f"Which? (say {saying})",
        "options": {letter: f"study {letter}" for letter in letters},
        "answer_idx": letters[-1],
        **{f"option_{n}_high_risk": int(n == 7) for n in range(1, options + 1)},
    }


@pytest.fixture
def records(pytester: pytest.Pytester, run_suite: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    items = [an_item(1, 10, "J"), an_item(2, 10, "G"), an_item(3, 26, "Z"), an_item(4, 26, "B")]
    (pytester.path / "items.json").write_text(json.dumps(items), encoding="utf-8")
    pytester.makepyfile(app=APPLICATION)
    run_suite(
        "--safescale-dataset=items.json",
        "--safescale-conditions=closed_book",
        "--safescale-samples=4",
    )
    lines = (pytester.path / "safescale-report" / "cases.jsonl").read_text("utf-8").splitlines()
    found = (json.loads(line) for line in lines)
    return {record["item_id"]: record for record in found if "item_id" in record}


def test_replies_are_read_for_every_letter_and_judged(
    records: dict[str, dict[str, Any]],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    letters = {item: record["greedy"]["letter"] for item, record in records.items()}
    assert letters == {"i1": "J", "i2": "G", "i3": "Z", "i4": "B"}
    assert [item for item, r in records.items() if r["outcome"] == "correct"] == ["i1", "i3"]
    assert [item for item, r in records.items() if "high_risk" in r["findings"]] == ["i2"]
    # Two answers of two kinds each: 1 - ln 2 / ln 11 on ten options, 1 - ln 2 / ln 27 on 26.
    confidence = {item: round(r["samples"]["confidence"], 4) for item, r in records.items()}
    assert confidence == {"i1": 1.0, "i2": 0.7109, "i3": 0.7897, "i4": 0.7897}
    figures = {(m["metric"], m["regime"]): m["value"] for m in report()["metrics"] if m["n"] == 4}
    assert figures["accuracy", "single"] == 0.5
    assert figures["high_risk_error_rate", "single"] == 0.25
    page = Page((pytester.path / "safescale-report" / "report.html").read_text("utf-8"))
    assert "accuracy" in page.words
