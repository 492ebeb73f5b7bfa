"""Support for wrong options: what a retriever may hand to the model in favour of a danger.

A sentence supports an option where it has most of its own words, its numbers and its denial
(``item_support``), and it does not support the correct option too. Its commonest false alarm is a
sentence that names an option's words to say when it is right: for other patients than the item's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.audit.item_passages import ItemPassages, Told

__all__ = ["find_wrong_support"]


def find_wrong_support(found: Sequence[ItemPassages]) -> list[Finding]:
    """Return a finding for each item, dangerous option and passage, with the sentence."""
    return [finding for one in found for finding in _of_item(one)]


def _of_item(one: ItemPassages) -> Iterator[Finding]:
    support, answer = one.support, one.item.answer
    seen: set[tuple[str, int]] = set()
    for told in one.sentences:
        letters = support.supported(told.claim)
        dangers = support.dangers.intersection(letters)
        if not dangers or answer in letters or support.is_for_others(told.text):
            continue
        for letter in sorted(dangers):
            if (letter, told.passage) not in seen:
                seen.add((letter, told.passage))
                yield _finding(one, letter, told)


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
