"""Contradictions: sentences of two passages that speak of one thing and differ in what they say.

A pair is looked at where both sentences hold the same two of their rarest words; it counts where
``disagreement`` finds a number with its unit, a limit, a side, a recommendation or a negation that
differs. Measured on planted corpora (docs/audit.md).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.audit.disagreement import disagreement
from pytest_safescale.audit.finding import Finding, Place
from pytest_safescale.audit.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.audit.disagreement import Disagreement
    from pytest_safescale.audit.read_corpus import CorpusText, Said

__all__ = ["find_contradictions"]

_RAREST = 5
"""How many of a sentence's rarest words lead to those that may be about the same thing."""
_MOST_IN_GROUP = 20
"""A pair of words that more sentences have names no subject: they are not compared by it."""
_TOLD = {
    "number": "a number differs",
    "threshold": "a limit differs",
    "side": "the side differs",
    "recommendation": "one says to do what the other says not to do",
    "negation": "one denies what the other says",
}


def find_contradictions(corpus: CorpusText) -> list[Finding]:
    """Return one finding for each pair of passages and kind, in the order of the corpus."""
    found: dict[tuple[str, str, str], Finding] = {}
    for left, right in _candidates(corpus):
        one, other = corpus.sentences[left], corpus.sentences[right]
        if one.passage == other.passage:
            continue
        differs = disagreement(statement(one.text), statement(other.text), corpus.weight)
        if differs is not None:
            finding = _finding(corpus, one, other, differs)
            key = (finding.kind, corpus.passages[one.passage].id, corpus.passages[other.passage].id)
            found.setdefault(key, finding)
    return list(found.values())


def _finding(corpus: CorpusText, one: Said, other: Said, differs: Disagreement) -> Finding:
    return Finding(
        finding="contradiction",
        kind=differs.kind,
        sentence=f"{_TOLD[differs.kind]}: {differs.left} and {differs.right}",
        place=_place(corpus, one),
        other=_place(corpus, other),
    )


def _place(corpus: CorpusText, said: Said) -> Place:
    return corpus.place(said.passage, said.text)


def _candidates(corpus: CorpusText) -> Iterator[tuple[int, int]]:
    """Yield pairs of sentences, by number, that share two of their rarest words; each once."""
    keys, owners = _keys(corpus)
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    pairs: set[int] = set()
    for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
        if 2 <= size <= _MOST_IN_GROUP:
            group = owners[start : start + size].tolist()
            pairs.update((a << 32) | b for a, b in combinations(group, 2) if a != b)
    for pair in sorted(pairs):
        yield pair >> 32, pair & 0xFFFFFFFF


def _keys(corpus: CorpusText) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Return a key for each pair of a sentence's rarest words, and whose it is; both (keys,)."""
    numbers: dict[str, int] = {}
    keys: list[int] = []
    owners: list[int] = []
    for number, said in enumerate(corpus.sentences):
        words = sorted(
            (word for word in said.words if corpus.count(word) > 1),
            key=lambda word: (corpus.count(word), word),
        )[:_RAREST]
        known = sorted(numbers.setdefault(word, len(numbers)) for word in words)
        for a, b in combinations(known, 2):
            keys.append((a << 32) | b)
            owners.append(number)
    return np.array(keys, dtype=np.uint64), np.array(owners, dtype=np.uint32)
