"""A condition over the repaired corpus, beside the same one over the corpus as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.cells import repaired

if TYPE_CHECKING:
    from pytest_safescale.conditions.condition import Condition, Evidence, Resources
    from pytest_safescale.dataset.item import Item
    from pytest_safescale.retrieval.retriever import Ranker

__all__ = ["Rankers", "RepairedCondition", "retrieves"]


@dataclass(frozen=True, kw_only=True)
class RepairedCondition:
    """Gathers as ``base`` does; whoever runs it hands it the ranker of the repaired corpus."""

    base: Condition

    @property
    def name(self) -> str:
        """``standard_rag_repaired`` of ``standard_rag``."""
        return repaired(self.base.name)

    @property
    def summary(self) -> str:
        """What the base shows, and of which corpus."""
        return f"{self.base.summary} Of the repaired corpus."

    def lacks(self, item: Item, *, corpus: bool) -> str | None:
        """Return what the base lacks."""
        return self.base.lacks(item, corpus=corpus)

    async def gather(self, item: Item, resources: Resources) -> Evidence:
        """Return the base's evidence; raises CallFailed where the base does."""
        return await self.base.gather(item, resources)


@dataclass(frozen=True)
class Rankers:
    """What searches the corpus, and the repaired one; ``None`` where there is none."""

    corpus: Ranker | None = None
    repaired: Ranker | None = None

    def of(self, condition: Condition) -> Ranker | None:
        """Return what a condition searches with."""
        return self.repaired if isinstance(condition, RepairedCondition) else self.corpus


def retrieves(condition: Condition) -> bool:
    """Say whether a condition searches a corpus, as its attribute ``retrieves`` tells."""
    return getattr(condition, "retrieves", False) is True
