"""The sentences of a text that carry an item's key fact, or speak for one of its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.audit.item_support import ItemSupport
from pytest_safescale.audit.told import claim
from pytest_safescale.perturb.deciding_sentences import holding
from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def telling_sentences(text: str, item: Item) -> Iterator[TellingSentence]:
    """Give them in the order of the text; rules find them, and miss what is in quite other words.

    Where the key fact stands word for word, it alone is given.
    """
    verbatim = holding(item.key_fact, text) if item.key_fact else frozenset[int]()
    told = dict.fromkeys(verbatim, KEY_FACT) if verbatim else _told_otherwise(text, item)
    start = 0
    for sentence in split(text):
        if tells := told.get(sentence.number):
            yield TellingSentence(start, start + len(sentence.body), tells)
        start += len(sentence.text)


def _told_otherwise(text: str, item: Item) -> dict[int, str]:
    """Return the sentences that tell the fact in other words, or speak for options."""
    support = ItemSupport(item)
    claims = [claim(sentence.body) for sentence in split(text)]
    return {
        at: KEY_FACT if support.fact.is_told(claims, at, frozenset()) else letters
        for at, said in enumerate(claims)
        if (letters := support.supported(said)) or support.fact.is_told(claims, at, frozenset())
    }
