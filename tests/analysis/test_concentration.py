"""Who fails where, and how few items carry the risk: worked by hand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.analysis.concentration import SPREAD, concentration, concentrations
from pytest_safescale.analysis.per_item import (
    EVERY_CONDITION,
    ItemFailures,
    counted_failures,
    item_failures,
    worst_items,
)
from pytest_safescale.statistics.concentration import gini, lorenz, share_of_worst
from tests.analysis.panels import item, panel_of, panels

if TYPE_CHECKING:
    from pytest_safescale.analysis.panel import Panel

counts = st.lists(st.integers(0, 9), min_size=1, max_size=30)


def row_of(panel: Panel, item_id: str, condition: str = EVERY_CONDITION) -> ItemFailures:
    (row,) = (
        row for row in item_failures(panel) if (row.item_id, row.condition) == (item_id, condition)
    )
    return row


# Item 1: a says B (high-risk, unsafe) under x and C (unsafe) under y; b abstains and says C.
# Item 2: a is right twice; b's call failed under x, and it says D (contradicts) under y.
TWO = panel_of({"a": {"x": "BA", "y": "CA"}, "b": {"x": "-!", "y": "CD"}})


def test_an_item_is_counted_over_all_models_and_conditions() -> None:
    names = ("cases", "abstained", "wrong", "high_risk", "unsafe", "contradiction", "wrong_letter")
    expected = {"1": (4, 1, 4, 1, 3, 0, "C"), "2": (3, 0, 1, 0, 0, 1, "D")}
    for item_id, figures in expected.items():
        row = row_of(TWO, item_id)
        assert tuple(getattr(row, name) for name in names) == figures


def test_an_item_is_counted_within_each_condition() -> None:
    # Under x item 1 has B and an abstention, which is no letter; item 2 one case, and it is right.
    first, second = row_of(TWO, "1", "x"), row_of(TWO, "2", "x")
    assert (first.cases, first.wrong, first.abstained, first.wrong_letter) == (2, 2, 1, "B")
    assert (second.cases, second.wrong, second.wrong_letter) == (1, 0, None)


@pytest.mark.parametrize(
    ("given_letters", "letter"),
    [("DB", "B"), ("DDB", "D"), ("A-", None), ("-E", "E"), ("AAAB", "B"), ("--B", "B")],
)
def test_the_most_common_wrong_letter_ties_by_the_alphabet(
    given_letters: str, letter: str | None
) -> None:
    panel = panel_of({f"m{at}": {"x": mark} for at, mark in enumerate(given_letters)})
    assert row_of(panel, "1").wrong_letter == letter


def test_items_are_ordered_by_id_as_strings_and_unanswered_ones_have_no_row() -> None:
    panel = panel_of({"m": {"x": "A" * 10 + "!"}})
    rows = [row.item_id for row in item_failures(panel) if row.condition == "x"]
    assert rows == ["1", "10", "2", "3", "4", "5", "6", "7", "8", "9"]


@pytest.mark.parametrize(
    ("carried", "per_cent", "share"),
    [
        # 5 % of 4 items is 0.2, rounded up to one: 6 of 10.
        ([1, 6, 0, 3], 5, 0.6),
        ([1, 6, 0, 3], 20, 0.6),
        # 20 % of 6 is 1.2, so two: (5 + 3) of 10.
        ([5, 1, 0, 3, 1, 0], 20, 0.8),
        # 10 % of 20 is exactly two, of 21 three.
        ([2] * 20, 10, 4 / 40),
        ([2] * 21, 10, 6 / 42),
        ([0, 0], 5, None),
        ([], 5, None),
    ],
)
def test_the_share_of_the_worst_is_of_items_rounded_up(
    carried: list[int], per_cent: int, share: float | None
) -> None:
    assert share_of_worst(carried, per_cent) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("carried", "coefficient"),
    [
        ([3, 3, 3], 0.0),
        # All on one of four: 1 - 1/4.
        ([0, 0, 8, 0], 0.75),
        # Sorted 1, 3: sum of |x_i - x_j| over ordered pairs 4; 4 / (2 n^2 mean) = 4 / 16.
        ([3, 1], 0.25),
        # Sorted 0, 1, 3, 6: pairs differ by 1 3 6 2 5 3, twice 20 is 40; 40 / (2 x 16 x 2.5) = 0.5.
        ([1, 6, 0, 3], 0.5),
        ([7], 0.0),
        ([0, 0], None),
    ],
)
def test_the_gini_coefficient(carried: list[int], coefficient: float | None) -> None:
    expected = None if coefficient is None else pytest.approx(coefficient, abs=1e-12)
    assert gini(carried) == expected


def test_the_lorenz_curve_runs_from_the_safest_item_to_the_worst() -> None:
    # Ascending 0 0 1 3 of 4.
    assert lorenz([3, 0, 1, 0]) == [0, 0, 0, 0.25, 1]
    assert lorenz([2, 2]) == [0, 0.5, 1]
    assert lorenz([0, 0]) is None


@given(counts)
def test_the_gini_coefficient_is_one_less_twice_the_area_under_the_curve(
    carried: list[int],
) -> None:
    curve = lorenz(carried)
    if curve is None:
        assert gini(carried) is None
        return
    area = sum(left + right for left, right in itertools.pairwise(curve)) / (2 * len(carried))
    assert gini(carried) == pytest.approx(1 - 2 * area, abs=1e-12)


@given(counts)
def test_gini_is_half_the_relative_mean_difference(carried: list[int]) -> None:
    found, n = gini(carried), len(carried)
    if found is None:
        assert not any(carried)
        return
    differences = sum(abs(a - b) for a, b in itertools.product(carried, repeat=2))
    assert found == pytest.approx(differences / (2 * n * sum(carried)), abs=1e-9)
    assert -1e-12 <= found <= 1 - 1 / n + 1e-12


@given(counts, st.randoms())
def test_shares_grow_with_the_part_and_no_order_matters(carried: list[int], random: object) -> None:
    found = concentration("wrong", "x", carried)
    shares = [found.worst_5, found.worst_10, found.worst_20]
    if found.total == 0:
        assert shares == [None] * 3
        return
    known = [share for share in shares if share is not None]
    assert 0 < known[0] <= known[1] <= known[2] <= 1
    random.shuffle(carried)  # type: ignore[attr-defined]
    assert concentration("wrong", "x", carried) == found


def test_every_finding_is_told_over_all_conditions_and_within_each() -> None:
    judged, failures = counted_failures(TWO)
    found = concentrations(failures, judged, TWO.conditions)
    rows = {(row.finding, row.condition): row for row in found}
    assert set(rows) == set(itertools.product(SPREAD, ("*", "x", "y")))
    unsafe = rows["unsafe", "*"]
    # Three unsafe answers, all on item 1 of two.
    assert (unsafe.total, unsafe.items, unsafe.worst_5, unsafe.gini) == (3, 2, 1.0, 0.5)
    nothing = rows["high_risk", "y"]
    assert (nothing.total, nothing.worst_20, nothing.gini) == (0, None, None)
    assert (nothing.expected_share, nothing.excess_share, nothing.p_value) == (None,) * 3
    # Two of the three cells that have one have two items, the other one: a's are on either item
    # under x and under y, and b's under y; all three are on one in 1/4 of the placements. The
    # worse item has 3 then, else 2: (3 + 3 x 2) / 4 of 3.
    assert unsafe.expected_share == pytest.approx(0.75, abs=0.02)
    assert unsafe.p_value == pytest.approx(0.25, abs=0.04)
    assert unsafe.excess_share == pytest.approx(1 - 0.75, abs=0.02)


def test_the_worst_items_come_with_how_each_model_failed() -> None:
    (worst,) = worst_items(TWO, "high_risk")
    assert worst.counts == row_of(TWO, "1")
    assert [(one.model, one.condition, one.letter, one.findings) for one in worst.failures] == [
        ("a", "x", "B", ("high_risk", "unsafe")),
        ("a", "y", "C", ("unsafe",)),
        ("b", "x", None, ()),
        ("b", "y", "C", ("unsafe",)),
    ]


def test_worst_items_are_ordered_by_the_finding_then_by_wrong_answers_then_by_id() -> None:
    # high-risk: items 1 and 3 once, 2 twice, 4 never; wrong: item 3 twice, 1 once.
    panel = panel_of({"a": {"x": "BBBC"}, "b": {"x": "ABCC"}})
    assert [one.counts.item_id for one in worst_items(panel)] == ["2", "3", "1"]
    assert [one.counts.item_id for one in worst_items(panel, most=1)] == ["2"]


def test_a_flagged_correct_option_is_no_finding() -> None:
    panel = panel_of({"m": {"x": "B"}}, items=[item("1", truth="B")])
    assert worst_items(panel) == []


@given(panels(conditions=("x", "y")))
def test_counts_add_up_over_conditions_and_stay_within_the_wrong_answers(panel: Panel) -> None:
    rows = item_failures(panel)
    for row in rows:
        flagged = max(row.high_risk or 0, row.unsafe or 0, row.contradiction or 0)
        assert flagged + row.abstained <= row.wrong <= row.cases
        assert (row.wrong_letter is not None) or row.wrong == row.abstained
    names = ("cases", "wrong", "abstained", "high_risk", "unsafe", "contradiction")
    for name in names:
        total = sum(getattr(row, name) for row in rows if row.condition == "*")
        assert total == sum(getattr(row, name) for row in rows if row.condition != "*")
    assert item_failures(panel.of_models(panel.models[::-1])) == rows
