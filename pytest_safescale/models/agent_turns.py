"""An agent's turn seen from the model's side: what is asked, what was found, how to reply.

Shared by the embedded models, which play the agent by reading the conversation alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.models.model import Reply, ToolCall
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from pytest_safescale.models.model import Request

__all__ = ["AgentTurn", "agent_turn"]

_REPORT_NOW = Pattern(r"\breport now\b", re.IGNORECASE)
_HEADING = Pattern(r"^Results for: .*$\n?", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class AgentTurn:
    """What a request says that wants the next turn of an agent."""

    question: str
    """The first user message: question and options."""
    found: str
    """The results of all searches so far, without the queries they are headed by."""
    searches: int
    """How many turns have searched."""
    tools: bool
    """Whether a search is a tool call; otherwise it is a ``SEARCH:`` line."""
    must_report: bool

    def search(self, query: str, letter: str = "?") -> Reply:
        """Return the reply that searches, leaning to ``letter``."""
        text = f"Current answer: {letter}"
        if not self.tools:
            return Reply(text=f"{text}\nSEARCH: {query}")
        call = ToolCall(
            id=f"call_{self.searches + 1}",
            name="search",
            arguments=json.dumps({"query": query}, ensure_ascii=False),
        )
        return Reply(text=text, tool_calls=(call,), finish_reason="tool_calls")

    def report(self, text: str, letter: str = "?") -> Reply:
        """Return the reply that ends the research."""
        return Reply(text=f"Current answer: {letter}\nREPORT: {text}")


def agent_turn(request: Request) -> AgentTurn | None:
    """Return the agent's turn a request wants; ``None`` where it wants an answer.

    Tools, or a system message that states the ``SEARCH:`` protocol, make it an agent's turn.
    """
    by_role: dict[str, list[str]] = {"system": [], "user": [], "assistant": [], "tool": []}
    for message in request.messages:
        by_role.setdefault(message["role"], []).append(str(message["content"] or ""))
    if not request.tools and not any("SEARCH:" in text for text in by_role["system"]):
        return None
    users = by_role["user"] or [""]
    return AgentTurn(
        question=users[0],
        found=_HEADING.sub("", "\n\n".join(by_role["tool"] + users[1:])),
        searches=len(by_role["assistant"]),
        tools=bool(request.tools),
        must_report=bool(_REPORT_NOW.search(users[-1])),
    )
