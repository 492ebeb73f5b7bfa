from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_safescale.perturb.search.minimise import Parts, minimise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTS = 24
calmly = settings(database=None, deadline=None)


class Asked:
    """Answers by a rule from memory or by a call, as long as there are calls left."""

    def __init__(self, rule: Callable[[Parts], bool], calls: int = 150) -> None:
        self.rule = rule
        self.left = calls
        self.rounds: list[int] = []
        self.known: dict[Parts, bool] = {(): False}

    async def breaks(self, selections: Sequence[Parts]) -> list[bool]:
        new = [one for one in dict.fromkeys(selections) if one not in self.known][: self.left]
        self.known |= {one: self.rule(one) for one in new}
        self.left -= len(new)
        if new:
            self.rounds.append(len(new))
        return [self.known.get(one, False) for one in selections]

    def minimised(self, parts: int = PARTS) -> Parts:
        return asyncio.run(minimise(parts, self.breaks, left=lambda: self.left))


def holding(*triggers: Sequence[int]) -> Callable[[Parts], bool]:
    """Return the rule that any of the triggers breaks it where all of its parts are there."""
    return lambda kept: any(set(trigger) <= set(kept) for trigger in triggers)


@pytest.mark.parametrize(
    ("triggers", "least"),
    [
        ([[5]], [5]),
        ([[0, 23]], [0, 23]),
        ([[3, 9, 10, 17]], [3, 9, 10, 17]),
        # One of two: the first half of what can be spared, one by one, is tried first.
        ([[4], [20]], [4]),
        ([[2, 11], [2, 19]], [2, 11]),
        ([list(range(PARTS))], list(range(PARTS))),
    ],
)
def test_what_is_left_is_a_trigger_and_nothing_else(
    triggers: list[list[int]], least: list[int]
) -> None:
    asked = Asked(holding(*triggers))
    assert asked.minimised() == tuple(least)
    assert len(asked.rounds) <= 6


@pytest.mark.parametrize("trigger", [[7], [0, 23], [3, 9, 17]])
def test_one_trigger_takes_two_rounds_of_which_the_first_leaves_out_part_by_part(
    trigger: list[int],
) -> None:
    asked = Asked(holding(trigger))
    asked.minimised()
    # The trigger alone, and what is left of it without each of its parts; nothing is no selection.
    assert asked.rounds == [PARTS, 1 + len(trigger) - (len(trigger) == 1)]


TRIGGERS = st.lists(
    st.lists(st.integers(0, PARTS - 1), min_size=1, max_size=4, unique=True),
    min_size=1,
    max_size=4,
)


@calmly
@given(triggers=TRIGGERS)
def test_no_part_of_the_result_can_be_left_out(triggers: list[list[int]]) -> None:
    asked = Asked(holding(*triggers), calls=1000)
    kept = asked.minimised()
    assert asked.rule(kept)
    assert not any(asked.rule(tuple(set(kept) - {part})) for part in kept)


@calmly
@given(number=st.integers(0, 1000), calls=st.integers(0, 200), parts=st.integers(1, 40))
def test_it_ends_within_the_calls_and_breaks_whatever_the_rule_is(
    number: int, calls: int, parts: int
) -> None:
    whole = tuple(range(parts))

    def rule(kept: Parts) -> bool:
        return kept == whole or random.Random(f"{number} {kept}").random() < 0.3

    asked = Asked(rule, calls)
    kept = asked.minimised(parts)
    assert kept == whole or asked.known[kept]
    assert sum(asked.rounds) <= calls


@calmly
@given(triggers=TRIGGERS, calls=st.integers(4, 40))
def test_few_calls_leave_out_groups_of_parts(triggers: list[list[int]], calls: int) -> None:
    asked = Asked(holding(*triggers), calls)
    kept = asked.minimised()
    assert asked.rule(kept)


def test_three_calls_for_many_parts_are_enough_to_leave_most_of_them_out() -> None:
    asked = Asked(holding([30]), calls=3)
    assert asked.minimised(40) == tuple(range(28, 40))


def test_one_part_is_nothing_to_ask_about() -> None:
    asked = Asked(holding([0]))
    assert asked.minimised(1) == (0,)
    assert asked.rounds == []
