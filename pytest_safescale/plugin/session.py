"""The run of one pytest session: cases for the tests, their records, gates and the report."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.store import Store
from pytest_safescale.errors import SafescaleError
from pytest_safescale.plugin import FIXTURE, selection
from pytest_safescale.plugin.case import SafescaleCase
from pytest_safescale.report.naming import label_words
from pytest_safescale.run import start_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pytest_safescale.calls.engine import Engine
    from pytest_safescale.case import CaseResult, CaseRunner
    from pytest_safescale.plugin.robustness import RobustnessTests, SafescaleRobustness
    from pytest_safescale.robust import RobustnessResult
    from pytest_safescale.run import Run

__all__ = ["SafescaleSession"]

RUN_KEY = "safescale_run"


class SafescaleSession:
    """What a process of the session shares: the run, and the engine that asks its cases."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self.config = config
        self.run = run
        self.run_id = worker_input(config).get(RUN_KEY) or uuid.uuid4().hex
        self._engine: Engine[CaseResult | RobustnessResult] | None = None
        self._order: list[int] = []
        self._words = label_words({"labels": run.settings.labels})

    @cached_property
    def robustness(self) -> RobustnessTests:
        """Cases under relations; with it comes hypothesis, so only where it is wanted."""
        from pytest_safescale.plugin.robustness import RobustnessTests

        return RobustnessTests(self.config, self.run)

    def undisturbed(self) -> AbstractContextManager[object]:
        """Return a context for showing a failure: reading sources, as searches do elsewhere."""
        if "robustness" not in vars(self):
            return nullcontext()
        from pytest_safescale.perturb.threads import alone

        return alone()

    def parametrize(self, metafunc: pytest.Metafunc, fixture: str) -> None:
        """Make one test of every case that the function's markers leave in."""
        if fixture != FIXTURE:
            try:
                self.robustness.parametrize(metafunc)
            except SafescaleError as error:
                raise pytest.UsageError(f"safescale: {error}") from error
            return
        chosen = selection.chosen_cases(self.run, metafunc.definition)
        metafunc.parametrize(
            FIXTURE, chosen, indirect=True, ids=[self.run.cases[index].id for index in chosen]
        )

    def case(self, index: int, ask: Callable[[], CaseResult] | None = None) -> SafescaleCase:
        """Return the case with this number, for one test."""
        return SafescaleCase(
            self.run.cases[index],
            ask=ask or (lambda: self._ask(index)),
            strict=frozenset(self.run.settings.strict),
            metrics=self.run.metrics,
            words=self._words,
            labelled=self.run.dataset.labelled,
        )

    def robustness_case(self, number: int) -> SafescaleRobustness:
        """Return the case under a relation with this job's number, for one test."""
        from pytest_safescale.plugin.robustness import SafescaleRobustness

        wanted = self.robustness.wanted(number)
        index = self.robustness.case_of(number)
        return SafescaleRobustness(
            wanted,
            ask=lambda: self._ask(number),
            case=lambda ask: self.case(index, ask),
            strict=frozenset(self.run.settings.strict),
            tells_case=lambda: self.robustness.tells_case(wanted),
        )

    def _ask(self, number: int) -> Any:
        if self._engine is None:
            if "robustness" in vars(self):
                self.robustness.get_ready()
            self._engine = start_engine(
                self.run,
                self._order or [number],
                run_id=self.run_id,
                job=self._job,
                **_share(self.config),
            )
        return self._engine.result(number)

    async def _job(self, runner: CaseRunner, number: int) -> CaseResult | RobustnessResult:
        if number < len(self.run.cases):
            return await runner.run(self.run.cases[number])
        return await self.robustness.run(runner, number)

    def halt(self, reason: str) -> None:
        """Tell every process of the run to ask nothing more."""
        store = Store(self.run.settings.store, run=self.run_id)
        store.halt(reason)
        store.close()

    def check_store(self) -> None:
        """Open the store once before any process uses it, so that it exists and is ours."""
        try:
            Store(self.run.settings.store, run=self.run_id).close()
        except SafescaleError as error:
            raise pytest.UsageError(f"safescale: {error}") from error

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Learn the order in which the cases will be wanted."""
        self._order = selection.case_order(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker which run it belongs to."""
        node.workerinput[RUN_KEY] = self.run_id

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Stop asking; a worker that is done first ends the calls it makes for the others."""
        normal = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self._engine is not None and is_worker(self.config) and normal:
            self._engine.drain()
        self.close()

    def pytest_unconfigure(self) -> None:
        """Stop asking, also where the session never came to its end."""
        self.close()

    def close(self) -> None:
        """Cancel what is under way; what has arrived is in the store."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def worker_input(config: pytest.Config) -> dict[str, Any]:
    """Return what xdist's controller told this worker; empty outside a worker."""
    found: dict[str, Any] = getattr(config, "workerinput", {})
    return found


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process is an xdist worker."""
    return hasattr(config, "workerinput")


def _share(config: pytest.Config) -> dict[str, int]:
    told = worker_input(config)
    if not told:
        return {}
    workers = int(told["workercount"])
    # A worker that replaces a crashed one has a higher number; it takes over that one's share.
    return {"worker": int(str(told["workerid"]).removeprefix("gw")) % workers, "workers": workers}
