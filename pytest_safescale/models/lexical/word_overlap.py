"""Reading comprehension by word overlap: the sliding-window and distance baseline of MCTest.

Richardson, Burges and Renshaw, "MCTest: a challenge dataset for the open-domain machine
comprehension of text", EMNLP 2013, algorithms 1 and 2, over content words with plural endings
taken off. Nothing is known here but the text of the prompt.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.dataset.item import LETTERS
from pytest_safescale.text.sentences import split
from pytest_safescale.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["Prompt", "best_sentences", "content_words", "read_prompt", "supports"]

_OPTION = re.compile(
    r"^[ \t>*-]*[(\[]?([A-Za-z])[)\].:][)\]*]*[ \t]+(\S.*)$",
    re.MULTILINE,
)
_FENCE = re.compile(r"^<(\w[\w-]*)>[ \t]*$", re.MULTILINE)
_QUESTION_LABEL = re.compile(r"^[ \t#*]*question[ \t*]*:[ \t*]*", re.MULTILINE | re.IGNORECASE)
_EVIDENCE_LABEL = re.compile(
    r"^[ \t#*]*(?:evidence|context|reference|passage|document|background)[^\n:]{0,40}:",
    re.MULTILINE | re.IGNORECASE,
)
_TRAILING_LABEL = re.compile(
    r"\n[ \t#*]*(?:answer )?(?:options|choices|answers|alternatives)\b[^\n]{0,20}\n*\Z",
    re.IGNORECASE,
)
_INSTRUCTION_WORDS = 12
_NEGATION = re.compile(
    r"\b(?:NOT|EXCEPT|LEAST|FALSE|INCORRECT)\b|\b(?i:except|(?:is|are|would|should|does|do) not"
    r"|least (?:likely|appropriate|suitable|useful|typical|accurate))\b"
)
_WORD = re.compile(r"[^\W_]+(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A multiple-choice prompt taken apart."""

    question: str
    options: tuple[tuple[str, str], ...]
    """Letter and text of each."""
    evidence: str
    """Empty where there is none."""

    @property
    def negated(self) -> bool:
        """Whether the question's last sentence asks for the option that does not hold."""
        return bool(_NEGATION.search(split(self.question.strip())[-1].body))


def read_prompt(text: str) -> Prompt | None:
    """Take a prompt of any template apart; ``None`` where it lists no options.

    Evidence is what stands in a fence of tags, else every longer paragraph beside the question.
    The question is what follows its label, else the paragraph above the options.
    """
    fenced, text = _without_fence(text)
    run = _option_run(text)
    if not run:
        return None
    above, below = text[: run[0].start()], text[run[-1].end() :]
    lead, question = _split_question(_TRAILING_LABEL.sub("", above))
    parts = _EVIDENCE_LABEL.split(question, maxsplit=1)
    return Prompt(
        question=parts[0].strip(),
        options=tuple((match[1].upper(), match[2].strip()) for match in run),
        evidence=fenced or _long_paragraphs([lead, *parts[1:], below]),
    )


def supports(prompt: Prompt) -> list[float]:
    """Return how well the text supports each option as the answer, in the options' order.

    The sliding-window score less the distance score. Without evidence there is nothing to read:
    every option is supported alike, and the reader can only guess. Where the question is negated,
    the least supported option answers it, so the sign is turned.
    """
    asked = frozenset(_content(prompt.question))
    passage = _indexed(prompt.evidence)
    options = (frozenset(_content(text)) for _, text in prompt.options)
    scores = [passage.window(asked | words) - passage.distance(asked, words) for words in options]
    return [-score for score in scores] if prompt.negated else scores


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, each once, in order, in lower case."""
    words = (word for word in _WORD.findall(text.lower()) if word not in FUNCTION_WORDS)
    return list(dict.fromkeys(words))


def best_sentences(text: str, words: Collection[str], n: int) -> list[str]:
    """Return the ``n`` sentences of ``text`` that share most with ``words``, in text order.

    A sentence scores the summed inverse-count weights of the words it shares; titles and other
    fragments of fewer than five words are passed over.
    """
    wanted = {_stem(word) for word in words}
    weights = _indexed(text).weights
    bodies = dict.fromkeys(sentence.body for sentence in split(text))
    sentences = [body for body in bodies if len(body.split()) >= 5]
    # Exactly, for the words of a set stand in no order, and sentences that tie must tie each time.
    scores = [
        math.fsum(weights.get(word, 0.0) for word in wanted.intersection(_content(sentence)))
        for sentence in sentences
    ]
    best = sorted(range(len(sentences)), key=lambda i: -scores[i])[:n]
    return [sentences[i] for i in sorted(best)]


@dataclass(frozen=True, kw_only=True)
class _Passage:
    """A text's content words by position."""

    length: int
    positions: dict[str, list[int]]
    weights: dict[str, float]
    """Inverse count, ``log(1 + 1 / count)``."""

    def window(self, words: Collection[str]) -> float:
        """Return the best summed weight of ``words`` over windows of ``len(words)`` words."""
        hits = sorted(
            (position, self.weights[word])
            for word in words
            for position in self.positions.get(word, ())
        )
        best = total = 0.0
        first = 0
        for position, weight in hits:
            total += weight
            while hits[first][0] <= position - len(words):
                total -= hits[first][1]
                first += 1
            best = max(best, total)
        return best

    def distance(self, asked: frozenset[str], option: frozenset[str]) -> float:
        """Return how far the option's own words stand from the question's, 0 to 1."""
        near = sorted(self._all_positions(asked))
        own = self._all_positions(option - asked)
        if not near or not own:
            return 1.0
        return min(_gap(near, position) for position in own) / max(1, self.length - 1)

    def _all_positions(self, words: Collection[str]) -> list[int]:
        return [position for word in words for position in self.positions.get(word, ())]


@lru_cache(maxsize=16)
def _indexed(text: str) -> _Passage:
    words = _content(text)
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, word in enumerate(words):
        positions[word].append(position)
    weights = {word: math.log1p(1 / len(places)) for word, places in positions.items()}
    return _Passage(length=len(words), positions=dict(positions), weights=weights)


def _content(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in FUNCTION_WORDS]


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _gap(places: Sequence[int], position: int) -> int:
    after = bisect_left(places, position)
    return min(abs(place - position) for place in places[max(0, after - 1) : after + 1])


def _without_fence(text: str) -> tuple[str, str]:
    """Return what stands between the first opening tag and its last closing tag, and the rest."""
    opening = _FENCE.search(text)
    closing = text.rfind(f"</{opening[1]}>") if opening else -1
    if not opening or closing < opening.end():
        return "", text
    after = closing + len(f"</{opening[1]}>")
    return text[opening.end() : closing].strip(), f"{text[: opening.start()]}\n{text[after:]}"


def _option_run(text: str) -> list[re.Match[str]]:
    """Return the last run of option lines lettered from A without a gap."""
    runs: list[list[re.Match[str]]] = []
    for match in _OPTION.finditer(text):
        letter = match[1].upper()
        if letter == "A":
            runs.append([match])
        elif runs and letter == LETTERS[len(runs[-1]) % len(LETTERS)]:
            runs[-1].append(match)
    return next((run for run in reversed(runs) if len(run) > 1), [])


def _split_question(above: str) -> tuple[str, str]:
    labels = list(_QUESTION_LABEL.finditer(above))
    if labels:
        return above[: labels[-1].start()], above[labels[-1].end() :]
    lead, _, question = above.rstrip().rpartition("\n\n")
    return lead, question


def _long_paragraphs(parts: Sequence[str]) -> str:
    # Shorter ones are labels and instructions of the template.
    paragraphs = (paragraph for part in parts for paragraph in part.split("\n\n"))
    return "\n\n".join(p.strip() for p in paragraphs if len(p.split()) > _INSTRUCTION_WORDS)
