"""What a number of items can show: hand-worked figures, and every sum written out."""

from __future__ import annotations

from math import ceil, comb, log

import pytest

from pytest_safescale.statistics.noninferiority import difference_p
from pytest_safescale.statistics.power import (
    Change,
    certifiable,
    chance_to_keep,
    chance_to_pass,
    change_expected,
    events_allowed,
    from_which_on,
    items_for_increase,
    items_needed,
    items_to_keep,
    items_to_pass,
    outcomes,
    power_of_increase,
)


def at_most(events: int, items: int, rate: float) -> float:
    """Return the chance of at most so many events, summed term by term."""
    return sum(
        comb(items, count) * rate**count * (1 - rate) ** (items - count)
        for count in range(events + 1)
    )


@pytest.mark.parametrize(
    ("threshold", "items"),
    # No event in n items: (1 - t)^n <= 0.05, so n = ln 0.05 / ln (1 - t), rounded up.
    # ln 0.05 = -2.9957; ln 0.95 = -0.051293: 58.40; ln 0.99 = -0.0100503: 298.07.
    [(0.05, 59), (0.01, 299), (0.02, 149), (0.1, 29), (0.5, 5)],
)
def test_a_threshold_needs_the_items_that_the_logarithm_gives(threshold: float, items: int) -> None:
    assert items == ceil(log(0.05) / log(1 - threshold))
    assert items_needed(threshold) == items


@pytest.mark.parametrize(("events", "items"), [(1, 93), (2, 124), (3, 153)])
def test_each_event_allowed_needs_more_items(events: int, items: int) -> None:
    # The fewest n for which at most so many events at a true 5 % happen 5 % of the time.
    assert at_most(events, items, 0.05) <= 0.05 < at_most(events, items - 1, 0.05)
    assert items_needed(0.05, events) == items


def test_the_rate_that_is_certified_is_the_one_under_which_so_few_events_are_rare() -> None:
    # None in 200: 1 - 0.05^(1/200) = 1.487 %. One in 66: found by its own equation.
    assert certifiable(200, 0) == pytest.approx(1 - 0.05 ** (1 / 200))
    assert at_most(1, 66, certifiable(66, 1)) == pytest.approx(0.05)
    assert certifiable(3, 3) == 1.0


@pytest.mark.parametrize(
    ("items", "threshold", "allowed"),
    [(58, 0.05, None), (59, 0.05, 0), (92, 0.05, 0), (93, 0.05, 1), (200, 0.05, 4), (10, 1.0, 10)],
)
def test_events_are_allowed_up_to_the_last_whose_bound_holds(
    items: int, threshold: float, allowed: int | None
) -> None:
    assert events_allowed(items, threshold) == allowed


def test_other_confidences_need_other_numbers() -> None:
    # ln 0.01 / ln 0.95 = 89.78; ln 0.1 / ln 0.95 = 44.89.
    assert (items_needed(0.05, 0, 0.99), items_needed(0.05, 0, 0.9)) == (90, 45)
    assert events_allowed(89, 0.05, 0.99) is None


def test_no_number_of_items_certifies_a_rate_of_zero() -> None:
    assert items_needed(0.0) is None


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.02, 0.05])
def test_a_gate_passes_as_often_as_few_enough_events_happen(rate: float) -> None:
    # 200 items allow 4 events at 5 %.
    assert chance_to_pass(200, 0.05, rate) == pytest.approx(at_most(4, 200, rate))
    assert chance_to_pass(58, 0.05, rate) == 0.0


def test_a_gate_at_the_true_rate_passes_at_most_one_time_in_twenty() -> None:
    for items in (60, 200, 1000):
        for threshold in (0.01, 0.02, 0.05, 0.1):
            assert chance_to_pass(items, threshold, threshold) <= 0.05


def test_from_the_items_to_pass_on_a_gate_mostly_passes() -> None:
    items = items_to_pass(0.05, 0.02)
    assert items == 286
    # 234 items are the first that allow six events, and 286 the first that allow eight.
    assert chance_to_pass(234, 0.05, 0.02) > 0.8 > chance_to_pass(285, 0.05, 0.02)
    assert all(chance_to_pass(more, 0.05, 0.02) >= 0.8 for more in range(items, 3 * items))


def test_every_outcome_of_two_and_three_kinds_is_counted_once() -> None:
    for chances in ((0.3, 0.7), (0.2, 0.1, 0.7)):
        counts, likely = outcomes(9, chances)
        assert counts.sum(axis=1).tolist() == [9] * len(counts)
        assert len({tuple(row) for row in counts.tolist()}) == len(counts)
        assert likely.sum() == pytest.approx(1.0)
        assert likely @ counts == pytest.approx([9 * chance for chance in chances])
    # Two of three: 3 * 0.2^2 * 0.8.
    counts, likely = outcomes(3, (0.2, 0.8))
    assert likely[counts[:, 0] == 2] == pytest.approx([0.096])


def test_from_which_on_looks_past_the_first_number_that_is_enough() -> None:
    enough = {5, 6, 9, 10, 11, 12, 13, 14, 15}
    assert from_which_on(lambda n: n in enough or n > 15, look_ahead=4) == 9
    assert from_which_on(lambda _: False, look_ahead=4, most=50) is None


def test_a_rate_at_the_threshold_passes_with_no_number_of_items() -> None:
    assert items_to_pass(0.05, 0.05) is None
    assert items_to_pass(0.05, 0.0499999) is None


@pytest.mark.parametrize(
    ("independent", "worse", "better"),
    # From 0.1 by 0.2: at least 0.2 become worse. Independent: 0.9 * 0.3 and 0.1 * 0.7.
    [(False, 0.2, 0.0), (True, 0.27, 0.07)],
)
def test_a_rise_changes_few_items_or_as_many_as_chance_does(
    independent: bool, worse: float, better: float
) -> None:
    change = change_expected(0.1, 0.2, independent=independent)
    assert [change.worse, change.better] == pytest.approx([worse, better])


@pytest.mark.parametrize(
    ("items", "power"),
    # All changed items are worse: four have p = 1/16, five p = 1/32, so five must change.
    # Half of the items change. Of 5 all must: 1/32. Of 10 at least five: 638/1024. Of 4: never.
    [(4, 0.0), (5, 1 / 32), (10, 638 / 1024)],
)
def test_five_items_that_all_get_worse_are_the_fewest_that_show_an_increase(
    items: int, power: float
) -> None:
    assert power_of_increase(items, Change(worse=0.5, better=0.0)) == pytest.approx(power)


def test_the_power_is_the_sum_over_everything_that_can_happen() -> None:
    items, change = 14, Change(worse=0.4, better=0.15)
    rest = 1 - sum(change)
    total = 0.0
    for worse in range(items + 1):
        for better in range(items + 1 - worse):
            changed = worse + better
            if sum(comb(changed, k) for k in range(worse, changed + 1)) <= 0.05 * 2**changed:
                ways = comb(items, changed) * comb(changed, worse)
                chance = change.worse**worse * change.better**better * rest ** (items - changed)
                total += ways * chance
    assert power_of_increase(items, change) == pytest.approx(total)


def test_no_change_is_seen_at_most_as_often_as_the_level_says() -> None:
    for items in (60, 200, 1000):
        assert power_of_increase(items, Change(worse=0.1, better=0.1)) <= 0.05
    assert power_of_increase(200, Change(worse=0.0, better=0.0)) == 0.0


def test_the_items_for_an_increase_reach_the_power_and_one_less_does_not() -> None:
    for independent in (False, True):
        change = change_expected(0.05, 0.1, independent=independent)
        items = items_for_increase(change)
        assert items is not None
        assert power_of_increase(items, change) >= 0.8 > power_of_increase(items - 1, change)
    assert items_for_increase(Change(worse=0.1, better=0.1)) is None


def test_a_margin_is_kept_as_often_as_everything_that_can_happen_keeps_it() -> None:
    items, margin, change = 40, 0.15, Change(worse=0.1, better=0.05)
    rest = 1 - sum(change)
    total = 0.0
    for worse in range(items + 1):
        for better in range(items + 1 - worse):
            if difference_p(worse, better, items, margin) <= 0.05:
                ways = comb(items, worse + better) * comb(worse + better, worse)
                chance = change.worse**worse * change.better**better
                total += ways * chance * rest ** (items - worse - better)
    assert chance_to_keep(items, margin, change) == pytest.approx(total)


@pytest.mark.parametrize("items", [60, 200, 1000])
def test_a_rise_by_the_whole_margin_passes_at_most_one_time_in_twenty(items: int) -> None:
    for margin in (0.01, 0.02, 0.05, 0.1):
        change = change_expected(0.02, margin, independent=True)
        assert chance_to_keep(items, margin, change) <= 0.05


def test_without_a_changed_answer_a_margin_is_kept_from_a_number_of_items_on() -> None:
    same = Change(worse=0.0, better=0.0)
    items = items_to_keep(0.02, same)
    assert items is not None
    assert (chance_to_keep(items - 1, 0.02, same), chance_to_keep(items, 0.02, same)) == (0.0, 1.0)
    assert items_to_keep(0.02, Change(worse=0.03, better=0.01)) is None
