"""A case of a model with layers: its base's case is asked, then the layers decide on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pytest_safescale.answers.answer import Answer, AnswerForm
from pytest_safescale.calls.usage import money_of
from pytest_safescale.cells import unrepaired
from pytest_safescale.errors import CallFailed, NotInStore
from pytest_safescale.layers.decide import decide
from pytest_safescale.layers.protocol import LayerAction, LayerStage, NotAsked, SeenCase
from pytest_safescale.models.model import Question, Request, Subject
from pytest_safescale.text.escaping import shorten
from pytest_safescale.verdicts.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.calls.caller import Caller
    from pytest_safescale.conditions.profiles import PromptProfile
    from pytest_safescale.layers.decide import Outcome, Step
    from pytest_safescale.layers.layered_model import LayeredModel, NamedLayer
    from pytest_safescale.models.model import Message, ModelInfo
    from pytest_safescale.results.layer_record import EffortRecord, LayersRecord, LayerStepRecord
    from pytest_safescale.runs.case import Case, CaseResult, Decoding, ReadReply

__all__ = ["Asker", "run_layered"]

_OUTCOMES = {
    LayerAction.ANSWER: "answered",
    LayerAction.ABSTAIN: "abstained",
    LayerAction.HAND_OVER: "handed_over",
    LayerAction.PASS: "none",
}
_WITHHELD = {
    LayerAction.ABSTAIN: AnswerForm.WITHHELD,
    LayerAction.HAND_OVER: AnswerForm.HANDED_OVER,
}
Call = tuple["ModelInfo", "Answered"]
_MOST_OF_WORDS = 300
"""Characters that are kept of why a layer decided so."""


class Asker(Protocol):
    """What puts cases to models."""

    @property
    def caller(self) -> Caller:
        """What makes calls."""

    @property
    def decoding(self) -> Decoding:
        """How answers are drawn."""

    @property
    def repeat(self) -> int:
        """The number of a further asking of the same; 0 for the first."""

    async def run(self, case: Case) -> CaseResult:
        """Ask and judge one case."""

    @property
    def layer_profiles(self) -> Mapping[str, PromptProfile]:
        """The prompt profiles that layers may ask with, by name."""

    def without_samples(self) -> Asker:
        """Return one that asks for single answers only."""

    async def draw(
        self, case: Case, messages: tuple[Message, ...], samples: range
    ) -> tuple[list[ReadReply], tuple[Answered, ...]]:
        """Return these samples of a case, read; raises CallFailed."""


async def run_layered(asker: Asker, case: Case, model: LayeredModel) -> CaseResult:
    """Ask the base's case and let the layers decide; a call that fails makes an errored case."""
    base = await asker.run(replace(case, model=model.base))
    if base.greedy is None:
        return replace(base, case=case, asked_model=model.base)
    desks: list[_Desk] = []
    asked = _Asked(base)

    def desk_of(layer: NamedLayer, free: bool) -> _Desk:
        desks.append(_Desk(asker, asked, layer, free=free))
        return desks[-1]

    try:
        outcome = await decide(model, lambda: _seen(asked.now), desk_of)
    except CallFailed as failure:
        return _failed(base, case, model, desks, failure)
    return _with_outcome(asked, case, model, outcome, desks)


class _Asked:
    """How a case was asked: as the base is, and perhaps with another prompt profile since."""

    def __init__(self, base: CaseResult) -> None:
        self.base = base
        self.now = base


def _seen(base: CaseResult) -> SeenCase:
    item, verdict = base.case.item, base.verdict
    assert base.greedy is not None
    return SeenCase(
        question=item.question,
        options={option.letter: option.text for option in item.options},
        question_type=item.question_type,
        subspecialty=item.subspecialty,
        evidence=base.evidence.text,
        condition=base.case.cell[1],
        reply=base.greedy.reply.text,
        letter=verdict.letter if verdict.letter in tuple(item.letters) else None,
    )


class _Desk:
    """What one layer may ask for one case, and what it asked."""

    def __init__(self, asker: Asker, asked: _Asked, layer: NamedLayer, *, free: bool) -> None:
        """``free`` forbids every call."""
        self.calls: list[Call] = []
        self._asker = asker
        self._asked = asked
        self._layer = layer
        self._free = free

    async def samples(self, count: int) -> Sequence[str | None]:
        now = self._asked.now
        if self._free and len(now.samples) < count:
            raise NotAsked("the samples are not there")
        # What the condition has drawn is in the store already: it is not drawn again.
        case, messages = now.case, now.messages
        read, calls = await self._asker.draw(case, messages, range(count))
        self.calls += [(case.model.info, call) for call in calls]
        return [one.answer.letter for one in read]

    async def answer_with(self, profile: str) -> str | None:
        base, known = self._asked.base.case, self._asker.layer_profiles
        if self._layer.layer.stage is not LayerStage.INPUT or profile not in known:
            raise CallFailed(
                f"layer {self._layer.name} asks with the prompt profile {profile!r}; allowed, of "
                f"input layers: {', '.join(known)}"
            )
        if self._free:
            raise NotAsked("the case is stopped already")
        case = replace(base, profile=known[profile])
        found = await self._asker.without_samples().run(case)
        self.calls += [(case.model.info, call) for call in (*found.gathered, *found.asked_single)]
        if found.error is not None:
            raise CallFailed(found.error)
        self._asked.now = found
        return _seen(found).letter

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        question: Question = Question.ANSWER,
        letter: str | None = None,
    ) -> str:
        model, case = self._layer.model, self._asked.base.case
        if model is None:
            raise CallFailed(f"layer {self._layer.name} asks a model, and its table names none")
        if self._free:
            raise NotAsked("the case is stopped already")
        decoding = self._asker.decoding
        request = Request(
            messages=tuple(messages),
            temperature=0.0,
            max_tokens=decoding.tokens_for(model),
            seed=decoding.seed,
            repeat=self._asker.repeat,
            subject=Subject(
                item=case.item,
                condition=unrepaired(case.condition.name),
                question=question,
                letter=letter,
            ),
        )
        answered = await self._asker.caller.ask(model, request)
        self.calls.append((model.info, answered))
        return answered.replies[0].text


def _failed(
    base: CaseResult, case: Case, model: LayeredModel, desks: Sequence[_Desk], failure: CallFailed
) -> CaseResult:
    """Return an errored case: nobody knows what a layer would have decided."""
    return replace(
        base,
        case=case,
        asked_model=model.base,
        verdict=judge(case.item, None, error=str(failure)),
        greedy=None,
        samples=(),
        error=str(failure),
        samples_error=str(failure),
        layer_calls=tuple(call for desk in desks for call in desk.calls),
        missing=base.missing or isinstance(failure, NotInStore),
    )


def _with_outcome(
    asked: _Asked, case: Case, model: LayeredModel, outcome: Outcome, desks: Sequence[_Desk]
) -> CaseResult:
    base = asked.base
    greedy, samples = _final(asked.now, outcome), base.samples
    if outcome.action.stops:
        # What is withheld is withheld however often it is drawn.
        samples = tuple(replace(read, answer=_answer(outcome)) for read in samples)
    return replace(
        base,
        case=case,
        asked_model=model.base,
        verdict=judge(
            case.item,
            greedy.answer.letter,
            [read.answer.letter for read in samples] or None,
            state=greedy.answer.state,
        ),
        greedy=greedy,
        samples=samples,
        layers=_record(base, case, model, outcome, desks),
        layer_calls=tuple(call for desk in desks for call in desk.calls),
    )


def _final(now: CaseResult, outcome: Outcome) -> ReadReply:
    """Return the model's reply with the answer that is given in the end."""
    assert now.greedy is not None
    if not outcome.action.stops and outcome.letter in (None, now.verdict.letter):
        return now.greedy
    return replace(now.greedy, answer=_answer(outcome))


def _answer(outcome: Outcome) -> Answer:
    return Answer(letter=outcome.letter, form=_WITHHELD.get(outcome.action, AnswerForm.BY_LAYER))


def _record(
    base: CaseResult, case: Case, model: LayeredModel, outcome: Outcome, desks: Sequence[_Desk]
) -> LayersRecord:
    bare = _effort([(model.base.info, call) for call in (*base.gathered, *base.asked_single)])
    steps = [_step_record(step, desk) for step, desk in zip(outcome.steps, desks, strict=True)]
    instead = any(step.stage is LayerStage.INPUT and _takes_over(step) for step in outcome.steps)
    used = [step["effort"] for step in steps if not step["stopped"]]
    return {
        "base": model.base.info.name,
        "outcome": _OUTCOMES[outcome.action],
        "by": outcome.by,
        "capacity": model.capacity,
        "order": case.place,
        "bare": {
            "letter": base.verdict.letter,
            "state": base.verdict.state.value,
            "effort": bare,
        },
        # Where a layer stops a case before the model is asked, or has it asked otherwise, the
        # base's own answer would not be asked for in use.
        "effort": _sum(used if instead else [bare, *used]),
        "steps": steps,
    }


def _takes_over(step: Step) -> bool:
    return (
        step.decision is not None
        and not step.stopped
        and step.decision.action is not LayerAction.PASS
    )


def _step_record(step: Step, desk: _Desk) -> LayerStepRecord:
    decision = step.decision
    record: LayerStepRecord = {
        "layer": step.layer,
        "stage": step.stage.value,
        "action": decision.action.value if decision else "not_asked",
        "letter": (decision and decision.letter) or step.letter,
        "says": shorten(decision.says, _MOST_OF_WORDS) if decision else "",
        "stopped": step.stopped,
        "effort": _effort(desk.calls),
    }
    if decision is not None and decision.score is not None:
        record["score"] = decision.score
    if decision is not None and decision.could_read is not None:
        record["could_read"] = decision.could_read
    return record


def _effort(calls: Sequence[Call]) -> EffortRecord:
    """Return what calls took that were made one after the other, the samples of one at once."""
    tokens = [
        answered.usage.prompt_tokens + answered.usage.completion_tokens for _, answered in calls
    ]
    waits = [[reply.latency_s for reply in answered.replies.values()] for _, answered in calls]
    known = [max(wait) for wait in map(_measured, waits) if wait]
    return {
        "replies": sum(len(answered.replies) for _, answered in calls),
        "tokens": sum(tokens),
        "money": sum(money_of(info, answered.usage) for info, answered in calls),
        "seconds": sum(known) if len(known) == len(calls) else None,
    }


def _measured(waits: Sequence[float | None]) -> list[float]:
    """Return the seconds where each is known, else none."""
    known = [wait for wait in waits if wait is not None]
    return known if len(known) == len(waits) else []


def _sum(parts: Sequence[EffortRecord]) -> EffortRecord:
    seconds = [part["seconds"] for part in parts]
    known = [one for one in seconds if one is not None]
    return {
        "replies": sum(part["replies"] for part in parts),
        "tokens": sum(part["tokens"] for part in parts),
        "money": sum(part["money"] for part in parts),
        "seconds": sum(known) if len(known) == len(seconds) else None,
    }
