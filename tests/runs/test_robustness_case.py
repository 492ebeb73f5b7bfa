"""What searches of one case share: its answer, the loop, and with the control what they drew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.store import Store
from pytest_safescale.perturb.families.family import Family, NotApplicable
from pytest_safescale.perturb.relations import REPEAT, MeaningPreserving
from pytest_safescale.perturb.search.probe import Budget
from pytest_safescale.perturb.search.run_search import current_hypothesis_settings
from pytest_safescale.runs.call_limits import call_limits
from pytest_safescale.runs.robustness_case import RobustnessCase, RobustnessRunner
from pytest_safescale.runs.run import case_runner
from tests.effort import run_of_cases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_safescale.perturb.families.family import Material
    from pytest_safescale.perturb.relations import Relation
    from pytest_safescale.perturb.search.probe import SearchReport
    from pytest_safescale.runs.run import Run

NAMES = ("one", "two", "three", "four")


class Noted:
    """Families that draw nothing and note at which turn of the loop they were to."""

    def __init__(self) -> None:
        self.turns = 0
        self.drawn: list[tuple[str, int]] = []
        self.relations = [MeaningPreserving(self._family(name)) for name in NAMES]

    def _family(self, name: str) -> Family:
        def build(material: Material) -> NotApplicable:
            self.drawn.append((name, self.turns))
            return NotApplicable(reason="nothing to edit")

        return Family(name, build)

    async def count_turns(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


def put(run: Run, relations: Sequence[Relation], noted: Noted) -> list[SearchReport]:
    """Put the first case to the relations, all at once."""
    limits = call_limits(run.settings, in_flight=8, heed_halt=False, workers=1, batch=False)

    async def ask() -> list[SearchReport]:
        store = Store(run.settings.store, run="r", read_only=False, lock_s=5, not_before=0)
        caller = Caller(store, limits)
        runner = RobustnessRunner(
            case_runner(run, caller),
            budget=Budget(),
            seed=1,
            hypothesis_settings=current_hypothesis_settings(),
            relations=relations,
        )
        counting = asyncio.ensure_future(noted.count_turns())
        wanted = [RobustnessCase(case=run.cases[0], relation=relation) for relation in relations]
        found = await asyncio.gather(*map(runner.run, wanted))
        counting.cancel()
        caller.close()
        return [one.report for one in found]

    return asyncio.run(ask())


def test_between_two_drawings_the_loop_does_what_it_has_at_hand(tmp_path: Path) -> None:
    noted = Noted()
    put(run_of_cases(tmp_path, 60), noted.relations, noted)
    assert sorted(name for name, _ in noted.drawn) == sorted(NAMES)
    assert len({turn for _, turn in noted.drawn}) == len(NAMES)


def test_the_control_draws_nothing_anew_that_the_searches_of_its_case_have_drawn(
    tmp_path: Path,
) -> None:
    noted = Noted()
    *_, control = put(run_of_cases(tmp_path, 60), [*noted.relations, REPEAT], noted)
    assert sorted(name for name, _ in noted.drawn) == sorted(NAMES)
    assert control.lack == "no edit that keeps the meaning applies"
