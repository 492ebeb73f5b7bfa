"""The plan of a run: how many calls, tokens and money it takes, told before the first call."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_safescale.calls.usage import money, prompt_estimate
from pytest_safescale.conditions.prompt import build_messages
from pytest_safescale.conditions.shown_item import shown_item
from pytest_safescale.layers.layered_model import LayeredModel
from pytest_safescale.runs.layer_plan import of_layers
from pytest_safescale.runs.planned_price import asked_as
from pytest_safescale.runs.rehearsal import (
    AGENT_TURN_TOKENS,
    asked_anew,
    rankers_of,
    read_beside,
    rehearsed,
)
from pytest_safescale.runs.turns import next_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.conditions.repaired import Rankers
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = [
    "ANSWER_TOKENS",
    "COSTS",
    "COUNTS",
    "PROSE_TOKENS",
    "PlanRow",
    "plan_run",
    "scaled",
]

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


COUNTS = (
    *("cases", "fewest_calls", "most_calls", "fewest_further", "most_further"),
    *("fewest_of_layers", "most_of_layers"),
    *("prompt_tokens", "most_prompt_tokens", "completion_tokens"),
)
COSTS = ("money", "most_money")


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
    rankers = rankers_of(run)
    rows = []
    for cases in cells:
        some = cases[:looked_at]
        # Over a repaired corpus, what reads the same as beside it has its replies from there.
        anew = await asked_anew(run, some, rankers)
        asked = anew or some
        row = await _layered_row(run, asked, rankers) or await _row(run, asked, rankers)
        taken = scaled(row, len(cases) / len(some) if anew else 0)
        rows.append(replace(taken, cases=len(cases)))
    return rows


def scaled(row: PlanRow, factor: float) -> PlanRow:
    """Return what so many times the cases need."""
    counts = {name: round(getattr(row, name) * factor) for name in COUNTS}
    costs = {name: getattr(row, name) * factor for name in COSTS}
    return replace(row, variants=row.variants.times(factor), **costs, **counts)


async def _layered_row(run: Run, cases: Sequence[Case], rankers: Rankers) -> PlanRow | None:
    """Return what the cases of a model with layers take; ``None`` of any other model.

    What its base is asked in the same run is counted there.
    """
    model = cases[0].model
    if not isinstance(model, LayeredModel):
        return None
    row = await _row(run, [replace(case, model=model.base) for case in cases], rankers)
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


async def _row(run: Run, cases: Sequence[Case], rankers: Rankers) -> PlanRow:
    """Return what the cases of a cell take.

    What another profile of the run asks with the same words is counted there: the agent's turns,
    and the first turn of a profile that begins as an earlier one does.
    """
    samples = run.decoding.samples
    info, profile = asked_as(run, cases[0].model), cases[0].profile
    before = run.profiles[: run.profiles.index(profile)]
    shared = any(profile.first_turn_as(other) for other in before)
    agent = _Agent()
    prompts = [await _prompts(run, case, rankers, agent) for case in cases]
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


async def _prompts(run: Run, case: Case, rankers: Rankers, agent: _Agent) -> tuple[int, int]:
    """Return the tokens of a case's first prompt, and of those of all its further turns."""
    evidence, turns = await rehearsed(case, case.condition, rankers)
    if (beside := read_beside(run, case)) is not None:
        # Turns before the first that reads other passages are asked there.
        _, known = await rehearsed(case, beside, rankers)
        turns = [turn for turn in turns if turn not in known]
    agent.calls += len(turns)
    agent.prompt_tokens += sum(map(prompt_estimate, turns))
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
