"""The plan of a run: how many calls, tokens and money it takes, told before the first call."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.caller import money
from pytest_safescale.conditions.chunks import CHUNKS_A_CALL, chunk_passages
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.conditions.tokens import REAL_TOKENS_PER_TOKEN, count_tokens
from pytest_safescale.models.model import Reply, ToolCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.case import Case
    from pytest_safescale.conditions.condition import Ranker
    from pytest_safescale.models.model import Message
    from pytest_safescale.run import Run

__all__ = [
    "PlanRow",
    "plan_run",
    "plan_sentences",
    "render_plan",
    "retrieval_sentences",
    "robustness_sentence",
    "scaled",
]

AGENT_SEARCHES = 2
"""How many searches an agent is assumed to make; what it really does is the model's choice."""
AGENT_TURN_TOKENS = 150
"""How long an agent's turn is assumed to be."""
ANSWER_TOKENS = 3
"""What a letter takes."""


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """What one model needs under one condition."""

    model: str
    condition: str
    cases: int
    fewest_calls: int
    """Where the endpoint gives all samples in one request."""
    most_calls: int
    """Where it gives one at a time."""
    prompt_tokens: int
    """Estimated, where samples share a request."""
    completion_tokens: int
    money: float
    variants: Asking
    """What one variant of every case takes in a search for counterexamples."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What answers take at most; tokens are estimated."""

    calls: float
    prompt_tokens: float
    completion_tokens: float
    money: float

    def times(self, factor: float) -> Asking:
        """Return what so many times the answers take."""
        return Asking(**{name: value * factor for name, value in vars(self).items()})


def plan_run(run: Run, *, looked_at: int | None = None) -> list[PlanRow]:
    """Return what a run needs, a row per cell; builds prompts, asks no model.

    ``looked_at`` bounds the cases of a cell whose prompts are built; the others count as alike.
    """
    cells: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in run.cases:
        cells[case.model.info.name, case.condition.name].append(case)
    return asyncio.run(_plan(run, list(cells.values()), looked_at))


async def _plan(run: Run, cells: Sequence[Sequence[Case]], looked_at: int | None) -> list[PlanRow]:
    ranker = _ranker(run)
    rows = []
    for cases in cells:
        some = cases[:looked_at]
        rows.append(scaled(await _row(run, some, ranker), len(cases) / len(some)))
    return rows


def scaled(row: PlanRow, factor: float) -> PlanRow:
    """Return what so many times the cases need."""
    names = ("cases", "fewest_calls", "most_calls", "prompt_tokens", "completion_tokens")
    counts = {name: round(getattr(row, name) * factor) for name in names}
    return replace(row, money=row.money * factor, variants=row.variants.times(factor), **counts)


async def _row(run: Run, cases: Sequence[Case], ranker: Ranker | None) -> PlanRow:
    samples = run.decoding.samples
    info, condition = cases[0].model.info, cases[0].condition
    agent_calls = prompt = completion = asked = 0
    for case in cases:
        desk = _Rehearsal(ranker, info.context_tokens)
        evidence = (await condition.gather(case.item, desk)).text
        agent_calls += desk.calls
        prompt += desk.prompt_tokens
        completion += desk.calls * AGENT_TURN_TOKENS
        asked += _tokens(build_messages(run.prompt, case.item, evidence))
    room = run.decoding.tokens_for(cases[0].model) if info.reasoning else ANSWER_TOKENS
    answers = len(cases) * room
    prompt += asked * (2 if samples else 1)
    completion += answers * (1 + samples)
    majority = run.settings.variant_answers == "majority"
    prompt_once, answers_once = (
        (2 * asked, answers * (1 + samples)) if majority else (asked, answers)
    )
    return PlanRow(
        model=info.name,
        condition=condition.name,
        cases=len(cases),
        fewest_calls=agent_calls + len(cases) * (2 if samples else 1),
        most_calls=agent_calls + len(cases) * (1 + samples),
        prompt_tokens=prompt,
        completion_tokens=completion,
        money=money(info, prompt, completion),
        variants=Asking(
            calls=len(cases) * (1 + samples if majority else 1),
            prompt_tokens=prompt_once,
            completion_tokens=answers_once,
            money=money(info, prompt_once, answers_once),
        ),
    )


def _ranker(run: Run) -> Ranker | None:
    """Return a ranker that asks nobody: passages are of like length whoever ranks them."""
    if run.retriever is None:
        return None
    from pytest_safescale.conditions.ranking import Bm25Ranker

    return Bm25Ranker(run.dataset.corpus)


def robustness_sentence(
    rows: Sequence[PlanRow], *, relations: int, variants: int, shrink_calls: int
) -> str:
    """Return what searches for counterexamples take at most, beside the cases as they are."""
    cases, each = sum(row.cases for row in rows), relations * variants
    calls, tokens_in, tokens_out, cost = (
        each * sum(getattr(row.variants, name) for row in rows)
        for name in ("calls", "prompt_tokens", "completion_tokens", "money")
    )
    return (
        f"robustness: {cases} cases x {relations} relations = {cases * relations} searches of "
        f"{variants} variants: at most {calls:.0f} calls, about {tokens_in:.0f} tokens in and "
        f"{tokens_out:.0f} out, cost {cost:.2f} in your unit; a counterexample takes at most "
        f"{shrink_calls} variants more"
    )


def retrieval_sentences(run: Run) -> list[str]:
    """Return what dense retrieval takes beside the cases; nothing where no embedding is asked."""
    searched = any(case.condition.lacks(case.item, corpus=False) for case in run.cases)
    if run.embedder is None or not searched:
        return []
    chunks = chunk_passages(run.dataset.corpus)
    counted = sum(count_tokens(f"{chunk.title} {chunk.text}") for chunk in chunks)
    tokens = int(counted * REAL_TOKENS_PER_TOKEN)
    return [
        f"{run.embedder.info.name}: {len(chunks)} chunks take {ceil(len(chunks) / CHUNKS_A_CALL)} "
        f"calls more, about {tokens} tokens, cost {money(run.embedder.info, tokens, 0):.2f}; "
        "each new search takes one"
    ]


class _Rehearsal:
    """Plays the agent's turns as assumed, and counts what they would take."""

    def __init__(self, ranker: Ranker | None, context_tokens: int) -> None:
        self.ranker = ranker
        self.evidence_tokens = int(context_tokens / REAL_TOKENS_PER_TOKEN)
        self.calls = 0
        self.prompt_tokens = 0

    async def ask(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = ()
    ) -> Reply:
        self.calls += 1
        self.prompt_tokens += _tokens(messages)
        question = str(messages[1]["content"])
        if self.calls <= AGENT_SEARCHES and tools:
            words = " ".join(question.split()[self.calls :])
            query = json.dumps({"query": words})
            call = ToolCall(id=str(self.calls), name="search", arguments=query)
            return Reply(text="", tool_calls=(call,))
        return Reply(text="REPORT: " + "word " * AGENT_TURN_TOKENS)


def _tokens(messages: Sequence[Message]) -> int:
    counted = sum(count_tokens(str(message["content"] or "")) for message in messages)
    return int(counted * REAL_TOKENS_PER_TOKEN)


def render_plan(rows: Sequence[PlanRow]) -> list[str]:
    """Return the plan as a table of 80 columns, with its total."""
    lines = [
        f"{'model, condition':<34}{'cases':>6}{'calls':>14}{'tokens in':>11}{'tokens out':>11}"
    ]
    for row in rows:
        name = f"{row.model} {row.condition}"[-33:]
        calls = f"{row.fewest_calls}-{row.most_calls}"
        lines.append(
            f"{name:<34}{row.cases:>6}{calls:>14}{row.prompt_tokens:>11}{row.completion_tokens:>11}"
        )
    return [*lines, *plan_sentences(rows)]


def plan_sentences(rows: Sequence[PlanRow]) -> list[str]:
    """Return the plan's total in words."""
    fewest, most = (
        sum(getattr(row, f"{word}_calls") for row in rows) for word in ("fewest", "most")
    )
    cost = sum(row.money for row in rows)
    tokens_in, tokens_out = (
        sum(getattr(row, f"{word}_tokens") for row in rows) for word in ("prompt", "completion")
    )
    return [
        f"{sum(row.cases for row in rows)} cases, {fewest} calls where samples share a request, "
        f"{most} where they do not",
        f"about {tokens_in} tokens in and {tokens_out} out, cost {cost:.2f} in your unit",
        f"assumed: {AGENT_SEARCHES} searches an agent, {AGENT_TURN_TOKENS} tokens a turn; "
        "what the store holds already is not asked again",
    ]
