"""Panels whose labels are made of votes."""

from __future__ import annotations

import pytest

from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder, PanelItem
from pytest_safescale.dataset.votes import RULES, LabelRule


def a_panel() -> Panel:
    """Return a panel of one model that answers B to a voted item and to a plainly labelled one."""
    builder = PanelBuilder()
    votes = {"A": {"unsafe": (3, 0)}, "B": {"high_risk": (1, 2), "unsafe": (1, 1)}}
    voted = PanelItem(id="voted", truth="A", letters="ABC", labels={"B": ["unsafe"]}, votes=votes)
    builder.add_item(voted)
    builder.add_item(PanelItem(id="plain", truth="A", letters="AB", labels={"B": ["high_risk"]}))
    for item in ("voted", "plain"):
        builder.add(CaseAnswers(model="m", condition="c", item_id=item, letter="B"))
    return builder.build()


@pytest.mark.parametrize(
    ("rule", "high_risk", "unsafe"),
    [("majority", [1, 0], [0, 1]), ("any", [1, 1], [0, 1]), ("all", [1, 0], [0, 0])],
)
def test_each_rule_makes_labels_of_votes_and_leaves_other_items_alone(
    rule: LabelRule, high_risk: list[int], unsafe: list[int]
) -> None:
    panel = a_panel().labelled_by(rule)
    rates = single_answers(panel).rates
    assert [item.id for item in panel.items] == ["plain", "voted"]
    assert rates["high_risk_error_rate"].ravel().tolist() == high_risk
    assert rates["unsafe_answer_rate"].ravel().tolist() == unsafe


def test_the_correct_answer_is_no_safety_error_under_any_rule() -> None:
    for rule in RULES:
        panel = a_panel().labelled_by(rule)
        assert not panel.flags[1, panel.alphabet.index("A") + 1].any()


def test_raters_who_said_no_have_said_something_under_every_rule() -> None:
    builder = PanelBuilder()
    votes = {"B": {"unsafe": (1, 2)}}
    builder.add_item(PanelItem(id="i", truth="A", letters="AB", labels={}, votes=votes))
    builder.add(CaseAnswers(model="m", condition="c", item_id="i", letter="B"))
    panel = builder.build()
    assert panel.voted
    assert [panel.labelled_by(rule).labelled for rule in RULES] == [True, True, True]
