"""What a run would be answered with from the store alone, found out before its first call."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.limits import CallLimits
from pytest_safescale.calls.store import Store
from pytest_safescale.errors import StoreError
from pytest_safescale.results.baseline import matched_models
from pytest_safescale.results.case_record import reply_times
from pytest_safescale.results.same_replies import replies_by_case, rest_on_the_same
from pytest_safescale.runs.run import case_runner

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_safescale.results.baseline import Baseline
    from pytest_safescale.results.same_replies import Times
    from pytest_safescale.runs.case import Case
    from pytest_safescale.runs.run import Run

__all__ = ["cases_resting_on"]


def cases_resting_on(
    baseline: Baseline, run: Run, *, items: Collection[str], started: float
) -> int:
    """Return how many cases are compared with a baseline whose very replies answer all of them.

    0 where one of them would be answered otherwise. ``items`` are those the runs share, and
    ``started`` is when the run began, in seconds since 1970. Nothing is asked.
    """
    names = [model.info.name for model in run.models]
    pairs = matched_models(
        names, list(dict.fromkeys(record["model"] for record in baseline.records))
    )
    earlier = replies_by_case(baseline.records, items)
    compared = [
        (case, earlier[key])
        for case in _spread_over_cells(run.cases)
        if (key := (pairs.get(case.cell[0], ""), case.cell[1], case.item.id)) in earlier
    ]
    try:
        with Store(
            run.settings.store,
            read_only=True,
            not_before=run.settings.stored_before_which(started),
        ) as store:
            return len(compared) if asyncio.run(_all_rest(run, store, compared)) else 0
    except StoreError:  # nothing is stored, or the run will say itself what is wrong
        return 0


def _spread_over_cells(cases: Collection[Case]) -> list[Case]:
    """Return the first case of each cell, then the second of each: a difference is met early."""
    seen: Counter[tuple[str, str]] = Counter()
    ranked = []
    for place, case in enumerate(cases):
        ranked.append((seen[case.cell], place, case))
        seen[case.cell] += 1
    return [case for _, _, case in sorted(ranked, key=lambda one: one[:2])]


async def _all_rest(run: Run, store: Store, compared: list[tuple[Case, Times]]) -> bool:
    runner = case_runner(run, Caller(store, CallLimits(replay=True)))
    for case, before in compared:
        try:
            result = await runner.run(case)
        except Exception:  # a condition of the user's own broke: its test will say how
            return False
        if not rest_on_the_same(reply_times(result.call_records()), before):
            return False
    return True
