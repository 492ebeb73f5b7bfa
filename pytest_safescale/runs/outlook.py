"""What the items of a run can show, in words: told with the plan, before the first call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from pytest_safescale.runs.assumed_truth import Assumptions, chance_told, in_percent
from pytest_safescale.statistics import power
from pytest_safescale.statistics.power import CONFIDENCE, POWER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    _Told = tuple[Callable[[int], float], int | None]
    """The chance with so many items, and from how many on it is high."""

__all__ = ["Questions", "render_outlook"]

_MOSTLY = f"{in_percent(POWER)} of runs"
EVENTS = (0, 1, 2, 3, 5, 10)
"""Numbers of events for which tables tell what is certified, or needed."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked about a number of items; rates and thresholds are fractions."""

    thresholds: Sequence[float] = (0.01, 0.02, 0.05, 0.1)
    increases: Sequence[float] = (0.01, 0.02, 0.05, 0.1)
    confidence: float = CONFIDENCE
    assumed: Assumptions = field(default_factory=Assumptions)

    @property
    def rate(self) -> float:
        """The true rate that the tables assume."""
        return self.assumed.rate


def render_outlook(sizes: Mapping[str, int], asked: Questions) -> list[str]:
    """Return what these items can show, in 80 columns; ``sizes`` are the items by condition."""
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for condition, items in sizes.items():
        by_size[items].append(condition)
    numbers = sorted(by_size, reverse=True)
    tables = (_needed(asked), _chances(numbers, asked), _increases(numbers, asked))
    lines = [*_certified(by_size, asked)]
    for table in (*tables, _margins(numbers, asked)):
        lines += table
    return lines


def _certified(by_size: Mapping[int, Sequence[str]], asked: Questions) -> Iterator[str]:
    yield ""
    yield f"Highest true rate left possible at {_sure(asked)}, by events seen"
    yield f"{'events':<22}" + "".join(f"{events:>9}" for events in EVENTS)
    for items, conditions in sorted(by_size.items(), reverse=True):
        told = (power.certifiable(items, min(n, items), asked.confidence) for n in EVENTS)
        yield f"{f'{items} items':<22}" + "".join(f"{in_percent(rate):>9}" for rate in told)
        if len(by_size) > 1:
            yield f"  {', '.join(conditions)}"


def _needed(asked: Questions) -> Iterator[str]:
    yield ""
    yield f"Items that a gate at {_sure(asked)} needs, by events seen"
    yield f"{'events':<22}" + "".join(f"{events:>9}" for events in EVENTS)
    for threshold in asked.thresholds:
        needed = (power.items_needed(threshold, n, asked.confidence) for n in EVENTS)
        yield f"{f'at most {in_percent(threshold)}':<22}" + "".join(
            f"{_many(n):>9}" for n in needed
        )


def _chances(numbers: Sequence[int], asked: Questions) -> Iterator[str]:
    yield ""
    yield f"Such a gate, where the true rate is {in_percent(asked.rate)}"
    yield (
        f"{'at most':<10}{'with items':>12}{'events allowed':>18}{'passes':>12}"
        f"{f'passes {in_percent(POWER)} from':>28}"
    )
    for threshold in asked.thresholds:
        enough = power.items_to_pass(threshold, asked.rate, confidence=asked.confidence)
        for items in numbers:
            allowed = power.events_allowed(items, threshold, asked.confidence)
            chance = power.chance_to_pass(items, threshold, asked.rate, asked.confidence)
            yield (
                f"{in_percent(threshold):<10}{items:>12}"
                f"{'cannot pass' if allowed is None else allowed:>18}"
                f"{chance_told(chance):>12}{_from(enough):>28}"
            )


def _increases(numbers: Sequence[int], asked: Questions) -> Iterator[str]:
    alpha = 1 - asked.confidence

    def seen(rise: float, independent: bool) -> _Told:
        change = power.change_expected(asked.rate, rise, independent=independent)
        chance = partial(power.power_of_increase, change=change, alpha=alpha)
        return chance, power.items_for_increase(change, alpha=alpha)

    yield ""
    yield f"How often an increase from {in_percent(asked.rate)} is seen, each item against itself"
    yield f"(paired one-sided exact test at {in_percent(alpha)}), and from where in {_MOSTLY}"
    yield from _both_ways("by", "if no item gets better", asked.increases, numbers, seen)


def _margins(numbers: Sequence[int], asked: Questions) -> Iterator[str]:
    sure = asked.confidence

    def kept(margin: float, independent: bool) -> _Told:
        change = power.change_expected(asked.rate, 0.0, independent=independent)

        def chance(items: int) -> float:
            return power.chance_to_keep(items, margin, change, confidence=sure)

        return chance, power.items_to_keep(margin, change, confidence=sure)

    yield ""
    yield f"How often a gate that allows a rise of a rate of {in_percent(asked.rate)} passes where"
    yield f"nothing rises, at {_sure(asked)}, and from where in {_MOSTLY}"
    yield from _both_ways("at most", "if no answer changes", asked.increases, numbers, kept)


def _both_ways(
    start: str,
    least: str,
    steps: Sequence[float],
    numbers: Sequence[int],
    told: Callable[[float, bool], _Told],
) -> Iterator[str]:
    """Give a table of chances and items, for the least change and for independent answers."""
    yield f"{start:<10}{'items':>8}{least:>31}{'if answers are independent':>31}"
    for step in steps:
        ways = [told(step, independent) for independent in (False, True)]
        for items in numbers:
            cells = (f"{chance_told(chance(items))}, {_from(enough)}" for chance, enough in ways)
            yield f"{in_percent(step):<10}{items:>8}{''.join(f'{cell:>31}' for cell in cells)}"


def _sure(asked: Questions) -> str:
    return f"{100 * asked.confidence:g} % confidence"


def _from(items: int | None) -> str:
    return "never" if items is None else f"from {items} items"


def _many(items: int | None) -> str:
    return "never" if items is None else str(items)
