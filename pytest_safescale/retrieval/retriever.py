"""What searches a corpus, as long as there is nobody to ask yet: BM25, or an embedding model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.dataset.item import Passage
    from pytest_safescale.models.model import Model
    from pytest_safescale.retrieval.ranking import Embed

__all__ = ["Ranker", "Retriever"]


class Ranker(Protocol):
    """Orders the chunks of a corpus by how well they fit a query."""

    async def rank(self, query: str, k: int) -> Sequence[Passage]:
        """Return the ``k`` best chunks, best first; all of them where there are fewer."""

    def matches(self, query: str) -> bool:
        """Say whether anything in the corpus fits the query at all."""


@dataclass(frozen=True, kw_only=True)
class Retriever:
    """The passages to search and, for dense ranking, the embedding model that is to be asked."""

    passages: tuple[Passage, ...]
    embedder: Model | None = None
    """``None`` for BM25."""
    repaired: tuple[Passage, ...] | None = None
    """Those of the repaired corpus, whose texts are among ``passages``; ``None`` without one."""

    @property
    def name(self) -> str:
        """As the manifest states it: ``bm25`` or ``dense:MODEL``."""
        return "bm25" if self.embedder is None else f"dense:{self.embedder.info.model}"

    def rankers(self, embed: Embed | None = None) -> tuple[Ranker, Ranker | None]:
        """Return those of one process, of the corpus and of the repaired one.

        ``embed`` asks the embedding model, if there is one; a repaired corpus takes none for its
        chunks.
        """
        # Here, for it loads the array library.
        from pytest_safescale.retrieval.ranking import Bm25Ranker, DenseRanker

        if embed is None:
            mended = None if self.repaired is None else Bm25Ranker(self.repaired)
            return Bm25Ranker(self.passages), mended
        whole = DenseRanker(self.passages, embed)
        return whole, None if self.repaired is None else whole.of_part(self.repaired)
