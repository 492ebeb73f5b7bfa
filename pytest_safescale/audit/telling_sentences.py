"""The sentences of a text that carry an item's key fact, or speak for one of its options."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.audit.item_support import support_of
from pytest_safescale.audit.told import claim
from pytest_safescale.perturb.deciding_sentences import holding
from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.audit.item_support import ItemSupport
    from pytest_safescale.dataset.item import Item

__all__ = ["KEY_FACT", "TellingSentence", "telling_sentences"]

KEY_FACT = "key_fact"


class TellingSentence(NamedTuple):
    """A sentence that decides an item, or speaks for an option."""

    start: int
    """Its first character in the text, from 0."""
    end: int
    """The character after its last."""
    tells: str
    """``key_fact``, or the letters of the options that it supports."""


def telling_sentences(text: str, item: Item) -> tuple[TellingSentence, ...]:
    """Return them in the order of the text; rules find them, and miss what is in quite other words.

    Where the key fact stands word for word, it alone is given. Remembered, since models and
    profiles show the same text of an item.
    """
    return _telling(text, support_of(item))


@lru_cache(maxsize=2**11)
def _telling(text: str, support: ItemSupport) -> tuple[TellingSentence, ...]:
    return tuple(_found(text, support))


def _found(text: str, support: ItemSupport) -> Iterator[TellingSentence]:
    key = support.fact.text
    verbatim = holding(key, text) if key else frozenset[int]()
    told = dict.fromkeys(verbatim, KEY_FACT) if verbatim else _told_otherwise(text, support)
    start = 0
    for sentence in split(text):
        if tells := told.get(sentence.number):
            yield TellingSentence(start, start + len(sentence.body), tells)
        start += len(sentence.text)


def _told_otherwise(text: str, support: ItemSupport) -> dict[int, str]:
    """Return the sentences that tell the fact in other words, or speak for options."""
    claims = [claim(sentence.body) for sentence in split(text)]
    told = {
        at: KEY_FACT if support.fact.is_told(claims, at, frozenset()) else support.supported(said)
        for at, said in enumerate(claims)
    }
    return {at: tells for at, tells in told.items() if tells}
