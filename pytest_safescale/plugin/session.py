"""The run of one pytest session: cases for the tests, their records, gates and the report."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.engine import TOLD_S
from pytest_safescale.calls.rescue_file import take_in_rescued
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.wait_reasons import Waits
from pytest_safescale.dataset.parquet import check_parquet
from pytest_safescale.errors import Interrupted, RunBroken, SafescaleError, StoreError, StoreLocked
from pytest_safescale.models.redacted import GuardedModel
from pytest_safescale.plugin import (
    CASE_KEY,
    FIXTURE,
    ROBUSTNESS_KEY,
    case_selection,
    internals,
    outcomes,
    output,
    worker_messages,
)
from pytest_safescale.plugin.case import SafescaleCase
from pytest_safescale.plugin.confirming import confirming_of
from pytest_safescale.plugin.failure_texts import make_harmless
from pytest_safescale.plugin.last_replies import LastReplies
from pytest_safescale.plugin.notices import WaitNotices, tell
from pytest_safescale.plugin.sigterm import SigtermEndsTheRun
from pytest_safescale.plugin.starter import end_with_its_starter
from pytest_safescale.plugin.travelling import attach, travelling_with
from pytest_safescale.results.label_words import label_words
from pytest_safescale.runs.run import start_engine
from pytest_safescale.text.escaping import terminal_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from pathlib import Path

    from pytest_safescale.calls.engine import Engine
    from pytest_safescale.plugin.robustness import RobustnessTests, SafescaleRobustness
    from pytest_safescale.runs.asking import CaseRunner
    from pytest_safescale.runs.case import Case, CaseResult
    from pytest_safescale.runs.confirming import Confirming
    from pytest_safescale.runs.look_ahead import Share
    from pytest_safescale.runs.robustness_case import RobustnessResult
    from pytest_safescale.runs.run import Run

__all__ = ["SafescaleSession"]

_SHOWING_NOTED = ("fulltrace", "runxfail")
"""Pytest's options under which more is shown of an expected failure than its reason."""
HALT_LOCK_S = 1.0
"""How long the end of a run may be held up by another program's lock on the store."""


class SafescaleSession:
    """What a process of the session shares: the run, and the engine that asks its cases."""

    def __init__(self, config: pytest.Config, run: Run, configuration: Path | None) -> None:
        """``configuration`` is the file that was read."""
        self.config = config
        self.run = run
        self.configuration = configuration
        self.run_id = worker_messages.run_id(config)
        self.started = worker_messages.started(config)
        """When the run began, in seconds since 1970; the same in each of its worker_messages."""
        self._engine: Engine[CaseResult | RobustnessResult] | None = None
        self._order: list[int] = []
        self._waited_for = 0
        self._last_replies = LastReplies(run.settings, (model.info for model in run.asked))
        self._pytest_session: pytest.Session | None = None
        self._broken: RunBroken | None = None
        self._robustness: RobustnessTests | None = None
        self._confirm: Confirming | None = None
        self._shows_noted = any(config.getoption(name, False) for name in _SHOWING_NOTED)
        self.sigterm = SigtermEndsTheRun()
        self._waits = Waits()
        self._tell_waits = WaitNotices(self._waits, lambda told: tell(config, told))
        self._strict = frozenset(run.settings.strict)
        self._words = label_words({"labels": run.settings.labels.words})

    def robustness(self) -> RobustnessTests:
        """Return the cases under relations; with them comes hypothesis, so only where wanted.

        No property: pytest looks at every attribute of a plugin, in search of fixtures.
        """
        if self._robustness is None:
            from pytest_safescale.plugin.robustness import RobustnessTests

            self._robustness = RobustnessTests(self.config, self.run)
        return self._robustness

    def parametrize(self, metafunc: pytest.Metafunc, fixture: str) -> None:
        """Make one test of every case that the function's markers leave in."""
        if fixture != FIXTURE:
            try:
                self.robustness().parametrize(metafunc)
            except SafescaleError as error:
                raise output.refusal(f"safescale: {error}") from error
            return
        chosen = case_selection.chosen_cases(self.run, metafunc.definition)
        told = "" if chosen else case_selection.why_none(self.run, metafunc.definition)
        if told and not worker_messages.share(self.config).worker:
            tell(self.config, told)
        ids = [terminal_line(self.run.cases[index].id) for index in chosen]
        metafunc.parametrize(FIXTURE, chosen, indirect=True, ids=ids)

    def case(self, index: int, ask: Callable[[], CaseResult] | None = None) -> SafescaleCase:
        """Return the case with this number, for one test."""
        return SafescaleCase(
            self.run.cases[index],
            ask=ask or (lambda: self._ask(index)),
            strict=self._strict,
            metrics=self.run.metrics,
            words=self._words,
            labelled=self.run.dataset.labelled,
        )

    def robustness_case(self, number: int) -> SafescaleRobustness:
        """Return the case under a relation with this job's number, for one test."""
        from pytest_safescale.plugin.robustness import SafescaleRobustness

        wanted = self.robustness().wanted(number)
        index = self.robustness().case_of(number)
        return SafescaleRobustness(
            wanted,
            ask=lambda: self._ask(number),
            case=lambda ask: self.case(index, ask),
            strict=self._strict,
            tells_case=lambda test: self.robustness().tells_case(wanted, test),
        )

    def _ask(self, number: int) -> Any:
        if self._broken is not None:
            raise self._broken
        try:
            running = self._running(number)
            self._load_at_last()
            return running.result(number, on_wait=self._still_waiting)
        except RunBroken as broken:
            self._broken = self._break_off(broken)
            raise self._broken from broken
        except Interrupted as ended:
            if self._pytest_session is not None:
                self._pytest_session.shouldstop = str(ended)
            raise

    def _load_at_last(self) -> None:
        """Load what the end needs before the last results are waited for; a worker has no end."""
        if self._waited_for and not internals.is_worker(self.config):
            self._last_replies.wait_for(len(self._order) - self._waited_for)
        self._waited_for += 1  # the first requests of a small run are to go out first

    def _still_waiting(self) -> None:
        """Say what is waited for; raises Interrupted where nobody wants the result any more."""
        if ended := end_with_its_starter(self.config):
            raise ended
        self._tell_waits()

    def _break_off(self, broken: RunBroken) -> RunBroken:
        """Let what is under way arrive and be kept; say what became of what the store refused."""
        if self._engine is None:
            return broken
        if not self.run.settings.batch:  # the next run finds its batches, which take hours
            self._engine.drain()
        told, self._engine = self._engine.close(), None
        return type(broken)(f"{broken}; {told}") if told else broken

    def _running(self, number: int) -> Engine[CaseResult | RobustnessResult]:
        if self._engine is None:
            if self._robustness is not None:
                self._robustness.get_ready()
            self._confirm = confirming_of(self.run)
            self._engine = start_engine(
                self.run,
                self._order or [number],
                run_id=self.run_id,
                started=self.started,
                job=self._job,
                waits=self._waits,
                share=self._share(number),
            )
        return self._engine

    @property
    def shares_searches(self) -> bool:
        """Whether xdist's workers are handed the searches that each of them draws."""
        return self.run.settings.wants_robustness and self.config.getoption("dist", "no") == "load"

    def _share(self, first: int) -> Share:
        """Return what this process takes of the run, whose first test wants a job."""
        share = worker_messages.share(self.config)
        if not worker_messages.shares_searches(self.config):
            return share
        from pytest_safescale.plugin.search_shares import own_jobs

        searches, cases = self.robustness(), len(self.run.cases)
        case_of = {job: searches.case_of(job) for job in self._order if job >= cases}
        return replace(share, own=own_jobs(case_of, first, share.workers))

    def _job(
        self, runner: CaseRunner, number: int
    ) -> Coroutine[Any, Any, CaseResult | RobustnessResult]:
        if number < len(self.run.cases):
            return self._asked(runner, self.run.cases[number])
        return self.robustness().run(runner, number, partial(self._asked, runner))

    async def _asked(self, runner: CaseRunner, case: Case) -> CaseResult:
        """Ask a case, and again where a gate wants a new finding confirmed."""
        result = await runner.run(case)
        return result if self._confirm is None else await self._confirm.confirmed(runner, result)

    def halt(self, reason: str, *, at_once: bool = False) -> None:
        """Tell every process of the run to ask nothing more, or to end what is under way too."""
        if self.run.settings.replay:
            return
        with (
            suppress(StoreError),  # they learn of it when they need the store themselves
            Store(self.run.settings.store, run=self.run_id, lock_s=HALT_LOCK_S) as store,
        ):
            store.halt(reason, at_once=at_once)

    def interrupt(self, stopped: BaseException) -> None:
        """Tell every process of the run that it was stopped before its end."""
        reason = str(stopped) if isinstance(stopped, pytest.exit.Exception) else ""
        self.halt(reason or f"the run was interrupted ({type(stopped).__name__})", at_once=True)

    def check_extras(self) -> None:
        """Raise SettingsError where a table or spans are wanted that cannot be written or sent."""
        if self.run.settings.cases == "parquet":
            check_parquet("--safescale-cases parquet")
        if self.run.settings.otel:
            from pytest_safescale.calls.traces import check_traces

            check_traces()

    def check_store(self) -> None:
        """Open the store once before any process uses it, so that it is there and usable.

        Raises StoreError, or SettingsError for one that is not ours.
        """
        try:
            self._ready_store(lock_s=TOLD_S)
        except StoreLocked as locked:
            tell(self.config, f"waiting: {locked}")
            self._ready_store(lock_s=self.run.settings.retry_seconds)

    def _ready_store(self, lock_s: float) -> None:
        settings = self.run.settings
        with Store(
            settings.store, run=self.run_id, read_only=settings.replay, lock_s=lock_s
        ) as store:
            if not settings.replay:
                store.clear_claims()
                for told in take_in_rescued(store):
                    tell(self.config, told)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Learn the order in which the cases will be wanted."""
        self._pytest_session = session
        self._order = case_selection.case_order(items)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the case's record travel on the report, also from an xdist worker."""
        report = yield
        keys: tuple[pytest.StashKey[Any], ...] = (CASE_KEY, ROBUSTNESS_KEY)
        there = [key for key in keys if key in item.stash]
        if there and call.excinfo is not None:
            make_harmless(report)
        for key in there:
            if call.when == "call":
                item.stash[key].travel_on(report)
                self._send_tracebacks(report)
            elif call.when == "teardown":
                # The report has it all; thousands of cases with their evidence fill the memory.
                del item.stash[key]
        if there and call.excinfo is not None:
            if report.failed:
                outcomes.tell_reason(report, call.excinfo)
            elif internals.is_noted(report) and not self._shows_noted:
                output.let_go(call)
        return report

    def noted_report(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        """Return the report of a noted finding; ``None`` where pytest is to say more than that."""
        raised = call.excinfo.value if call.excinfo is not None else None
        if self._shows_noted or CASE_KEY not in item.stash:
            return None
        if not isinstance(raised, pytest.xfail.Exception) or raised.pytrace:
            return None
        return output.noted_report(item, call, str(raised))

    def _send_tracebacks(self, report: pytest.TestReport) -> None:
        """Send what an application under test raised first: shown once, not with each case."""
        raised = {
            model.info.name: text
            for model in self.run.asked
            if isinstance(model, GuardedModel) and (text := model.untold_traceback())
        }
        if raised:
            attach(report, {**travelling_with(report), "tracebacks": raised})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Stop asking; a worker that is done first ends the calls it makes for the others."""
        normal = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self._engine is not None and internals.is_worker(self.config) and normal:
            self._engine.drain()
        self.close()

    def pytest_unconfigure(self) -> None:
        """Stop asking, also where the session never came to its end."""
        self.close()
        self.sigterm.restore()

    def close(self) -> None:
        """Cancel what is under way; what has arrived is in the store."""
        if self._engine is not None:
            told, self._engine = self._engine.close(), None
            if told:
                tell(self.config, told)
