"""Stopping early decides exactly what all samples decide."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_safescale.verdicts.adaptive import is_settled, next_draw, possible_answers
from pytest_safescale.verdicts.verdict import confidence_of, majority_of

POSSIBLE = possible_answers(5)

answers = st.lists(st.sampled_from(POSSIBLE), min_size=1, max_size=24)
# Few kinds of answer make the close races that even draws hardly ever make.
close = st.lists(st.sampled_from(POSSIBLE), min_size=2, max_size=2).flatmap(
    lambda pair: st.lists(st.sampled_from(pair), min_size=1, max_size=24)
)


def decided(samples: list[str | None], options: int) -> tuple[str | None, bool]:
    return majority_of(samples), confidence_of(samples, options) >= 0.8


@settings(max_examples=500)
@given(st.one_of(answers, close), st.sampled_from([4, 5]))
def test_a_settled_case_ends_as_all_its_samples_would_have_it(
    samples: list[str | None], options: int
) -> None:
    for drawn in range(1, len(samples) + 1):
        if is_settled(samples[:drawn], len(samples), options):
            assert decided(samples[:drawn], options) == decided(samples, options)
            return
    raise AssertionError("all samples together always settle a case")


many = st.integers(6, 26).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from(possible_answers(n)), min_size=1, max_size=24), st.just(n)
    )
)


@settings(max_examples=200)
@given(many)
def test_a_settled_case_of_many_options_ends_as_all_its_samples_would_have_it(
    case: tuple[list[str | None], int],
) -> None:
    samples, options = case
    for drawn in range(1, len(samples) + 1):
        if is_settled(samples[:drawn], len(samples), options):
            assert decided(samples[:drawn], options) == decided(samples, options)
            return
    raise AssertionError("all samples together always settle a case")


@pytest.mark.parametrize(
    ("options", "answers"),
    [(2, "ABCDE"), (4, "ABCDE"), (5, "ABCDE"), (6, "ABCDEF"), (10, "ABCDEFGHIJ")],
)
def test_an_answer_is_a_letter_from_a_to_e_at_least_or_none(options: int, answers: str) -> None:
    assert possible_answers(options) == (*answers, None)


@pytest.mark.parametrize("total", range(1, 6))
def test_it_stops_at_the_first_moment_at_which_nothing_can_change(total: int) -> None:
    for drawn in product(POSSIBLE, repeat=max(1, total - 2)):
        rest = product(POSSIBLE, repeat=total - len(drawn))
        ends = {decided([*drawn, *more], 4) for more in rest}
        # Settled also asks that the decision of what is drawn is the decision of the whole.
        nothing_can_change = ends == {decided(list(drawn), 4)}
        assert is_settled(drawn, total, 4) is nothing_can_change


@pytest.mark.parametrize(
    ("drawn", "total", "options", "settled"),
    [
        # 19 alike of 20: at worst 19:1, whose confidence is 0.8767 on four options.
        (["A"] * 19, 20, 4, True),
        # 18 alike: at worst 18:1:1, H = 0.3944, 1 - H / ln 5 = 0.755: below the line.
        (["A"] * 18, 20, 4, False),
        # 11 of A and 4 others: 9 are left at most 5; the majority holds, and 16:4 is below 0.8.
        (["A"] * 11 + ["B"] * 4, 20, 5, True),
        # 10:4 with 6 left: a tie at 10:10 goes to A by the alphabet.
        (["A"] * 10 + ["B"] * 4, 20, 5, True),
        # The same for C: a tie would go to B, so it is open.
        (["C"] * 10 + ["B"] * 4, 20, 5, False),
        (["C"] * 11 + ["B"] * 4, 20, 5, True),
        # Abstentions win every tie.
        ([None] * 10 + ["B"] * 4, 20, 5, True),
        (["A"] * 10 + [None] * 4, 20, 5, False),
        ([], 20, 5, False),
        ([], 0, 5, True),
    ],
)
def test_hand_worked_cases(
    drawn: list[str | None], total: int, options: int, settled: bool
) -> None:
    assert is_settled(drawn, total, options) is settled


@given(answers, st.integers(0, 20), st.sampled_from([4, 5]))
def test_the_next_draw_is_never_empty_and_never_too_much(
    drawn: list[str | None], further: int, options: int
) -> None:
    total = len(drawn) + further
    if further:
        assert 1 <= next_draw(drawn, total, options) <= further


def test_the_first_draw_is_the_least_that_could_settle_anything() -> None:
    # Three kinds of answer put the confidence below the line, but no majority is safe before
    # 11 of 20; and 19 alike settle the other side. The least is what the spread cannot give: 19.
    assert next_draw([], 20, 4) in range(11, 20)
