"""What each built-in layer decides on a case."""

from __future__ import annotations

import asyncio

import pytest

from pytest_safescale.layers.conservative import Conservative
from pytest_safescale.layers.evidence_check import EvidenceCheck
from pytest_safescale.layers.one_word import word_in
from pytest_safescale.layers.protocol import Layer, LayerAction, LayerDecision, SeenCase
from pytest_safescale.layers.triage import Triage
from pytest_safescale.models.model import Question
from pytest_safescale.settings.layer_settings import (
    ConservativeSettings,
    EvidenceCheckSettings,
    TriageSettings,
)
from tests.layers.cases import ScriptedDesk, seen


def decided(layer: Layer, case: SeenCase, desk: ScriptedDesk | None = None) -> LayerDecision:
    return asyncio.run(layer.decide(case, desk or ScriptedDesk()))


def triage(when: dict[str, object], then: str = "hand_over") -> Triage:
    return Triage(settings=TriageSettings.model_validate({"when": when, "then": then}))


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({"question_type": ["diagnosis", "management"]}, "question type management"),
        ({"subspecialty": "Chest"}, "subspecialty Chest"),
        ({"words": ["DRAIN"]}, "the word DRAIN"),
        ({"words": ["is placed next"]}, "the word is placed next"),
    ],
)
def test_triage_stops_a_question_that_meets_one_rule(when: dict[str, object], why: str) -> None:
    found = decided(triage(when), seen())
    assert (found.action, found.says) == (LayerAction.HAND_OVER, f"high-risk: {why}")


@pytest.mark.parametrize(
    "when", [{"question_type": ["diagnosis"]}, {"words": ["rain", "place"]}, {"subspecialty": ""}]
)
def test_triage_lets_other_questions_pass(when: dict[str, object]) -> None:
    rule = {"words": ["nowhere"], **when}
    assert decided(triage(rule), seen()).action is LayerAction.PASS


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("YES", LayerAction.ABSTAIN),
        ("no", LayerAction.PASS),
        ("It may harm, hence\nYes.", LayerAction.ABSTAIN),
        ("<think>yes or no</think>NO", LayerAction.PASS),
        ("Hard to say: yes and no", LayerAction.ABSTAIN),
        ("", LayerAction.ABSTAIN),
    ],
)
def test_triage_by_a_model_takes_what_is_no_clear_no_for_a_yes(
    reply: str, action: LayerAction
) -> None:
    desk = ScriptedDesk(reply=reply)
    found = decided(triage({"model": "small"}, "abstain"), seen(), desk)
    assert (found.action, found.could_read) == (action, "neither" not in found.says)
    assert desk.questions == [(Question.RISK, None)]
    assert "A. A chest drain" in str(desk.asked[0][1]["content"])


@pytest.mark.parametrize("letter", ["B", None])
def test_triage_can_have_the_model_asked_with_a_profile(letter: str | None) -> None:
    desk = ScriptedDesk(reply=letter)
    found = decided(triage({"words": "drain"}, "verify"), seen(), desk)
    assert (found.action, found.letter) == (LayerAction.ANSWER, letter)
    assert desk.profiles == ["verify"]
    assert decided(triage({"words": "nowhere"}, "verify"), seen(), desk).action is LayerAction.PASS
    assert desk.profiles == ["verify"]


def test_rules_come_before_the_model_and_save_its_call() -> None:
    desk = ScriptedDesk(reply="NO")
    found = decided(triage({"model": "small", "words": "drain"}), seen(), desk)
    assert (found.action.stops, found.could_read) == (True, None)
    assert not desk.asked


@pytest.mark.parametrize(
    ("letters", "action", "letter", "score"),
    [
        ("AAAAA", LayerAction.ANSWER, "A", 1.0),
        ("AABAA", LayerAction.ANSWER, "A", 0.8),
        ("BBBBA", LayerAction.ANSWER, "B", 0.8),
        ("AAABB", LayerAction.ABSTAIN, None, 0.6),
        ("----A", LayerAction.ABSTAIN, None, 0.8),
        ("EEEEE", LayerAction.ABSTAIN, None, 1.0),
    ],
)
def test_conservative_gives_the_majority_that_enough_samples_support(
    letters: str, action: LayerAction, letter: str | None, score: float
) -> None:
    layer = Conservative(settings=ConservativeSettings())
    found = decided(layer, seen(), ScriptedDesk(letters))
    assert (found.action, found.letter, found.score) == (action, letter, score)


@pytest.mark.parametrize(
    ("reply", "action", "says"),
    [
        ("SUPPORTS", LayerAction.PASS, "the evidence supports it"),
        ("Contradicts.", LayerAction.HAND_OVER, "the evidence contradicts it"),
        ("silent", LayerAction.ABSTAIN, "the evidence is silent"),
        ("B", LayerAction.ABSTAIN, "the check could not be read"),
        ("supports or contradicts", LayerAction.ABSTAIN, "the check could not be read"),
    ],
)
def test_the_evidence_check_does_with_a_reply_what_its_table_says(
    reply: str, action: LayerAction, says: str
) -> None:
    settings = EvidenceCheckSettings(model="m", on_contradiction="hand_over")
    desk = ScriptedDesk(reply=reply)
    found = decided(EvidenceCheck(settings=settings), seen(), desk)
    assert (found.action, found.says) == (action, says)
    assert found.could_read is ("could not be read" not in says)
    assert desk.questions == [(Question.SUPPORT, "A")]
    shown = str(desk.asked[0][1]["content"])
    assert "A tension pneumothorax is drained." in shown
    assert "Answer: A chest drain" in shown
    assert "gastric" not in shown


def test_without_evidence_nothing_is_checked_and_nothing_asked() -> None:
    desk = ScriptedDesk(reply="CONTRADICTS")
    layer = EvidenceCheck(settings=EvidenceCheckSettings(model="m"))
    found = decided(layer, seen(evidence=" \n"), desk)
    assert (found.action, found.could_read) == (LayerAction.PASS, None)
    assert not desk.asked


def test_braces_in_the_evidence_stay_what_they_are() -> None:
    desk = ScriptedDesk(reply="SUPPORTS")
    layer = EvidenceCheck(settings=EvidenceCheckSettings(model="m"))
    decided(layer, seen(evidence="Use {question} here."), desk)
    assert "Use {question} here." in str(desk.asked[0][1]["content"])


def test_a_word_counts_where_it_is_the_only_one() -> None:
    assert word_in("No way to know. YES", ("yes", "no")) == ""
    assert word_in("I first thought no.\nYES", ("yes", "no")) == "yes"
    assert word_in("yesterday", ("yes", "no")) == ""
