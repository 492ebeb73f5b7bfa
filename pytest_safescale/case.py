"""One case: an item put to a model under a condition, and what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.caller import Answered, money
from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.conditions.tokens import count_tokens, room
from pytest_safescale.errors import CallFailed, NotInStore
from pytest_safescale.models.model import Request, Subject
from pytest_safescale.scoring.adaptive import is_settled, next_draw
from pytest_safescale.scoring.answer import Answer, read_answer
from pytest_safescale.scoring.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.calls.caller import Caller
    from pytest_safescale.conditions.condition import Condition, Ranker
    from pytest_safescale.conditions.prompt import PromptTemplate
    from pytest_safescale.items.item import Item
    from pytest_safescale.models.model import Message, Model, Reply
    from pytest_safescale.scoring.verdict import Verdict

__all__ = ["Ballot", "Case", "CaseResult", "CaseRunner", "Decoding"]

RECORD_SCHEMA = 1
EVIDENCE_CHARACTERS = 20_000
"""How much of the evidence a record shows; the whole is hashed."""
TEMPLATE_TOKENS = 400
"""Room for the prompt's own words and the chat format's marks."""


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How answers are drawn (SaFE-Scale protocol, "Decoding")."""

    samples: int = 20
    adaptive: bool = False
    """Whether to stop drawing samples once further ones can change nothing that counts."""
    seed: int = 42
    sample_temperature: float = 0.7
    answer_tokens: int = 10
    reasoning_tokens: int = 4096
    agent_tokens: int = 1024

    def tokens_for(self, model: Model, *, agent: bool = False) -> int:
        """Return the most tokens a reply of this model may take."""
        if model.info.reasoning:
            return self.reasoning_tokens
        return self.agent_tokens if agent else self.answer_tokens


@dataclass(frozen=True, kw_only=True)
class Case:
    """One item in one cell."""

    model: Model
    condition: Condition
    item: Item

    @property
    def id(self) -> str:
        """``MODEL-CONDITION-ITEMID``, as in test ids."""
        return f"{self.model.info.name}-{self.condition.name}-{self.item.id}"


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One reply and the answer read in it."""

    reply: Reply
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """A case that was asked and judged."""

    case: Case
    verdict: Verdict
    messages: tuple[Message, ...] = ()
    """The final prompt; empty where the evidence could not be gathered."""
    evidence: Evidence = field(default_factory=Evidence)
    greedy: Ballot | None = None
    samples: tuple[Ballot, ...] = ()
    error: str | None = None
    """Why there is no single answer."""
    samples_error: str | None = None
    """Why there are no samples although some were wanted."""
    gathered: tuple[Answered, ...] = ()
    """The agent's calls."""
    asked: tuple[Answered, ...] = ()
    """The calls for the answers."""
    stopped_early: bool = False
    """Whether fewer samples were drawn than wanted because the rest could change nothing."""
    missing: bool = False
    """Whether a replay met a call that is not in the store."""

    def record(self) -> dict[str, Any]:
        """Return the line of ``cases.jsonl``: plain JSON data, enough to recompute every figure."""
        item, info = self.case.item, self.case.model.info
        return {
            "schema": RECORD_SCHEMA,
            "model": info.name,
            "condition": self.case.condition.name,
            "nature": info.nature.value,
            **item.part_of_record(),
            "outcome": self.verdict.outcome.value,
            "findings": list(self.verdict.findings),
            "greedy": self._greedy_record(),
            "error": self.error,
            "samples": self._samples_record(),
            "samples_error": self.samples_error,
            "evidence": self._evidence_record(),
            "trace": [vars(step) for step in self.evidence.trace],
            "prompt_sha256": _sha256(self.messages),
            "calls": self.call_records(),
        }

    def call_records(self) -> list[dict[str, Any]]:
        """Return what each call took: key, replies, tokens, money, and who answered."""
        return [self._call_record(part) for part in (*self.gathered, *self.asked)]

    @property
    def latency_s(self) -> float | None:
        """Seconds until the single answer, the agent's turns included; ``None`` if unknown."""
        if self.greedy is None:
            return None
        turns = [part.replies[0].latency_s for part in self.gathered]
        parts = [*turns, self.greedy.reply.latency_s]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def _greedy_record(self) -> dict[str, Any] | None:
        if self.greedy is None:
            return None
        return {
            "letter": self.greedy.answer.letter,
            "form": self.greedy.answer.form.value,
            "text": self.greedy.reply.text,
            "finish_reason": self.greedy.reply.finish_reason,
            "latency_s": self.latency_s,
        }

    def _samples_record(self) -> dict[str, Any] | None:
        if not self.samples:
            return None
        return {
            "letters": [ballot.answer.letter for ballot in self.samples],
            "texts": [ballot.reply.text for ballot in self.samples],
            "stopped_early": self.stopped_early,
            **self.verdict.samples_part(),
        }

    def _evidence_record(self) -> dict[str, Any]:
        text = self.evidence.text
        return {
            "text": text[:EVIDENCE_CHARACTERS],
            "characters": len(text),
            "passages": list(self.evidence.passages),
        }

    def _call_record(self, answered: Answered) -> dict[str, Any]:
        replies = answered.replies.values()
        prompt = sum(reply.prompt_tokens for reply in replies)
        completion = sum(reply.completion_tokens for reply in replies)
        return {
            "key": answered.key.hex(),
            "replies": len(answered.replies),
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "money": money(self.case.model.info, prompt, completion),
            "served": sorted({(reply.served_model, reply.fingerprint) for reply in replies}),
        }


class CaseRunner:
    """Puts cases to their models; one per process, used from the engine's loop."""

    def __init__(
        self,
        *,
        caller: Caller,
        prompt: PromptTemplate,
        decoding: Decoding,
        ranker: Ranker | None,
    ) -> None:
        self._caller = caller
        self._prompt = prompt
        self._decoding = decoding
        self._ranker = ranker

    def without_samples(self) -> CaseRunner:
        """Return one that asks for single answers only, through the same caller."""
        return CaseRunner(
            caller=self._caller,
            prompt=self._prompt,
            decoding=replace(self._decoding, samples=0),
            ranker=self._ranker,
        )

    async def run(self, case: Case) -> CaseResult:
        """Ask and judge one case; a call that fails becomes an errored case, not an exception."""
        desk = _Desk(self._caller, self._decoding, case, self._ranker)
        try:
            evidence = await case.condition.gather(case.item, desk)
        except CallFailed as failure:
            return _failed(case, failure, desk.answered)
        messages = build_messages(self._prompt, case.item, evidence.text)
        asking = self._ask(case, messages, temperature=0.0, samples=range(1))
        if self._decoding.samples == 0:
            return self._judged(case, messages, evidence, desk.answered, await asking, None)
        single, several = await asyncio.gather(asking, self._draw(case, messages))
        return self._judged(case, messages, evidence, desk.answered, single, several)

    async def _draw(
        self, case: Case, messages: tuple[Message, ...]
    ) -> Answered | CallFailed | None:
        """Draw the samples: all at once, or as many as can still change something."""
        total, options = self._decoding.samples, len(case.item.options)
        temperature = self._decoding.sample_temperature
        if not self._decoding.adaptive:
            return await self._ask(case, messages, temperature=temperature, samples=range(total))
        drawn: Answered | None = None
        letters: list[str | None] = []
        while not is_settled(letters, total, options):
            further = range(len(letters), len(letters) + next_draw(letters, total, options))
            part = await self._ask(case, messages, temperature=temperature, samples=further)
            if isinstance(part, CallFailed):
                return part
            drawn = part if drawn is None else drawn.and_also(part)
            letters += [ballot.answer.letter for ballot in _ballots(part, case.item)]
        return drawn

    async def _ask(
        self, case: Case, messages: tuple[Message, ...], *, temperature: float, samples: range
    ) -> Answered | CallFailed:
        request = Request(
            messages=messages,
            temperature=temperature,
            max_tokens=self._decoding.tokens_for(case.model),
            seed=self._decoding.seed,
            samples=tuple(samples),
            subject=Subject(item=case.item, condition=case.condition.name),
        )
        try:
            return await self._caller.ask(
                case.model, request, incomplete=lambda reply: _cut_off(reply, case.item)
            )
        except CallFailed as failure:
            return failure

    def _judged(
        self,
        case: Case,
        messages: tuple[Message, ...],
        evidence: Evidence,
        gathered: Sequence[Answered],
        single: Answered | CallFailed,
        several: Answered | CallFailed | None,
    ) -> CaseResult:
        greedy = _ballots(single, case.item)
        samples = _ballots(several, case.item)
        error = str(single) if isinstance(single, CallFailed) else None
        verdict = judge(
            case.item,
            greedy[0].answer.letter if greedy else None,
            [ballot.answer.letter for ballot in samples] or None,
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
            asked=tuple(part for part in (single, several) if isinstance(part, Answered)),
            stopped_early=0 < len(samples) < self._decoding.samples,
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
        return max(0, room(window - answer - TEMPLATE_TOKENS) - asked)

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


def _cut_off(reply: Reply, item: Item) -> str | None:
    """Say that a reply was cut before it named an answer: nobody knows what it would have said."""
    if reply.finish_reason != "length" or _read(reply, item).letter is not None:
        return None
    return "the reply was cut off at its token limit before it named an answer"


def _read(reply: Reply, item: Item) -> Answer:
    return read_answer(reply.text, {option.letter: option.text for option in item.options})


def _ballots(answered: Answered | CallFailed | None, item: Item) -> list[Ballot]:
    if not isinstance(answered, Answered):
        return []
    replies = (answered.replies[sample] for sample in sorted(answered.replies))
    return [Ballot(reply=reply, answer=_read(reply, item)) for reply in replies]


def _sha256(messages: Sequence[Message]) -> str:
    return hashlib.sha256(json.dumps(messages).encode("ascii")).hexdigest()
