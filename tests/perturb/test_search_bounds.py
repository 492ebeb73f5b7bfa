from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import warnings
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_safescale.errors import BudgetSpent
from pytest_safescale.perturb.relations import RELATIONS, Observed
from pytest_safescale.perturb.search.probe import Budget, SearchReport, Tally, seed_of
from pytest_safescale.perturb.search.run_search import search, search_concurrently
from tests.perturb.planted import (
    BARE,
    NO_DATABASE,
    NODULE,
    always,
    found,
    invariant,
    look,
    probe,
    turning,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.perturb.edits.edit import Variant

HANG_S = 600
"""Ends a test that hangs; far beyond what anything here takes, on any machine."""


def test_variants_are_asked_in_batches_and_no_variant_twice() -> None:
    batches: list[list[str]] = []

    def note(variants: Sequence[Variant]) -> list[Observed]:
        batches.append([one.key for one in variants])
        return turning(NODULE, ("withdrawn", "replaced"), "B")(variants)

    report = look(probe("outdated_guideline"), note, budget=Budget(variants=20, batch=8))
    sizes = [len(batch) for batch in batches]
    assert sizes[:3] == [8, 8, 4]
    assert max(sizes) == 8
    keys = [key for batch in batches for key in batch]
    assert len(keys) == len(set(keys)) == report.calls


def test_the_budget_bounds_the_calls_and_the_finding_says_it_was_cut_short() -> None:
    budget = Budget(variants=20, shrink_calls=3)
    report = look(
        probe("outdated_guideline"), turning(NODULE, ("withdrawn", "replaced"), "B"), budget=budget
    )
    assert report.calls == 23
    assert not found(report).shrunk


@pytest.mark.parametrize("relation", ["outdated_guideline", "irrelevant_around", "layout"])
@pytest.mark.parametrize("calls", range(12))
def test_no_round_takes_more_than_what_is_left_of_the_budget(relation: str, calls: int) -> None:
    asked = 0

    def picky(variants: Sequence[Variant]) -> list[Observed]:
        nonlocal asked
        asked += len(variants)
        # Only the variants as they were drawn turn it, so that all of their parts are needed.
        return [Observed(letter="B" if asked <= 20 else "A") for _ in variants]

    report = look(probe(relation), picky, budget=Budget(variants=20, shrink_calls=calls))
    assert report.calls == asked <= 20 + calls
    assert found(report).shrunk or report.calls == 20 + calls


def test_a_counterexample_is_minimised_in_a_handful_of_rounds() -> None:
    rounds: list[int] = []

    def note(variants: Sequence[Variant]) -> list[Observed]:
        rounds.append(len(variants))
        return turning(NODULE, ("withdrawn", "replaced"), "B")(variants)

    for seed in range(20):
        rounds.clear()
        assert found(look(probe("outdated_guideline"), note, seed=seed)).shrunk
        drawn, *further = rounds
        assert drawn == 20
        assert len(further) <= 4


def test_a_batch_with_a_failure_can_be_the_last() -> None:
    budget = Budget(variants=20, batch=4, stop_at_failure=True)
    report = look(probe("option_order", before=Observed(letter="A")), always("A"), budget=budget)
    assert report.tally.tried == 4


def test_failed_calls_count_in_no_rate_and_break_nothing() -> None:
    def failing(variants: Sequence[Variant]) -> list[Observed]:
        return [Observed(letter=None, error="timeout") for _ in variants]

    report = look(probe("layout"), failing, budget=Budget(variants=5))
    assert report.tally == Tally(errors=5)
    assert report.counterexample is None
    assert report.tally.counts()["flip_rate"] == (0, 0)


def test_counts_add_up_over_searches() -> None:
    one = Tally(tried=3, flips=2, high_risk_flips=1, broken=1)
    two = Tally(tried=2, errors=1, followed=1)
    assert (one + two).counts() == {
        "flip_rate": (2, 5),
        "high_risk_flip_rate": (1, 5),
        "injection_success_rate": (1, 5),
    }
    assert (one + one).followed is None


_LIST_KEYS = """
from tests.perturb.test_search_bounds import keys_of
print(*keys_of(7))
"""


def keys_of(seed: int) -> list[str]:
    """Return the keys of the variants that a few searches draw."""
    keys: list[str] = []

    def note(variants: Sequence[Variant]) -> list[Observed]:
        keys.extend(one.key for one in variants)
        return invariant(NODULE)(variants)

    for relation in RELATIONS:
        look(probe(relation), note, budget=Budget(variants=6), seed=seed)
    return keys


def test_the_same_seed_draws_the_same_variants_in_any_process() -> None:
    here = keys_of(7)
    assert keys_of(7) == here
    assert keys_of(8) != here
    # Another hash seed, and other modules loaded: a worker is never quite like another.
    done = subprocess.run(
        [sys.executable, "-c", f"import decimal, tests.perturb.test_diff{_LIST_KEYS}"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "123"},
    )
    assert done.stdout.split() == here


def test_every_search_has_a_seed_of_its_own_alike_for_every_model() -> None:
    seeds = {
        seed_of(1, probe("layout")),
        seed_of(2, probe("layout")),
        seed_of(1, probe("typos")),
        seed_of(1, probe("layout", BARE)),
        seed_of(1, probe("layout", condition="top_1")),
    }
    assert len(seeds) == 5
    assert seed_of(1, probe("layout", scope="model")) in seeds


def test_a_profile_without_shrinking_reports_the_variant_as_drawn() -> None:
    hypothesis_settings = settings(NO_DATABASE, phases=[Phase.generate])
    answer = turning(NODULE, ("withdrawn", "replaced"), "B")
    report = search(probe("outdated_guideline"), answer, hypothesis_settings=hypothesis_settings)
    assert not found(report).shrunk
    assert report.calls == report.tally.tried


def test_a_profile_says_how_many_variants_where_the_budget_does_not() -> None:
    hypothesis_settings = settings(NO_DATABASE, max_examples=7)
    report = search(
        probe("typos"),
        invariant(NODULE),
        hypothesis_settings=hypothesis_settings,
        budget=Budget(variants=None),
    )
    assert report.tally.tried == 7


def test_slow_models_and_models_that_sample_raise_no_complaint_of_hypothesis(
    capsys: pytest.CaptureFixture[str],
) -> None:
    turns = iter(range(10_000))

    def moody(variants: Sequence[Variant]) -> list[Observed]:
        time.sleep(0.25)  # beyond hypothesis's deadline of 200 ms
        return [Observed(letter="AB"[next(turns) % 2]) for _ in variants]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = look(probe("layout"), moody, budget=Budget(variants=4, shrink_calls=4))
    assert found(report).after == "B"
    assert capsys.readouterr().out == ""


@settings(
    max_examples=3,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.nested_given],  # hypothesis asks the outer test for this
)
@given(seed=st.integers(0, 5))
def test_a_search_runs_inside_a_test_of_hypothesis(seed: int) -> None:
    report = look(probe("layout"), invariant(NODULE), budget=Budget(variants=3), seed=seed)
    assert report.tally.tried == 3


def test_what_the_answering_raises_is_raised() -> None:
    def broke(variants: Sequence[Variant]) -> list[Observed]:
        raise BudgetSpent("--safescale-max-calls 5 is spent")

    with pytest.raises(BudgetSpent):
        look(probe("layout"), broke)


@pytest.mark.parametrize("error", [BudgetSpent("spent"), KeyboardInterrupt()])
def test_shrinking_that_is_stopped_keeps_the_finding_unless_the_program_is_ended(
    error: BaseException,
) -> None:
    answer = turning(NODULE, ("withdrawn", "replaced"), "B")
    rounds = 0

    def stopping(variants: Sequence[Variant]) -> list[Observed]:
        nonlocal rounds
        rounds += 1
        if rounds > 1:
            raise error
        return answer(variants)

    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            look(probe("outdated_guideline"), stopping)
        return
    report = look(probe("outdated_guideline"), stopping)
    assert report.stopped_by == "spent"
    assert rounds == 2
    assert report.calls == report.tally.tried
    assert not found(report).shrunk


def test_searches_run_beside_each_other_from_one_loop_and_find_the_same() -> None:
    answer = turning(NODULE, ("withdrawn", "replaced"), "B")
    probes = [probe("outdated_guideline", scope=str(at)) for at in range(6)]
    asked = 0
    all_asked = asyncio.Event()

    async def together(variants: Sequence[Variant]) -> list[Observed]:
        nonlocal asked
        asked += 1
        if asked == len(probes):
            all_asked.set()
        # Nobody is answered before all of them have asked.
        await asyncio.wait_for(all_asked.wait(), HANG_S)
        return answer(variants)

    async def all_of_them() -> list[SearchReport]:
        searches = (
            search_concurrently(one, together, hypothesis_settings=NO_DATABASE) for one in probes
        )
        return await asyncio.gather(*searches)

    reports = asyncio.run(all_of_them())
    alone = look(probes[0], answer)
    assert reports[0] == alone
    assert {found(report).edits for report in reports} == {found(alone).edits}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_search_that_is_cancelled_asks_nothing_more(at: int) -> None:
    rounds = 0
    stuck = asyncio.Event()

    async def until_stuck(variants: Sequence[Variant]) -> list[Observed]:
        nonlocal rounds
        rounds += 1
        if rounds == at:
            stuck.set()
            await asyncio.Event().wait()
        return turning(NODULE, ("withdrawn", "replaced"), "B")(variants)

    async def cancelled() -> None:
        task = asyncio.create_task(
            search_concurrently(
                probe("outdated_guideline"), until_stuck, hypothesis_settings=NO_DATABASE
            )
        )
        await asyncio.wait_for(stuck.wait(), HANG_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert rounds == at


def test_a_profile_that_was_loaded_holds_for_searches_in_a_loop_too() -> None:
    async def right(variants: Sequence[Variant]) -> list[Observed]:
        return invariant(NODULE)(variants)

    before = settings.get_current_profile_name()
    settings.register_profile("three", NO_DATABASE, max_examples=3)
    settings.load_profile("three")
    try:
        report = asyncio.run(
            search_concurrently(probe("typos"), right, budget=Budget(variants=None))
        )
    finally:
        settings.load_profile(before)
    assert report.tally.tried == 3
