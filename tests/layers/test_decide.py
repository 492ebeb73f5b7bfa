"""Layers decide one after the other: who stops a case, and what each would have done alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from pytest_safescale.errors import CallFailed
from pytest_safescale.layers.decide import Outcome, decide
from pytest_safescale.layers.protocol import (
    Layer,
    LayerAction,
    LayerDecision,
    LayerDesk,
    LayerStage,
    SeenCase,
)
from tests.layers.cases import ScriptedDesk, layered, seen


@dataclass(kw_only=True)
class Planted:
    """Decides what it is told, and notes what it saw."""

    stage: LayerStage
    action: LayerAction = LayerAction.PASS
    letter: str | None = None
    asks: bool = False
    saw: list[SeenCase] = field(default_factory=list)

    async def decide(self, seen: SeenCase, desk: LayerDesk) -> LayerDecision:
        if self.asks:
            await desk.ask(())
        self.saw.append(seen)
        return LayerDecision(action=self.action, letter=self.letter)


def run(case: SeenCase | None = None, *, every: bool = False, **layers: Layer) -> Outcome:
    model = layered(**layers)
    model.ask_every_layer = every
    return asyncio.run(
        decide(model, lambda: case or seen(), lambda _, free: ScriptedDesk(reply="yes", free=free))
    )


def actions(outcome: Outcome) -> dict[str, tuple[LayerAction | None, bool]]:
    return {
        step.layer: (step.decision.action if step.decision else None, step.stopped)
        for step in outcome.steps
    }


def test_without_a_stop_the_bases_letter_is_given() -> None:
    found = run(one=Planted(stage=LayerStage.INPUT), two=Planted(stage=LayerStage.OUTPUT))
    assert (found.action, found.letter, found.by) == (LayerAction.ANSWER, "A", None)


def test_layers_decide_by_stage_and_those_of_a_stage_as_they_are_listed() -> None:
    found = run(
        people=Planted(stage=LayerStage.HAND_OVER, action=LayerAction.HAND_OVER),
        last=Planted(stage=LayerStage.OUTPUT),
        other=Planted(stage=LayerStage.OUTPUT),
        middle=Planted(stage=LayerStage.ANSWER),
        first=Planted(stage=LayerStage.INPUT),
    )
    assert [step.layer for step in found.steps] == ["first", "middle", "last", "other"]


def test_an_input_layer_sees_no_reply_and_no_letter() -> None:
    layer = Planted(stage=LayerStage.INPUT)
    run(seen(reply="A"), one=layer)
    assert (layer.saw[0].reply, layer.saw[0].letter) == ("", None)


def test_the_first_layer_that_stops_a_case_counts_and_later_ones_are_noted() -> None:
    found = run(
        triage=Planted(stage=LayerStage.INPUT, action=LayerAction.ABSTAIN),
        check=Planted(stage=LayerStage.OUTPUT, action=LayerAction.HAND_OVER),
    )
    assert (found.action, found.by, found.letter) == (LayerAction.ABSTAIN, "triage", None)
    assert actions(found) == {
        "triage": (LayerAction.ABSTAIN, False),
        "check": (LayerAction.HAND_OVER, True),
    }


def test_a_stopped_case_takes_no_call_unless_the_table_wants_it() -> None:
    stop, check = (
        Planted(stage=LayerStage.INPUT, action=LayerAction.ABSTAIN),
        Planted(stage=LayerStage.OUTPUT, asks=True),
    )
    assert actions(run(triage=stop, check=check))["check"] == (None, True)
    assert actions(run(every=True, triage=stop, check=check))["check"] == (LayerAction.PASS, True)


def test_a_letter_of_an_answer_layer_is_judged_by_those_after_it() -> None:
    check = Planted(stage=LayerStage.OUTPUT)
    found = run(
        more=Planted(stage=LayerStage.ANSWER, action=LayerAction.ANSWER, letter="B"), check=check
    )
    assert (found.letter, found.by, check.saw[0].letter) == ("B", "more", "B")


def test_a_case_without_a_letter_goes_past_output_layers() -> None:
    check = Planted(stage=LayerStage.OUTPUT, action=LayerAction.ABSTAIN)
    found = run(seen(letter=None), check=check)
    assert (found.action, found.letter, check.saw) == (LayerAction.PASS, None, [])


@pytest.mark.parametrize("then", [LayerAction.ABSTAIN, LayerAction.HAND_OVER])
def test_people_see_what_is_handed_over_alone(then: LayerAction) -> None:
    people = Planted(stage=LayerStage.HAND_OVER, action=then)
    assert run(people=people).action is LayerAction.ANSWER
    assert not people.saw
    found = run(check=Planted(stage=LayerStage.OUTPUT, action=LayerAction.HAND_OVER), people=people)
    by = "check" if then is LayerAction.HAND_OVER else "people"
    assert (found.action, found.by) == (then, by)


@pytest.mark.parametrize(
    ("stage", "letter"),
    [(LayerStage.INPUT, "Z"), (LayerStage.OUTPUT, "B"), (LayerStage.ANSWER, "Z")],
)
def test_a_decision_that_its_stage_cannot_take_fails_the_case(
    stage: LayerStage, letter: str
) -> None:
    with pytest.raises(CallFailed, match="layer odd decided answer"):
        run(odd=Planted(stage=stage, action=LayerAction.ANSWER, letter=letter))
