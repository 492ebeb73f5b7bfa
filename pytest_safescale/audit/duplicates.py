"""Near-duplicates: passages that say the same in nearly the same words.

MinHash by datasketch (extra ``audit``) over runs of three words brings the pairs; a pair counts
where the estimated share of runs that both have is at least ``ALIKE``. Each passage names the first
one that it repeats. Measured on planted corpora (docs/audit.md).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.libraries import not_installed
from pytest_safescale.text.tokens import search_words

if TYPE_CHECKING:
    from pytest_safescale.audit.read_corpus import CorpusText

__all__ = ["ALIKE", "find_duplicates"]

ALIKE = 0.7
"""The share of runs of three words, of all that either has, from which on two are duplicates."""
_RUN = 3
_PERMUTATIONS = 64
_SHOWN = 160


def find_duplicates(corpus: CorpusText) -> list[Finding]:
    """Return a finding for each passage that repeats an earlier one, in the order of the corpus.

    Raises SettingsError where datasketch is not installed.
    """
    minhash, index = _library()
    kept: dict[int, Any] = {}
    # Its copies share the permutations, which take as long to draw as the hashes.
    empty = minhash(num_perm=_PERMUTATIONS, seed=1)
    found: list[Finding] = []
    for number, passage in enumerate(corpus.passages):
        runs = _runs(passage.text)
        if not runs:
            continue
        sketch = empty.copy()
        sketch.update_batch(runs)
        near = [(other, sketch.jaccard(kept[other])) for other in sorted(index.query(sketch))]
        first = next(((other, share) for other, share in near if share >= ALIKE), None)
        if first is not None:
            found.append(_finding(corpus, number, *first))
            continue  # what it repeats stands for it
        index.insert(number, sketch)
        kept[number] = sketch
    return found


def _finding(corpus: CorpusText, number: int, other: int, share: float) -> Finding:
    same = corpus.passages[number].text == corpus.passages[other].text
    return Finding(
        finding="duplicates",
        kind="same" if same else "near",
        sentence="it repeats another passage"
        + ("" if same else f": about {share:.0%} of their runs of three words are the same"),
        place=corpus.place(number, corpus.passages[number].text[:_SHOWN]),
        other=corpus.place(other, corpus.passages[other].text[:_SHOWN]),
    )


def _runs(text: str) -> list[bytes]:
    words = search_words(text)
    if len(words) < _RUN:
        return []
    runs = zip(*(islice(words, start, None) for start in range(_RUN)), strict=False)
    return [" ".join(run).encode() for run in dict.fromkeys(runs)]


def _library() -> tuple[Any, Any]:
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError as error:
        raise not_installed("datasketch") from error
    return MinHash, MinHashLSH(threshold=ALIKE, num_perm=_PERMUTATIONS)
