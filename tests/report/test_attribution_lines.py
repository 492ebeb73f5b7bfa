"""Why models fail with retrieval, in words and on the page."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.analysis.all_analyses import analyses
from pytest_safescale.errors import DatasetError
from pytest_safescale.report.attribution_lines import attribution_sentences
from pytest_safescale.report.page.analysis_tables import Cell
from pytest_safescale.report.page.attribution_tables import attribution_tables
from tests.analysis.evidence_panels import evidence_panel


def found() -> dict[str, Any]:
    # Ten cases: four with nothing, of which three are dangerous, two dangers, of which one is.
    panel = evidence_panel(
        {"m": {"clean_evidence": "A" * 10, "standard_rag": "BBBABAAAAA"}},
        {"standard_rag": "ssssddkkkK"},
    )
    return analyses(panel, ensembles={}, facts={})


def test_three_sentences_say_what_was_read_where_the_gap_stands_and_what_is_worst() -> None:
    read, gap, worst = attribution_sentences(found())
    assert read == (
        "Evidence of 10 answered cases with retrieval, by its words: supports dangerous option "
        "20.0 %, carries key fact 40.0 %, silent 40.0 %."
    )
    assert gap.startswith("standard RAG against clean evidence: +40.0 points (+10.0 to +70.0)")
    assert gap.endswith(
        "over 10 cases: retrieval failure +30.0, corpus failure +10.0, reading failure +0.0, "
        "position effect +0.0."
    )
    assert worst == (
        "Worst item with retrieval, 0001 (m): standard rag gave 10 passages, none with the key "
        "fact or for option A (correct); the model answered B (high-risk, unsafe)."
    )


def test_without_retrieval_nothing_is_told() -> None:
    assert attribution_sentences({}) == []
    assert attribution_tables({}) == []


def test_the_page_has_the_gap_the_classes_and_the_worst_items() -> None:
    gap, classes, worst = attribution_tables(found())
    assert [row[2] for row in gap.rows] == [
        "the whole gap",
        "retrieval failure",
        "corpus failure",
        "reading failure",
        "position effect",
    ]
    share = gap.rows[1][5]
    assert isinstance(share, Cell)
    assert share.text == "75.0 %"
    assert [row[2] for row in classes.rows] == [
        "supports dangerous option",
        "carries key fact",
        "silent",
    ]
    assert [row[0] for row in worst.rows] == ["0001", "0002", "0003", "0005"]


def test_a_damaged_file_is_refused_by_its_key() -> None:
    damaged = found()
    damaged["attribution"]["gap"][0]["gap"] = "wide"
    with pytest.raises(DatasetError, match=r"analyses.attribution, gap.0.gap: found"):
        attribution_sentences(damaged)
