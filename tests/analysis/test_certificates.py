"""Thresholds that are certified: worked by hand, by property, and where the truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.certify_level import BOUND, CLUSTERED, DELTA, WORLDS, Clusters, level
from pytest_safescale.analysis.answer_scores import NEVER, ScoredCases
from pytest_safescale.analysis.certificates import (
    ALL,
    ANSWERED,
    Demand,
    calibrating,
    certify,
    items_for,
)

HALF = Demand(bound=0.5, delta=0.2)


def scored(*kinds: tuple[int, float, bool], abstained: int = 0) -> ScoredCases:
    """Return so many cases of a score that are dangerous or not."""
    scores = [score for count, score, _ in kinds for _ in range(count)]
    bad = [dangerous for count, _, dangerous in kinds for _ in range(count)]
    nothing = [NEVER] * abstained
    return ScoredCases(
        ids=tuple(str(place) for place in range(len(scores) + abstained)),
        answered_up_to=np.array([*scores, *nothing]),
        dangerous_up_to=np.array(
            [*(score if one else NEVER for score, one in zip(scores, bad, strict=True)), *nothing]
        ),
        missing=np.zeros(len(scores) + abstained, dtype=bool),
    )


def twice(cases: ScoredCases) -> tuple[ScoredCases, np.ndarray]:
    """Return the cases as both halves, and which of them calibrate."""
    n = len(cases.ids)
    both = ScoredCases(
        ids=tuple(str(place) for place in range(2 * n)),
        answered_up_to=np.tile(cases.answered_up_to, 2),
        dangerous_up_to=np.tile(cases.dangerous_up_to, 2),
        missing=np.tile(cases.missing, 2),
    )
    return both, np.arange(2 * n) < n


def test_the_lowest_threshold_that_holds_is_found_and_shown_on_the_other_half() -> None:
    # At most 1/2 of danger with delta 0.2. Of 30 sure answers none is dangerous, of 10 at 0.6
    # three, of 20 at 0.2 all, so at 0.2 there are 23 of 60: p = P(X <= 23), X binomial (60, 1/2).
    half = scored((30, 1.0, False), (7, 0.6, False), (3, 0.6, True), (20, 0.2, True), abstained=5)
    found = certify(*twice(half), HALF)
    assert [(one.threshold, one.answered, one.dangerous) for one in found.tested] == [
        (1.0, 30, 0),
        (0.6, 40, 3),
        (0.2, 60, 23),
    ]
    assert found.tested[0].p_value == pytest.approx(0.5**30)
    assert found.tested[2].p_value == pytest.approx(0.0462, abs=5e-5)
    assert found.threshold == 0.2
    assert found.shown is not None
    assert (found.shown.items, found.shown.answered, found.shown.dangerous) == (65, 60, 23)
    assert found.shown.coverage == 60 / 65
    assert found.shown.danger == 23 / 60
    # A stricter demand ends at 0.6, and names the threshold that did not hold.
    strict = certify(*twice(half), replace(HALF, delta=0.01))
    assert strict.threshold == 0.6
    assert [one.threshold for one in strict.tested] == [1.0, 0.6, 0.2]
    assert strict.without.danger == 23 / 60


def test_over_all_cases_abstentions_count() -> None:
    # 4 dangerous of 40 cases, 10 of them abstained; at most 1/4: P(X <= 4), X binomial (40, 1/4).
    half = scored((26, 1.0, False), (4, 1.0, True), abstained=10)
    found = certify(*twice(half), Demand(bound=0.25, delta=0.05, over=ALL))
    assert found.threshold == 1.0
    assert found.tested[0].p_value == pytest.approx(0.0160, abs=5e-5)
    assert found.shown is not None
    assert found.shown.danger == 4 / 40


def test_testing_begins_where_there_is_room_for_one_dangerous_answer() -> None:
    # At most 1/2 with delta 0.2: one dangerous answer takes 5 (6/32 = 0.1875; of 4 it is 5/16).
    half = scored((4, 1.0, False), (36, 0.5, False), (10, 0.1, True))
    found = certify(*twice(half), HALF)
    assert [one.threshold for one in found.passed_over] == [1.0]
    assert found.tested[0].threshold == 0.5


def test_what_calibrates_has_no_say_in_where_testing_begins() -> None:
    other = scored((4, 1.0, False), (36, 0.5, False))
    for known in (scored((40, 1.0, True)), scored((40, 1.0, False)), scored((40, 0.5, True))):
        both = ScoredCases(
            ids=tuple(map(str, range(80))),
            answered_up_to=np.concatenate([known.answered_up_to, other.answered_up_to]),
            dangerous_up_to=np.concatenate([known.dangerous_up_to, other.dangerous_up_to]),
            missing=np.zeros(80, dtype=bool),
        )
        found = certify(both, np.arange(80) < 40, HALF)
        assert found.tested[0].threshold == 0.5


def test_where_none_holds_it_tells_how_many_items_would_be_needed() -> None:
    # 20 of 40 answer in the calibration half, none dangerous: 1 of 20 cannot be shown by them.
    demand = Demand(bound=0.05, delta=0.05)
    found = certify(*twice(scored((20, 1.0, False), abstained=20)), demand)
    assert found.threshold is None
    assert found.shown is None
    # A rate of 0.5 / 21 passes 80 % of runs with 234 answers or so: four times as many items.
    needed = items_for(found, demand)
    assert needed is not None
    assert needed == 4 * (needed // 4)
    assert 4 * 59 < needed < 4 * 400
    # Answers that are dangerous too often are so of any number of items.
    bad = certify(*twice(scored((10, 1.0, False), (10, 1.0, True))), demand)
    assert items_for(bad, demand) is None


def test_nothing_is_certified_where_nobody_answers() -> None:
    found = certify(*twice(scored(abstained=5)), HALF)
    assert (found.threshold, found.tested, items_for(found, HALF)) == (None, (), None)
    assert found.without.danger is None
    assert found.without.coverage == 0.0


def test_a_cluster_counts_once_and_as_its_most_dangerous_and_surest_case() -> None:
    # a has a harmless case at 0.9 and a dangerous one at 0.5; b one that abstains and one that
    # lacks replies; c, which has no cluster, is not of the cluster that is called like it.
    cases = ScoredCases(
        ids=("1", "2", "3", "4", "c", "5"),
        answered_up_to=np.array([0.9, 0.5, NEVER, NEVER, 0.7, 0.2]),
        dangerous_up_to=np.array([NEVER, 0.5, NEVER, 1.0, NEVER, 0.2]),
        missing=np.array([False, False, False, True, False, False]),
    )
    found = cases.by_cluster(["a", "a", "b", "b", "", "c"])
    assert found.ids == ("a", "b", "c", "c")
    assert found.answered_up_to.tolist() == [0.9, NEVER, 0.7, 0.2]
    assert found.dangerous_up_to.tolist() == [0.5, 1.0, NEVER, 0.2]
    assert found.missing.tolist() == [False, True, False, False]
    assert [many.tolist() for many in found.counts([0.5, 0.9])] == [[3, 2], [2, 1]]
    alone = cases.by_cluster([""] * 6)
    assert alone.ids == cases.ids
    assert alone.dangerous_up_to.tolist() == cases.dangerous_up_to.tolist()


@st.composite
def two_halves(draw: st.DrawFn) -> ScoredCases:
    kinds = draw(
        st.lists(
            st.tuples(st.sampled_from([0.2, 0.5, 0.7, 1.0]), st.booleans()), min_size=8, max_size=60
        )
    )
    return scored(*((1, score, dangerous) for score, dangerous in kinds))


@settings(max_examples=50)
@given(two_halves(), st.integers(0, 100), st.sampled_from([ANSWERED, ALL]))
def test_a_case_that_goes_missing_never_helps(cases: ScoredCases, seed: int, over: str) -> None:
    calibrate = calibrating(cases.ids, 0.5, seed)
    if calibrate.all() or not calibrate.any():
        return
    lost = int(np.flatnonzero(calibrate)[0])
    at = np.arange(len(cases.ids)) == lost
    without = ScoredCases(
        ids=cases.ids,
        answered_up_to=np.where(at, NEVER, cases.answered_up_to),
        dangerous_up_to=np.where(at, 1.0, cases.dangerous_up_to),
        missing=at,
    )
    demand = replace(HALF, over=over)
    known, worse = (certify(one, calibrate, demand) for one in (cases, without))
    for before, after in zip(known.tested, worse.tested, strict=False):
        assert before.threshold == after.threshold
        assert after.p_value >= before.p_value - 1e-12
    assert worse.threshold is None or (
        known.threshold is not None and worse.threshold >= known.threshold
    )


@settings(max_examples=30)
@given(st.lists(st.text(max_size=5), unique=True, min_size=1, max_size=8), st.integers(0, 5))
def test_an_item_stays_on_its_side_whatever_other_items_there_are(
    ids: list[str], seed: int
) -> None:
    together = calibrating(ids, 0.5, seed)
    alone = [bool(calibrating([name], 0.5, seed)[0]) for name in ids]
    assert together.tolist() == alone
    more = calibrating(ids, 0.8, seed)
    assert (more | ~together).all()


def test_the_split_has_the_share_asked_for_and_depends_on_the_seed() -> None:
    ids = [f"item-{place}" for place in range(4000)]
    assert calibrating(ids, 0.3, 42).mean() == pytest.approx(0.3, abs=0.03)
    assert (calibrating(ids, 0.5, 1) == calibrating(ids, 0.5, 2)).mean() == pytest.approx(
        0.5, abs=0.03
    )


@pytest.mark.parametrize("over", [ANSWERED, ALL])
@pytest.mark.parametrize("name", WORLDS)
def test_a_promise_is_broken_no_more_often_than_delta(name: str, over: str) -> None:
    runs = 200
    found = level(WORLDS[name], 200, over, repetitions=runs)
    # Three standard errors above delta: what a level of delta gives in 1 of 700 tries.
    assert found.broken <= DELTA + 3 * (DELTA * (1 - DELTA) / runs) ** 0.5


@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("name", CLUSTERED)
def test_a_promise_about_clusters_is_broken_no_more_often_than_delta(name: str, n: int) -> None:
    runs = 200
    found = level(Clusters(world=CLUSTERED[name]), n, repetitions=runs)
    assert found.broken <= DELTA + 3 * (DELTA * (1 - DELTA) / runs) ** 0.5


def test_items_of_clusters_that_are_counted_as_independent_break_it() -> None:
    items = Clusters(world=CLUSTERED["useless"], as_one=False)
    assert level(items, 200, repetitions=400).broken > 2 * DELTA


@pytest.mark.parametrize("over", [ANSWERED, ALL])
@pytest.mark.parametrize("name", CLUSTERED)
def test_the_true_risk_of_clusters_is_what_many_of_them_show(name: str, over: str) -> None:
    clusters = Clusters(world=CLUSTERED[name])
    many = clusters.draw(80_000, np.random.default_rng(5))
    for threshold in (0.1, 0.5, 1.0):
        answered, dangerous = many.counts(threshold)
        n = answered if over == ANSWERED else len(many.ids)
        assert clusters.risk(threshold, over) == pytest.approx(dangerous / n, abs=0.006)


def test_the_simulation_sees_a_threshold_that_was_tuned() -> None:
    assert level(WORLDS["useless"], 200, repetitions=200).tuned > 5 * DELTA
    assert WORLDS["useless"].risk(1.0, ANSWERED) > BOUND
