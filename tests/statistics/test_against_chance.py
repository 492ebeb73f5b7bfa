"""The share of the worst items against chance: enumerated, and at its ends."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_safescale.statistics.concentration import (
    PLACEMENTS,
    Cells,
    against_chance,
    carried_by_chance,
    carried_in_each,
    excess_between,
    expected_of_many,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def enumerated(there: list[list[int]], found: list[int], items: int, worst: int) -> list[int]:
    """Return what the worst items carry in every placement of each cell's findings."""
    ways = [itertools.combinations(members, k) for members, k in zip(there, found, strict=True)]
    carried = []
    for placed in itertools.product(*ways):
        counts = np.bincount([place for cell in placed for place in cell], minlength=items)
        carried.append(int(np.sort(counts)[::-1][:worst].sum()))
    return carried


@pytest.mark.parametrize(
    ("there", "found", "worst"),
    [
        ([range(6)] * 3, [1, 2, 3], 1),
        ([range(6)] * 3, [2, 2, 2], 2),
        # The second cell has a case of three items alone.
        ([range(5), range(3)], [2, 1], 1),
        ([range(5), range(2, 5), range(5)], [1, 2, 4], 2),
    ],
)
def test_placements_are_those_that_can_be_enumerated(
    there: list[range], found: list[int], worst: int
) -> None:
    items = max(cell.stop for cell in there)
    cases = np.zeros((len(there), items), dtype=bool)
    for cell, members in enumerate(there):
        cases[cell, list(members)] = True
    (placed,) = carried_by_chance(cases, np.array([found]), worst)
    every = enumerated([list(cell) for cell in there], found, items, worst)
    # Four standard errors of the mean and of a share over so many placements.
    assert placed.mean() == pytest.approx(np.mean(every), abs=4 * np.std(every) / PLACEMENTS**0.5)
    for carried in set(every):
        share = np.mean(np.array(every) >= carried)
        assert np.mean(placed >= carried) == pytest.approx(share, abs=2 / PLACEMENTS**0.5)


def test_one_cell_carries_what_chance_gives_it_whichever_items_it_is() -> None:
    cases = np.ones((1, 200), dtype=bool)
    (placed,) = carried_by_chance(cases, np.array([[25]]), 20)
    assert set(placed.tolist()) == {20}
    found = against_chance(20, 25, placed)
    assert found is not None
    assert (found.share, found.expected, found.excess, found.p_value) == (0.8, 0.8, 0.0, 1.0)
    assert against_chance(0, 0, placed * 0) is None


def test_nothing_is_drawn_where_all_placements_carry_as_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []

    def counted(seed: int) -> np.random.Generator:
        drawn.append(seed)
        return np.random.Generator(np.random.PCG64(seed))

    monkeypatch.setattr(np.random, "default_rng", counted)
    one, two = np.ones((1, 200), dtype=bool), np.ones((2, 200), dtype=bool)
    # Of 25 findings of one cell the worst 20 items carry 20; of 3 and of none all.
    placed = carried_by_chance(one, np.array([[25], [3], [0]]), 20)
    assert placed.dtype == np.int64
    assert [set(row) for row in placed.tolist()] == [{20}, {3}, {0}]
    assert not carried_by_chance(two, np.array([[0, 0]]), 20).any()
    assert not carried_by_chance(two, np.array([[4, 4]]), 0).any()
    assert drawn == []
    assert carried_by_chance(two, np.array([[4, 4]]), 20).shape == (1, PLACEMENTS)
    assert len(drawn) == 1


def test_the_p_counts_the_run_itself_among_the_placements() -> None:
    found = against_chance(3, 4, np.array([1, 2, 3, 4]))
    assert found is not None
    assert found.p_value == pytest.approx((1 + 2) / 5)
    assert found.excess == pytest.approx(3 / 4 - 2.5 / 4)


def test_placements_drawn_in_blocks_are_as_many() -> None:
    cases = np.ones((2, 3_000), dtype=bool)
    placed = carried_by_chance(cases, np.array([[5, 7], [0, 0]]), 300)
    assert placed.shape == (2, PLACEMENTS)
    assert set(placed[0].tolist()) == {12}
    assert not placed[1].any()


def test_groups_draw_together_what_each_draws_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    draws, items = np.random.default_rng(5), 450  # of so many items placements are drawn in blocks
    groups = [
        Cells(draws.random((cells, items)) < 0.9, draws.integers(0, 50, (2, cells)), worst=worst)
        for cells, worst in ((3, 45), (3, 45), (7, 45), (3, 40), (1, 45), (3, 0))
    ]
    groups[1] = groups[1]._replace(there=np.ones((3, items), dtype=bool))
    alone = [carried_by_chance(*group) for group in groups]
    ordered: list[int] = []

    def counted(keys: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        ordered.append(len(keys))
        return sort(keys, axis=axis)

    sort = np.sort
    monkeypatch.setattr(np, "sort", counted)
    together = carried_in_each([*groups, groups[1]])
    assert [one.tolist() for one in together[:-1]] == [one.tolist() for one in alone]
    assert together[-1].tolist() == alone[1].tolist()
    # Two blocks; of each cell once for every set of items that its groups have cases of.
    assert len(ordered) == 2 * (3 * 3 + 7)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=3),
    st.integers(1, 3),
)
def test_the_excess_of_whatever_lies_between_lies_within_its_bounds(
    ranges: list[tuple[int, int]], worst: int
) -> None:
    ends = np.array([sorted(pair) for pair in ranges]).T
    cases = np.ones((len(ranges), 4), dtype=bool)
    placed = carried_by_chance(cases, ends, worst)
    # Findings on the first items of every cell: the most concentrated that there can be.
    fewest, most = ((np.arange(4) < found[:, None]).sum(axis=0) for found in ends)
    carried = int(fewest[:worst].sum()), int(most[:worst].sum())
    totals = int(ends[0].sum()), int(ends[1].sum())
    low, high = excess_between(carried, (placed[0], placed[1]), totals)
    for found in itertools.product(*(range(first, last + 1) for first, last in ends.T.tolist())):
        if not any(found):
            continue
        (one,) = carried_by_chance(cases, np.array([found]), worst)
        counts = (np.arange(4) < np.array(found)[:, None]).sum(axis=0)
        excess = (counts[:worst].sum() - one.mean()) / sum(found)
        assert low - 1e-12 <= excess <= high + 1e-12


def test_the_share_of_many_items_needs_no_placements() -> None:
    # Two cells of 10 % over 1,000 items: 10 have two findings, 180 one. The worst 100: 110.
    assert expected_of_many(np.array([[0.1, 0.1]]), 1000, 100) == pytest.approx([110])
    cases = np.ones((2, 1000), dtype=bool)
    (placed,) = carried_by_chance(cases, np.array([[100, 100]]), 100)
    assert placed.mean() == pytest.approx(110, abs=0.5)
