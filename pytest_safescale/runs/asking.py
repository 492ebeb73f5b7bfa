"""A case is asked: its condition gathers evidence, its model answers, its replies are read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_safescale.answers.answer import AnswerState
from pytest_safescale.cells import unrepaired
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.conditions.shown_item import shown_item
from pytest_safescale.errors import CallFailed, NotInStore
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.models.model import Request, Subject
from pytest_safescale.runs.case import CaseResult
from pytest_safescale.runs.layered_case import run_layered
from pytest_safescale.runs.turns import Question, Replies, TurnAsker, in_item, read_replies
from pytest_safescale.text.tokens import count_tokens, estimated_tokens, room
from pytest_safescale.verdicts.adaptive import is_settled, next_draw
from pytest_safescale.verdicts.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.calls.caller import Caller
    from pytest_safescale.conditions.condition import Evidence
    from pytest_safescale.conditions.profiles import PromptProfile
    from pytest_safescale.conditions.repaired import Rankers
    from pytest_safescale.models.model import Message, Reply
    from pytest_safescale.retrieval.retriever import Ranker
    from pytest_safescale.runs.case import Case, Decoding, ReadReply
    from pytest_safescale.runs.second_reader import SecondReader

__all__ = ["CaseRunner"]

TEMPLATE_TOKENS = 400
"""Room for the prompt's own words and the chat format's marks."""


class CaseRunner:
    """Puts cases to their models; one per process, used from the engine's loop."""

    def __init__(
        self,
        *,
        caller: Caller,
        decoding: Decoding,
        rankers: Rankers,
        second: SecondReader | None = None,
        layer_profiles: Mapping[str, PromptProfile] = MappingProxyType({}),
        repeat: int = 0,
    ) -> None:
        """``second`` reads what the rules cannot; layers may ask with ``layer_profiles``.

        ``repeat`` is the number of a further asking of the same, from 1; 0 for the first.
        """
        self.caller = caller
        self.decoding = decoding
        self.repeat = repeat
        self._turns = TurnAsker(caller, decoding, repeat=repeat)
        self._rankers = rankers
        self._second = second
        self.layer_profiles = layer_profiles

    def without_samples(self) -> CaseRunner:
        """Return one that asks for single answers only, through the same caller."""
        return self._like(decoding=replace(self.decoding, samples=0))

    def repeated(self, number: int) -> CaseRunner:
        """Return one that asks all again, past the replies that are there to other numbers.

        Single answers are asked in the same words, with the same seed; samples have numbers, and
        with them seeds, that no other repeat has.
        """
        return self._like(repeat=number)

    def _like(self, **other: Any) -> CaseRunner:
        own: dict[str, Any] = {
            "caller": self.caller,
            "decoding": self.decoding,
            "rankers": self._rankers,
            "second": self._second,
            "layer_profiles": self.layer_profiles,
            "repeat": self.repeat,
        }
        return CaseRunner(**{**own, **other})

    def _numbered(self, samples: range) -> range:
        """Return the numbers that samples have in this repeat."""
        first = self.repeat * max(self.decoding.samples, samples.stop)
        return range(first + samples.start, first + samples.stop)

    async def run(self, case: Case) -> CaseResult:
        """Ask and judge one case; a call that fails becomes an errored case, not an exception."""
        if isinstance(case.model, LayeredModel):
            return await run_layered(self, case, case.model)
        desk = _Desk(self.caller, self.decoding, case, self._rankers.of(case.condition))
        try:
            evidence = await case.condition.gather(case.item, desk)
        except CallFailed as failure:
            return _failed(case, failure, desk.answered)
        shown = shown_item(case.item, case.profile, self.decoding.seed)
        question = Question(
            case=case,
            shown=shown,
            messages=build_messages(case.profile.template, shown.item, evidence.text),
        )
        logprobs = case.model.info.confidence_from == "logprobs"
        asking = self._turns.ask(question, temperature=0.0, samples=range(1), logprobs=logprobs)
        if self.decoding.samples == 0:
            return await self._judged(question, evidence, desk.answered, await asking, None)
        single, several = await asyncio.gather(asking, self._draw(question))
        return await self._judged(question, evidence, desk.answered, single, several)

    async def draw(
        self, case: Case, messages: tuple[Message, ...], samples: range
    ) -> tuple[list[ReadReply], tuple[Answered, ...]]:
        """Return these samples of a case, read, and the calls for them; raises CallFailed."""
        shown = shown_item(case.item, case.profile, self.decoding.seed)
        question = Question(case=case, shown=shown, messages=messages)
        temperature = self.decoding.sample_temperature
        numbered = self._numbered(samples)
        found = await self._turns.ask(question, temperature=temperature, samples=numbered)
        if isinstance(found, CallFailed):
            raise found
        read = read_replies(found, shown)
        if self._second is not None:
            read = await self._second.read_all(shown.item, read)
        return [in_item(one, shown) for one in read], found.asked

    async def _draw(self, question: Question) -> Replies | CallFailed:
        """Draw the samples: all at once, or as many as can still change something."""
        total, options = self.decoding.samples, len(question.case.item.options)
        temperature = self.decoding.sample_temperature
        if not self.decoding.adaptive:
            whole = self._numbered(range(total))
            return await self._turns.ask(question, temperature=temperature, samples=whole)
        drawn, count = Replies(by_sample={}), 0
        # What cannot be read might have been any answer, as what is not drawn yet.
        letters: list[str | None] = []
        while count < total and not is_settled(letters, total, options):
            end = min(total, count + next_draw(letters, total, options))
            part = await self._turns.ask(
                question, temperature=temperature, samples=self._numbered(range(count, end))
            )
            if isinstance(part, CallFailed):
                return part
            drawn, count = drawn.and_also(part), end
            letters += [
                question.shown.in_item(read.answer).letter
                for read in read_replies(part, question.shown)
                if read.answer.state is not AnswerState.UNREADABLE
            ]
        return drawn

    async def _judged(
        self,
        question: Question,
        evidence: Evidence,
        gathered: Sequence[Answered],
        single: Replies | CallFailed,
        several: Replies | CallFailed | None,
    ) -> CaseResult:
        case, shown = question.case, question.shown
        greedy, samples = await self._read(question, single, several)
        error = str(single) if isinstance(single, CallFailed) else None
        verdict = judge(
            case.item,
            greedy[0].answer.letter if greedy else None,
            [read.answer.letter for read in samples] or None,
            state=greedy[0].answer.state if greedy else None,
            error=error,
        )
        return CaseResult(
            case=case,
            verdict=verdict,
            messages=question.messages,
            shown=shown,
            evidence=evidence,
            greedy=greedy[0] if greedy else None,
            samples=tuple(samples),
            error=error,
            samples_error=str(several) if isinstance(several, CallFailed) else None,
            gathered=tuple(gathered),
            asked=tuple(
                call
                for part in (single, several)
                if isinstance(part, Replies)
                for call in part.asked
            ),
            asked_single=single.asked if isinstance(single, Replies) else (),
            wanted=self.decoding.samples,
            second_reader=self._second.model if self._second is not None else None,
            stopped_early=self.decoding.adaptive and 0 < len(samples) < self.decoding.samples,
            missing=any(isinstance(part, NotInStore) for part in (single, several)),
        )

    async def _read(
        self,
        question: Question,
        single: Replies | CallFailed,
        several: Replies | CallFailed | None,
    ) -> tuple[list[ReadReply], list[ReadReply]]:
        """Return the single reply, or none, and the samples as answers to the item."""
        shown = question.shown
        greedy, samples = read_replies(single, shown), read_replies(several, shown)
        if self._second is not None:
            greedy = await self._second.read_case(question.case, shown.item, greedy)
            samples = await self._second.read_all(shown.item, samples)
        return [in_item(one, shown) for one in greedy], [in_item(one, shown) for one in samples]


class _Desk:
    """What one case's condition may draw on: the ranker, the window, and the model itself."""

    def __init__(
        self, caller: Caller, decoding: Decoding, case: Case, ranker: Ranker | None
    ) -> None:
        self.ranker = ranker
        self.answered: list[Answered] = []
        self._caller = caller
        self._decoding = decoding
        self._case = case

    @property
    def evidence_tokens(self) -> int:
        item = self._case.item
        asked = count_tokens(item.question + " ".join(option.text for option in item.options))
        window = self._case.model.info.context_tokens
        answer = self._decoding.tokens_for(self._case.model)
        longest = max(answer, self._case.model.info.max_tokens_retry or 0)
        longest = max(longest, self._case.profile.max_tokens or 0) + self._further_turns
        return max(0, room(window - longest - TEMPLATE_TOKENS) - asked)

    @property
    def _further_turns(self) -> int:
        """Tokens that the turns after the first take: what is told, and the room of the reply."""
        profile = self._case.profile
        told = sum(map(estimated_tokens, profile.steps))
        return told + len(profile.steps) * profile.step_max_tokens

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        request = Request(
            messages=tuple(messages),
            temperature=0.0,
            max_tokens=self._decoding.tokens_for(self._case.model, agent=True),
            seed=self._decoding.seed,
            tools=tuple(tools),
            subject=Subject(item=self._case.item, condition=unrepaired(self._case.condition.name)),
        )
        answered = await self._caller.ask(self._case.model, request)
        self.answered.append(answered)
        return answered.replies[0]


def _failed(case: Case, failure: CallFailed, answered: Sequence[Answered]) -> CaseResult:
    reason = str(failure)
    return CaseResult(
        case=case,
        verdict=judge(case.item, None, error=reason),
        error=reason,
        samples_error=reason,
        gathered=tuple(answered),
        missing=isinstance(failure, NotInStore),
    )
