"""Which passages of a corpus may matter for an item: one index, a few queries an item."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_safescale.audit.evidence_class import passage_finding
from pytest_safescale.audit.item_support import ItemSupport
from pytest_safescale.audit.limits import with_its_limits
from pytest_safescale.audit.statement import subject_words
from pytest_safescale.audit.told import claim
from pytest_safescale.dataset.item import Passage
from pytest_safescale.text.sentences import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_safescale.audit.read_corpus import CorpusText
    from pytest_safescale.audit.told import Claim
    from pytest_safescale.dataset.corpus import CorpusPassage
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.retrieval.retriever import Ranker

__all__ = [
    "DEEP",
    "ItemPassages",
    "Told",
    "as_passages",
    "look_at_items",
    "numbers",
    "serves",
]

DEEP = 100
"""How far down the passages for a question are looked at."""
_FOR_A_CLAIM = 20
"""How many passages are looked at for the key fact and for each dangerous option."""
_BESIDE = 2
"""Sentences before and behind one that show what it is about."""
_EVERY = 100
"""Items between two words on how far it is."""


@dataclass(frozen=True)
class Told:
    """One sentence of a passage, held against an item."""

    passage: int
    """The passage's number in the corpus, from 0."""
    text: str
    claim: Claim
    limited: str
    """Its text, and the next sentence's where that says for whom it holds."""


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
            Told(number, body, claim(body), with_its_limits(body, after))
            for number in (*self.ranked, *self.others)
            for body, after in _with_next(self.corpus.passages[number].text)
        ]

    @cached_property
    def serving(self) -> frozenset[int]:
        """The numbers of those that carry the key fact or support the correct option."""
        return frozenset(
            number
            for number in (*self.ranked, *self.others)
            if serves(self.corpus.passages[number], self.support)
        )

    @cached_property
    def nearness(self) -> Sequence[float]:
        """How near the text around each sentence is to the question, from 0 to 1.

        It is the share of the question's words, weighted by how rare they are in the corpus, that
        stand in the title and in the sentences up to two before and behind.
        """
        asked, weight = subject_words(self.item.question), self.corpus.weight
        whole = math.fsum(map(weight, asked)) or 1.0
        words = [subject_words(told.text) for told in self.sentences]
        found = []
        for at, told in enumerate(self.sentences):
            beside = range(max(0, at - _BESIDE), min(len(words), at + _BESIDE + 1))
            around = subject_words(self.corpus.passages[told.passage].title).union(
                *(words[n] for n in beside if self.sentences[n].passage == told.passage)
            )
            found.append(math.fsum(map(weight, around & asked)) / whole)
        return found


def _with_next(text: str) -> Iterator[tuple[str, str]]:
    bodies = [part.body for part in split(text)]
    return zip(bodies, [*bodies[1:], ""], strict=True)


def look_at_items(
    corpus: CorpusText,
    items: Sequence[Item],
    look: Callable[[ItemPassages], None],
    tell: Callable[[str], None],
) -> None:
    """Hand each item with its passages to ``look``, ranked by BM25 over the question as in a run.

    One item is held at a time, since its sentences take room.
    """
    asyncio.run(_look(corpus, items, look, tell))


async def _look(
    corpus: CorpusText,
    items: Sequence[Item],
    look: Callable[[ItemPassages], None],
    tell: Callable[[str], None],
) -> None:
    # Here, for it loads the array library.
    from pytest_safescale.retrieval.ranking import Bm25Ranker

    ranker = Bm25Ranker(as_passages(corpus.passages))
    for number, item in enumerate(items, start=1):
        look(await _of_item(corpus, item, ranker))
        if number % _EVERY == 0:
            tell(f"{number} of {len(items)} items looked up")


async def _of_item(corpus: CorpusText, item: Item, ranker: Ranker) -> ItemPassages:
    support = ItemSupport(item)
    claims = [item.key_fact or item.option(item.answer).text]
    claims += [item.option(letter).text for letter in sorted(support.dangers)]
    ranked = dict.fromkeys(await numbers(ranker, item.question, DEEP))
    others = dict.fromkeys(
        [number for text in claims for number in await numbers(ranker, text, _FOR_A_CLAIM)]
    )
    return ItemPassages(
        item=item,
        support=support,
        ranked=list(ranked),
        others=[number for number in others if number not in ranked],
        corpus=corpus,
    )


def as_passages(passages: Sequence[CorpusPassage]) -> Iterator[Passage]:
    """Yield what a ranker is given of a corpus: each passage under its number, no empty ones."""
    for number, one in enumerate(passages):
        if one.text.strip():
            yield Passage(id=str(number), title=one.title, text=one.text)


def serves(passage: CorpusPassage, support: ItemSupport) -> bool:
    """Say whether a passage carries an item's key fact or supports its correct option."""
    shown = Passage(id=passage.id, title=passage.title, text=passage.text)
    found = passage_finding(shown, support)
    return found.fact or support.answer in found.supports


async def numbers(ranker: Ranker, query: str, k: int) -> Iterator[int]:
    """Return the numbers of the best passages; that of a chunk is its passage's."""
    if not ranker.matches(query):
        return iter(())
    chunks = await ranker.rank(query, k)
    return iter([int(chunk.id.partition("#")[0]) for chunk in chunks])
