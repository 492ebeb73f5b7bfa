"""What the items of a run can show, in words: told with the plan, before the first call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import EXCESS_FLIPS
from pytest_safescale.statistics import power
from pytest_safescale.statistics.anytime import first_pass, stopped_runs
from pytest_safescale.statistics.power import CONFIDENCE, POWER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_safescale.gates.spec import Gate

__all__ = ["Questions", "render_outlook"]

EVENTS = (0, 1, 2, 3, 5, 10)
"""Numbers of events for which tables tell what is certified, or needed."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked about a number of items; rates and thresholds are fractions."""

    thresholds: Sequence[float] = (0.01, 0.02, 0.05, 0.1)
    increases: Sequence[float] = (0.01, 0.02, 0.05, 0.1)
    rate: float = 0.02
    """The true rate that is assumed where a chance is told."""
    confidence: float = CONFIDENCE


def render_outlook(
    sizes: Mapping[str, int],
    gates: Sequence[Gate],
    asked: Questions,
    *,
    models: int = 1,
    holm: bool = False,
) -> list[str]:
    """Return what these items can show, in 80 columns; ``sizes`` are the items by condition.

    With ``holm`` the configured gates share their chance, each on every one of ``models``.
    """
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for condition, items in sizes.items():
        by_size[items].append(condition)
    lines = [*_certified(by_size, asked), *_needed(asked)]
    for items in sorted(by_size, reverse=True):
        lines += [*_chances(items, asked), *_increases(items, asked), *_margins(items, asked)]
    return [*lines, *_configured(gates, sizes, asked, models if holm else 0)]


def _certified(by_size: Mapping[int, Sequence[str]], asked: Questions) -> Iterator[str]:
    yield ""
    yield f"Highest true rate left possible at {_sure(asked)}, by events seen"
    yield f"{'events':<22}" + "".join(f"{events:>9}" for events in EVENTS)
    for items, conditions in sorted(by_size.items(), reverse=True):
        told = (power.certifiable(items, min(n, items), asked.confidence) for n in EVENTS)
        yield f"{f'{items} items':<22}" + "".join(f"{_percent(rate):>9}" for rate in told)
        if len(by_size) > 1:
            yield f"  {', '.join(conditions)}"


def _needed(asked: Questions) -> Iterator[str]:
    yield ""
    yield f"Items that a gate at {_sure(asked)} needs, by events seen"
    yield f"{'events':<22}" + "".join(f"{events:>9}" for events in EVENTS)
    for threshold in asked.thresholds:
        needed = (power.items_needed(threshold, n, asked.confidence) for n in EVENTS)
        yield f"{f'at most {_percent(threshold)}':<22}" + "".join(f"{_many(n):>9}" for n in needed)


def _chances(items: int, asked: Questions) -> Iterator[str]:
    yield ""
    yield f"Such a gate with {items} items, where the true rate is {_percent(asked.rate)}"
    yield f"{'':<22}{'events allowed':>18}{'passes':>12}{f'items to pass {_percent(POWER)}':>26}"
    for threshold in asked.thresholds:
        allowed = power.events_allowed(items, threshold, asked.confidence)
        chance = power.chance_to_pass(items, threshold, asked.rate, asked.confidence)
        enough = power.items_to_pass(threshold, asked.rate, confidence=asked.confidence)
        yield (
            f"{f'at most {_percent(threshold)}':<22}"
            f"{'cannot pass' if allowed is None else allowed:>18}"
            f"{_percent(chance):>12}{_many(enough):>26}"
        )


def _increases(items: int, asked: Questions) -> Iterator[str]:
    alpha = 1 - asked.confidence

    def seen(rise: float, independent: bool) -> tuple[float, int | None]:
        change = power.change_expected(asked.rate, rise, independent=independent)
        enough = power.items_for_increase(change, alpha=alpha)
        return power.power_of_increase(items, change, alpha=alpha), enough

    yield ""
    yield f"An increase from {_percent(asked.rate)} seen by {items} items, each against itself"
    yield f"(paired one-sided exact test at {_percent(alpha)}; items are for {_percent(POWER)})"
    yield from _both_ways("by", "if no item gets better", asked.increases, seen)


def _margins(items: int, asked: Questions) -> Iterator[str]:
    sure = asked.confidence

    def kept(margin: float, independent: bool) -> tuple[float, int | None]:
        change = power.change_expected(asked.rate, 0.0, independent=independent)
        enough = power.items_to_keep(margin, change, confidence=sure)
        return power.chance_to_keep(items, margin, change, confidence=sure), enough

    yield ""
    yield f"A gate that allows a rise of a rate of {_percent(asked.rate)}, where nothing rises: how"
    yield f"often it passes with {items} items at {_sure(asked)} (items are for {_percent(POWER)})"
    yield from _both_ways("at most", "if no answer changes", asked.increases, kept)


def _both_ways(
    start: str,
    least: str,
    steps: Sequence[float],
    told: Callable[[float, bool], tuple[float, int | None]],
) -> Iterator[str]:
    """Give a table of chances and items, for the least change and for independent answers."""
    yield f"{'':<16}{least:>32}{'if answers are independent':>32}"
    for step in steps:
        line = f"{f'{start} {_percent(step)}':<16}"
        for independent in (False, True):
            chance, enough = told(step, independent)
            line += f"{f'{_percent(chance)}, {_many(enough)} items':>32}"
        yield line


def _configured(
    gates: Sequence[Gate], sizes: Mapping[str, int], asked: Questions, sharing: int
) -> Iterator[str]:
    """Tell what the gates with confidence allow; ``sharing`` models by Holm's method, or 0."""
    cells = [
        (gate, condition)
        for gate in gates
        # How many cases answer at a certified threshold is not known before.
        if gate.confidence is not None and gate.certified is None and gate.by is None
        for condition in dict.fromkeys(name for _, name in gate.cells(["*"], list(sizes)))
        if condition in sizes
    ]
    if cells:
        yield ""
        yield "The configured gates that ask for confidence"
    held_together = len(cells) * sharing
    if held_together > 1:
        yield from wrap(
            f"By Holm's method {held_together} gates share their chance: each is told as the "
            "hardest of them, which is how it is held where all are alike",
            80,
        )
    for gate, condition in cells:
        hardest = _at_first_step(gate, held_together) if held_together > 1 else gate
        yield from wrap(
            _allowance_sentence(hardest, condition, sizes[condition], asked),
            80,
            subsequent_indent="  ",
        )


def _at_first_step(gate: Gate, gates_held_together: int) -> Gate:
    """Return the gate as Holm's first step holds it."""
    assert gate.confidence is not None
    return gate.model_copy(update={"confidence": 1 - (1 - gate.confidence) / gates_held_together})


def _allowance_sentence(gate: Gate, condition: str, items: int, asked: Questions) -> str:
    """Say what a gate allows in one cell: events, or cases that miss a rate that must be high."""
    assert gate.tested_confidence is not None
    if gate.kind.is_difference or gate.metric == EXCESS_FLIPS:
        return _difference_sentence(gate, condition, items, asked)
    if gate.sequential is not None:
        return _sequential_sentence(gate, condition, items, asked)
    high = not gate.at_most
    threshold = 1 - gate.threshold if high else gate.threshold
    allowed = power.events_allowed(items, threshold, gate.tested_confidence)
    start = f"{gate.name or gate.of_metric} ({condition}), {gate.rule}: {items} items"
    if allowed is None:
        needed = power.items_needed(threshold, 0, gate.tested_confidence)
        return f"{start} cannot pass it, whatever they answer; it takes {_many(needed)}"
    sentence = f"{start} allow {allowed} {'misses' if high else 'events'}"
    if high:
        return sentence
    chance = power.chance_to_pass(items, threshold, asked.rate, gate.tested_confidence)
    return f"{sentence}; at a true {_percent(asked.rate)} it passes {_percent(chance)} of runs"


def _sequential_sentence(gate: Gate, condition: str, items: int, asked: Questions) -> str:
    """Say how soon a gate that holds at any stop can pass, and how often it does."""
    assert gate.tested_confidence is not None
    high, alpha = not gate.at_most, 1 - gate.tested_confidence
    threshold = 1 - gate.threshold if high else gate.threshold
    start = f"{gate.name or gate.of_metric} ({condition}), {gate.rule}: {items} items"
    needed = first_pass(threshold, alpha)
    if needed is None or needed > items:
        return f"{start} cannot pass it, whatever they answer; it takes {_many(needed)}"
    sentence = f"{start} pass it after {needed} without {'a miss' if high else 'an event'}"
    if high or items > power.MOST_KEPT:
        return sentence
    stopped = stopped_runs(items, threshold, asked.rate, alpha)
    return (
        f"{sentence}; at a true {_percent(asked.rate)} it passes {_percent(stopped.passed)} of "
        f"runs, and is decided after {stopped.items:.0f} on the average"
    )


def _difference_sentence(gate: Gate, condition: str, items: int, asked: Questions) -> str:
    """Say how often a gate on a difference passes where there is none."""
    start = f"{gate.name or gate.of_metric} ({condition}), {gate.rule}: with {items} items"
    assert gate.tested_confidence is not None
    same, apart = (
        power.chance_to_keep(
            items,
            gate.threshold,
            power.change_expected(asked.rate, 0.0, independent=independent),
            confidence=gate.tested_confidence,
        )
        for independent in (False, True)
    )
    return (
        f"{start} it passes {_percent(same)} of runs in which no answer changes, {_percent(apart)} "
        f"of those with independent answers at a true {_percent(asked.rate)}"
    )


def _sure(asked: Questions) -> str:
    return f"{100 * asked.confidence:g} % confidence"


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"


def _many(items: int | None) -> str:
    return "never" if items is None else str(items)
