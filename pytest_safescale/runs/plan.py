"""The plan of a run: how many calls, tokens and money it takes, told before the first call."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.usage import money, prompt_estimate
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.conditions.shown_item import shown_item
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.models.model import Reply, ToolCall
from pytest_safescale.retrieval.chunks import CHUNKS_A_CALL, chunk_passages
from pytest_safescale.runs.layer_plan import of_layers
from pytest_safescale.runs.second_reader import CHECKED, reading_messages
from pytest_safescale.runs.turns import next_messages
from pytest_safescale.text.tokens import REAL_TOKENS_PER_TOKEN, estimated_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.models.model import Message
    from pytest_safescale.retrieval.retriever import Ranker
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = [
    "PlanRow",
    "layer_sentences",
    "plan_run",
    "plan_sentences",
    "profile_sentences",
    "reader_sentences",
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
PROSE_TOKENS = 120
"""How long a reply in prose is assumed to be."""


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
    most_prompt_tokens: int
    """Estimated, where each sample is asked for with the whole prompt."""
    completion_tokens: int
    money: float
    most_money: float
    fewest_further: int
    """Calls of turns after the first, where all samples and their replies share one."""
    most_further: int
    fewest_of_layers: int = 0
    """Calls that layers make beside the base's cases, where they stop most of them."""
    most_of_layers: int = 0
    variants: Asking
    """What one variant of every case takes in a search for counterexamples."""


_COUNTS = (
    *("cases", "fewest_calls", "most_calls", "fewest_further", "most_further"),
    *("fewest_of_layers", "most_of_layers"),
    *("prompt_tokens", "most_prompt_tokens", "completion_tokens"),
)
_FURTHER = ("fewest_further", "most_further")
_COSTS = ("money", "most_money")


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
        cells[case.cell].append(case)
    return asyncio.run(_plan(run, list(cells.values()), looked_at))


async def _plan(run: Run, cells: Sequence[Sequence[Case]], looked_at: int | None) -> list[PlanRow]:
    ranker = _ranker(run)
    rows = []
    for cases in cells:
        some = cases[:looked_at]
        row = await _layered_row(run, some, ranker) or await _row(run, some, ranker)
        rows.append(scaled(row, len(cases) / len(some)))
    return rows


def scaled(row: PlanRow, factor: float) -> PlanRow:
    """Return what so many times the cases need."""
    counts = {name: round(getattr(row, name) * factor) for name in _COUNTS}
    costs = {name: getattr(row, name) * factor for name in _COSTS}
    return replace(row, variants=row.variants.times(factor), **costs, **counts)


async def _layered_row(run: Run, cases: Sequence[Case], ranker: Ranker | None) -> PlanRow | None:
    """Return what the cases of a model with layers take; ``None`` of any other model.

    What its base is asked in the same run is counted there.
    """
    model = cases[0].model
    if not isinstance(model, LayeredModel):
        return None
    row = await _row(run, [replace(case, model=model.base) for case in cases], ranker)
    variants, alone = row.variants, row.prompt_tokens // (2 if run.decoding.samples else 1)
    layers = of_layers(run, cases, model, alone)
    if any(model.base is other for other in run.models):
        row = replace(scaled(row, 0), cases=row.cases)
    return replace(
        row,
        model=model.info.name,
        fewest_calls=row.fewest_calls + layers.fewest,
        most_calls=row.most_calls + layers.most,
        most_prompt_tokens=row.most_prompt_tokens + layers.prompt_tokens,
        completion_tokens=row.completion_tokens + layers.completion_tokens,
        most_money=row.most_money + layers.money,
        fewest_of_layers=layers.fewest,
        most_of_layers=layers.most,
        variants=Asking(
            calls=variants.calls + layers.most,
            prompt_tokens=variants.prompt_tokens + layers.prompt_tokens,
            completion_tokens=variants.completion_tokens + layers.completion_tokens,
            money=variants.money + layers.money,
        ),
    )


async def _row(run: Run, cases: Sequence[Case], ranker: Ranker | None) -> PlanRow:
    """Return what the cases of a cell take.

    What another profile of the run asks with the same words is counted there: the agent's turns,
    and the first turn of a profile that begins as an earlier one does.
    """
    samples = run.decoding.samples
    info, profile = cases[0].model.info, cases[0].profile
    before = run.profiles[: run.profiles.index(profile)]
    shared = any(profile.first_turn_as(other) for other in before)
    agent = _Agent()
    prompts = [await _prompts(run, case, ranker, agent) for case in cases]
    if before:
        agent = _Agent()
    first, later = (sum(tokens[part] for tokens in prompts) for part in (0, 1))
    steps = len(profile.steps)
    turns = steps if shared else 1 + steps
    asked = later if shared else first + later
    answers = len(cases) * _answer_tokens(run, cases[0], with_first=not shared)
    prompt = agent.prompt_tokens + asked * (2 if samples else 1)
    most_prompt = agent.prompt_tokens + asked * (1 + samples)
    completion = agent.calls * AGENT_TURN_TOKENS + answers * (1 + samples)
    majority = run.settings.variant_answers == "majority"
    whole = len(cases) * _answer_tokens(run, cases[0], with_first=True)
    prompt_once, answers_once = (
        (2 * (first + later), whole * (1 + samples)) if majority else (first + later, whole)
    )
    return PlanRow(
        model=info.name,
        condition=cases[0].cell[1],
        cases=len(cases),
        fewest_calls=agent.calls + turns * len(cases) * (2 if samples else 1),
        most_calls=agent.calls + turns * len(cases) * (1 + samples),
        prompt_tokens=prompt,
        most_prompt_tokens=most_prompt,
        completion_tokens=completion,
        money=money(info, prompt, completion),
        most_money=money(info, most_prompt, completion),
        fewest_further=steps * len(cases) * (2 if samples else 1),
        most_further=steps * len(cases) * (1 + samples),
        variants=Asking(
            calls=len(cases) * (1 + steps) * (1 + samples if majority else 1),
            prompt_tokens=prompt_once,
            completion_tokens=answers_once,
            money=money(info, prompt_once, answers_once),
        ),
    )


@dataclass(kw_only=True)
class _Agent:
    """What agents take to gather evidence."""

    calls: int = 0
    prompt_tokens: int = 0


async def _prompts(run: Run, case: Case, ranker: Ranker | None, agent: _Agent) -> tuple[int, int]:
    """Return the tokens of a case's first prompt, and of those of all its further turns."""
    desk = _Rehearsal(ranker, case.model.info.context_tokens)
    evidence = (await case.condition.gather(case.item, desk)).text
    agent.calls += desk.calls
    agent.prompt_tokens += desk.prompt_tokens
    item = shown_item(case.item, case.profile, run.decoding.seed).item
    messages = build_messages(case.profile.template, item, evidence)
    first, later = prompt_estimate(messages), 0
    for step in case.profile.steps:
        messages = next_messages(messages, "B", step)
        later += prompt_estimate(messages)
    return first, later


def _answer_tokens(run: Run, case: Case, *, with_first: bool) -> int:
    """Return how long the replies to one question are assumed to be, all its turns together.

    Prose is assumed to take PROSE_TOKENS, less where its profile has less room.
    """
    profile, thinking = case.profile, case.model.info.reasoning
    room = run.decoding.tokens_for(case.model)
    prose = room if thinking else PROSE_TOKENS
    first = room if thinking else ANSWER_TOKENS
    if profile.free_text:
        first = max(first, min(prose, profile.max_tokens or prose))
    each = max(min(prose, profile.step_max_tokens), room if thinking else 0)
    return (first if with_first else 0) + len(profile.steps) * each


def _ranker(run: Run) -> Ranker | None:
    """Return a ranker that asks nobody: passages are of like length whoever ranks them."""
    if run.retriever is None:
        return None
    from pytest_safescale.retrieval.ranking import Bm25Ranker

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
        f"{tokens_out:.0f} out, {_cost(cost, cost)}; a counterexample takes at most "
        f"{shrink_calls} variants more"
    )


def profile_sentences(rows: Sequence[PlanRow]) -> list[str]:
    """Return what the further turns of prompt profiles take; nothing where there are none."""
    fewest, most = (sum(getattr(row, name) for row in rows) for name in _FURTHER)
    if not most:
        return []
    return [
        f"prompt profiles: further turns take {_span(fewest, most)} of the calls, as samples give "
        f"the same first reply or others; assumed: {PROSE_TOKENS} tokens a reply in prose; a first "
        "turn that profiles share is asked once"
    ]


def layer_sentences(rows: Sequence[PlanRow]) -> list[str]:
    """Return what layers take of the calls; nothing where no model has any."""
    fewest, most = (
        sum(getattr(row, f"{end}_of_layers") for row in rows) for end in ("fewest", "most")
    )
    if not most:
        return []
    return [
        f"layers: {_span(fewest, most)} of the calls, as cases are stopped before or not; what the "
        "base is asked in any case is not asked again"
    ]


def retrieval_sentences(run: Run) -> list[str]:
    """Return what dense retrieval takes beside the cases; nothing where no embedding is asked."""
    searched = any(case.condition.lacks(case.item, corpus=False) for case in run.cases)
    if run.embedder is None or not searched:
        return []
    chunks = chunk_passages(run.dataset.corpus)
    tokens = estimated_tokens(*(f"{chunk.title} {chunk.text}" for chunk in chunks))
    return [
        f"{run.embedder.info.name}: {len(chunks)} chunks take {ceil(len(chunks) / CHUNKS_A_CALL)} "
        f"calls more, about {tokens} tokens, cost {money(run.embedder.info, tokens, 0):.2f}; "
        "each new search takes one"
    ]


def reader_sentences(run: Run) -> list[str]:
    """Return what the second reader takes beside the cases; nothing where there is none."""
    if run.reader is None:
        return []
    info, cases = run.reader.info, run.cases
    checked = min(CHECKED, len(cases))
    replies = len(cases) * (1 + run.decoding.samples)
    asked = sum(prompt_estimate(reading_messages("B", case.item)) for case in cases) / len(cases)
    room = run.decoding.tokens_for(run.reader) if info.reasoning else ANSWER_TOKENS
    tokens, cost = round(asked), money(info, round(asked), room)
    price = f"cost {cost * checked:.2f}" if cost else "cost unknown, as no price is set"
    return [
        f"{info.name}: at most {checked} calls more to check its reading, {price}, and one for "
        f"each of {replies} replies that the rules cannot read; each about {tokens} tokens in "
        f"beside the reply, and {room} out"
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
        self.prompt_tokens += prompt_estimate(messages)
        question = str(messages[1]["content"])
        if self.calls <= AGENT_SEARCHES and tools:
            words = " ".join(question.split()[self.calls :])
            query = json.dumps({"query": words})
            call = ToolCall(id=str(self.calls), name="search", arguments=query)
            return Reply(text="", tool_calls=(call,))
        return Reply(text="REPORT: " + "word " * AGENT_TURN_TOKENS)


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


def plan_sentences(rows: Sequence[PlanRow], *, fresh: bool = False) -> list[str]:
    """Return the plan's total in words; ``fresh`` is a run for which no stored reply counts."""
    total = {name: sum(getattr(row, name) for row in rows) for name in (*_COUNTS, *_COSTS)}
    stored = (
        "no stored reply counts" if fresh else "what the store holds already is not asked again"
    )
    return [
        f"{total['cases']} cases, {total['fewest_calls']} calls where samples share a request, "
        f"{total['most_calls']} where they do not",
        f"about {_span(total['prompt_tokens'], total['most_prompt_tokens'])} tokens in and "
        f"{total['completion_tokens']} out, {_cost(total['money'], total['most_money'])}",
        f"assumed: {AGENT_SEARCHES} searches an agent, {AGENT_TURN_TOKENS} tokens a turn; {stored}",
    ]


def _span(fewest: object, most: object) -> str:
    """Return the two as a range, or the one they are: as samples share a request, or do not."""
    low, high = str(fewest), str(most)
    return low if low == high else f"{low} to {high}"


def _cost(fewest: float, most: float) -> str:
    """Return what tokens cost; where no model has a price, that is unknown and not nothing."""
    if not most:
        return "cost unknown, as no price is set"
    return f"cost {_span(f'{fewest:.2f}', f'{most:.2f}')} in your unit"
