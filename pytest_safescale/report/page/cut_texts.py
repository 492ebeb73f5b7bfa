"""The texts of the cases of a run, each once: as much of each as memory has room for.

Replies may be far more than memory holds. Where they are, less of each is held from then on, as
the page would cut it; what is held of the earlier ones is cut likewise.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CaseTexts", "CutText", "Lengths", "ends", "first_of", "head", "length_of"]

_TAIL = 3
"""A reply that is cut keeps its end as well, where the answer stands: a third."""


class CutText(NamedTuple):
    """What is held of a text that is longer."""

    start: str
    end: str
    length: int
    """Characters of the whole."""


class CaseTexts:
    """Numbers texts from 0 in the order in which they first come."""

    def __init__(self, *, keeps_end: bool) -> None:
        """With ``keeps_end`` a text that is cut keeps its end as well."""
        self.texts: list[str | CutText] = []
        self.held = 0
        """Characters that are held."""
        self._keeps_end = keeps_end
        self._limit: int | None = None
        self.numbers: dict[str | CutText, int] = {}
        """By the text as it is held."""

    def number(self, text: str) -> int:
        """Return the number of a text, which is held from now on."""
        kept = text if self._limit is None else self._cut(text, self._limit)
        number = self.numbers.setdefault(kept, len(self.texts))
        if number == len(self.texts):
            self.texts.append(kept)
            self.held += _size(kept)
        return number

    def hold_no_more_than(self, limit: int) -> None:
        """Hold at most so many characters of each text, of those that are there too."""
        self._limit = limit
        self.texts = [self._cut(text, limit) for text in self.texts]
        self.held = sum(map(_size, self.texts))
        self.numbers = {}
        for number, text in enumerate(self.texts):
            self.numbers.setdefault(text, number)

    def _cut(self, text: str | CutText, limit: int) -> str | CutText:
        if length_of(text) <= limit:
            return text
        start, end = (text.start, text.end) if isinstance(text, CutText) else (text, text)
        tail = limit // _TAIL if self._keeps_end else 0
        return CutText(start[: limit - tail], end[len(end) - tail :], length_of(text))


def _size(text: str | CutText) -> int:
    return len(text) if isinstance(text, str) else len(text.start) + len(text.end)


def length_of(text: str | CutText) -> int:
    """Return the characters of a text, of the whole where only a part is held."""
    return text.length if isinstance(text, CutText) else len(text)


def first_of(text: str | CutText) -> str:
    """Return what is held of a text, from its beginning on."""
    return text.start if isinstance(text, CutText) else text


def head(text: str | CutText, limit: int) -> str:
    """Return a text as the page shows it in so many characters; at least as many must be held."""
    length = length_of(text)
    if isinstance(text, str) and length <= limit:
        return text
    note = f"[cut: {limit:,} of {length:,} characters are shown here]"
    return f"{first_of(text)[:limit]}\n\n{note}"


def ends(text: str | CutText, limit: int) -> str:
    """Return a reply as the page shows it in so many characters; at least as many must be held."""
    length = length_of(text)
    if isinstance(text, str) and length <= limit:
        return text
    tail, left = limit // _TAIL, length - limit
    end = text.end if isinstance(text, CutText) else text
    note = f"[cut: {left:,} characters left out here]"
    return f"{first_of(text)[: limit - tail]}\n{note}\n{end[len(end) - tail :]}"


class Lengths:
    """How long texts are together when each is cut at a limit."""

    def __init__(self, texts: Iterable[str | CutText]) -> None:
        self._sorted = sorted(map(length_of, texts))
        self._sums = [0, *accumulate(self._sorted)]

    @property
    def longest(self) -> int:
        """Characters of the longest."""
        return self._sorted[-1] if self._sorted else 0

    def within(self, limit: int) -> int:
        """Return the characters of all."""
        short = bisect_right(self._sorted, limit)
        return self._sums[short] + (len(self._sorted) - short) * limit
