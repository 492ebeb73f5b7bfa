"""A text as sentences: where each begins, which lean on the one before, and telling words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_safescale.text.pattern import Pattern
from pytest_safescale.text.words import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Sentence", "content_words", "every_word", "related", "split", "telling_words"]

_END = Pattern(
    # A line break always ends a sentence: titles have no full stop. A run of spaces is looked at
    # from its beginning alone, or a long one would take its length squared.
    r"(?<!\s)\s*\n\s*"
    r"|(?<=[.!?])[\"')\]’”]*\s+(?=[\"'(\[‘“]?[A-Z0-9])"
)
_ABBREVIATION = Pattern(r"\b(?:e\.g|i\.e|vs|cf|approx|Fig|Figs|Dr|Prof|No|al|resp|[A-Z])\.$")
_LEANS = Pattern(
    r"(?:These|This|Those|That|Such|It|Its|They|Their|He|She|Here|There|Then|Thus|Hence"
    r"|Therefore|However|Otherwise|Instead|Both|Neither|Each|In contrast|By contrast|Conversely"
    r"|Likewise|Similarly|Also|Moreover|Furthermore|But|And|Or|So|Yet|Where|Once|Even then)\b"
    r"|[^.!?]*\b(?:therefore|thus|hence|instead|by contrast|likewise|otherwise|the latter"
    r"|the former|in turn)\b"
)
_WORD = Pattern(r"[^\W\d_]{4,}")
_MARK = Pattern(r"(?<![\w.])(?:[A-Z][A-Z0-9]+|\d+(?:\.\d+)?)(?!\w)")
"""Short words that carry meaning: abbreviations and numbers, such as MRI and 8."""
_ANY_WORD = Pattern(r"[^\W\d_]+")
_COMMON = FUNCTION_WORDS.union(
    re.findall(
        r"\w+",
        "about above after again against also although among another because below best "
        "between both case cases done each ever every following found given having here "
        "however just kind least less likely made make many much must never next none "
        "often only over patient patients same shall shows since through under until upon "
        "very within without year years",
    )
)
"""Words that say nothing of a clinical question."""
_SHORT = 3_000
"""Characters of a text of which many are remembered."""


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence of a text, with the space behind it; together they are the text."""

    number: int
    """From 0, in the order of the text."""
    body: str
    gap: str
    """The white space up to the next sentence."""
    paragraph: int
    """From 0; a line break begins the next."""
    heading: bool
    """A line without a full stop, such as a passage's title."""
    leans: bool
    """It speaks of something the sentence before has named (``Such a tube ...``)."""

    @property
    def text(self) -> str:
        """Body and gap."""
        return self.body + self.gap


def split(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a text; nothing of it is lost, and a blank text has none."""
    return _split_short(text) if len(text) <= _SHORT else _split_long(text)


def _split(text: str) -> tuple[Sentence, ...]:
    if not text.strip():
        return ()
    sentences: list[Sentence] = []
    paragraph, start = 0, 0
    for end in (*_ends(text), len(text)):
        piece = text[start:end]
        body = piece.rstrip()
        first = not sentences or "\n" in sentences[-1].gap
        paragraph += bool(sentences) and first
        sentences.append(
            Sentence(
                number=len(sentences),
                body=body,
                gap=piece[len(body) :],
                paragraph=paragraph,
                heading=not body.rstrip("\"')]’”").endswith((".", "!", "?", ";", ":")),
                leans=not first and _LEANS.match(body) is not None,
            )
        )
        start = end
    return tuple(sentences)


_split_short = lru_cache(maxsize=2**11)(_split)
"""Passages and statements come again with every case that is shown them."""
_split_long = lru_cache(maxsize=2**6)(_split)


def _ends(text: str) -> Iterator[int]:
    """Yield where the next sentence begins, the last sentence left out."""
    begin = len(text) - len(text.lstrip())
    for match in _END.finditer(text):
        at_line_end = "\n" in match[0]
        cut_short = _ABBREVIATION.search(text, max(0, match.start() - 8), match.start())
        if begin < match.end() < len(text) and (at_line_end or not cut_short):
            yield match.end()


def content_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, in lower case, plural endings taken off."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(
        word[:-1] if word.endswith("s") and not word.endswith("ss") else word
        for word in words
        if word not in _COMMON
    )


def telling_words(text: str) -> frozenset[str]:
    """Return the words that carry meaning, abbreviations and numbers among them."""
    return content_words(text) | frozenset(_MARK.findall(text))


def every_word(text: str) -> frozenset[str]:
    """Return the words of a text in lower case, those that carry no meaning too."""
    return frozenset(_ANY_WORD.findall(text.lower()))


def related(terms: frozenset[str], text: str) -> frozenset[int]:
    """Return the numbers of the sentences that hold one of these words, abbreviations, numbers."""
    return frozenset(
        sentence.number
        for sentence in split(text)
        if not terms.isdisjoint(telling_words(sentence.body))
        or not terms.isdisjoint(every_word(sentence.body))
    )
