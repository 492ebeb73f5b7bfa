"""What a sentence says for one of an item's options, and for whom.

The rules compare words in one form (``clinical_words``), so what stands in quite other words is
missed. What is said of the key fact stands in ``told``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.audit.limits import unmet_limits
from pytest_safescale.audit.told import KeyFact, claim

if TYPE_CHECKING:
    from pytest_safescale.audit.told import Claim
    from pytest_safescale.dataset.item import Item

__all__ = ["ItemSupport", "support_of"]

_LIKE_OPTION = 0.7
"""Share of an option's own words that a sentence has which supports it."""
_FEWEST = 2
"""Words that an option must have beside those of the question, and a sentence of those."""


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
        self.fact = KeyFact(item)
        self.answer = item.answer
        self.dangers = frozenset(
            option.letter
            for option in item.options
            if option.letter != item.answer and (option.high_risk or option.unsafe)
        )
        """The letters of the dangerous options."""
        question = claim(item.question)
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

    def supported(self, sentence: Claim, share: float = _LIKE_OPTION, fewest: int = _FEWEST) -> str:
        """Return the letters of the options that a sentence supports.

        It has this ``share`` of an option's own words, and at least ``fewest`` of them.
        """
        return "".join(
            option.letter
            for option in self._options
            if len(shared := option.own & sentence.meant) >= fewest
            and len(shared) >= share * len(option.own)
            and not option.alone.isdisjoint(shared)
            and option.claim.numbers <= sentence.numbers
            and option.claim.denials == sentence.denials
        )

    def is_for_others(self, text: str) -> bool:
        """Say whether a sentence or title is limited to patients that the item's is not."""
        return bool(unmet_limits(text, self._about))


@dataclass(frozen=True)
class _Asked:
    """An item by all that sentences are held against; an item itself has no hash."""

    told: tuple[object, ...]
    item: Item = field(compare=False)


def support_of(item: Item) -> ItemSupport:
    """Return the item's, which is made once for the many cases that ask it."""
    told = (item.question, item.options, item.answer, item.key_fact, item.negated)
    return _support(_Asked(told, item))


@lru_cache(maxsize=2**12)
def _support(asked: _Asked) -> ItemSupport:
    return ItemSupport(asked.item)


def _wanted(letter: str, own: Claim, question: Claim, options: list[Claim]) -> _Wanted:
    words = own.words - question.words
    others = frozenset[str]().union(*(one.words for one in options if one is not own))
    return _Wanted(letter=letter, claim=own, own=words, alone=words - others)
