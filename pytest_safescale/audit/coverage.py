"""Coverage: whether a passage carries an item's key fact or supports its correct option.

The rule is that of the evidence of a run (``evidence_class``). Words are compared, so a fact told
in quite other words counts as not there, and one on a near subject may count; docs/audit.md has
how often on the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.audit.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.audit.item_passages import ItemPassages

__all__ = ["Covered", "coverage_figures", "covered", "find_uncovered"]

_DEPTHS = (1, 5, 10)


@dataclass(frozen=True, kw_only=True)
class Covered:
    """Where the corpus serves an item."""

    item: str
    passage: str | None
    """The id of the first passage that does; ``None`` for none."""
    rank: int | None
    """Of the first such passage for the question, from 1; ``None`` where none is found by it."""


def covered(one: ItemPassages) -> Covered:
    """Return the first passage that carries an item's fact or supports its answer."""
    passages = one.corpus.passages
    first = next((n for n in (*one.ranked, *one.others) if n in one.serving), None)
    rank = next((rank for rank, n in enumerate(one.ranked, start=1) if n in one.serving), None)
    passage = None if first is None else passages[first].id
    return Covered(item=one.item.id, passage=passage, rank=rank)


def coverage_figures(found: Sequence[Covered]) -> dict[str, Any]:
    """Return how many items are served, and the share that is by the first 1, 5 and 10 passages."""
    ranks = [one.rank for one in found]
    return {
        "items": len(found),
        "supported": sum(one.passage is not None for one in found),
        "ranker": "bm25",
        **{
            f"recall_at_{k}": sum(rank is not None and rank <= k for rank in ranks) / len(ranks)
            for k in _DEPTHS
            if ranks
        },
        "by_item": [vars(one) for one in found],
    }


def find_uncovered(found: Sequence[Covered]) -> list[Finding]:
    """Return the items that nothing serves, and those served only beyond the tenth passage."""
    return [
        Finding(finding="coverage", kind=kind, sentence=told, item=one.item)
        for one in found
        for kind, told in _told(one)
    ]


def _told(one: Covered) -> list[tuple[str, str]]:
    if one.passage is None:
        return [("unsupported", "no passage has the words of its key fact or of its answer")]
    if one.rank is None or one.rank > _DEPTHS[-1]:
        place = "is not found by its question" if one.rank is None else f"ranks {one.rank}"
        return [("low_rank", f"the first passage that serves it, {one.passage}, {place}")]
    return []
