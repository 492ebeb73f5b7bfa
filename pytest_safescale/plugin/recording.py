"""The controlling process's side: records in, gates and the report out."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import RunBroken, SafescaleError
from pytest_safescale.plugin import internals, outcomes, output, suites
from pytest_safescale.plugin.attempt import RunAttempt
from pytest_safescale.plugin.gates import RunGates
from pytest_safescale.plugin.notices import NoticesShown, tell
from pytest_safescale.plugin.progress import Progress
from pytest_safescale.plugin.repeating import how_to_repeat
from pytest_safescale.plugin.starter import end_with_its_starter, is_started
from pytest_safescale.plugin.travelling import taken_in, travelling_with
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.report.markdown import run_verdict_line
from pytest_safescale.report.verdict_notes import verdict_notes
from pytest_safescale.report.wording import in_columns
from pytest_safescale.results.record_book import ANSWERED, RecordBook
from pytest_safescale.runs.model_servers import ModelServers
from pytest_safescale.runs.notices import notices
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.plugin.session import SafescaleSession
    from pytest_safescale.plugin.travelling import Travelling
    from pytest_safescale.results.conclusion import Conclusion
    from pytest_safescale.results.search_record import SearchRecord
    from pytest_safescale.runs.run import Run

__all__ = ["Recording"]

NO_CASE = "no case was asked"
NOT_COLLECTED = "its tests were not collected"
NOTHING_ASKED = (
    f"{NO_CASE}, so no gate could be judged: no test that was run uses safescale_case, its "
    "markers leave no case in, or every case was skipped or deselected; a run that is not to be "
    "judged takes --safescale-gates none"
)
SELF_CHECK_FOUND = "the self-check found gates that cannot fail or cannot pass"
LOOKED_AT = 10
"""Cases of a cell whose prompts are built for the plan; the others count as alike."""


class Recording:
    """Collects the cases' records, and judges the gates once after the last test."""

    def __init__(self, session: SafescaleSession) -> None:
        self._session = session
        self._run = session.run
        self._config = session.config
        # Read now, so that a gate that cannot be judged stops the run before its first call.
        self._gates = RunGates(session)
        self._attempt = RunAttempt(session, self._gates)
        self._book = RecordBook(repeat=how_to_repeat(self._config, self._run))
        self._folder = ReportFolder(self._run.settings.report, run_id=session.run_id)
        self._servers = ModelServers(self._run, self._run.settings.report)
        self._start = datetime.fromtimestamp(session.started, timezone.utc)
        self._conclusion: Conclusion | None = None
        self._plan_was_shown = False
        self._begun = False
        self._told_why = False
        self._tracebacks: dict[str, str] = {}
        self._watch = self._gates.watch(self._book)
        self._self_check = self._gates.self_check(self._book)
        if internals.runs_tests(self._config.option):
            self._folder.refuse(NOT_COLLECTED)  # its baseline, which may stand there, is read

    def pytest_report_header(self) -> list[str]:
        """Say what is asked of whom, and what it takes."""
        self._plan_was_shown = True
        path = self._session.configuration
        told = [f"safescale: configuration {path}"] if path is not None else []
        told += suites.beside_paths(self._config, self._run.settings.suite)
        return output.header(
            [*told, *describe_run(self._run), *_plan(self._session, self._gates.confirmed)]
        )

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say it after the collection where tests that were collected have switched the run on."""
        quiet = self._plan_was_shown or self._config.option.verbose < 0
        return [] if quiet else self.pytest_report_header()

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> Generator[None, object, object]:
        """Give a case's report its letter; where subtests failed, pytest says so first."""
        status = yield
        ours = outcomes.status(report) if isinstance(report, pytest.TestReport) else None
        return ours or status

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in the record that a case's report brings along."""
        if report.failed and not report.nodeid.startswith(outcomes.OWN):
            self._book.failed.setdefault(report.nodeid, outcomes.reason(report))
        if travelling := travelling_with(report):  # of a case's three reports the second has some
            self._take_in(report, travelling)
        if ended := end_with_its_starter(self._config):
            raise output.ending(str(ended), pytest.ExitCode.INTERRUPTED)

    def _take_in(self, report: pytest.TestReport, travelling: Travelling) -> None:
        self._tracebacks = {**travelling.get("tracebacks", {}), **self._tracebacks}
        if outcomes.is_final(report):
            with _broken_ends_the_run():
                self._take(travelling)
            taken_in(report)
        if stop := travelling.get("stop"):
            raise output.ending(stop["reason"], stop["exit_code"])

    def _take(self, travelling: Travelling) -> None:
        if (record := travelling.get("record")) and self._book.add(record):
            self._folder.add(record)
            if self._watch is not None:
                self._watch.saw_case()
        if search := travelling.get("search"):
            self._take_search(search)

    def _take_search(self, search: SearchRecord) -> None:
        from pytest_safescale.plugin.robustness import reproduction

        if search["finding"] is not None:
            search["reproduce"] = reproduction(self._config, self._run, search)
        if self._book.searches.add(search):
            self._folder.add_search(search)

    def begin(self, session: pytest.Session) -> None:
        """Make sure, before the first call, of all that a run needs; once, and for no collection.

        Raises UsageError, and pytest's Failed where the self-check finds a gate that is none.
        """
        if self._begun or not internals.runs_tests(self._config.option):
            return
        self._begun = True
        self._tell_header()
        self._show_notices()
        with self._refusing():
            self._session.check_extras()
            self._session.check_store()
            self._gates.try_hooks()
            self._folder.begin(self._run.settings.figures)
        self._show_progress()
        if self._self_check is not None and (faults := self._self_check.try_gates()):
            self._told_why = True
            self._folder.block(SELF_CHECK_FOUND, faults)
            self._self_check.report(session)
            raise internals.failed_run(session, SELF_CHECK_FOUND)
        with self._refusing():
            self._servers.start(lambda told: tell(self._config, told))
            self._attempt.begin(self._book)  # the last step: what is refused is no attempt

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """End the run with exit code 4 for what cannot be used, and leave no verdict behind."""
        try:
            yield
        except SafescaleError as error:
            self._folder.refuse(str(error))
            raise output.refusal(f"safescale: {error}") from error

    def _tell_header(self) -> None:
        """Write the header where xdist's workers have switched the run on, each of its lines."""
        reporter = internals.terminal(self._config)
        if reporter is not None:
            output.write(reporter, self.pytest_report_collectionfinish())

    def _show_notices(self) -> None:
        reporter = internals.terminal(self._config)
        if reporter is not None and reporter.verbosity >= 0:
            notices = NoticesShown(reporter)
            self._config.pluginmanager.register(notices, "safescale-notices")

    def _show_progress(self) -> None:
        reporter = internals.terminal(self._config)
        if reporter is not None and reporter.isatty and reporter.verbosity >= 0:
            progress = Progress(self._session, reporter)
            self._config.pluginmanager.register(progress, "safescale-progress")

    def conclude(self, session: pytest.Session, ended: BaseException | None = None) -> None:
        """Judge what was recorded, and tell it as tests too; ``ended`` cut the run short."""
        self._session.sigterm.hold_off()
        self._stop_servers()
        if ended is not None and self._begun:
            self._session.interrupt(ended)
        if not internals.runs_tests(self._config.option):
            return
        try:
            if len(self._book):
                with _broken_ends_the_run(ended):
                    self._judge(session)
            else:
                self._end_early(session, ended)
        finally:
            self._folder.close()

    def _stop_servers(self) -> None:
        for told in self._servers.stop():
            tell(self._config, told)

    def pytest_unconfigure(self) -> None:
        """Leave no server behind, however the session ends."""
        self._stop_servers()

    def _judge(self, session: pytest.Session) -> None:
        self._session.close()
        unanswered = self._book.unanswered
        if unanswered is not None:
            # Without a gate nothing else would say so, and no figure is no success.
            self._book.failed[ANSWERED] = unanswered
        self._attempt.check_end(self._book)
        self._conclusion = self._gates.conclude(self._book, self._start)
        untold = self._attempt.finish(self._conclusion)
        try:
            self._folder.finish(
                self._conclusion,
                charts=self._run.settings.figures,
                page=not is_started(self._config),
                parquet=self._run.settings.cases == "parquet",
            )
        finally:
            self._tell(session, self._conclusion, unanswered)
            if untold:
                outcomes.emit(session, "run[ledger]", failed=untold)

    def _tell(
        self, session: pytest.Session, conclusion: Conclusion, unanswered: str | None
    ) -> None:
        """Report what was judged as tests."""
        if self._self_check is not None:
            self._self_check.report(session)
        outcomes.emit_gates(session, conclusion.gates)
        if unanswered is not None:
            outcomes.emit(session, ANSWERED.removeprefix(outcomes.OWN), failed=unanswered)
        if why := conclusion.reservations:
            outcomes.emit(session, "run[verdict]", failed=f"not a verdict: {'; '.join(why)}")

    def _end_early(self, session: pytest.Session, ended: BaseException | None) -> None:
        """Say that there is no run verdict, why, and that nothing was asked where that blocks."""
        if self._begun and not self._told_why:
            if ended is None:
                self._folder.tell_no_run_verdict(NO_CASE)
            else:
                self._folder.end_early(str(ended) or type(ended).__name__)
        if not _fails_anyway(ended):
            self._tell_that_nothing_was_asked(session)

    def _tell_that_nothing_was_asked(self, session: pytest.Session) -> None:
        """Gates that were configured and judge nothing are no success."""
        if not self._is_to_judge or self._told_why:
            return
        self._told_why = True
        if self._begun:
            self._folder.block(NOTHING_ASKED)
        outcomes.emit(session, "run[asked]", failed=NOTHING_ASKED)

    @property
    def _is_to_judge(self) -> bool:
        """Whether gates were configured for this run, which are judged on it alone."""
        return self._gates.configured and self._run.shard is None

    @property
    def fails(self) -> bool:
        """Whether the gates were not judged, or something blocks."""
        if self._conclusion is None:
            return self._is_to_judge
        return self._conclusion.blocked()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that was to be judged and was not, however it came to its end."""
        if not internals.runs_tests(self._config.option):
            return
        if not self._begun:
            self._folder.refuse(f"pytest ended with exit code {session.exitstatus:d}")
        if session.exitstatus != pytest.ExitCode.OK:
            return
        if self._conclusion is None:
            self._tell_that_nothing_was_asked(session)
        if self.fails:
            internals.end_with(session, pytest.ExitCode.TESTS_FAILED)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table, the run verdict and where the report lies."""
        for model, text in self._tracebacks.items():
            title = f"safescale: {model} raised; the first traceback"
            # Set in: what an application raises could be taken for lines of pytest's.
            set_in = [f"  {line}" for line in text.splitlines()]
            output.write(terminalreporter, set_in, title=title)
        if self._conclusion is None:
            return
        from pytest_safescale.report.terminal import render_terminal

        lines = [*render_terminal(self._conclusion), ""]
        if self._conclusion.reservations:
            lines.insert(0, run_verdict_line(self._conclusion))
        lines += in_columns(verdict_notes(self._conclusion.manifest))
        lines.append(run_verdict_line(self._conclusion))
        if not (self._conclusion.gates or self._conclusion.blocked() or self._run.shard):
            lines.append(
                "Switch gates on with --safescale-gates default, or a TOML file of your own."
            )
        lines.append(f"Report: {self._folder.path}")
        output.write(terminalreporter, lines, title="safescale")


@contextmanager
def _broken_ends_the_run(ended: BaseException | None = None) -> Iterator[None]:
    """End the run where it cannot go on; with the sentence that it has ended with already."""
    try:
        yield
    except RunBroken as broken:
        before = f"{ended}; " if isinstance(ended, pytest.exit.Exception) else ""
        raise output.ending(f"{before}{broken}", pytest.ExitCode.INTERRUPTED) from broken


def _fails_anyway(ended: BaseException | None) -> bool:
    """Say whether the run ends with an exit code and a sentence of its own."""
    if isinstance(ended, pytest.exit.Exception):
        return ended.returncode != pytest.ExitCode.OK
    return isinstance(ended, pytest.UsageError | KeyboardInterrupt)


def _plan(session: SafescaleSession, confirmed: Sequence[Gate]) -> list[str]:
    """Return what the run will take at most; of cases nothing where no call costs anything.

    ``confirmed`` are the gates with ``confirm``.
    """
    from pytest_safescale.runs.plan import plan_run
    from pytest_safescale.runs.plan_words import (
        confirm_sentences,
        layer_sentences,
        parallel_sentences,
        plan_sentences,
        profile_sentences,
        reader_sentences,
        retrieval_sentences,
    )
    from pytest_safescale.runs.planned_price import batch_sentences

    run, lines = session.run, []
    rows = (
        plan_run(run, looked_at=LOOKED_AT)
        if run.settings.wants_robustness or (run.paid and not run.settings.replay)
        else []
    )
    if not run.settings.replay:
        lines += plan_sentences(rows, fresh=run.settings.fresh) if run.paid else []
        lines += [*profile_sentences(rows), *layer_sentences(rows)]
        lines += confirm_sentences(rows, confirmed)
        lines += [*retrieval_sentences(run), *reader_sentences(run), *parallel_sentences(run)]
        lines += batch_sentences(run)
    if run.settings.wants_robustness:
        lines.append(session.robustness().plan(rows))
    return [f"safescale: {line}" for line in lines]


def describe_run(run: Run) -> list[str]:
    """Return the header lines: models, conditions, items, what is excluded, and the notices."""
    sizes = [
        plural(len(run.models), "model"),
        plural(len(run.conditions), "condition"),
        *([plural(len(run.profiles), "prompt profile")] if run.names_profiles else []),
        f"{plural(len(run.dataset.items), 'item')} = {plural(len(run.cases), 'case')}",
    ]
    lines = [f"safescale: {' x '.join(sizes)}"]
    if run.shard is not None:
        items = {case.item.id for case in run.cases}
        told = f"{plural(len(items), 'item')}, {plural(len(run.cases), 'case')}"
        lines[0] = f"safescale: shard {run.shard}, {told}"
    lines += [
        f"safescale: {plural(count, 'item')} excluded from {condition}: {reason}"
        for (condition, reason), count in run.excluded.items()
    ]
    if (repair := run.dataset.repair) is not None:
        lines.append(
            f"safescale: {repair.name} leaves {len(repair.passages)} of {len(run.dataset.corpus)} "
            "passages in the repaired corpus"
        )
    if run.settings.fresh:
        lines.append("safescale: --safescale-fresh: what was stored before is asked for again")
    elif run.settings.max_age is not None:
        lines.append(
            f"safescale: --safescale-max-age {run.settings.max_age}: older stored replies are "
            "asked for again"
        )
    lines += [f"safescale: {notice}" for notice in notices(run)]
    return lines
