"""The corpus read once for every rule: its sentences, their words, and how rare each word is."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.audit.finding import Place
from pytest_safescale.audit.statement import subject_words
from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.dataset.corpus import CorpusPassage

__all__ = ["CorpusText", "Said"]

_EVERY = 10_000
"""Passages between two words on how far the reading is."""


class Said(NamedTuple):
    """One sentence of the corpus."""

    passage: int
    """The number of its passage, from 0."""
    text: str
    words: tuple[str, ...]
    """What it is about."""


class CorpusText:
    """The passages, their sentences, and the weight of words: rare words tell more."""

    def __init__(
        self, passages: Sequence[CorpusPassage], tell: Callable[[str], None] | None = None
    ) -> None:
        """``tell`` is given a line now and then on how far the reading is."""
        self.passages = passages
        self.sentences: list[Said] = []
        self._counts: Counter[str] = Counter()
        self._weights: dict[str, float] = {}
        for number, passage in enumerate(passages):
            self._read(number, passage)
            if tell is not None and (number + 1) % _EVERY == 0:
                tell(f"{number + 1} of {len(passages)} passages read")

    def _read(self, number: int, passage: CorpusPassage) -> None:
        for part in split(passage.text):
            words = tuple(map(intern, subject_words(part.body)))
            self.sentences.append(Said(number, part.body, words))
            self._counts.update(words)

    def count(self, word: str) -> int:
        """Return how many sentences hold a word."""
        return self._counts[word]

    def weight(self, word: str) -> float:
        """Return how much a word tells: the logarithm of how few sentences hold it, above 0."""
        known = self._weights.get(word)
        if known is None:
            known = math.log((len(self.sentences) + 1.5) / (self._counts[word] + 0.5))
            self._weights[word] = known
        return known

    def place(self, number: int, words: str = "", field: str = "text") -> Place:
        """Return a place in the passage of this number."""
        passage = self.passages[number]
        return Place(passage=passage.id, line=passage.line, field=field, words=words)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each passage by its id."""
        return {passage.id: number for number, passage in enumerate(self.passages)}
