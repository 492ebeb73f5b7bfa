"""What one sentence says for an item: its key fact, the opposite of it, or one of its options.

The rules compare words, so a paraphrase in other words is missed. Words are compared by their
first letters, as ``drain`` and ``drainage`` mean the same here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.text.sentences import telling_words

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Item

__all__ = ["Claim", "ItemSupport", "claim"]

_LIKE_FACT = 0.6
"""Share of the key fact's words that a sentence has which carries it."""
_LIKE_OPTION = 0.7
"""Share of an option's own words that a sentence has which supports it."""
_FEWEST = 2
"""Words that an option must have beside those of the question, and a sentence of those."""
_STEM = 6
"""Letters by which words are compared."""
_NEGATION = re.compile(
    r"\b(?:not|no|never|without|cannot|neither|nor|avoid\w*|contraindicat\w*|unnecessary"
    r"|instead of|rather than)\b|n't\b",
    re.IGNORECASE,
)
_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]*[^\W\d_])")
_POPULATIONS = (
    re.compile(r"\b(?:child\w*|infants?|neonat\w*|newborns?|paediatric|pediatric)\b", re.I),
    re.compile(r"\b(?:pregnan\w*|gestation\w*|obstetric)\b", re.I),
    re.compile(r"\b(?:transplant\w*)\b", re.I),
    re.compile(r"\bcontrast reaction\b", re.I),
)
"""Words that limit a sentence to some patients; those of one line name the same."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence in the parts that are compared."""

    words: frozenset[str]
    """Words that carry meaning, cut to their first letters; no numbers."""
    numbers: frozenset[str]
    sides: frozenset[str]
    denies: bool
    """Whether it holds a word such as ``not`` or ``without``."""
    limits: frozenset[int]
    """The populations it names, by their place in the table."""


@lru_cache(maxsize=100_000)
def claim(text: str) -> Claim:
    """Return one sentence in the parts that are compared."""
    words = (word for word in telling_words(text) if not word[0].isdigit())
    return Claim(
        words=frozenset(word[:_STEM] for word in words),
        numbers=frozenset(_NUMBER.findall(text)),
        sides=frozenset(side.lower() for side in _SIDE.findall(text)),
        denies=_NEGATION.search(text) is not None,
        limits=frozenset(
            place for place, pattern in enumerate(_POPULATIONS) if pattern.search(text)
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """An option as sentences are held against it."""

    letter: str
    claim: Claim
    own: frozenset[str]
    """Its words that the question does not have."""
    alone: frozenset[str]
    """Those of them that no other option has."""


class ItemSupport:
    """One item, held against sentences."""

    def __init__(self, item: Item) -> None:
        self.key_fact = item.key_fact
        self.answer = item.answer
        self.dangers = frozenset(
            option.letter
            for option in item.options
            if option.letter != item.answer and (option.high_risk or option.unsafe)
        )
        """The letters of the dangerous options."""
        question = claim(item.question)
        self._fact = claim(item.key_fact) if item.key_fact else None
        told = [claim(option.text) for option in item.options]
        self._met = question.limits.union(
            *(one.limits for one in told), self._fact.limits if self._fact else ()
        )
        self._options = [
            _wanted(option.letter, own, question, told)
            for option, own in zip(item.options, told, strict=True)
            # A stem that asks for what does not hold is answered by an option that is not so.
            if not item.negated
        ]

    def carries(self, sentence: Claim) -> bool:
        """Say whether a sentence carries the key fact: its words, numbers, sides and denial."""
        fact = self._fact
        return (
            fact is not None
            and self._is_about_the_fact(sentence)
            and fact.numbers <= sentence.numbers
            and fact.sides == sentence.sides
            and fact.denies == sentence.denies
        )

    def opposes(self, sentence: Claim) -> bool:
        """Say whether a sentence says of the key fact's subject another number, side or denial."""
        fact = self._fact
        if fact is None or not self._is_about_the_fact(sentence):
            return False
        other_size = bool(fact.numbers and sentence.numbers) and fact.numbers.isdisjoint(
            sentence.numbers
        )
        other_side = bool(fact.sides and sentence.sides) and fact.sides.isdisjoint(sentence.sides)
        return other_size or other_side or fact.denies != sentence.denies

    def supported(self, sentence: Claim) -> str:
        """Return the letters of the options that a sentence supports."""
        return "".join(
            option.letter
            for option in self._options
            if len(option.own) >= _FEWEST
            and len(shared := option.own & sentence.words) >= _FEWEST
            and len(shared) >= _LIKE_OPTION * len(option.own)
            and not option.alone.isdisjoint(shared)
            and option.claim.numbers <= sentence.numbers
            and option.claim.denies == sentence.denies
        )

    def is_for_others(self, sentence: Claim) -> bool:
        """Say whether a sentence is limited to patients whom the item does not name."""
        return not sentence.limits <= self._met

    def _is_about_the_fact(self, sentence: Claim) -> bool:
        assert self._fact is not None
        words = self._fact.words
        return bool(words) and len(words & sentence.words) >= _LIKE_FACT * len(words)


def _wanted(letter: str, own: Claim, question: Claim, options: list[Claim]) -> _Wanted:
    words = own.words - question.words
    others = frozenset[str]().union(*(one.words for one in options if one is not own))
    return _Wanted(letter=letter, claim=own, own=words, alone=words - others)
