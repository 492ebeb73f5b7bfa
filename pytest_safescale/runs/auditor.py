"""A model as auditor: it judges what the rules of an audit bring.

Its word counts where it is one of the two that a question allows and no passage that it saw speaks
to a model. Everything else leaves the rules' finding as it was, and is counted (docs/audit.md).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.finding import Judgement
from pytest_safescale.audit.questions import Questioner
from pytest_safescale.calls.all_ended import all_ended
from pytest_safescale.calls.usage import money, prompt_estimate
from pytest_safescale.errors import CallFailed, RunEnded
from pytest_safescale.layers.one_word import word_alone
from pytest_safescale.models.model import Request
from pytest_safescale.runs.case import Decoding
from pytest_safescale.runs.one_model import asking
from pytest_safescale.runs.second_reader import described_reader
from pytest_safescale.settings.audit_settings import FINDING_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.audit.audit_corpus import Audit
    from pytest_safescale.audit.finding import Finding
    from pytest_safescale.audit.questions import AuditQuestion
    from pytest_safescale.calls.answered_request import Answered
    from pytest_safescale.calls.caller import Caller
    from pytest_safescale.dataset.corpus import CorpusPassage
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.models.model import Message, Model
    from pytest_safescale.settings.schema import Settings

__all__ = ["JudgedAudit", "judge_audit"]

_NO_PRICE = "cost unknown, as no price is set"
_EVERY = 100
"""Judgements between two words on how far it is."""
_REASONS = 3
"""How many reasons of calls that gave nothing are told."""


@dataclass(frozen=True, kw_only=True)
class JudgedAudit:
    """What rules and auditor found together."""

    findings: Sequence[Finding]
    """Those of the rules, each with its judgement, and behind those of a class the auditor's own:
    the wider candidates that it confirms."""
    part: dict[str, Any]
    """What audit.json says of the auditor: which model, its judgements, what it took."""


def judge_audit(
    audit: Audit,
    passages: Sequence[CorpusPassage],
    items: Sequence[Item],
    model: Model,
    settings: Settings,
    tell: Callable[[str], None],
) -> JudgedAudit:
    """Ask the auditor about what the rules brought; ``tell`` is given what it takes, beforehand.

    The rules' findings are asked about first. A spent budget ends the asking, and what is
    left is not judged. Raises EndpointRefused and StoreError.
    """
    questioner = Questioner(passages, items, audit.best)
    auditor = _Auditor(model, questioner, seed=settings.seed, tell=tell)
    tell(auditor.outlook(audit))
    return asyncio.run(auditor.judge_all(audit, settings))


class _Auditor:
    def __init__(
        self, model: Model, questioner: Questioner, *, seed: int, tell: Callable[[str], None]
    ) -> None:
        self._model = model
        self._name = model.info.name
        self._questioner = questioner
        self._tokens = Decoding().tokens_for(model)
        self._seed = seed
        self._tell = tell
        self._judged = 0
        self._answered: list[Answered] = []
        self._reasons: dict[str, None] = {}

    def outlook(self, audit: Audit) -> str:
        """Return the most that asking about these can take, in words."""
        calls = tokens = 0
        for finding in (*audit.findings, *audit.wider):
            asked = [one for one in self._questioner.questions(finding) if not one.steers]
            calls += len(asked)
            tokens += sum(prompt_estimate(_messages(one)) for one in asked)
        room = calls * self._tokens
        info = self._model.info
        priced = info.price_in or info.price_out
        cost = f"cost {money(info, tokens, room):.2f} in your unit" if priced else _NO_PRICE
        judged = sum(bool(self._questioner.questions(one)) for one in audit.findings)
        return (
            f"{self._name} judges {judged} findings and {len(audit.wider)} wider candidates: at "
            f"most {calls} calls, about {tokens} tokens in and {room} out, {cost}; what the store "
            "holds already is not asked again"
        )

    async def judge_all(self, audit: Audit, settings: Settings) -> JudgedAudit:
        # Findings of a large corpus are many, and each holds its passages while it is judged.
        turn = asyncio.Semaphore(2 * settings.concurrency)
        async with asking(self._model, settings, secrets.token_hex(16)) as (caller, effort):
            brought = (*audit.findings, *audit.wider)
            judged = await all_ended([self._judge(one, caller, turn) for one in brought])
            took = effort(self._answered)
        of_rules, wider = judged[: len(audit.findings)], judged[len(audit.findings) :]
        own = [one for one in wider if one.judgement is Judgement.CONFIRMED]
        part = {
            **described_reader(self._model.info),
            "judgements": _counts(of_rules),
            "wider": _counts(wider),
            "reasons": list(self._reasons)[:_REASONS],
            **took,
        }
        # Sorting keeps the order within a class.
        findings = sorted([*of_rules, *own], key=lambda one: FINDING_CLASSES.index(one.finding))
        return JudgedAudit(findings=findings, part=part)

    async def _judge(self, finding: Finding, caller: Caller, turn: asyncio.Semaphore) -> Finding:
        async with turn:
            questions = self._questioner.questions(finding)
            if not questions:
                return finding
            judged = await self._answer(finding, questions, caller)
        self._judged += 1
        if self._judged % _EVERY == 0:
            self._tell(f"{self._judged} findings judged")
        return judged

    async def _answer(
        self, finding: Finding, questions: Sequence[AuditQuestion], caller: Caller
    ) -> Finding:
        """Return a finding as it is judged: one word against it is enough, and all must be read."""
        judged = replace(finding, auditor=self._name)
        unknown: Judgement | None = None
        for question in questions:
            said = await self._ask(question, caller)
            if said is Judgement.DENIED:
                return _denied(judged, question)
            if said is not Judgement.CONFIRMED:
                unknown = unknown or said
        return replace(judged, judgement=unknown or Judgement.CONFIRMED)

    async def _ask(self, question: AuditQuestion, caller: Caller) -> Judgement:
        if question.steers:
            return Judgement.INSTRUCTION
        request = Request(
            messages=_messages(question),
            temperature=0.0,
            max_tokens=self._tokens,
            seed=self._seed,
        )
        try:
            answered = await caller.ask(self._model, request)
        except (CallFailed, RunEnded) as failure:
            self._reasons[str(failure)] = None
            ended = isinstance(failure, RunEnded)
            return Judgement.NOT_ASKED if ended else Judgement.FAILED
        self._answered.append(answered)
        word = word_alone(answered.replies[0].text, (question.confirms, question.denies))
        found = {question.confirms: Judgement.CONFIRMED, question.denies: Judgement.DENIED}
        return found.get(word, Judgement.UNREADABLE)


def _counts(judged: Sequence[Finding]) -> dict[str, int]:
    found = Counter(one.judgement for one in judged)
    return {each.value: found[each] for each in Judgement}


def _messages(question: AuditQuestion) -> tuple[Message, ...]:
    return (
        {"role": "system", "content": question.system},
        {"role": "user", "content": question.user},
    )


def _denied(finding: Finding, question: AuditQuestion) -> Finding:
    """Return a finding that the auditor denies; of an item, with the passage that serves it."""
    denied = replace(finding, judgement=Judgement.DENIED)
    if finding.finding != "coverage":
        return denied
    place = question.places[0]
    told = f"{finding.sentence}; {finding.auditor} says that {place.passage} tells it"
    return replace(denied, sentence=told, place=place)
