"""The plan of a run in words and as a table."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from pytest_safescale.calls.usage import money, prompt_estimate
from pytest_safescale.report.wording import in_columns
from pytest_safescale.retrieval.chunks import CHUNKS_A_CALL, chunk_passages
from pytest_safescale.runs.plan import ANSWER_TOKENS, COSTS, COUNTS, PROSE_TOKENS
from pytest_safescale.runs.planned_price import asked_as
from pytest_safescale.runs.rehearsal import AGENT_SEARCHES, AGENT_TURN_TOKENS
from pytest_safescale.runs.second_reader import CHECKED, reading_messages
from pytest_safescale.text.tokens import estimated_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.runs.plan import PlanRow
    from pytest_safescale.runs.run import Run

__all__ = [
    "confirm_sentences",
    "layer_sentences",
    "parallel_sentences",
    "plan_sentences",
    "profile_sentences",
    "reader_sentences",
    "render_plan",
    "retrieval_sentences",
    "robustness_sentence",
]

_NAME_WIDTH = 33
"""Longer names have a line of their own."""
_FURTHER = ("fewest_further", "most_further")


def robustness_sentence(
    rows: Sequence[PlanRow], *, edited: int, repeated: int, variants: int, shrink_calls: int
) -> str:
    """Return what searches for counterexamples take at most, beside the cases as they are.

    ``edited`` relations make variants; ``repeated`` of them have as many repeats beside them.
    """
    cases, each = sum(row.cases for row in rows), (edited + repeated) * variants
    beside = f", and as many repeats beside {repeated} of the relations" if repeated else ""
    calls, tokens_in, tokens_out, cost = (
        each * sum(getattr(row.variants, name) for row in rows)
        for name in ("calls", "prompt_tokens", "completion_tokens", "money")
    )
    return (
        f"robustness: {cases} cases x {edited} relations = {cases * edited} searches of "
        f"{variants} variants{beside}: at most {calls:.0f} calls, about {tokens_in:.0f} tokens in "
        f"and {tokens_out:.0f} out, {_cost(cost, cost)}; a counterexample takes at most "
        f"{shrink_calls} variants more"
    )


def confirm_sentences(rows: Sequence[PlanRow], gates: Iterable[Gate]) -> list[str]:
    """Return what gates with ``confirm`` take at most; nothing where there are none."""
    most: dict[tuple[str, str], int] = {}
    for gate in gates:
        for row in rows if gate.confirm else ():
            cell = row.model, row.condition
            if cell in gate.cells([row.model], [row.condition]):
                most[cell] = max(most.get(cell, 0), gate.confirm or 0)
    calls = sum(most.get((row.model, row.condition), 0) * row.variants.calls for row in rows)
    if not calls:
        return []
    return [
        f"confirm: a case with a new finding is asked again {max(most.values())} times: at most "
        f"{calls:.0f} calls more, if every case has one"
    ]


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


def parallel_sentences(run: Run) -> list[str]:
    """Say of applications that are not async how many of their calls run at once, in threads."""
    told = []
    for model in run.asked:
        if getattr(model, "takes_threads", False):
            most, name = model.info.max_parallel, model.info.name
            at_once = min(run.settings.concurrency, most or run.settings.concurrency)
            told.append(
                f"{name} is not async: at most {at_once} calls of it run at once, each in a "
                "thread; "
                "max_parallel in its table sets how many (1: one after the other)"
            )
    return told


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
    cost = money(asked_as(run, run.embedder), tokens, 0)
    return [
        f"{run.embedder.info.name}: {len(chunks)} chunks take {ceil(len(chunks) / CHUNKS_A_CALL)} "
        f"calls more, about {tokens} tokens, cost {cost:.2f}; "
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
    tokens, cost = round(asked), money(asked_as(run, run.reader), round(asked), room)
    price = f"cost {cost * checked:.2f}" if cost else "cost unknown, as no price is set"
    return [
        f"{info.name}: at most {checked} calls more to check its reading, {price}, and one for "
        f"each of {replies} replies that the rules cannot read; each about {tokens} tokens in "
        f"beside the reply, and {room} out"
    ]


def render_plan(rows: Sequence[PlanRow]) -> list[str]:
    """Return the plan as a table of 80 columns, with its total."""
    lines = [
        f"{'model, condition':<34}{'cases':>6}{'calls':>14}{'tokens in':>11}{'tokens out':>11}"
    ]
    for row in rows:
        name = f"{row.model} {row.condition}"
        if len(name) > _NAME_WIDTH:
            lines.append(name)
            name = ""
        calls = f"{row.fewest_calls}-{row.most_calls}"
        lines.append(
            f"{name:<34}{row.cases:>6}{calls:>14}{row.prompt_tokens:>11}{row.completion_tokens:>11}"
        )
    return [*lines, *in_columns(plan_sentences(rows))]


def plan_sentences(rows: Sequence[PlanRow], *, fresh: bool = False) -> list[str]:
    """Return the plan's total in words; ``fresh`` is a run for which no stored reply counts."""
    total = {name: sum(getattr(row, name) for row in rows) for name in (*COUNTS, *COSTS)}
    stored = (
        "no stored reply counts" if fresh else "what the store holds already is not asked again"
    )
    return [
        f"{total['cases']} cases, {_calls(total['fewest_calls'], total['most_calls'])}",
        f"about {_span(total['prompt_tokens'], total['most_prompt_tokens'])} tokens in and "
        f"{total['completion_tokens']} out, {_cost(total['money'], total['most_money'])}",
        f"assumed: {AGENT_SEARCHES} searches an agent, {AGENT_TURN_TOKENS} tokens a turn; {stored}",
    ]


def _calls(fewest: object, most: object) -> str:
    if fewest == most:
        return f"{fewest} calls"
    return f"{fewest} calls where samples share a request, {most} where they do not"


def _span(fewest: object, most: object) -> str:
    """Return the two as a range, or the one they are: as samples share a request, or do not."""
    low, high = str(fewest), str(most)
    return low if low == high else f"{low} to {high}"


def _cost(fewest: float, most: float) -> str:
    """Return what tokens cost; where no model has a price, that is unknown and not nothing."""
    if not most:
        return "cost unknown, as no price is set"
    return f"cost {_span(f'{fewest:.2f}', f'{most:.2f}')} in your unit"
