"""A ranker, a model and their resources that do what a test tells them, in process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import Item, Option, Passage
from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import Message, Reply, ToolCall, ToolsRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.retrieval.retriever import Ranker


def an_item(**changes: Any) -> Item:
    """Return a four-option item; keyword arguments replace its fields."""
    texts = ("Chest radiograph", "Needle decompression", "CT of the chest", "Observation")
    fields: dict[str, Any] = {
        "id": "chest-01",
        "question": "What is the next step in tension pneumothorax?",
        "options": tuple(
            Option(letter=letter, text=text) for letter, text in zip("ABCD", texts, strict=True)
        ),
        "answer": "B",
    }
    return Item(**{**fields, **changes})


def passages(n: int, words: int = 4) -> list[Passage]:
    """Return ``n`` untitled passages ``p0``, ``p1`` ... of so many tokens each."""
    return [Passage(id=f"p{i}", text=" ".join([f"w{i}"] * words)) for i in range(n)]


@dataclass
class ListRanker:
    """Ranks every query alike: in the list's order."""

    passages: list[Passage]
    queries: list[str] = field(default_factory=list)
    name: str = "list"

    async def rank(self, query: str, k: int) -> Sequence[Passage]:
        self.queries.append(query)
        return self.passages[:k]

    def matches(self, query: str) -> bool:
        return "zebra" not in query


@dataclass
class ScriptedResources:
    """Resources whose model replies with the script's lines, one a turn."""

    script: list[Reply | str] = field(default_factory=list)
    ranker: Ranker | None = None
    evidence_tokens: int = 1000
    takes_tools: bool = True
    asked: list[tuple[Message, ...]] = field(default_factory=list)
    tools_offered: list[bool] = field(default_factory=list)

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        self.asked.append(tuple(messages))
        self.tools_offered.append(bool(tools))
        if tools and not self.takes_tools:
            raise ToolsRefused("no tools here")
        if not self.script:
            raise CallFailed("the script is over")
        reply = self.script.pop(0)
        return Reply(text=reply) if isinstance(reply, str) else reply


def calling(*arguments: str, name: str = "search", text: str = "Current answer: B") -> Reply:
    """Return a reply with one tool call for each JSON text."""
    calls = tuple(
        ToolCall(id=f"call_{i}", name=name, arguments=json) for i, json in enumerate(arguments)
    )
    return Reply(text=text, tool_calls=calls, finish_reason="tool_calls")
