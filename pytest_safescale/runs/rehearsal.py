"""Evidence gathered for a plan: agents play their turns as assumed, and nobody is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_safescale.conditions.repaired import Rankers, RepairedCondition
from pytest_safescale.models.model import Reply, ToolCall
from pytest_safescale.text.tokens import REAL_TOKENS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.conditions.condition import Condition
    from pytest_safescale.models.model import Message
    from pytest_safescale.retrieval.retriever import Ranker
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = [
    "AGENT_SEARCHES",
    "AGENT_TURN_TOKENS",
    "asked_anew",
    "rankers_of",
    "read_beside",
    "rehearsed",
]

AGENT_SEARCHES = 2
"""How many searches an agent is assumed to make; what it really does is the model's choice."""
AGENT_TURN_TOKENS = 150
"""How long an agent's turn is assumed to be."""


def rankers_of(run: Run) -> Rankers:
    """Return rankers that ask nobody: passages are of like length whoever ranks them."""
    if run.retriever is None:
        return Rankers()
    from pytest_safescale.retrieval.ranking import Bm25Ranker

    repair = run.dataset.repair
    mended = None if repair is None else Bm25Ranker(repair.passages)
    return Rankers(Bm25Ranker(run.dataset.corpus), mended)


async def rehearsed(
    case: Case, condition: Condition, rankers: Rankers
) -> tuple[str, list[tuple[Message, ...]]]:
    """Return a case's evidence under a condition, and the messages of the agent's turns."""
    desk = _Rehearsal(rankers.of(condition), case.model.info.context_tokens)
    evidence = await condition.gather(case.item, desk)
    return evidence.text, desk.turns


def read_beside(run: Run, case: Case) -> Condition | None:
    """Return the condition of the run that reads the corpus which this one reads repaired."""
    if not isinstance(case.condition, RepairedCondition):
        return None
    name = case.condition.base.name
    return next((one for one in run.conditions if one.name == name), None)


async def asked_anew(run: Run, cases: Sequence[Case], rankers: Rankers) -> list[Case]:
    """Return the cases of a cell without those that a repaired corpus changes nothing for.

    Their prompts are those of the condition beside, and so are their replies.
    """
    found = []
    for case in cases:
        beside = read_beside(run, case)
        if beside is None or (
            await rehearsed(case, case.condition, rankers) != await rehearsed(case, beside, rankers)
        ):
            found.append(case)
    return found


class _Rehearsal:
    """Plays the agent's turns as assumed, and keeps what it would be asked."""

    def __init__(self, ranker: Ranker | None, context_tokens: int) -> None:
        self.ranker = ranker
        self.evidence_tokens = int(context_tokens / REAL_TOKENS_PER_TOKEN)
        self.turns: list[tuple[Message, ...]] = []

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        self.turns.append(tuple(messages))
        number, question = len(self.turns), str(messages[1]["content"])
        if number <= AGENT_SEARCHES and tools:
            words = " ".join(question.split()[number:])
            query = json.dumps({"query": words})
            call = ToolCall(id=str(number), name="search", arguments=query)
            return Reply(text="", tool_calls=(call,))
        return Reply(text="REPORT: " + "word " * AGENT_TURN_TOKENS)
