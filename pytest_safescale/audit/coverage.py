"""Coverage: whether a passage carries an item's key fact or supports its correct option.

A passage serves an item by the rule of ``item_support``, or where two neighbouring sentences have
``TOLD`` of the key fact's words, weighted by how rare they are in the corpus, and no other number
or side. Words are compared, so a fact told in quite other words counts as not there: the rule tells
too many items; docs/audit.md says how many on the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.quantities import unmatched
from pytest_safescale.audit.statement import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.audit.item_passages import ItemPassages
    from pytest_safescale.audit.statement import Statement

__all__ = ["TOLD", "Covered", "coverage_figures", "covered_items", "find_uncovered"]

_DEPTHS = (1, 5, 10)
TOLD = 0.4
"""Share of a fact's words, by weight, from which on two sentences tell it. On the sample the
passages that reach it are those on the item's own subject."""


@dataclass(frozen=True, kw_only=True)
class Covered:
    """Where the corpus serves an item."""

    item: str
    passage: str | None
    """The id of the first passage that does; ``None`` for none."""
    rank: int | None
    """Of the first such passage for the question, from 1; ``None`` where none is found by it."""


def covered_items(found: Sequence[ItemPassages]) -> list[Covered]:
    """Return for each item the first passage that carries its fact or supports its answer."""
    return [_covered(one) for one in found]


def _covered(one: ItemPassages) -> Covered:
    support, answer = one.support, one.item.answer
    serving = {
        told.passage
        for told in one.sentences
        if (support.carries(told.claim) or answer in support.supported(told.claim))
        and not support.is_for_others(told.text)
    } | _telling(one)
    first = next((n for n in (*one.ranked, *one.others) if n in serving), None)
    rank = next((rank for rank, n in enumerate(one.ranked, start=1) if n in serving), None)
    passage = None if first is None else one.corpus.passages[first].id
    return Covered(item=one.item.id, passage=passage, rank=rank)


def _telling(one: ItemPassages) -> set[int]:
    """Return the passages of which two neighbouring sentences tell the key fact by its words."""
    if one.item.key_fact is None:
        return set()
    fact, weight = statement(one.item.key_fact), one.corpus.weight
    whole = sum(map(weight, fact.words))
    found: set[int] = set()
    for told, after in zip(one.sentences, (*one.sentences[1:], None), strict=True):
        together = after is not None and after.passage == told.passage
        if told.passage in found or not _may_tell(fact, told.text, after.text if after else ""):
            continue
        both = [statement(told.text), *([statement(after.text)] if together and after else [])]
        words = frozenset[str]().union(*(part.words for part in both)) & fact.words
        if sum(map(weight, words)) >= TOLD * whole and all(_agree(fact, part) for part in both):
            found.add(told.passage)
    return found


def _may_tell(fact: Statement, *texts: str) -> bool:
    """Say whether two words of a fact stand in texts as they are: a quick first look."""
    lower = " ".join(texts).lower()
    return sum(word.lower() in lower for word in fact.words) >= min(2, len(fact.words))


def _agree(fact: Statement, said: Statement) -> bool:
    lone = unmatched(fact.quantities, said.quantities)
    if any(one.comparable(other) for one in lone for other in said.quantities):
        return False
    return not (fact.sides and said.sides and set(fact.sides).isdisjoint(said.sides))


def coverage_figures(covered: Sequence[Covered]) -> dict[str, Any]:
    """Return how many items are served, and the share that is by the first 1, 5 and 10 passages."""
    ranks = [one.rank for one in covered]
    return {
        "items": len(covered),
        "supported": sum(one.passage is not None for one in covered),
        "ranker": "bm25",
        **{
            f"recall_at_{k}": sum(rank is not None and rank <= k for rank in ranks) / len(ranks)
            for k in _DEPTHS
            if ranks
        },
        "by_item": [vars(one) for one in covered],
    }


def find_uncovered(covered: Sequence[Covered]) -> list[Finding]:
    """Return the items that nothing serves, and those served only beyond the tenth passage."""
    return [
        Finding(finding="coverage", kind=kind, sentence=told, item=one.item)
        for one in covered
        for kind, told in _told(one)
    ]


def _told(one: Covered) -> list[tuple[str, str]]:
    if one.passage is None:
        return [("unsupported", "no passage has the words of its key fact or of its answer")]
    if one.rank is None or one.rank > _DEPTHS[-1]:
        place = "is not found by its question" if one.rank is None else f"ranks {one.rank}"
        return [("low_rank", f"the first passage that serves it, {one.passage}, {place}")]
    return []
