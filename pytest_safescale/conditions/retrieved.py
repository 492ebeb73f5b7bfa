"""Conditions whose evidence is retrieved for the question: top k, padded, and filled windows.

With a corpus the corpus is used; without one, the context that came with the item under the
condition's name. The query is the question's text, without the options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.dataset.item import Passage
from pytest_safescale.errors import CallFailed
from pytest_safescale.text.tokens import count_tokens, first_tokens, repeat_to, room

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.conditions.condition import Resources
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.retrieval.retriever import Ranker

__all__ = ["FilledWindow", "PaddedTop1", "TopK", "passages_text", "within"]

_FIRST_LOOK = 32


@dataclass(frozen=True, kw_only=True)
class TopK:
    """The ``k`` best passages (standard RAG is ``k`` = 10)."""

    name: str
    summary: str
    k: int
    retrieves: ClassVar[bool] = True

    def lacks(self, item: Item, *, corpus: bool) -> str | None:
        """Return ``no corpus`` where there is neither a corpus nor a context in the item."""
        return None if corpus or _own(item, self.name) else "no corpus"

    async def gather(self, item: Item, resources: Resources) -> Evidence:
        """Return the passages, best first; raises CallFailed where none can be had."""
        if resources.ranker is None:
            return _of_item(self.name, _needed(_own(item, self.name)))
        ranked = await _ranked(resources.ranker, item.question, self.k)
        return _evidence(ranked, unmatched=_unmatched(resources.ranker, item.question))


@dataclass(frozen=True, kw_only=True)
class PaddedTop1:
    """The best passage repeated to the length of the top-10 context: length without content."""

    name: str = "padded_top_1"
    summary: str = "The best passage, repeated to the length of the ten best."
    retrieves: ClassVar[bool] = True

    def lacks(self, item: Item, *, corpus: bool) -> str | None:
        """Return ``no corpus`` where neither corpus nor item gives what is needed."""
        return None if corpus or self._own_text(item) else "no corpus"

    async def gather(self, item: Item, resources: Resources) -> Evidence:
        """Return the repeated passage; raises CallFailed where none can be had."""
        if resources.ranker is None:
            return _of_item(self.name, _needed(self._own_text(item)))
        ten = await _ranked(resources.ranker, item.question, 10)
        best = passages_text(ten[:1])
        return Evidence(
            text=repeat_to(best, count_tokens(passages_text(ten))),
            passages=(ten[0].id,),
            retrieved=(ten[0],),
            unmatched=_unmatched(resources.ranker, item.question),
        )

    def _own_text(self, item: Item) -> str:
        best, ten = _own(item, "top_1"), _own(item, "standard_rag")
        made = repeat_to(best, count_tokens(ten)) if best and ten else ""
        return _own(item, self.name) or made


@dataclass(frozen=True, kw_only=True)
class FilledWindow:
    """As many ranked passages as the budget and the model's window take.

    An item's own ``max_context`` text serves every budget; it is cut where it is longer.
    """

    name: str
    summary: str
    budget: int | None = None
    """In the model's own tokens; ``None`` for the whole window."""
    retrieves: ClassVar[bool] = True

    def lacks(self, item: Item, *, corpus: bool) -> str | None:
        """Return ``no corpus`` where there is neither a corpus nor a context in the item."""
        return None if corpus or self._own_text(item) else "no corpus"

    async def gather(self, item: Item, resources: Resources) -> Evidence:
        """Return the passages that fit, best first; raises CallFailed where not one token does."""
        tokens = resources.evidence_tokens
        if self.budget is not None:
            tokens = min(tokens, room(self.budget))
        if tokens < 1:
            raise CallFailed("the model's window leaves no room for evidence")
        if resources.ranker is None:
            return _of_item(self.name, first_tokens(_needed(self._own_text(item)), tokens))
        return await _filled(resources.ranker, item.question, tokens)

    def _own_text(self, item: Item) -> str:
        return _own(item, self.name) or _own(item, "max_context")


def passages_text(passages: Iterable[Passage]) -> str:
    """Return passages as the model reads them: title, label, text; a blank line between two."""
    return "\n\n".join(
        "\n".join(filter(None, (passage.title, passage.label, passage.text)))
        for passage in passages
    )


def within(passages: Iterable[Passage], tokens: int) -> list[Passage]:
    """Return the leading passages that together, titles and labels too, have at most ``tokens``."""
    kept = []
    for passage in passages:
        tokens -= count_tokens(passages_text([passage]))
        if tokens < 0:
            break
        kept.append(passage)
    return kept


async def _filled(ranker: Ranker, query: str, tokens: int) -> Evidence:
    k, unmatched = _FIRST_LOOK, _unmatched(ranker, query)
    while True:
        ranked = await _ranked(ranker, query, k)
        kept = within(ranked, tokens)
        if not kept:
            text = first_tokens(passages_text(ranked[:1]), tokens)
            cut = Passage(id=ranked[0].id, text=text)
            return Evidence(text=text, passages=(cut.id,), retrieved=(cut,), unmatched=unmatched)
        if len(kept) < len(ranked) or len(ranked) < k:
            return _evidence(kept, unmatched=unmatched)
        k *= 2


async def _ranked(ranker: Ranker, query: str, k: int) -> Sequence[Passage]:
    passages = await ranker.rank(query, k)
    if not passages:
        raise CallFailed("the corpus has no passage")
    return passages


def _evidence(passages: Sequence[Passage], *, unmatched: int) -> Evidence:
    ids = tuple(passage.id for passage in passages)
    text = passages_text(passages)
    return Evidence(text=text, passages=ids, retrieved=tuple(passages), unmatched=unmatched)


def _of_item(name: str, text: str) -> Evidence:
    """Return a context that came with the item: one text, whose passages are not known."""
    return Evidence(text=text, retrieved=(Passage(id=name, text=text),))


def _unmatched(ranker: Ranker, query: str) -> int:
    return 0 if ranker.matches(query) else 1


def _own(item: Item, name: str) -> str:
    text = item.retrieved.get(name, "")
    return text if text.strip() else ""


def _needed(text: str) -> str:
    if not text:
        raise CallFailed("there is no corpus to retrieve from")
    return text
