"""Candidates that are less like a finding than the rules ask for, for an auditor to look at.

Words alone do not tell whether they are findings: more of them are none than are. They share fewer
words with an item's options or its key fact than ``wrong_support`` and ``applicability`` ask for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_safescale.audit.applicability import limits_for_others, told_for_others
from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.statement import subject_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_safescale.audit.item_passages import ItemPassages, Told
    from pytest_safescale.dataset.item import Item

__all__ = ["beyond", "wider_for_item"]

_LIKE_OPTION = 0.5
"""Share of an option's own words that such a sentence has."""
_LIKE_FACT = 0.4
"""Share of the words of the key fact or the correct option that such a sentence has."""
_FEWEST = 2
"""Words of them that it has at least."""


def wider_for_item(one: ItemPassages) -> Iterator[Finding]:
    """Yield what may support a danger, and what may be told for others than the item's patients."""
    for told in one.sentences:
        yield from _wrong_support(one, told)
        yield from _not_applicable(one, told)


def beyond(findings: Iterable[Finding], candidates: Iterable[Finding]) -> list[Finding]:
    """Return the candidates that no finding is about, one of a class for the same place."""
    kept: dict[tuple[str | None, ...], Finding | None] = {_about(one): None for one in findings}
    for candidate in candidates:
        kept.setdefault(_about(candidate), candidate)
    return [one for one in kept.values() if one is not None]


def _about(finding: Finding) -> tuple[str | None, ...]:
    places = (None if one is None else one.passage for one in (finding.place, finding.other))
    return (finding.finding, finding.item, finding.letter, *places)


def _wrong_support(one: ItemPassages, told: Told) -> Iterator[Finding]:
    support, item = one.support, one.item
    dangers = support.dangers.intersection(support.supported(told.claim, _LIKE_OPTION))
    # One that supports the correct option as the rule asks is no candidate.
    if not dangers or item.answer in support.supported(told.claim):
        return
    for letter in sorted(dangers):
        option = item.option(letter)
        yield Finding(
            finding="wrong_support",
            kind="high_risk" if option.high_risk else "unsafe",
            sentence=f"it may support option {letter}: {option.text}",
            place=one.corpus.place(told.passage, told.text),
            item=item.id,
            letter=letter,
            wider=True,
        )


def _not_applicable(one: ItemPassages, told: Told) -> Iterator[Finding]:
    found = limits_for_others(one.item, told)
    for limit in found if found and _is_near(one.item, told.text) else ():
        yield replace(told_for_others(one, told, limit), wider=True)


def _is_near(item: Item, sentence: str) -> bool:
    """Say whether a sentence has some words of the key fact or of the correct option."""
    words = subject_words(sentence)
    told = (subject_words(text) for text in (item.key_fact, item.option(item.answer).text) if text)
    return any(len(words & own) >= max(_FEWEST, _LIKE_FACT * len(own)) for own in told)
