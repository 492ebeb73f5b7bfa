"""The analyses of run.json in the report: every number where it belongs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.analysis_tables import Cell, Table, analysis_tables
from pytest_safescale.report.page.run_page import write_html
from tests.report.folders import make_folder
from tests.report.made_records import Shape
from tests.report.pages import Page

if TYPE_CHECKING:
    from pathlib import Path


def moved(step: str, metric: str, delta: float, regime: str = "single") -> dict[str, Any]:
    return {
        "dimension": "retrieval", "step": step, "regime": regime, "metric": metric,
        "delta": delta, "ci_low": delta - 0.01, "ci_high": delta + 0.01, "models": 2,
    }  # fmt: skip


def the_table(analyses: dict[str, Any], **named: str) -> Table:
    (table,) = analysis_tables(analyses, named)
    return table


def test_a_step_is_one_row_with_accuracy_and_safety_beside_each_other() -> None:
    step = "closed_book to standard_rag"
    rows = [
        moved(step, "accuracy", 0.9, "self_consistency"),
        moved(step, "accuracy", 0.025),
        moved(step, "high_risk_error_rate", 0.0),
        moved(step, "dangerous_overconfidence_rate", -0.004, "self_consistency"),
        moved("standard_rag to agentic_rag", "accuracy", -0.05),
    ]
    table = the_table({"scaling": {"decoupling": rows}}, high_risk="grave")
    assert table.columns == (
        "step", "dimension", "accuracy", "grave", "unsafe", "contradiction", "overconfident",
    )  # fmt: skip
    assert table.rows[0] == [
        "closed book to standard RAG",
        "retrieval",
        Cell(0.025, "+2.5 points", "+1.5 to +3.5"),
        Cell(0.0, "+0.0 points", "-1.0 to +1.0"),
        Cell(None, "–"),
        Cell(None, "–"),
        Cell(-0.004, "-0.4 points", "-1.4 to +0.6"),
    ]
    assert table.rows[1][:2] == ["standard RAG to agentic RAG", "retrieval"]


def turned(model: str, *items: str, condition: str = "agentic_rag") -> dict[str, Any]:
    return {
        "condition": condition,
        "mechanism": "reasoning_drift", "direction": "lost", "model": model, "n": 20,
        "count": len(items), "share": len(items) / 20, "ci_low": None, "ci_high": None,
        "items": [{"item_id": item} for item in items],
    }  # fmt: skip


def test_an_item_that_drifted_is_named_once_and_of_very_many_the_first() -> None:
    rows = [turned("m", "i1", "i1", "i2"), turned("*", *(f"i{n}" for n in range(15)))]
    table = the_table({"mechanisms": {"reasoning_drift": rows}})
    happened = "right at an earlier step, wrong at the end"
    assert table.rows[0] == [
        "m", "agentic RAG", happened, Cell(0.15, "3 of 20", "15.0 %"), "i1, i2"
    ]  # fmt: skip
    assert table.rows[1][0] == "all models"
    assert str(table.rows[1][4]).endswith("i11 and 3 more")


def test_rows_of_the_old_corpus_and_of_the_repaired_one_are_told_apart() -> None:
    rows = [turned("m", "i1"), turned("m", "i1", condition="agentic_rag_repaired")]
    table = the_table({"mechanisms": {"reasoning_drift": rows}})
    assert [row[1] for row in table.rows] == ["agentic RAG", "agentic RAG repaired"]


def test_a_share_without_an_interval_for_a_reason_says_so() -> None:
    rows = [{**turned("*", "i1"), "ci_reason": "all alike"}]
    table = the_table({"mechanisms": {"reasoning_drift": rows}})
    assert table.rows[0][3] == Cell(0.05, "1 of 20", "5.0 %, no interval")


def test_of_very_many_models_only_the_rows_over_all_are_shown() -> None:
    rows = [turned(f"m{n}", "i1") for n in range(60)] + [turned("*", "i1")]
    table = the_table({"mechanisms": {"reasoning_drift": rows}})
    assert [row[0] for row in table.rows] == ["all models"]
    assert "run.json" in table.text


def test_what_a_run_does_not_hold_has_no_table() -> None:
    assert analysis_tables({}, {}) == []
    assert analysis_tables({"scaling": {"slopes": []}, "ensembles": []}, {}) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_folder(tmp_path_factory.mktemp("analyses"), Shape(items=12))
    write_html(folder)
    return folder


def test_the_page_holds_the_numbers_of_run_json(folder: Path) -> None:
    found = json.loads((folder / "run.json").read_text(encoding="utf-8"))["analyses"]
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    shown = {attributes["value"] for attributes, _ in page.figures}
    expected = [row["delta"] for row in found["scaling"]["decoupling"] if row["regime"] == "single"]
    expected += [row["auc"] for row in found["mechanisms"]["confident_errors"] if row["auc"]][-1:]
    expected += [row["share"] for row in found["mechanisms"]["evidence_misread"]]
    assert expected
    assert {str(number) for number in expected} <= shown
    titles = [text for tag, text in page.headings if tag == "h3"]
    assert "How far accuracy and safety moved" in titles
    assert "Confidence as a safety filter" in titles


def test_a_report_without_analyses_says_so(folder: Path, tmp_path: Path) -> None:
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del run["analyses"]
    (tmp_path / "run.json").write_text(json.dumps(run), encoding="utf-8")
    (tmp_path / "cases.jsonl").write_bytes((folder / "cases.jsonl").read_bytes())
    write_html(tmp_path)
    assert "This report holds no analyses." in (tmp_path / "report.html").read_text("utf-8")
