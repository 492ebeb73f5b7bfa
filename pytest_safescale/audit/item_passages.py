"""Which passages of a corpus may matter for an item: one index, a few queries an item."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_safescale.audit.item_support import ItemSupport, claim
from pytest_safescale.dataset.item import Passage
from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_safescale.audit.item_support import Claim
    from pytest_safescale.audit.read_corpus import CorpusText
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.retrieval.retriever import Ranker

__all__ = ["ItemPassages", "Told", "passages_of_items"]

DEEP = 100
"""How far down the passages for a question are looked at."""
_FOR_A_CLAIM = 20
"""How many passages are looked at for the key fact and for each dangerous option."""
_EVERY = 100
"""Items between two words on how far it is."""


@dataclass(frozen=True)
class Told:
    """One sentence of a passage, held against an item."""

    passage: int
    """The passage's number in the corpus, from 0."""
    text: str
    claim: Claim


@dataclass(frozen=True, kw_only=True)
class ItemPassages:
    """An item with the passages that may matter for it."""

    item: Item
    support: ItemSupport
    ranked: Sequence[int]
    """The numbers of the best passages for its question, best first, each once."""
    others: Sequence[int]
    """Those that are found by the words of its key fact and of its dangerous options alone."""
    corpus: CorpusText

    @cached_property
    def sentences(self) -> Sequence[Told]:
        """Every sentence of these passages, in their order."""
        return [
            Told(number, part.body, claim(part.body))
            for number in (*self.ranked, *self.others)
            for part in split(self.corpus.passages[number].text)
        ]


def passages_of_items(
    corpus: CorpusText, items: Sequence[Item], tell: Callable[[str], None]
) -> list[ItemPassages]:
    """Return each item with its passages, ranked by BM25 over the question's text as in a run."""
    return asyncio.run(_all(corpus, items, tell))


async def _all(
    corpus: CorpusText, items: Sequence[Item], tell: Callable[[str], None]
) -> list[ItemPassages]:
    # Here, for it loads the array library.
    from pytest_safescale.retrieval.ranking import Bm25Ranker

    ranker = Bm25Ranker(
        Passage(id=str(number), title=one.title, text=one.text)
        for number, one in enumerate(corpus.passages)
        if one.text.strip()
    )
    found = []
    for number, item in enumerate(items, start=1):
        found.append(await _of_item(corpus, item, ranker))
        if number % _EVERY == 0:
            tell(f"{number} of {len(items)} items looked up")
    return found


async def _of_item(corpus: CorpusText, item: Item, ranker: Ranker) -> ItemPassages:
    support = ItemSupport(item)
    claims = [item.key_fact or item.option(item.answer).text]
    claims += [item.option(letter).text for letter in sorted(support.dangers)]
    ranked = dict.fromkeys(await _numbers(ranker, item.question, DEEP))
    others = dict.fromkeys(
        [number for text in claims for number in await _numbers(ranker, text, _FOR_A_CLAIM)]
    )
    return ItemPassages(
        item=item,
        support=support,
        ranked=list(ranked),
        others=[number for number in others if number not in ranked],
        corpus=corpus,
    )


async def _numbers(ranker: Ranker, query: str, k: int) -> Iterator[int]:
    """Return the numbers of the best passages; that of a chunk is its passage's."""
    if not ranker.matches(query):
        return iter(())
    chunks = await ranker.rank(query, k)
    return iter([int(chunk.id.partition("#")[0]) for chunk in chunks])
