"""A model with known rates: for trying out, for planning and for testing the estimators.

It knows the labels and reads nothing, so everything it yields is labelled as simulated. Every
draw depends on seed, profile, item, condition and sample index alone. A prompt profile changes the
rates where they say so, and never the draw: what differs between two prompts is their effect.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from dataclasses import asdict
from random import Random
from typing import TYPE_CHECKING

from pytest_safescale.errors import CallFailed
from pytest_safescale.models.agent_turns import agent_turn
from pytest_safescale.models.model import (
    ANY_BATCH,
    EndpointFacts,
    ModelInfo,
    Nature,
    Question,
    Reply,
    TransientFailure,
)
from pytest_safescale.models.simulated.profiles import AnswerKind, Profile, Rates, profile_named
from pytest_safescale.text.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.dataset.item import Item, Option
    from pytest_safescale.models.model import Request, Subject

__all__ = ["SimulatedModel"]

_ABSTENTION = "I cannot answer this."


class SimulatedModel:
    """Answers with the kind of answer its profile draws for the case.

    A kind the item has no option for becomes a plain wrong answer; where every wrong option
    carries a label, the mildest of them: contradicting, then unsafe, then high-risk. A sample
    at a temperature above 0 is drawn anew, instead of repeating the greedy answer, with a chance
    that is each item's own, drawn evenly from 0 to twice the profile's ``spread``; with ``scatter``
    it is any option of the item instead, with a chance that the greedy answer's kind has.

    Asked what the evidence says of an option it reads the case once more, drawn by itself: the
    option it comes to is supported, another one contradicted where it carries that label, and else
    the evidence is silent. A question is a risk where an option is high-risk.
    """

    def __init__(self, profile: str | Profile = "paper") -> None:
        self._profile = profile_named(profile) if isinstance(profile, str) else profile
        self._tries: Counter[str] = Counter()
        self.facts = EndpointFacts(batch=ANY_BATCH)
        self.info = ModelInfo(
            name=f"simulated:{self._profile.name}",
            provider="simulated",
            model=self._profile.name,
            revision=_hash(self._profile),
            nature=Nature.SIMULATED,
        )

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Return one reply per sample wanted.

        Raises:
            CallFailed: the request does not say which case it belongs to.
            TransientFailure: at the profile's failure rate; asking again draws again.
        """
        if request.subject is None:
            raise CallFailed("a simulated model cannot answer without knowing the case")
        self._fail_sometimes(request, request.subject)
        if self._profile.latency_s:
            await asyncio.sleep(self._profile.latency_s)
        prompt_tokens = sum(count_tokens(str(m["content"] or "")) for m in request.messages)
        return [
            self._measured(reply, prompt_tokens)
            for reply in self._replies(request, request.subject)
        ]

    async def aclose(self) -> None:
        """Hold nothing, release nothing."""

    def _replies(self, request: Request, subject: Subject) -> list[Reply]:
        turn = agent_turn(request)
        if turn is None:
            return [Reply(text=self._text(request, subject, i)) for i in request.samples]
        letter = self._letter(request.seed, subject) or "?"
        if turn.searches or turn.must_report:
            reply = turn.report(f"A simulated report on item {subject.item.id}.", letter)
        else:
            reply = turn.search(subject.item.question, letter)
        return [reply] * len(request.samples)

    def _text(self, request: Request, subject: Subject, sample: int) -> str:
        if subject.question is Question.SUPPORT:
            return self._support(request.seed, subject)
        if subject.question is Question.RISK:
            return "YES" if any(option.high_risk for option in subject.item.options) else "NO"
        letter = self._letter(request.seed, subject)
        scatter = self._rates(subject).scatter
        if request.temperature > 0 and scatter is not None:
            draw = self._random(request.seed, subject, f"sample {sample}")
            if draw.random() < scatter.get(_kind_of_letter(subject.item, letter).value, 0.0):
                letter = draw.choice(subject.item.letters)
        elif request.temperature > 0:
            redraw_chance = 2 * self._rates(subject).spread
            redraw_chance *= self._random(request.seed, subject, "scatter").random()
            draw = self._random(request.seed, subject, f"sample {sample}")
            if draw.random() < redraw_chance:
                letter = self._drawn(subject, draw)
        return subject.shown_as.get(letter, letter or _ABSTENTION)

    def _support(self, seed: int, subject: Subject) -> str:
        """Return what a second reading of the case, drawn as answers are, makes of an option."""
        read = self._drawn(subject, self._random(seed, subject, "support"))
        if subject.letter is None or read is None:
            return "SILENT"
        if read == subject.letter:
            return "SUPPORTS"
        return "CONTRADICTS" if subject.item.option(subject.letter).contradicts else "SILENT"

    def _rates(self, subject: Subject) -> Rates:
        return self._profile.rates(subject.condition, subject.profile)

    def _letter(self, seed: int, subject: Subject) -> str | None:
        return self._drawn(subject, self._random(seed, subject, "greedy"))

    def _drawn(self, subject: Subject, draw: Random) -> str | None:
        rates = self._rates(subject)
        kinds = list(AnswerKind)
        (kind,) = draw.choices(kinds, [rates.of(kind) for kind in kinds])
        if kind is AnswerKind.ABSTAIN:
            return None
        if kind is AnswerKind.CORRECT:
            return subject.item.answer
        return draw.choice(_letters_for(subject.item, kind))

    def _fail_sometimes(self, request: Request, subject: Subject) -> None:
        rate = self._profile.failure_rate
        if not rate:
            return
        call = f"{request.temperature} {request.samples} {len(request.messages)}"
        key = f"{subject.item.id}\0{subject.condition}\0{call}"
        self._tries[key] += 1
        purpose = f"failure {call} {self._tries[key]}"
        if self._random(request.seed, subject, purpose).random() < rate:
            raise TransientFailure("a simulated failure")

    def _random(self, seed: int, subject: Subject, purpose: str) -> Random:
        parts = [seed, self._profile.name, subject.item.id, subject.condition, purpose]
        digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).digest()
        return Random(int.from_bytes(digest, "big"))  # noqa: S311 - reproducible, not secret

    def _measured(self, reply: Reply, prompt_tokens: int) -> Reply:
        return Reply(
            text=reply.text,
            tool_calls=reply.tool_calls,
            finish_reason=reply.finish_reason,
            served_model=self.info.model,
            prompt_tokens=prompt_tokens,
            completion_tokens=count_tokens(reply.text),
            latency_s=self._profile.latency_s or None,
        )


def _letters_for(item: Item, kind: AnswerKind) -> list[str]:
    """Return the letters of the wrong options of this kind, else those of the mildest."""
    by_kind: dict[AnswerKind, list[str]] = {}
    for option in item.options:
        if option.letter != item.answer:
            by_kind.setdefault(_kind_of(option), []).append(option.letter)
    mildest = (AnswerKind.WRONG, AnswerKind.CONTRADICTS, AnswerKind.UNSAFE, AnswerKind.HIGH_RISK)
    return next(by_kind[one] for one in (kind, *mildest) if one in by_kind)


def _kind_of(option: Option) -> AnswerKind:
    if option.high_risk:
        return AnswerKind.HIGH_RISK
    if option.unsafe:
        return AnswerKind.UNSAFE
    return AnswerKind.CONTRADICTS if option.contradicts else AnswerKind.WRONG


def _kind_of_letter(item: Item, letter: str | None) -> AnswerKind:
    if letter is None:
        return AnswerKind.ABSTAIN
    return AnswerKind.CORRECT if letter == item.answer else _kind_of(item.option(letter))


def _hash(profile: Profile) -> str:
    told = asdict(profile)
    # What a profile does not have leaves its stored replies what they are.
    told["conditions"] = {
        name: {key: value for key, value in rates.items() if value is not None}
        for name, rates in told["conditions"].items()
    }
    packed = json.dumps(told, sort_keys=True)
    return hashlib.sha256(packed.encode()).hexdigest()[:12]
