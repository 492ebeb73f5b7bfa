"""What a condition is: a small unit that turns an item into the evidence the model sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.dataset.item import Item, Passage
    from pytest_safescale.models.model import Message, Reply
    from pytest_safescale.retrieval.retriever import Ranker

__all__ = ["Condition", "Evidence", "Resources", "Step"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One turn of the agent."""

    kind: str
    """``search`` or ``report``."""
    text: str
    """The model's turn as it came."""
    queries: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    """Ids of the chunks it was given to read."""
    letter: str | None = None
    """The answer it leaned to at this step, where it named one."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the model sees besides question and options."""

    text: str = ""
    """Empty under closed book."""
    passages: tuple[str, ...] = ()
    """Ids of the corpus chunks in it, best first."""
    trace: tuple[Step, ...] = ()
    """The agent's turns, in order; empty for every other condition."""
    unmatched: int = 0
    """Searches for which no passage of the corpus has a single word."""
    retrieved: tuple[Passage, ...] = ()
    """What was retrieved, in the order in which it was read: chunks, or a text of the item's."""


class Resources(Protocol):
    """What a condition may draw on for one case."""

    @property
    def ranker(self) -> Ranker | None:
        """The corpus, ranked; ``None`` where the data set has none."""

    @property
    def evidence_tokens(self) -> int:
        """How many tokens of evidence the model's window takes beside question and answer.

        Counted as in ``tokens.py``; ``tokens.room`` converts a model's own tokens into these.
        """

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        """Ask the model under test at temperature 0 (the agent's turns); raises CallFailed."""


class Condition(Protocol):
    """One deployment condition (SaFE-Scale, arXiv 2605.04039)."""

    @property
    def name(self) -> str:
        """As in test ids and gates: lower case, digits and underscores."""

    @property
    def summary(self) -> str:
        """One sentence on what the model sees."""

    def lacks(self, item: Item, *, corpus: bool) -> str | None:
        """Say what this item lacks for the condition, ``None`` where it lacks nothing."""

    async def gather(self, item: Item, resources: Resources) -> Evidence:
        """Return the evidence; raises CallFailed where a call needed for it fails."""
