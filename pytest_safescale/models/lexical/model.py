"""The embedded reader: answers by word overlap, with no network and no knowledge of its own.

It is a baseline, labelled as one in every output. It sees what any model sees, the messages, and
gets its answers from reading them (``word_overlap.py``), whichever condition they come from.
"""

from __future__ import annotations

import hashlib
import math
import pkgutil
import time
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.models.agent_turns import AgentTurn, agent_turn
from pytest_safescale.models.lexical.word_overlap import (
    Prompt,
    best_sentences,
    content_words,
    read_prompt,
    supports,
)
from pytest_safescale.models.model import ANY_BATCH, EndpointFacts, ModelInfo, Nature, Reply
from pytest_safescale.text.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.models.model import Message, Request

__all__ = ["LexicalReader"]

_SEARCHES = 2
_REPORT_SENTENCES = 6
_NO_OPTIONS = "The prompt lists no options."


class LexicalReader:
    """Answers with the letter of the option the prompt's words support best.

    Ties are broken by a hash of seed and prompt. At a temperature T above 0 each sample is drawn
    from the softmax of the supports over T, seeded by seed, sample index and prompt, so that
    samples scatter where options are supported alike. As an agent it searches for the question's
    words, then for those with the best option's, and reports the best sentences it read.
    """

    def __init__(self) -> None:
        self.facts = EndpointFacts(batch=ANY_BATCH)
        self.info = ModelInfo(
            name="lexical",
            provider="lexical",
            model="lexical",
            revision=_source_hash(),
            nature=Nature.BASELINE,
            context_tokens=8_192,
        )

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Return one reply per sample wanted, the letter only; an agent's turn where asked for."""
        start = time.perf_counter()
        turn = agent_turn(request)
        replies = [_next_turn(turn)] * len(request.samples) if turn else _answers(request)
        prompt_tokens = sum(count_tokens(str(m["content"] or "")) for m in request.messages)
        latency = time.perf_counter() - start
        return [
            replace(
                reply,
                served_model=self.info.model,
                prompt_tokens=prompt_tokens,
                completion_tokens=count_tokens(reply.text),
                latency_s=latency,
            )
            for reply in replies
        ]

    async def aclose(self) -> None:
        """Hold nothing, release nothing."""


def _answers(request: Request) -> list[Reply]:
    users = [message["content"] for message in request.messages if message["role"] == "user"]
    scored = _scored(users[-1]) if users else ()
    if not scored:
        return [Reply(text=_NO_OPTIONS)] * len(request.samples)
    digest = _digest(request.messages)
    if request.temperature <= 0:
        return [Reply(text=_best(scored, f"{request.seed} {digest}"))] * len(request.samples)
    shares = _softmax([score for _, score in scored], request.temperature)
    return [
        Reply(text=_drawn(scored, shares, _uniform(f"{request.seed} {sample} {digest}")))
        for sample in request.samples
    ]


@lru_cache(maxsize=256)
def _scored(text: str) -> tuple[tuple[str, float], ...]:
    prompt = read_prompt(text)
    return _letters_scored(prompt) if prompt else ()


def _letters_scored(prompt: Prompt) -> tuple[tuple[str, float], ...]:
    letters = (letter for letter, _ in prompt.options)
    return tuple(zip(letters, supports(prompt), strict=True))


def _best(scored: Sequence[tuple[str, float]], seed: str) -> str:
    top = max(score for _, score in scored)
    tied = [letter for letter, score in scored if math.isclose(score, top, abs_tol=1e-9)]
    return tied[int(_uniform(seed) * len(tied))]


def _softmax(scores: Sequence[float], temperature: float) -> list[float]:
    top = max(scores)
    weights = [math.exp((score - top) / temperature) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


def _drawn(scored: Sequence[tuple[str, float]], shares: Sequence[float], point: float) -> str:
    for (letter, _), share in zip(scored, shares, strict=True):
        point -= share
        if point < 0:
            return letter
    return scored[-1][0]


def _next_turn(turn: AgentTurn) -> Reply:
    prompt = read_prompt(turn.question)
    if prompt is None:
        return turn.report(_NO_OPTIONS)
    scored = _letters_scored(replace(prompt, evidence=turn.found))
    scores = [score for _, score in scored]
    letter = _best(scored, turn.question) if max(scores) > min(scores) else "?"
    asked = content_words(prompt.question)
    if turn.searches < _SEARCHES and not turn.must_report:
        lean = dict(prompt.options).get(letter, "") if turn.searches else ""
        return turn.search(" ".join(dict.fromkeys(asked + content_words(lean))), letter)
    wanted = asked + [word for _, text in prompt.options for word in content_words(text)]
    return turn.report(" ".join(best_sentences(turn.found, wanted, _REPORT_SENTENCES)), letter)


def _uniform(seed: str) -> float:
    digest = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _digest(messages: Sequence[Message]) -> str:
    text = "\0".join(f"{message['role']}\0{message['content']}" for message in messages)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _source_hash() -> str:
    names = ("lexical/model.py", "lexical/word_overlap.py", "agent_turns.py")
    sources = (pkgutil.get_data("pytest_safescale.models", name) or b"" for name in names)
    return hashlib.sha256(b"\0".join(sources)).hexdigest()[:12]
