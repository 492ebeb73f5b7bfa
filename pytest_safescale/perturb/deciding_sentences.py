"""The sentences of the evidence that decide an item, or may decide it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.text.sentences import content_words, every_word, related, split, telling_words

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Item

__all__ = ["carriers", "holding"]


def carriers(item: Item, text: str) -> tuple[frozenset[int], bool]:
    """Return the numbers of the sentences that may decide the item, and whether that is known.

    It is known where the item names its key fact and the text holds it. Elsewhere every sentence
    that shares a term with an option or with the key fact counts, and where none does every
    sentence: too many rather than too few.
    """
    known = holding(item.key_fact, text) if item.key_fact else frozenset[int]()
    if known:
        return known, True
    terms = content_words(item.key_fact or "").union(
        *(_terms(option.text) for option in item.options)
    )
    return related(terms, text) or frozenset(range(len(split(text)))), False


def _terms(option: str) -> frozenset[str]:
    """Return what an option may be known by: every word, where none carries a meaning."""
    return telling_words(option) or every_word(option)


def holding(fact: str, text: str) -> frozenset[int]:
    """Return the sentences that overlap the fact, wherever it stands and however it is spaced."""
    spans = [match.span() for match in _anyhow_spaced(fact).finditer(text)]
    if not spans:
        return frozenset()
    found: set[int] = set()
    at = 0
    for sentence in split(text):
        end = at + len(sentence.body)
        found.update(sentence.number for start, stop in spans if start < end and at < stop)
        at += len(sentence.text)
    return frozenset(found)


@lru_cache(maxsize=2**12)
def _anyhow_spaced(fact: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in fact.split()), re.IGNORECASE)
