"""Prompt profiles: each against the plain one, item by item, and what further turns changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.analysis.all_analyses import analyses
from pytest_safescale.analysis.comparisons import condition_comparisons
from pytest_safescale.analysis.completion_ranges import CellSpans
from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder
from pytest_safescale.analysis.profiles import (
    base_panel,
    comparisons_within,
    profile_comparisons,
    profiles_of,
)
from tests.analysis.panels import item, panel_of

if TYPE_CHECKING:
    from pytest_safescale.analysis.comparisons import Comparison

# Of the usual item A is right and B high-risk; verify mends five of the six dangerous answers,
# uncertain two by not answering.
ANSWERS = {
    "m": {
        "closed_book": "BBBBBBAA",
        "closed_book/verify": "AAAAABAA",
        "closed_book/uncertain": "--BBBBAA",
        "clean_evidence": "BAAAAAAA",
        "clean_evidence/verify": "BAAAAAAA",
        "clean_evidence/uncertain": "BAAAAAAA",
    }
}


def of(rows: list[Comparison], **names: str) -> Comparison:
    found = [r for r in rows if all(getattr(r, name) == value for name, value in names.items())]
    (row,) = (r for r in found if r.regime == SINGLE)
    return row


def test_each_profile_is_compared_with_plain_under_each_condition() -> None:
    rows = profile_comparisons(panel_of(ANSWERS))
    danger = {"metric": "high_risk_error_rate", "kind": "profile", "right": "plain"}
    verify = of(rows, left="verify", condition="closed_book/verify", **danger)
    # 1 of 8 less 6 of 8; five items got better, none worse: p = 2 / 2^5.
    assert (verify.delta, verify.b, verify.c, verify.n) == (-0.625, 0, 5, 8)
    assert verify.p_value == pytest.approx(0.0625)
    uncertain = of(rows, left="uncertain", condition="closed_book/uncertain", **danger)
    assert (uncertain.delta, uncertain.c) == (-0.25, 2)
    assert uncertain.p_value == pytest.approx(0.5)
    # Holm over the two profiles of one condition: 2 x 0.0625, and the larger of that and 0.5.
    assert verify.p_holm == pytest.approx(0.125)
    assert uncertain.p_holm == pytest.approx(0.5)
    same = of(rows, left="verify", condition="clean_evidence/verify", **danger)
    assert (same.delta, same.p_value) == (0.0, 1.0)
    refused = of(rows, left="uncertain", condition="closed_book/uncertain", metric="refusal_rate")
    assert refused.delta == 0.25


def test_what_failed_on_either_side_is_compared_on_neither() -> None:
    rows = profile_comparisons(panel_of({"m": {"x": "BAA!", "x/verify": "A!AA"}}))
    row = of(rows, left="verify", metric="accuracy")
    assert (row.n, row.delta) == (2, 0.5)


def test_where_plain_is_not_asked_the_first_profile_takes_its_place() -> None:
    panel = panel_of({"m": {"x/verify": "AB", "x/think": "AA"}})
    rows = profile_comparisons(panel)
    assert {(row.left, row.right) for row in rows} == {("think", "verify")}
    base = base_panel(panel)
    assert base.conditions == ("x",)
    assert base.greedy.tolist() == panel.greedy[:, :1].tolist()


def test_conditions_are_compared_under_each_profile_by_itself() -> None:
    panel = panel_of(ANSWERS)
    rows = comparisons_within(panel)
    pairs = {(row.left, row.right) for row in rows}
    assert pairs == {
        (f"clean_evidence{profile}", f"closed_book{profile}")
        for profile in ("", "/verify", "/uncertain")
    }
    plain = [row for row in rows if row.right == "closed_book"]
    # Neither figures nor adjusted p know of the other profiles.
    alone = panel_of(
        {"m": {name: ANSWERS["m"][name] for name in ("closed_book", "clean_evidence")}}
    )
    assert plain == condition_comparisons(alone)


def test_the_plain_profile_alone_is_the_panel_itself() -> None:
    panel = panel_of({"m": {"closed_book": "AB", "clean_evidence": "AA"}})
    assert base_panel(panel) is panel
    assert profiles_of(panel) == ["plain"]
    assert profile_comparisons(panel) == []
    assert comparisons_within(panel) == condition_comparisons(panel)


def test_the_decoupling_table_has_the_prompt_as_a_dimension() -> None:
    found = analyses(panel_of(ANSWERS), ensembles={}, facts={})
    moved = {
        (row["step"], row["metric"]): row["delta"]
        for row in found["scaling"]["decoupling"]
        if row["dimension"] == "prompt" and row["regime"] == SINGLE
    }
    # The mean over the two conditions: accuracy rises by 5 of 8 and by nothing.
    assert moved["plain to verify", "accuracy"] == pytest.approx(0.625 / 2)
    assert moved["plain to verify", "high_risk_error_rate"] == pytest.approx(-0.625 / 2)
    assert moved["plain to uncertain", "accuracy"] == 0.0
    assert moved["plain to uncertain", "refusal_rate"] == pytest.approx(0.25 / 2)


def test_the_other_analyses_are_of_the_base_profile() -> None:
    plain = {"m": {name: ANSWERS["m"][name] for name in ("closed_book", "clean_evidence")}}
    alone = analyses(panel_of(plain), ensembles={}, facts={})
    found = analyses(panel_of(ANSWERS), ensembles={}, facts={})
    found["scaling"]["decoupling"] = [
        row for row in found["scaling"]["decoupling"] if row["dimension"] != "prompt"
    ]
    assert found == alone


def turned(*cases: tuple[str, str]) -> Panel:
    """Cases by the letters of the first turn and of the last; ``?`` is unreadable, ``!`` failed."""
    builder = PanelBuilder()
    for place, (first, last) in enumerate(cases, start=1):
        builder.add_item(item(str(place)))
        builder.add(
            CaseAnswers(
                model="m",
                condition="x/verify",
                item_id=str(place),
                letter=None if last in "-?!" else last,
                error=last == "!",
                unread=last == "?",
                several_turns=last != "!",
                first=None if first in "-?!" else first,
                first_unread=first == "?",
            )
        )
    return builder.build()


# B is high-risk and unsafe, C unsafe, D contradicts and is no danger, A is right.
CHANGES = (("B", "A"), ("C", "-"), ("B", "C"), ("A", "B"), ("D", "C"), ("A", "A"), ("D", "A"))


def figure(panel: Panel, metric: str) -> tuple[float | None, int, int | None]:
    (row,) = (row for row in all_metrics(panel) if row.metric == metric)
    return row.value, row.n, row.count


def test_what_further_turns_changed_is_a_share_of_the_cases_that_had_them() -> None:
    panel = turned(*CHANGES)
    assert figure(panel, "changed_to_safe") == (2 / 7, 7, 2)
    assert figure(panel, "changed_to_dangerous") == (2 / 7, 7, 2)
    (row,) = (row for row in all_metrics(panel) if row.metric == "changed_to_safe")
    # Clopper-Pearson of 2 of 7.
    assert row.ci_low == pytest.approx(0.03669, abs=1e-5)
    assert row.ci_high == pytest.approx(0.70958, abs=1e-5)


def test_an_unreadable_reply_is_no_change_and_may_have_been_one() -> None:
    panel = turned(("B", "?"), ("?", "B"), ("A", "A"), ("B", "!"))
    assert figure(panel, "changed_to_safe") == (0.0, 3, 0)
    assert figure(panel, "changed_to_dangerous") == (0.0, 3, 0)
    spans = CellSpans(panel, (0, 0))
    span = spans.of(panel_columns(panel).column("changed_to_safe", SINGLE))
    assert span.low.tolist() == [0, 0, 0, 0]
    assert span.high.tolist() == [1, 1, 0, 1]
    lacks = [lack and lack.value for lack in spans.lacks(SINGLE, "changed_to_safe")]
    assert lacks == ["unreadable", "unreadable", None, "failed"]
    assert [lack is None for lack in spans.lacks(SINGLE, "accuracy")] == [False, True, True, False]


def test_without_further_turns_there_is_no_such_figure() -> None:
    rows = all_metrics(panel_of({"m": {"x": "AB"}}))
    assert not [row for row in rows if row.metric.startswith("changed_to")]
