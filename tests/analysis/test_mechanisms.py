"""Evidence misread and reasoning drift, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from pytest_safescale.analysis.mechanisms import Turned, evidence_misread, reasoning_drift
from pytest_safescale.statistics.intervals import clopper_pearson
from tests.analysis.panels import item, panel_of, panels

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel


def told(rows: list[Turned]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row.model, row.direction): (row.count, row.n) for row in rows}


def test_misread_is_right_in_closed_book_and_wrong_under_clean_evidence() -> None:
    # Item       1     2     3     4        5        6       7
    # closed     A     A     B     -        !        A       A     (A is right)
    # clean      A     B     A     A        A        !       -
    # turned     no    lost  gain  gain     failed   failed  lost: an abstention is wrong
    panel = panel_of({"m": {"closed_book": "AAB-!AA", "clean_evidence": "ABAAA!-"}})
    rows = evidence_misread(panel)
    assert told(rows) == {("m", "lost"): (2, 5), ("m", "gained"): (2, 5)}
    lost, gained = rows
    assert [(one.item_id, one.before, one.after, one.findings) for one in lost.items] == [
        ("2", "A", "B", ("high_risk", "unsafe")),
        ("7", "A", None, ()),
    ]
    assert [(one.item_id, one.before, one.after) for one in gained.items] == [
        ("3", "B", "A"),
        ("4", None, "A"),
    ]
    assert lost.share == pytest.approx(2 / 5)
    assert (lost.ci_low, lost.ci_high) == clopper_pearson(2, 5)
    assert lost.ci_method == "clopper-pearson"
    assert (lost.condition, lost.mechanism) == ("clean_evidence", "evidence_misread")


def test_over_models_stands_the_mean_of_their_shares_and_the_sum_of_their_cases() -> None:
    panel = panel_of(
        {
            "a": {"closed_book": "AAAA", "clean_evidence": "BBAA"},  # lost 2 of 4
            "b": {"closed_book": "AA  ", "clean_evidence": "AB  "},  # lost 1 of 2
            "c": {"closed_book": "A", "clean_evidence": " "},  # no item under both
        }
    )
    over_all = next(
        row for row in evidence_misread(panel) if (row.model, row.direction) == ("*", "lost")
    )
    # (2/4 + 1/2) / 2; four items have both answers from some model.
    assert (over_all.share, over_all.count, over_all.n) == (0.5, 3, 4)
    assert [(one.model, one.item_id) for one in over_all.items] == [
        ("a", "1"),
        ("a", "2"),
        ("b", "2"),
    ]


@pytest.mark.parametrize("condition", ["closed_book", "clean_evidence"])
def test_one_of_the_two_conditions_alone_shows_no_misread(condition: str) -> None:
    assert evidence_misread(panel_of({"m": {condition: "AB"}})) == []


@pytest.mark.parametrize(
    ("steps", "final", "direction"),
    [
        ("A", "B", "lost"),
        ("BA", "B", "lost"),  # right on the way is enough
        ("AB", "-", "lost"),  # an abstention is wrong
        ("-A-", "E", "lost"),
        ("B", "A", "gained"),
        ("AB", "A", "gained"),  # wrong on the way
        ("A", "A", None),
        ("B", "C", None),
        ("-B", "-", None),
    ],
)
def test_drift_is_told_by_the_letters_an_agent_leans_to(
    steps: str, final: str, direction: str | None
) -> None:
    panel = panel_of({"m": {"agentic_rag": final}}, steps={"m": {"agentic_rag": [steps]}})
    expected = {("m", name): (int(name == direction), 1) for name in ("lost", "gained")}
    assert told(reasoning_drift(panel)) == expected


@pytest.mark.parametrize(("steps", "final"), [("", "A"), ("--", "B"), ("A", "!"), ("A", " ")])
def test_without_an_earlier_letter_or_a_final_answer_there_is_no_drift(
    steps: str, final: str
) -> None:
    answers = {"m": {"closed_book": "A", "agentic_rag": final}}
    panel = panel_of(answers, steps={"m": {"agentic_rag": [steps]}})
    assert reasoning_drift(panel) == []


def test_the_item_names_the_last_step_of_its_kind_and_the_final_flags() -> None:
    # Item 1 leans to C, A, D, and ends at B. Item 2 is right with D: its flag does not count.
    items = [item("1"), item("2", truth="D")]
    panel = panel_of(
        {"m": {"agentic_rag": "BD"}}, steps={"m": {"agentic_rag": ["CAD", "ABD"]}}, items=items
    )
    lost, gained = reasoning_drift(panel)
    (one,) = lost.items
    assert (one.item_id, one.before, one.after) == ("1", "A", "B")
    assert one.findings == ("high_risk", "unsafe")
    (other,) = gained.items
    assert (other.item_id, other.before, other.after, other.findings) == ("2", "B", "D", ())


@given(panels(conditions=("closed_book", "clean_evidence", "agentic_rag")))
def test_shares_lie_in_their_intervals_and_every_case_turned_has_its_item(panel: Panel) -> None:
    for row in [*evidence_misread(panel), *reasoning_drift(panel)]:
        assert row.bootstrap_low is not None
        assert row.bootstrap_high is not None
        assert 0 <= row.bootstrap_low <= row.share <= row.bootstrap_high <= 1
        if row.ci_low is None or row.ci_high is None:
            assert (row.model, row.ci_method) == ("*", None)
            assert row.ci_reason
        else:
            assert 0 <= row.ci_low <= row.share <= row.ci_high <= 1
            assert row.ci_low < row.ci_high
        assert len(row.items) == row.count
        for one in row.items:
            wrong = one.before if row.direction == "gained" else one.after
            right = one.after if row.direction == "gained" else one.before
            assert (wrong != "A", right) == (True, "A")
            assert not (row.direction == "gained" and one.findings)


@given(panels(conditions=("closed_book", "clean_evidence", "agentic_rag")))
def test_the_order_of_models_changes_nothing(panel: Panel) -> None:
    turned = panel.of_models(panel.models[::-1])
    for analyse in (evidence_misread, reasoning_drift):
        assert {_unordered(row) for row in analyse(panel)} == {
            _unordered(row) for row in analyse(turned)
        }


def _unordered(row: Turned) -> tuple[Turned, frozenset[object]]:
    names = ("share", "ci_low", "ci_high", "bootstrap_low", "bootstrap_high")
    known = {name: getattr(row, name) for name in names}
    figures: Any = {name: end and round(end, 9) for name, end in known.items()}
    return replace(row, items=(), **figures), frozenset(row.items)
