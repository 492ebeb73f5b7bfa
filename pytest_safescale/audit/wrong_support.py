"""Support for wrong options: what a retriever may hand to the model in favour of a danger.

A sentence supports an option where it has most of its own words, its numbers and its denials
(``item_support``), and does not support the correct option too. It counts where the text around it
is on the question's subject, and not much further from it than what tells the item's fact. Its
commonest false alarm is a near subject (docs/audit.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.audit.item_passages import ItemPassages, Told

__all__ = ["find_wrong_support"]

_ON_SUBJECT = 0.15
"""Share of the question's words, by weight, around a sentence that speaks of its subject."""
_AS_NEAR = 0.3
"""What this is at least of the same around the best sentence of a passage that serves the item."""
_OF_OPTION, _FEWEST = 0.8, 3
"""Share and number of the option's own words that a sentence has which supports it."""


def find_wrong_support(one: ItemPassages) -> Iterator[Finding]:
    """Yield a finding for each dangerous option of an item and passage, with the sentence."""
    seen: set[tuple[str, int]] = set()
    supporting = list(_supporting(one))
    least = _least(one) if supporting else 0.0
    for at, letters in supporting:
        told = one.sentences[at]
        for letter in letters if one.nearness[at] >= least else ():
            if (letter, told.passage) not in seen:
                seen.add((letter, told.passage))
                yield _finding(one, letter, told)


def _supporting(one: ItemPassages) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each sentence that supports dangers alone, and their letters."""
    for at, told in enumerate(one.sentences):
        letters = one.support.supported(told.claim, _OF_OPTION, _FEWEST)
        dangers = one.support.dangers.intersection(letters)
        if not dangers or one.item.answer in letters:
            continue
        if not one.support.is_for_others(told.limited):
            yield at, sorted(dangers)


def _least(one: ItemPassages) -> float:
    """Return how near to the question a sentence must be that supports a danger."""
    near = zip(one.nearness, one.sentences, strict=True)
    served = max((share for share, told in near if told.passage in one.serving), default=0.0)
    return max(_ON_SUBJECT, _AS_NEAR * served)


def _finding(one: ItemPassages, letter: str, told: Told) -> Finding:
    option = one.item.option(letter)
    kind = "high_risk" if option.high_risk else "unsafe"
    return Finding(
        finding="wrong_support",
        kind=kind,
        sentence=f"it supports option {letter}: {option.text}",
        place=one.corpus.place(told.passage, told.text),
        item=one.item.id,
        letter=letter,
    )
