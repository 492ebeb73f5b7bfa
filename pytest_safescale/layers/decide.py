"""The layers of a model decide on one case, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_safescale.errors import CallFailed
from pytest_safescale.layers.protocol import LayerAction, LayerDecision, LayerStage, NotAsked

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.layers.layered_model import LayeredModel, NamedLayer
    from pytest_safescale.layers.protocol import LayerDesk, SeenCase

__all__ = ["Outcome", "Step", "decide"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one layer decided on a case."""

    layer: str
    stage: LayerStage
    decision: LayerDecision | None
    """``None`` where it was not asked: the case was stopped already, and it would take a call."""
    letter: str | None = None
    """The letter that it judged."""
    stopped: bool = False
    """Whether another layer had stopped the case before; then it changes nothing."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the layers come to on a case."""

    action: LayerAction
    """``ANSWER`` where a letter is given, ``PASS`` where the base itself gave none."""
    by: str | None
    """The layer that stopped the case, or that gave the letter; ``None`` for the base."""
    letter: str | None
    steps: tuple[Step, ...] = ()


@dataclass(kw_only=True)
class _Going:
    """A case on its way through the layers."""

    letter: str | None
    by: str | None = None
    stop: LayerAction | None = None
    steps: list[Step] = field(default_factory=list)


async def decide(
    model: LayeredModel,
    seen_now: Callable[[], SeenCase],
    desk_of: Callable[[NamedLayer, bool], LayerDesk],
) -> Outcome:
    """Return what the layers of a model come to.

    ``seen_now`` gives the case with the model's reply and letter: the base's, until a layer has it
    asked with another prompt profile. ``desk_of`` gives what a layer may ask; one that is told
    ``free`` must raise NotAsked in the place of a call. A layer decides also on a case that is
    stopped already, where that is free or the model's table asks for it: so it is known what each
    layer alone would have done. Raises CallFailed where a call that is needed fails.
    """
    case = _Going(letter=seen_now().letter)
    for one in model.deciding:
        await _take_step(case, one, seen_now(), desk_of, free=not model.ask_every_layer)
    if case.stop is LayerAction.HAND_OVER:
        for one in model.people:
            await _hand_over(case, one, seen_now(), desk_of)
    if case.stop is not None:
        return Outcome(action=case.stop, by=case.by, letter=None, steps=tuple(case.steps))
    action = LayerAction.PASS if case.letter is None else LayerAction.ANSWER
    return Outcome(action=action, by=case.by, letter=case.letter, steps=tuple(case.steps))


async def _take_step(
    case: _Going,
    one: NamedLayer,
    seen: SeenCase,
    desk_of: Callable[[NamedLayer, bool], LayerDesk],
    *,
    free: bool,
) -> None:
    stage, stopped = one.layer.stage, case.stop is not None
    if stage is LayerStage.OUTPUT and case.letter is None:
        return
    shown = _shown(seen, case.letter, stage)
    try:
        decision: LayerDecision | None = await one.layer.decide(
            shown, desk_of(one, stopped and free)
        )
    except NotAsked:
        decision = None
    case.steps.append(
        Step(
            layer=one.name,
            stage=stage,
            decision=_checked(one, decision, seen),
            letter=shown.letter,
            stopped=stopped,
        )
    )
    if decision is None:
        return
    if decision.action is LayerAction.ANSWER:
        # Also where the case is stopped: a later layer judges what this one would have given.
        case.by = one.name if not stopped and decision.letter != case.letter else case.by
        case.letter = decision.letter
    elif decision.action.stops and not stopped:
        case.stop, case.by = decision.action, one.name


def _shown(seen: SeenCase, letter: str | None, stage: LayerStage) -> SeenCase:
    """Return the case as a layer of this stage sees it."""
    if stage is LayerStage.INPUT:
        return replace(seen, reply="", letter=None)
    return replace(seen, letter=letter)


def _checked(
    one: NamedLayer, decision: LayerDecision | None, seen: SeenCase
) -> LayerDecision | None:
    """Return a decision that a layer of its stage may take; raises CallFailed."""
    if decision is None or decision.action is not LayerAction.ANSWER:
        return decision
    stage, named = one.layer.stage, decision.letter in seen.options
    may_be_none = stage is LayerStage.INPUT and decision.letter is None
    if stage is LayerStage.OUTPUT or not (named or may_be_none):
        raise _refusal(one, decision)
    return decision


async def _hand_over(
    case: _Going, one: NamedLayer, seen: SeenCase, desk_of: Callable[[NamedLayer, bool], LayerDesk]
) -> None:
    shown = _shown(seen, case.letter, LayerStage.HAND_OVER)
    decision = await one.layer.decide(shown, desk_of(one, False))
    if not decision.action.stops:
        raise _refusal(one, decision)
    step = Step(layer=one.name, stage=LayerStage.HAND_OVER, decision=decision, letter=shown.letter)
    case.steps.append(step)
    if decision.action is LayerAction.ABSTAIN:
        case.stop, case.by = LayerAction.ABSTAIN, one.name


def _refusal(one: NamedLayer, decision: LayerDecision) -> CallFailed:
    given = f" {decision.letter}" if decision.letter else ""
    return CallFailed(
        f"layer {one.name} decided {decision.action.value}{given}, which a layer of the stage "
        f"{one.layer.stage.value} cannot"
    )
