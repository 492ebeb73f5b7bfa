"""Retrieval in scripts without spaces finds its passages; searches that find nothing are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]
    Report = Callable[[], dict[str, Any]]

FILES = Path(__file__).parent.parent / "dataset" / "files"


def records(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "safescale-report" / "cases.jsonl").read_text("utf-8").splitlines()
    return [record for line in lines if "evidence" in (record := json.loads(line))]


@pytest.mark.parametrize("language", ["zh", "de"])
def test_the_passage_that_answers_a_question_is_found(
    pytester: pytest.Pytester, run_suite: Run, report: Report, language: str
) -> None:
    run_suite(
        f"--safescale-dataset={FILES / language}_items.json",
        f"--safescale-corpus={FILES / language}_corpus.jsonl",
        "--safescale-conditions=top_1",
        "--safescale-samples=0",
        model="lexical",
    )
    found = {record["item_id"]: record["evidence"] for record in records(pytester.path)}
    assert {name: part["passages"] for name, part in found.items() if name != "ja1"} == {
        f"{language}1": ["hit"]
    }
    assert all(part["unmatched"] == 0 for part in found.values())
    assert report()["manifest"]["cases"]["unmatched"] == {"cases": 0, "searches": 0}


def test_questions_of_which_the_corpus_has_no_word_are_counted_beside_the_figures(
    pytester: pytest.Pytester, run_suite: Run, report: Report
) -> None:
    result = run_suite(
        f"--safescale-dataset={FILES / 'zh_items.json'}",
        f"--safescale-corpus={FILES / 'de_corpus.jsonl'}",
        "--safescale-conditions=closed_book,standard_rag",
        "--safescale-samples=0",
        model="lexical",
    )
    said = "retrieval: in 2 of 4 cases no passage of the corpus holds a word of the query"
    assert said in result.stdout.str()
    assert any(notice.startswith(said) for notice in report()["manifest"]["notices"])
    assert report()["manifest"]["cases"]["unmatched"] == {"cases": 2, "searches": 2}
    rag = [r for r in records(pytester.path) if r["condition"] == "standard_rag"]
    assert [record["evidence"]["unmatched"] for record in rag] == [1, 1]
