"""Paired comparisons: McNemar, differences with intervals, Holm; conditions and runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.analysis import comparisons
from pytest_safescale.analysis.comparisons import (
    Comparison,
    compare_conditions,
    compare_runs,
    condition_comparisons,
)
from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.statistics.intervals import resample_indices
from pytest_safescale.statistics.paired import holm, mcnemar, tango_interval
from tests.analysis.panels import item, panel_of, panels

if TYPE_CHECKING:
    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel

PAIRS = [("x", "y")]


def only(rows: list[Comparison], metric: str = "accuracy", **names: object) -> Comparison:
    wanted = {"regime": "single", "metric": metric, **names}
    (found,) = (r for r in rows if all(getattr(r, name) == v for name, v in wanted.items()))
    return found


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (0, 0, 1.0),
        # 2 x 1 / 2^5.
        (0, 5, 0.0625),
        (5, 0, 0.0625),
        # 2 x (1 + 8) / 2^8 = 18 / 256.
        (1, 7, 0.0703125),
        # Equal counts: twice more than half is cut at 1.
        (3, 3, 1.0),
        # 2 x (1 + 10 + 45) / 1024.
        (2, 8, 0.109375),
    ],
)
def test_mcnemars_exact_p(b: int, c: int, p: float) -> None:
    assert mcnemar(b, c) == pytest.approx(p, abs=1e-12)


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemars_p_is_the_binomial_sum(b: int, c: int) -> None:
    n = b + c
    tail = sum(math.comb(n, i) for i in range(min(b, c) + 1))
    expected = min(1.0, 2 * tail / 2**n) if n else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("raw", "adjusted"),
    [
        ([], []),
        ([0.04], [0.04]),
        # 0.01 x 3, then 0.02 x 2, then 0.03 x 1 raised to the one before.
        ([0.01, 0.02, 0.03], [0.03, 0.04, 0.04]),
        ([0.03, 0.01, 0.02], [0.04, 0.03, 0.04]),
        ([0.5, 0.6], [1.0, 1.0]),
    ],
)
def test_holms_p(raw: list[float], adjusted: list[float]) -> None:
    assert holm(raw) == pytest.approx(adjusted)


def test_two_conditions_of_a_model() -> None:
    # x right and y wrong on items 1, 2, 3; the other way round on item 4; item 5 alike.
    rows = compare_conditions(panel_of({"m": {"x": "AAABA", "y": "BBBAA"}}), PAIRS)
    found = only(rows)
    assert (found.b, found.c, found.n) == (3, 1, 5)
    assert found.delta == 2 / 5
    # 2 x (1 + 4) / 2^4.
    assert found.p_value == 0.625
    means = np.array([1, 1, 1, -1, 0])[resample_indices(5)].mean(axis=1)
    assert (found.bootstrap_low, found.bootstrap_high) == pytest.approx(
        tuple(np.percentile(means, [2.5, 97.5])), abs=1e-9
    )
    assert (found.ci_low, found.ci_high) == tango_interval(3, 1, 5)
    assert found.ci_method == "tango"
    assert (found.kind, found.model, found.left, found.right) == ("condition", "m", "x", "y")
    # High-risk errors go the other way.
    risk = only(rows, "high_risk_error_rate")
    assert (risk.b, risk.c, risk.delta) == (1, 3, -2 / 5)


def test_only_items_that_both_have_are_compared() -> None:
    # Item 2 failed under x, item 3 has no y.
    panel = panel_of({"m": {"x": "A!A-", "y": "BA B"}})
    found = only(compare_conditions(panel, PAIRS))
    assert (found.n, found.b, found.c) == (2, 1, 0)


def test_nothing_in_common_is_no_comparison() -> None:
    assert compare_conditions(panel_of({"m": {"x": "A ", "y": " A"}}), PAIRS) == []
    assert compare_conditions(panel_of({"m": {"x": "A"}}), PAIRS) == []


def test_majorities_are_compared_with_dangerous_overconfidence() -> None:
    panel = panel_of(
        {"m": {"x": "AA", "y": "AA"}},
        samples={"m": {"x": ["BBBB", "AAAA"], "y": ["AAAA", "AAAA"]}},
    )
    rows = compare_conditions(panel, PAIRS)
    for metric, b, c in (
        ("accuracy", 0, 1),
        ("dangerous_overconfidence_rate", 1, 0),
        ("unsafe_answer_rate", 1, 0),
    ):
        found = only(rows, metric, regime="self_consistency")
        assert (found.b, found.c, found.n) == (b, c, 2)


def test_without_labels_accuracy_alone_is_compared() -> None:
    panel = panel_of({"m": {"x": "A", "y": "B"}}, items=[item("1", labels={})])
    assert {row.metric for row in compare_conditions(panel, PAIRS)} == {"accuracy"}


def test_p_is_adjusted_within_a_model_regime_and_metric() -> None:
    answers = {
        "closed_book": "BBBBBBBB",
        "clean_evidence": "AAAAAAAA",
        "conflict_evidence": "ABBBBBBB",
    }
    rows = condition_comparisons(panel_of({"m": answers, "n": answers}))
    found = {
        (row.left, row.right): (row.p_value, row.p_holm)
        for row in rows
        if (row.model, row.metric) == ("m", "accuracy")
    }
    # 2 / 2^8 and 2 / 2^7; the smaller is doubled and both are below the larger.
    assert found == {
        ("clean_evidence", "closed_book"): (2 / 256, 4 / 256),
        ("conflict_evidence", "clean_evidence"): (2 / 128, 2 / 128),
    }


def test_the_default_pairs_are_those_of_the_paper() -> None:
    conditions = [
        *("closed_book", "clean_evidence", "conflict_evidence", "standard_rag", "agentic_rag"),
        *("max_context", "top_1", "top_5", "context_100k", "context_32k"),
    ]
    rows = condition_comparisons(panel_of({"m": dict.fromkeys(conditions, "A")}))
    pairs = {(row.left, row.right) for row in rows}
    assert len(pairs) == 12
    assert ("max_context", "context_100k") in pairs
    assert not any("context_32k" in pair for pair in pairs)


def test_a_repaired_corpus_is_compared_with_the_old_one_and_adjusted_by_itself() -> None:
    answers = {
        "closed_book": "BBBBBBBB",
        "standard_rag": "AABBBBBB",
        "standard_rag_repaired": "AAAAAAAB",
        "top_1_repaired": "AAAAAAAA",
    }
    rows = [
        row
        for row in condition_comparisons(panel_of({"m": answers}))
        if (row.metric, row.regime) == ("accuracy", "single")
    ]
    assert [(row.left, row.right) for row in rows] == [
        ("standard_rag", "closed_book"),
        ("standard_rag_repaired", "standard_rag"),
    ]
    gain = rows[1]
    # Five of eight items are mended, none is broken: 2 / 2^5, alone in its family.
    assert (gain.kind, gain.delta, gain.b, gain.c) == ("condition", 5 / 8, 5, 0)
    assert (gain.p_value, gain.p_holm) == (2 / 32, 2 / 32)


def test_two_runs_are_compared_over_the_items_both_have() -> None:
    # Item 2 was asked now alone, item 9 then alone; item 3 has another correct letter now.
    now = panel_of(
        {"m": {"x": "ABA"}}, items=[item("1"), item("2"), item("3", truth="B", labels={})]
    )
    then = panel_of({"m": {"x": "BAA"}}, items=[item("1"), item("3"), item("9")])
    found = only(compare_runs(now, then))
    assert (found.kind, found.model, found.condition) == ("baseline", "m", "x")
    assert (found.left, found.right) == ("this run", "baseline")
    assert (found.b, found.c, found.n) == (1, 0, 1)


def test_a_model_may_take_the_place_of_another() -> None:
    now, then = panel_of({"new": {"x": "A"}}), panel_of({"old": {"x": "B"}})
    assert compare_runs(now, then) == []
    found = only(compare_runs(now, then, matched_models={"new": "old"}))
    assert (found.model, found.right, found.b) == ("new", "baseline, old", 1)


@given(panels(conditions=["x", "y"]))
def test_a_comparison_turned_round_is_its_mirror(panel: Panel) -> None:
    there = compare_conditions(panel, [("x", "y")])
    back = compare_conditions(panel, [("y", "x")])
    for one, other in zip(there, back, strict=True):
        assert (one.b, one.c, one.p_value) == (other.c, other.b, other.p_value)
        assert one.delta == -other.delta
        assert one.ci_low <= one.delta <= one.ci_high
        assert one.ci_low < one.ci_high
        assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low))


def test_nothing_is_judged_where_no_two_conditions_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[Panel] = []

    def seen(panel: Panel) -> Judged:
        judged.append(panel)
        return single_answers(panel)

    monkeypatch.setattr(comparisons, "single_answers", seen)
    assert condition_comparisons(panel_of({"m": {"closed_book": "AB"}})) == []
    assert judged == []
    # Those of a repaired corpus with the old one are another question, and there are none.
    assert condition_comparisons(panel_of({"m": {"closed_book": "AB", "clean_evidence": "BB"}}))
    assert len(judged) == 1
