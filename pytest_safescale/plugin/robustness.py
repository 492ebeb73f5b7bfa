"""What a test holds of a case under a relation: the ``safescale_robustness`` fixture's value."""

from __future__ import annotations

import importlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.perturb.search.draw_variants import get_ready_to_draw
from pytest_safescale.perturb.search.probe import Budget
from pytest_safescale.perturb.search.run_search import current_hypothesis_settings
from pytest_safescale.plugin import ROBUSTNESS_FIXTURE, case_selection, output
from pytest_safescale.plugin.hook_results import things_of
from pytest_safescale.plugin.repeating import kept_options, specification_of
from pytest_safescale.plugin.travelling import attach, travelling_with
from pytest_safescale.runs.plan_words import robustness_sentence
from pytest_safescale.runs.robustness_case import (
    MAJORITY,
    RobustnessCase,
    RobustnessRunner,
    relations_named,
    repeated_beside,
)
from pytest_safescale.text.escaping import one_line, terminal_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    import pytest

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.perturb.search.counterexample import Counterexample
    from pytest_safescale.perturb.search.probe import SearchReport
    from pytest_safescale.plugin.case import SafescaleCase
    from pytest_safescale.plugin.travelling import Travelling
    from pytest_safescale.results.manifest import RobustnessSettings
    from pytest_safescale.results.search_record import SearchRecord
    from pytest_safescale.runs.asking import CaseRunner
    from pytest_safescale.runs.case import Case, CaseResult
    from pytest_safescale.runs.plan import PlanRow
    from pytest_safescale.runs.robustness_case import RobustnessResult
    from pytest_safescale.runs.run import Run

__all__ = ["RobustnessTests", "SafescaleRobustness", "reproduction"]

REPRODUCED = ".safescale/reproduced"
"""Where a repeated counterexample's report goes: not over the report it was taken from."""


class SafescaleRobustness:
    """One case under one relation; the model is asked when the result is first wanted."""

    def __init__(
        self,
        wanted: RobustnessCase,
        *,
        ask: Callable[[], RobustnessResult],
        case: Callable[[Callable[[], CaseResult]], SafescaleCase],
        strict: frozenset[str],
        tells_case: Callable[[str], bool],
    ) -> None:
        """``case`` makes the case of its result; ``tells_case`` whether a test tells its record."""
        self._wanted = wanted
        self._ask = ask
        self._case = case(self._base)
        self._strict = strict
        self._tells_case = tells_case
        self._result: RobustnessResult | None = None

    def __repr__(self) -> str:
        return terminal_line(f"<SafescaleRobustness {self._wanted.id}>")

    @property
    def item(self) -> Item:
        """The item as it is."""
        return self._wanted.case.item

    @property
    def condition(self) -> str:
        """The condition's name."""
        return self._wanted.case.condition.name

    @property
    def model(self) -> str:
        """The model's name, as given to ``--safescale-model``."""
        return self._wanted.case.model.info.name

    @property
    def relation(self) -> str:
        """The relation's name."""
        return self._wanted.relation.name

    @property
    def report(self) -> SearchReport:
        """What came of the search: counts, the counterexample, or why there was no search."""
        return self.result.report

    @property
    def counterexample(self) -> Counterexample | None:
        """The smallest edit that breaks the relation, if one does."""
        return self.result.counterexample

    @property
    def result(self) -> RobustnessResult:
        """Everything that came of it, the case as it is included."""
        _ = self._case.result  # asks, or ends the test where nothing may be asked
        assert self._result is not None
        return self._result

    def _base(self) -> CaseResult:
        self._result = self._ask()
        return self._result.base

    def judge(self) -> None:
        """Pass where the relation holds; else fail on a strict finding or note the counterexample.

        A noted one is an expected failure, as with ``safescale_case``. Where the relation says
        nothing about the item the test is skipped with the reason.
        """
        result = self.result
        if result.missing:
            reason = "a call is not in the store and --safescale-replay makes none"
            raise output.failure(reason)
        if result.error is not None:
            raise output.noting(f"the call failed: {result.error}")
        if result.report.lack is not None:
            raise output.skipping(f"not applicable: {result.report.lack}")
        if result.counterexample is None:
            return
        sentence = full_sentence(result.counterexample)
        if strict := sorted(self._strict.intersection(result.findings)):
            raise output.failure(f"{', '.join(strict)}: {sentence}")
        raise output.noting(sentence)

    def travel_on(self, report: pytest.TestReport) -> None:
        """Attach to a test's report what the controlling process needs, as plain JSON data."""
        before = travelling_with(report)
        self._case.travel_on(report)
        travelling: Travelling = {**before, **travelling_with(report)}
        if "record" in travelling and not self._tells_case(report.nodeid):
            del travelling["record"]
        if self._result is not None:
            travelling["search"] = {**self._result.record(), "nodeid": report.nodeid}
        if travelling:
            attach(report, travelling)


def full_sentence(counterexample: Counterexample) -> str:
    """Return what happened, by which edit, and what it changed, in a few lines."""
    edit = f"edit: {one_line(counterexample.description)}"
    return "\n".join([one_line(counterexample.sentence), edit, counterexample.diff])


class RobustnessTests:
    """The robustness side of a session: relations, their tests, and their jobs for the engine.

    Jobs are numbered on from the run's cases: case by case, relation by relation.
    """

    def __init__(self, config: pytest.Config, run: Run) -> None:
        """Raise SettingsError for a relation that is not known."""
        given = config.hook.pytest_safescale_relations(config=config)
        self.relations = relations_named(
            run.settings.relations, extra=things_of("pytest_safescale_relations", given, "Relation")
        )
        self._run = run
        self._hypothesis_settings = current_hypothesis_settings()
        self._runner: RobustnessRunner | None = None
        self._first_test_of_case: dict[str, str] = {}

    def parametrize(self, metafunc: pytest.Metafunc) -> None:
        """Make one test of every case and relation that the function's markers leave in."""
        definition = metafunc.definition
        cases = case_selection.chosen_cases(self._run, definition)
        places = case_selection.chosen_relations([one.name for one in self.relations], definition)
        jobs = [self._number(case, place) for case in cases for place in places]
        ids = [terminal_line(self.wanted(job).id) for job in jobs]
        metafunc.parametrize(ROBUSTNESS_FIXTURE, jobs, indirect=True, ids=ids)

    def _number(self, case: int, relation: int) -> int:
        return len(self._run.cases) + case * len(self.relations) + relation

    def case_of(self, job: int) -> int:
        """Return the number of a job's case."""
        return (job - len(self._run.cases)) // len(self.relations)

    def wanted(self, job: int) -> RobustnessCase:
        """Return the case and relation of a job's number."""
        case, relation = divmod(job - len(self._run.cases), len(self.relations))
        return RobustnessCase(case=self._run.cases[case], relation=self.relations[relation])

    def get_ready(self) -> None:
        """Take hypothesis's settings as they are now; called in the thread of the tests."""
        self._hypothesis_settings = current_hypothesis_settings()
        # Hypothesis looks into numpy where it finds it: not while another thread still loads it.
        importlib.import_module("numpy")
        get_ready_to_draw()

    async def run(
        self,
        runner: CaseRunner,
        job: int,
        ask: Callable[[Case], Coroutine[Any, Any, CaseResult]],
    ) -> RobustnessResult:
        """Put a job's case to its relation; called from the engine's loop.

        ``ask`` asks the cases as they are.
        """
        if self._runner is None:
            settings = self._run.settings
            self._runner = RobustnessRunner(
                runner,
                budget=Budget(
                    variants=settings.variants or None, shrink_calls=settings.shrink_calls
                ),
                seed=settings.seed,
                hypothesis_settings=self._hypothesis_settings,
                majority=settings.variant_answers == MAJORITY,
                relations=self.relations,
                ask=ask,
            )
        return await self._runner.run(self.wanted(job))

    def tells_case(self, wanted: RobustnessCase, test: str) -> bool:
        """Say whether a test tells the case's own record: the first that could, each time."""
        return self._first_test_of_case.setdefault(wanted.case.id, test) == test

    def plan(self, rows: Sequence[PlanRow]) -> str:
        """Say how much is asked at most, beside the cases as they are."""
        settings = self._run.settings
        return robustness_sentence(
            rows,
            edited=sum(not relation.repeats for relation in self.relations),
            repeated=repeated_beside(self.relations),
            variants=_variants(self._run),
            shrink_calls=settings.shrink_calls,
        )

    def manifest(self) -> RobustnessSettings:
        """Return what the figures depend on."""
        settings = self._run.settings
        return {
            "relations": [relation.name for relation in self.relations],
            "variants": settings.variants or None,
            "shrink_calls": settings.shrink_calls,
            "answers": settings.variant_answers,
        }


def reproduction(config: pytest.Config, run: Run, search: SearchRecord) -> str:
    """Return the command that finds a counterexample again from the store, with no call."""
    specs = specification_of(run)
    file, _, rest = search["nodeid"].partition("::")
    suite = Path(file).stem.removeprefix("test_")
    if suite in run.settings.suite:
        where = [f"--safescale-suite={suite}"]
    else:
        path = os.path.relpath(config.rootpath / file, config.invocation_params.dir)
        where = [f"{path}::{rest.partition('[')[0]}"]
    words = [
        "pytest",
        *where,
        f"--safescale-model={specs.get(search['model'], search['model'])}",
        f"--safescale-conditions={search['condition']}",
        *([f"--safescale-prompts={search['profile']}"] if "profile" in search else []),
        f"--safescale-item={search['item_id']}",
        f"--safescale-relations={search['relation']}",
        *kept_options(config),
        *_drawn_alike(config, run),
        *(["--safescale-gates=none"] if run.settings.gates else []),
        f"--safescale-report={REPRODUCED}",
        "--safescale-replay",
    ]
    return " ".join(shlex.quote(word) for word in words)


def _drawn_alike(config: pytest.Config, run: Run) -> list[str]:
    """Return the options of hypothesis, and the number of variants where its profile gives it."""
    profile = config.getoption("hypothesis_profile", None)
    named = [f"--hypothesis-profile={profile}"] if profile else []
    variants = [] if run.settings.variants else [f"--safescale-variants={_variants(run)}"]
    return [*named, *variants]


def _variants(run: Run) -> int:
    return run.settings.variants or current_hypothesis_settings().max_examples
