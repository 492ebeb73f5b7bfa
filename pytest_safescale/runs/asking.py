"""A case is asked: its condition gathers evidence, its model answers, its replies are read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.answers.answer import Answer, AnswerForm, AnswerState
from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.errors import CallFailed, NotInStore
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.models.model import Request, Subject
from pytest_safescale.runs.case import CaseResult, ReadReply
from pytest_safescale.runs.layered_case import run_layered
from pytest_safescale.text.tokens import count_tokens, room
from pytest_safescale.verdicts.adaptive import is_settled, next_draw
from pytest_safescale.verdicts.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.calls.caller import Caller
    from pytest_safescale.conditions.condition import Evidence
    from pytest_safescale.conditions.prompt import PromptTemplate
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Message, Reply
    from pytest_safescale.retrieval.retriever import Ranker
    from pytest_safescale.runs.case import Case, Decoding
    from pytest_safescale.runs.second_reader import SecondReader

__all__ = ["CaseRunner"]

TEMPLATE_TOKENS = 400
"""Room for the prompt's own words and the chat format's marks."""


@dataclass(frozen=True, kw_only=True)
class _Replies:
    """The replies to one prompt at one temperature."""

    by_sample: Mapping[int, Reply]
    asked: tuple[Answered, ...]
    """The calls behind them: more than one where some were cut, or drawn later."""

    def and_also(self, other: _Replies) -> _Replies:
        """Return these with those to further samples."""
        return _Replies(
            by_sample={**self.by_sample, **other.by_sample}, asked=self.asked + other.asked
        )


class CaseRunner:
    """Puts cases to their models; one per process, used from the engine's loop."""

    def __init__(
        self,
        *,
        caller: Caller,
        prompt: PromptTemplate,
        decoding: Decoding,
        ranker: Ranker | None,
        second: SecondReader | None = None,
    ) -> None:
        """``second`` reads what the rules cannot."""
        self.caller = caller
        self._prompt = prompt
        self.decoding = decoding
        self._ranker = ranker
        self._second = second

    def without_samples(self) -> CaseRunner:
        """Return one that asks for single answers only, through the same caller."""
        return CaseRunner(
            caller=self.caller,
            prompt=self._prompt,
            decoding=replace(self.decoding, samples=0),
            ranker=self._ranker,
            second=self._second,
        )

    async def run(self, case: Case) -> CaseResult:
        """Ask and judge one case; a call that fails becomes an errored case, not an exception."""
        if isinstance(case.model, LayeredModel):
            return await run_layered(self, case, case.model)
        desk = _Desk(self.caller, self.decoding, case, self._ranker)
        try:
            evidence = await case.condition.gather(case.item, desk)
        except CallFailed as failure:
            return _failed(case, failure, desk.answered)
        messages = build_messages(self._prompt, case.item, evidence.text)
        logprobs = case.model.info.confidence_from == "logprobs"
        asking = self._ask(case, messages, temperature=0.0, samples=range(1), logprobs=logprobs)
        if self.decoding.samples == 0:
            return await self._judged(case, messages, evidence, desk.answered, await asking, None)
        single, several = await asyncio.gather(asking, self._draw(case, messages))
        return await self._judged(case, messages, evidence, desk.answered, single, several)

    async def draw(
        self, case: Case, messages: tuple[Message, ...], samples: range
    ) -> tuple[list[ReadReply], tuple[Answered, ...]]:
        """Return these samples of a case, read, and the calls for them; raises CallFailed."""
        found = await self._ask(
            case, messages, temperature=self.decoding.sample_temperature, samples=samples
        )
        if isinstance(found, CallFailed):
            raise found
        read = _read_replies(found, case.item)
        if self._second is not None:
            read = await self._second.read_all(case.item, read)
        return read, found.asked

    async def _draw(self, case: Case, messages: tuple[Message, ...]) -> _Replies | CallFailed:
        """Draw the samples: all at once, or as many as can still change something."""
        total, options = self.decoding.samples, len(case.item.options)
        temperature = self.decoding.sample_temperature
        if not self.decoding.adaptive:
            return await self._ask(case, messages, temperature=temperature, samples=range(total))
        drawn, count = _Replies(by_sample={}, asked=()), 0
        # What cannot be read might have been any answer, as what is not drawn yet.
        letters: list[str | None] = []
        while count < total and not is_settled(letters, total, options):
            end = min(total, count + next_draw(letters, total, options))
            part = await self._ask(
                case, messages, temperature=temperature, samples=range(count, end)
            )
            if isinstance(part, CallFailed):
                return part
            drawn, count = drawn.and_also(part), end
            letters += [
                read.answer.letter
                for read in _read_replies(part, case.item)
                if read.answer.state is not AnswerState.UNREADABLE
            ]
        return drawn

    async def _ask(
        self,
        case: Case,
        messages: tuple[Message, ...],
        *,
        temperature: float,
        samples: range,
        logprobs: bool = False,
    ) -> _Replies | CallFailed:
        request = Request(
            messages=messages,
            temperature=temperature,
            max_tokens=self.decoding.tokens_for(case.model),
            seed=self.decoding.seed,
            samples=tuple(samples),
            letters=tuple(case.item.letters),
            logprobs=logprobs,
            subject=Subject(item=case.item, condition=case.condition.name),
        )
        try:
            answered = await self.caller.ask(case.model, request)
            first = _Replies(by_sample=answered.replies, asked=(answered,))
            return await self._with_more_room(case, request, first)
        except CallFailed as failure:
            return failure

    async def _with_more_room(self, case: Case, request: Request, first: _Replies) -> _Replies:
        """Ask once more for what was cut before it answered, where the model's table has room."""
        room = case.model.info.max_tokens_retry
        cut = [
            sample
            for sample, reply in first.by_sample.items()
            if _read(reply, case.item).form is AnswerForm.CUT
        ]
        if room is None or not cut:
            return first
        roomier = replace(request, max_tokens=room).for_samples(cut)
        answered = await self.caller.ask(case.model, roomier)
        again = {
            sample: _after(first.by_sample[sample], reply)
            for sample, reply in answered.replies.items()
        }
        return first.and_also(_Replies(by_sample=again, asked=(answered,)))

    async def _judged(
        self,
        case: Case,
        messages: tuple[Message, ...],
        evidence: Evidence,
        gathered: Sequence[Answered],
        single: _Replies | CallFailed,
        several: _Replies | CallFailed | None,
    ) -> CaseResult:
        greedy = _read_replies(single, case.item)
        samples = _read_replies(several, case.item)
        if self._second is not None:
            greedy = await self._second.read_case(case, greedy)
            samples = await self._second.read_all(case.item, samples)
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
            messages=messages,
            evidence=evidence,
            greedy=greedy[0] if greedy else None,
            samples=tuple(samples),
            error=error,
            samples_error=str(several) if isinstance(several, CallFailed) else None,
            gathered=tuple(gathered),
            asked=tuple(
                call
                for part in (single, several)
                if isinstance(part, _Replies)
                for call in part.asked
            ),
            asked_single=single.asked if isinstance(single, _Replies) else (),
            wanted=self.decoding.samples,
            second_reader=self._second.model if self._second is not None else None,
            stopped_early=self.decoding.adaptive and 0 < len(samples) < self.decoding.samples,
            missing=any(isinstance(part, NotInStore) for part in (single, several)),
        )


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
        return max(0, room(window - longest - TEMPLATE_TOKENS) - asked)

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        request = Request(
            messages=tuple(messages),
            temperature=0.0,
            max_tokens=self._decoding.tokens_for(self._case.model, agent=True),
            seed=self._decoding.seed,
            tools=tuple(tools),
            subject=Subject(item=self._case.item, condition=self._case.condition.name),
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


def _after(cut: Reply, reply: Reply) -> Reply:
    """Return a reply that came at the second try, with the time that both took."""
    if cut.latency_s is None or reply.latency_s is None:
        return replace(reply, latency_s=None)
    return replace(reply, latency_s=cut.latency_s + reply.latency_s)


def _read(reply: Reply, item: Item) -> Answer:
    return read_answer(
        reply.text,
        {option.letter: option.text for option in item.options},
        finish_reason=reply.finish_reason,
        refusal=reply.refusal,
        reasoning=reply.reasoning,
    )


def _read_replies(replies: _Replies | CallFailed | None, item: Item) -> list[ReadReply]:
    if not isinstance(replies, _Replies):
        return []
    ordered = (replies.by_sample[sample] for sample in sorted(replies.by_sample))
    return [ReadReply(reply=reply, answer=_read(reply, item)) for reply in ordered]
