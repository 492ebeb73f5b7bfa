"""What one sentence says for an item: its key fact, the opposite of it, or one of its options.

The rules compare words, so a paraphrase in other words is missed. Words are compared by their
first letters, as ``drain`` and ``drainage`` mean the same here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.audit.limits import limits, unmet
from pytest_safescale.audit.statement import recommendation, sides, turns
from pytest_safescale.text.sentences import telling_words

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Item

__all__ = ["Claim", "ItemSupport", "claim"]

_LIKE_FACT = 0.6
"""Share of the key fact's words that a sentence has which carries it."""
_TOLD = 0.45
"""Share of the key fact's words that two neighbouring sentences have which tell it together."""
_LIKE_OPTION = 0.7
"""Share of an option's own words that a sentence has which supports it."""
_FEWEST = 2
"""Words that an option must have beside those of the question, and a sentence of those."""
_STEM = 6
"""Letters by which words are compared."""
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]*[^\W\d_])")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence in the parts that are compared."""

    words: frozenset[str]
    """Words that carry meaning, cut to their first letters; no numbers."""
    numbers: frozenset[str]
    sides: frozenset[str]
    denies: bool
    """Whether it says that something is not so, or not to be done."""


@lru_cache(maxsize=100_000)
def claim(text: str) -> Claim:
    """Return one sentence in the parts that are compared."""
    words = (word for word in telling_words(text) if not word[0].isdigit())
    return Claim(
        words=frozenset(word[:_STEM] for word in words),
        numbers=frozenset(_NUMBER.findall(text)),
        sides=frozenset(sides(text)),
        denies=turns(text) % 2 == 1 or recommendation(text) < 0,
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
        # What the item itself is limited to, no sentence is limited by.
        self._about = " ".join(
            [item.question, item.key_fact or "", *(option.text for option in item.options)]
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
            and self.is_about(sentence)
            and fact.numbers <= sentence.numbers
            and fact.sides == sentence.sides
            and fact.denies == sentence.denies
        )

    def tell(self, sentence: Claim, after: Claim | None) -> bool:
        """Say whether two neighbouring sentences tell the key fact in other words.

        They have enough of its words, neither opposes it, and no number or side is another.
        """
        fact, both = self._fact, [one for one in (sentence, after) if one is not None]
        if fact is None or any(self.opposes(one) for one in both):
            return False
        words, numbers, named = (
            frozenset[str]().union(*(getattr(one, part) for one in both))
            for part in ("words", "numbers", "sides")
        )
        return (
            len(words & fact.words) >= max(_FEWEST, _TOLD * len(fact.words))
            and not _are_others(fact.numbers, numbers)
            and not _are_others(fact.sides, named)
        )

    def opposes(self, sentence: Claim) -> bool:
        """Say whether a sentence says of the key fact's subject another number, side or denial."""
        fact = self._fact
        if fact is None or not self.is_about(sentence):
            return False
        other_size = bool(fact.numbers and sentence.numbers) and fact.numbers.isdisjoint(
            sentence.numbers
        )
        other_side = bool(fact.sides and sentence.sides) and fact.sides.isdisjoint(sentence.sides)
        return other_size or other_side or fact.denies != sentence.denies

    def supported(self, sentence: Claim, share: float = _LIKE_OPTION) -> str:
        """Return the letters of the options that a sentence supports.

        It has this ``share`` of an option's own words.
        """
        return "".join(
            option.letter
            for option in self._options
            if len(option.own) >= _FEWEST
            and len(shared := option.own & sentence.words) >= _FEWEST
            and len(shared) >= share * len(option.own)
            and not option.alone.isdisjoint(shared)
            and option.claim.numbers <= sentence.numbers
            and option.claim.denies == sentence.denies
        )

    def is_for_others(self, text: str) -> bool:
        """Say whether a sentence or title is limited to patients that the item's is not."""
        return any(unmet(limit, self._about) for limit in limits(text))

    def is_about(self, sentence: Claim) -> bool:
        """Say whether a sentence has most words of the key fact, whatever it says with them."""
        if self._fact is None:
            return False
        words = self._fact.words
        return bool(words) and len(words & sentence.words) >= _LIKE_FACT * len(words)


def _wanted(letter: str, own: Claim, question: Claim, options: list[Claim]) -> _Wanted:
    words = own.words - question.words
    others = frozenset[str]().union(*(one.words for one in options if one is not own))
    return _Wanted(letter=letter, claim=own, own=words, alone=words - others)


def _are_others(wanted: frozenset[str], found: frozenset[str]) -> bool:
    """Say whether both name something and nothing in common."""
    return bool(wanted and found) and wanted.isdisjoint(found)
