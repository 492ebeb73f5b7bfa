"""What searches a corpus, as long as there is nobody to ask yet: BM25, or an embedding model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_safescale.conditions.condition import Ranker
    from pytest_safescale.conditions.ranking import Embed
    from pytest_safescale.items.item import Passage
    from pytest_safescale.models.model import Model

__all__ = ["Retriever"]


@dataclass(frozen=True, kw_only=True)
class Retriever:
    """The passages to search and, for dense ranking, the embedding model that is to be asked."""

    passages: tuple[Passage, ...]
    embedder: Model | None = None
    """``None`` for BM25."""

    @property
    def name(self) -> str:
        """As the manifest states it: ``bm25`` or ``dense:MODEL``."""
        return "bm25" if self.embedder is None else f"dense:{self.embedder.info.model}"

    def ranker(self, embed: Embed) -> Ranker:
        """Return the ranker of one process; ``embed`` asks the embedding model, if there is one."""
        # Here, for it loads the array library.
        from pytest_safescale.conditions.ranking import Bm25Ranker, DenseRanker

        if self.embedder is None:
            return Bm25Ranker(self.passages)
        return DenseRanker(self.passages, embed)
