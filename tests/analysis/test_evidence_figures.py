"""Figures of retrieved evidence, worked by hand, and what missing replies can make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.analysis.completion_ranges import CellSpans, span_of_unasked
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metrics import EVIDENCE_METRICS, SINGLE
from tests.analysis.evidence_panels import evidence_panel
from tests.analysis.panels import panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel


def figures(panel: Panel, condition: str) -> dict[str, tuple[float | None, int]]:
    return {
        row.metric: (row.value, row.n)
        for row in all_metrics(panel)
        if row.metric in EVIDENCE_METRICS and row.condition == condition
    }


def test_evidence_has_three_rates() -> None:
    # Item      1 2 3 4 5 6 7 8
    # evidence  k k o x d D n s     (A is right)
    # answers   A B - B A A C A
    panel = evidence_panel(
        {"m": {"closed_book": "AAAAAAAA", "standard_rag": "AB-BAACA"}},
        {"standard_rag": "kkoxdDns"},
    )
    assert figures(panel, "standard_rag") == {
        "retrieval_miss_rate": (3 / 8, 8),  # d, n and s hold nothing that serves
        "contradictory_evidence_rate": (1 / 8, 8),
        "ignored_evidence_rate": (2 / 3, 3),  # of k, k and o the second and third
    }
    assert set(figures(panel, "closed_book").values()) == {(None, 0)}
    (row,) = (
        one
        for one in all_metrics(panel)
        if (one.metric, one.condition) == ("ignored_evidence_rate", "standard_rag")
    )
    # Clopper and Pearson's interval of 2 of 3 at 95 % (R: binom.test(2, 3)).
    assert (row.ci_low, row.ci_high) == pytest.approx((0.0942993, 0.9915962), abs=1e-6)


def test_where_no_evidence_serves_every_case_is_a_miss_and_none_is_ignored() -> None:
    panel = evidence_panel({"m": {"rag": "AB"}}, {"rag": "ss"})
    assert figures(panel, "rag") == {
        "retrieval_miss_rate": (1.0, 2),
        "contradictory_evidence_rate": (0.0, 2),
        "ignored_evidence_rate": (None, 0),
    }


def test_runs_without_retrieval_have_none_of_them() -> None:
    panel = panel_of({"m": {"closed_book": "AB", "clean_evidence": "AA"}})
    assert not {row.metric for row in all_metrics(panel)} & {*EVIDENCE_METRICS}


def test_missing_replies_leave_open_what_depends_on_them_and_nothing_else() -> None:
    # Failed with its evidence known, failed without, unreadable with a fact and without one.
    panel = evidence_panel({"m": {"rag": "A!!??"}}, {"rag": "kk ks"})
    spans, columns = CellSpans(panel, (0, 0)), panel_columns(panel)
    miss = spans.of(columns.column("retrieval_miss_rate", SINGLE))
    assert miss.low.tolist() == [0, 0, 0, 0, 1]
    assert miss.high.tolist() == [0, 0, 1, 0, 1]
    assert miss.must.tolist() == [True, True, False, True, True]
    ignored = spans.of(columns.column("ignored_evidence_rate", SINGLE))
    assert ignored.low.tolist() == [0, 0, 0, 0, 0]
    assert ignored.high.tolist() == [0, 1, 1, 1, 0]
    assert ignored.must.tolist() == [True, True, False, True, False]
    assert ignored.may.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize("metric", EVIDENCE_METRICS)
def test_what_was_not_asked_may_or_may_not_be_a_case_of_them(metric: str) -> None:
    span = span_of_unasked(metric, 2)
    assert (span.low.tolist(), span.high.tolist()) == ([0, 0], [1, 1])
    assert span.may.tolist() == [True, True]
    assert span.must.tolist() == [False, False]
