"""Contradictions: sentences of two passages that speak of one thing and differ in what they say.

A pair is looked at where both sentences hold some of the same rare words; it counts where
``disagreement`` finds a number with its unit, a limit, a side, a recommendation, a negation or a
word that excludes another. Measured on planted corpora (docs/audit.md).
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.audit.disagreement import STRICT, WIDER, disagreement
from pytest_safescale.audit.finding import Finding, Place
from pytest_safescale.audit.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.audit.disagreement import Disagreement
    from pytest_safescale.audit.read_corpus import CorpusText, Said

__all__ = ["find_contradictions"]

_RAREST = 6
"""How many of a sentence's rarest words lead to those that may be about the same thing."""
_TOGETHER = (2, 3, 4)
"""How many of them two sentences must share to be compared, one number after the other."""
_MOST_IN_GROUP = 20
"""Rare words that more sentences have together name no subject: one more is asked for."""
_TOLD = {
    "number": "a number differs",
    "threshold": "a limit differs",
    "side": "the side differs",
    "recommendation": "one says to do what the other says not to do",
    "negation": "one denies what the other says",
    "opposite": "two words exclude each other",
}


def find_contradictions(corpus: CorpusText, *, wider: bool = False) -> list[Finding]:
    """Return one finding for each pair of passages and kind, in the order of the corpus.

    With ``wider`` also pairs that are less alike, each marked as such.
    """
    found: dict[tuple[str, str, str], Finding] = {}
    for left, right in _candidates(corpus):
        one, other = corpus.sentences[left], corpus.sentences[right]
        if one.passage == other.passage:
            continue
        said = statement(one.text), statement(other.text)
        differs = disagreement(*said, corpus.weight, WIDER if wider else STRICT)
        if differs is not None:
            less = wider and disagreement(*said, corpus.weight) is None
            finding = replace(_finding(corpus, one, other, differs), wider=less)
            key = (finding.kind, corpus.passages[one.passage].id, corpus.passages[other.passage].id)
            if key not in found or (found[key].wider and not less):
                found[key] = finding
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
    """Yield pairs of sentences, by number, that share some of their rarest words; each once.

    Two shared words lead to a pair. Where so many sentences have the same two that they name no
    subject, three are asked for, and then four.
    """
    rarest = _rarest_words(corpus)
    pairs: set[int] = set()
    asked: list[int] = list(range(len(rarest)))
    for together in _TOGETHER:
        keys, owners = _keys(rarest, asked, together)
        crowded: set[int] = set()
        for group in _groups(keys, owners):
            if len(group) <= _MOST_IN_GROUP:
                pairs.update((a << 32) | b for a, b in combinations(group, 2))
            else:
                crowded.update(group)
        asked = sorted(crowded)
    for pair in sorted(pairs):
        left, right = pair >> 32, pair & 0xFFFFFFFF
        if _may_be_alike(corpus.sentences[left].words, corpus.sentences[right].words):
            yield left, right


def _may_be_alike(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Say whether two sentences share half of the words of the shorter: a quick first look."""
    shared = len(frozenset(left).intersection(right))
    return 2 * shared >= min(len(left), len(right))


def _rarest_words(corpus: CorpusText) -> list[tuple[int, ...]]:
    """Return for each sentence the numbers of its rarest words, in rising order."""
    numbers: dict[str, int] = {}
    rarest = []
    for said in corpus.sentences:
        shared = [(corpus.count(word), word) for word in said.words if corpus.count(word) > 1]
        words = (word for _, word in sorted(shared)[:_RAREST])
        rarest.append(tuple(sorted(numbers.setdefault(word, len(numbers)) for word in words)))
    return rarest


def _keys(
    rarest: Sequence[tuple[int, ...]], asked: Sequence[int], together: int
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return a key for so many rare words together, and whose it is; both (keys,)."""
    keys, owners = array("q"), array("I")
    for number in asked:
        for words in combinations(rarest[number], together):
            keys.append(hash(words))  # of whole numbers: the same in every process
            owners.append(number)
    return np.frombuffer(keys, dtype=np.int64), np.frombuffer(owners, dtype=np.uint32)


def _groups(keys: NDArray[np.int64], owners: NDArray[np.uint32]) -> Iterator[list[int]]:
    """Yield the sentences of each key that two or more have, in rising order."""
    if not len(keys):
        return
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    several = sizes > 1
    for start, size in zip(starts[several].tolist(), sizes[several].tolist(), strict=True):
        yield owners[start : start + size].tolist()
