"""Coverage under dense retrieval: where an embedding model finds what serves an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit.coverage import Covered
from pytest_safescale.audit.item_passages import DEEP, as_passages, numbers, serves
from pytest_safescale.audit.item_support import ItemSupport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.dataset.corpus import CorpusPassage
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.retrieval.retriever import Ranker

__all__ = ["covered_by"]


async def covered_by(
    make: Callable[..., Ranker], passages: Sequence[CorpusPassage], items: Sequence[Item]
) -> list[Covered]:
    """Return for each item the first passage, as the ranker orders them, that serves it.

    ``make`` is given the passages and returns the ranker. Raises CallFailed where the ranker's
    model fails.
    """
    ranker = make(as_passages(passages))
    return [await _covered(ranker, passages, item) for item in items]


async def _covered(ranker: Ranker, passages: Sequence[CorpusPassage], item: Item) -> Covered:
    support = ItemSupport(item)
    ranked = dict.fromkeys(await numbers(ranker, item.question, DEEP))
    for rank, number in enumerate(ranked, start=1):
        if serves(passages[number], support):
            return Covered(item=item.id, passage=passages[number].id, rank=rank)
    return Covered(item=item.id, passage=None, rank=None)
