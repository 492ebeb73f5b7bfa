"""A case's question put to its model: the first turn, and those that its prompt profile adds."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_safescale.answers.answer import AnswerForm
from pytest_safescale.answers.read_answer import read_answer
from pytest_safescale.cells import PLAIN, unrepaired
from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import Request, Subject
from pytest_safescale.runs.case import ReadReply
from pytest_safescale.text.hidden import visible_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.answers.shown_item import ShownItem
    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.calls.caller import Caller
    from pytest_safescale.models.model import Message, Reply
    from pytest_safescale.runs.case import Case, Decoding

__all__ = ["Question", "Replies", "TurnAsker", "in_item", "next_messages", "read_replies"]

SAID_NOTHING = "(no answer)"
"""Stands for a visible reply that is empty: some servers take no empty message."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a case: its item as the profile shows it, and the first prompt."""

    case: Case
    shown: ShownItem
    messages: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Replies:
    """The replies to one question at one temperature."""

    by_sample: Mapping[int, Reply]
    """Of the last turn."""
    before: tuple[Mapping[int, Reply], ...] = ()
    """Of the turns before it."""
    asked: tuple[Answered, ...] = ()
    """The calls behind them."""

    def and_also(self, other: Replies) -> Replies:
        """Return these with those to further samples."""
        before = self.before or tuple({} for _ in other.before)
        return Replies(
            by_sample={**self.by_sample, **other.by_sample},
            before=tuple({**ours, **more} for ours, more in zip(before, other.before, strict=True)),
            asked=self.asked + other.asked,
        )

    def then(self, later: Replies) -> Replies:
        """Return the replies of a later turn with these before them."""
        return Replies(
            by_sample=later.by_sample,
            before=(*self.before, self.by_sample),
            asked=self.asked + later.asked,
        )


@dataclass(frozen=True, kw_only=True)
class _Turn:
    """One turn, but for the messages: those of a further turn hold the reply before."""

    question: Question
    temperature: float
    logprobs_at_last: bool
    """Whether the last turn asks for the probabilities of tokens."""
    number: int = 0

    @property
    def is_last(self) -> bool:
        return self.number == len(self.question.case.profile.steps)

    @property
    def logprobs(self) -> bool:
        return self.logprobs_at_last and self.is_last

    @property
    def profile(self) -> str:
        """The profile that the reply depends on: a turn before the last asks for a plain answer."""
        profile = self.question.case.profile
        return profile.name if self.is_last else PLAIN


class TurnAsker:
    """Asks questions turn by turn, through one caller."""

    def __init__(self, caller: Caller, decoding: Decoding, *, repeat: int = 0) -> None:
        """``repeat`` is the number of a further asking of the same; 0 for the first."""
        self._caller = caller
        self._decoding = decoding
        self._repeat = repeat

    async def ask(
        self, question: Question, *, temperature: float, samples: range, logprobs: bool = False
    ) -> Replies | CallFailed:
        """Return the replies of every turn; a call that fails is returned.

        Samples whose replies are alike so far share the next turn's call.
        """
        turn = _Turn(question=question, temperature=temperature, logprobs_at_last=logprobs)
        try:
            found = await self._call(turn, question.messages, samples)
            talks = dict.fromkeys(samples, question.messages)
            for number, step in enumerate(question.case.profile.steps, start=1):
                talks = _next_talks(talks, found, step)
                found = found.then(await self._turn(replace(turn, number=number), talks))
        except CallFailed as failure:
            return failure
        return found

    async def _turn(self, turn: _Turn, talks: Mapping[int, tuple[Message, ...]]) -> Replies:
        """Ask a further turn; ``talks`` are the messages by sample."""
        alike: defaultdict[str, list[int]] = defaultdict(list)
        for sample, messages in talks.items():
            alike[repr(messages)].append(sample)
        parts = await asyncio.gather(
            *(self._call(turn, talks[some[0]], some) for some in alike.values())
        )
        found = Replies(by_sample={})
        for part in parts:
            found = found.and_also(part)
        return found

    async def _call(
        self, turn: _Turn, messages: tuple[Message, ...], samples: Sequence[int]
    ) -> Replies:
        question = turn.question
        model, profile = question.case.model, question.case.profile
        least = profile.step_max_tokens if turn.number else profile.max_tokens
        prose = turn.number > 0 or profile.free_text
        request = Request(
            messages=messages,
            temperature=turn.temperature,
            max_tokens=max(self._decoding.tokens_for(model), least or 0),
            seed=self._decoding.seed,
            samples=tuple(samples),
            letters=() if prose else tuple(question.shown.letters),
            logprobs=turn.logprobs,
            repeat=self._repeat,
            subject=Subject(
                item=question.case.item,
                condition=unrepaired(question.case.condition.name),
                profile=turn.profile,
                shown_as=question.shown.shown_as if question.shown.abstains else {},
            ),
        )
        answered = await self._caller.ask(model, request)
        first = Replies(by_sample=answered.replies, asked=(answered,))
        return await self._with_more_room(question, request, first)

    async def _with_more_room(
        self, question: Question, request: Request, first: Replies
    ) -> Replies:
        """Ask once more for what was cut before it answered, where the model's table has room."""
        room = question.case.model.info.max_tokens_retry
        if room is None or room <= request.max_tokens:
            return first
        cut = [
            sample
            for sample, reply in first.by_sample.items()
            if _read(reply, question.shown).form is AnswerForm.CUT
        ]
        if not cut:
            return first
        roomier = replace(request, max_tokens=room).for_samples(cut)
        answered = await self._caller.ask(question.case.model, roomier)
        again = {
            sample: _after(first.by_sample[sample], reply)
            for sample, reply in answered.replies.items()
        }
        return first.and_also(Replies(by_sample=again, asked=(answered,)))


def _next_talks(
    talks: Mapping[int, tuple[Message, ...]], found: Replies, step: str
) -> dict[int, tuple[Message, ...]]:
    """Return the messages of the next turn by sample."""
    return {
        sample: next_messages(talks[sample], reply.text, step)
        for sample, reply in found.by_sample.items()
    }


def next_messages(messages: tuple[Message, ...], reply: str, step: str) -> tuple[Message, ...]:
    """Return the messages of the next turn: those so far, the visible reply, and what is told."""
    said = visible_text(reply).strip() or SAID_NOTHING
    return (*messages, {"role": "assistant", "content": said}, {"role": "user", "content": step})


def read_replies(replies: Replies | CallFailed | None, shown: ShownItem) -> list[ReadReply]:
    """Return the replies in the order of their samples, read as answers to what was shown."""
    if not isinstance(replies, Replies):
        return []
    return [
        ReadReply(
            reply=replies.by_sample[sample],
            answer=_read(replies.by_sample[sample], shown),
            before=tuple(
                ReadReply(reply=turn[sample], answer=_read(turn[sample], shown))
                for turn in replies.before
            ),
        )
        for sample in sorted(replies.by_sample)
    ]


def in_item(read: ReadReply, shown: ShownItem) -> ReadReply:
    """Return a reply with what it says of the options shown as what it says of the item."""
    second, answer = read.second, shown.in_item(read.answer)
    if second is None and not read.before and answer is read.answer:
        return read
    if second is not None:
        says = shown.letters.get(second.says, second.says) or "none"
        second = replace(second, says=says, rules=shown.in_item(second.rules))
    before = tuple(in_item(turn, shown) for turn in read.before)
    return replace(read, answer=answer, second=second, before=before)


def _after(cut: Reply, reply: Reply) -> Reply:
    """Return a reply that came at the second try, with the time that both took."""
    if cut.latency_s is None or reply.latency_s is None:
        return replace(reply, latency_s=None)
    return replace(reply, latency_s=cut.latency_s + reply.latency_s)


def _read(reply: Reply, shown: ShownItem) -> Answer:
    return read_answer(
        reply.text,
        {option.letter: option.text for option in shown.item.options},
        finish_reason=reply.finish_reason,
        refusal=reply.refusal,
        reasoning=reply.reasoning,
    )
