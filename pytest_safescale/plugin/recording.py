"""The controlling process's side: records in, gates and the report out."""

from __future__ import annotations

import importlib
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.plugin import outcomes
from pytest_safescale.plugin.progress import Progress
from pytest_safescale.plugin.run_gates import RunGates
from pytest_safescale.report.book import ANSWERED, RecordBook
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.report.markdown import verdict_line
from pytest_safescale.report.page_process import PageProcess
from pytest_safescale.run import notices

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_safescale.plugin.session import SafescaleSession
    from pytest_safescale.report.conclusion import Conclusion
    from pytest_safescale.run import Run

__all__ = ["Recording"]

FREE = ("lexical", "simulated")
"""Providers whose calls cost nothing."""
WORTH_A_PROCESS = 100
"""Cases from which on a process of its own writes the page sooner than this one would."""
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
        self._book = RecordBook()
        self._folder = ReportFolder(self._run.settings.report)
        self._start = datetime.now(timezone.utc)
        self._conclusion: Conclusion | None = None
        self._watch = self._gates.watch(self._book)
        self._self_check = self._gates.self_check(self._book)
        self._expects_the_end = False
        self._page = PageProcess()
        self._loading = threading.Thread(target=_load_what_the_end_needs, daemon=True)

    def pytest_report_header(self) -> list[str]:
        """Say what is asked of whom."""
        return [*describe_run(self._run), *_plan(self._session)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> outcomes.Status | None:
        """Give a case's report its letter."""
        return outcomes.status(report) if isinstance(report, pytest.TestReport) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in the record that a case's report brings along."""
        if not self._expects_the_end:
            self._expect_the_end()
        if report.failed and not report.nodeid.startswith(outcomes.OWN):
            self._book.failed.setdefault(report.nodeid, outcomes.reason(report))
        travelling = getattr(report, "safescale", {})
        if (record := travelling.get("record")) and self._book.add(record):
            self._folder.add(record)
            if self._watch is not None:
                self._watch.saw_case()
        if search := travelling.get("search"):
            self._take_search(search)
        if stop := travelling.get("stop"):
            pytest.exit(stop, returncode=pytest.ExitCode.USAGE_ERROR)

    def _expect_the_end(self) -> None:
        """Begin to load what the end needs, when calls are made or xdist's workers have begun."""
        self._expects_the_end = True
        self._loading.start()
        if len(self._run.cases) >= WORTH_A_PROCESS:
            self._page.start()

    def _take_search(self, search: dict[str, Any]) -> None:
        from pytest_safescale.plugin.robustness import reproduction

        if search["finding"] is not None:
            search["reproduce"] = reproduction(self._config, self._run, search)
        if self._book.searches.add(search):
            self._folder.add_search(search)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Conclude after the last test, also where the run was stopped."""
        if not session.config.option.collectonly:
            self._session.check_store()
            self._show_progress()
            if not self._config.pluginmanager.hasplugin("dsession"):
                self._expect_the_end()
        try:
            result = yield
        except BaseException:
            self._conclude(session)
            raise
        self._conclude(session)
        return result

    def _show_progress(self) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None and reporter.isatty and reporter.verbosity >= 0:
            progress = Progress(self._session, reporter)
            self._config.pluginmanager.register(progress, "safescale-progress")

    def _conclude(self, session: pytest.Session) -> None:
        """Judge what was recorded, and tell it as tests too, also where the run was cut short."""
        if session.config.option.collectonly:
            return
        if not self._book.records:
            self._tell_that_nothing_was_asked(session)
            return
        self._session.close()
        unanswered = self._book.unanswered
        if unanswered is not None:
            # Without a gate nothing else would say so, and no figure is no success.
            self._book.failed[ANSWERED] = unanswered
        self._conclusion = self._gates.conclude(self._book, self._start)
        self._folder.finish(
            self._conclusion, figures=self._run.settings.figures, page=self._page.write
        )
        if self._self_check is not None:
            self._self_check.report(session)
        outcomes.emit_gates(session, self._conclusion.gates)
        if unanswered is not None:
            outcomes.emit(session, ANSWERED.removeprefix(outcomes.OWN), failed=unanswered)

    def _tell_that_nothing_was_asked(self, session: pytest.Session) -> None:
        """Gates that were asked for and judge nothing are no success."""
        if self._self_check is not None and self._self_check.faults:
            self._folder.block(self._self_check.faults)
        elif self._gates.wanted and session.exitstatus == pytest.ExitCode.OK:
            outcomes.emit(
                session,
                "run[asked]",
                failed="no case was asked, so no gate could be judged: no test that was run uses "
                "safescale_case, or its markers leave no case in",
            )

    def pytest_unconfigure(self) -> None:
        """Let the libraries finish loading: an interpreter that ends under them crashes."""
        self._page.stop()
        if self._loading.is_alive():
            self._loading.join()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the table, the verdict and where the report lies."""
        if self._conclusion is None:
            return
        from pytest_safescale.report.terminal import render_terminal

        terminalreporter.section("safescale")
        for line in render_terminal(self._conclusion):
            terminalreporter.write_line(line)
        terminalreporter.write_line("")
        terminalreporter.write_line(verdict_line(self._conclusion))
        if not (self._conclusion.gates or self._conclusion.blocked() or self._run.shard):
            terminalreporter.write_line(
                "Switch gates on with --safescale-gates default, or a TOML file of your own."
            )
        terminalreporter.write_line(f"Report: {self._folder.path}")


def _load_what_the_end_needs() -> None:
    """Import the array libraries while the first calls wait for their replies."""
    importlib.import_module("pytest_safescale.conclude")


def _plan(session: SafescaleSession) -> list[str]:
    """Return what the run will take at most; of cases nothing where no call costs anything."""
    from pytest_safescale.plan import plan_run, plan_sentences, retrieval_sentences

    run, lines = session.run, []
    calls_cost = any(model.info.provider not in FREE for model in run.models)
    rows = (
        plan_run(run, looked_at=LOOKED_AT)
        if run.settings.wants_robustness or (calls_cost and not run.settings.replay)
        else []
    )
    if not run.settings.replay:
        lines += plan_sentences(rows) if calls_cost else []
        lines += retrieval_sentences(run)
    if run.settings.wants_robustness:
        lines.append(session.robustness.plan(rows))
    return [f"safescale: {line}" for line in lines]


def describe_run(run: Run) -> list[str]:
    """Return the header lines: models, conditions, items, what is left out, and the notices."""
    lines = [
        f"safescale: {len(run.models)} model(s) x {len(run.conditions)} conditions x "
        f"{len(run.dataset.items)} items = {len(run.cases)} cases",
    ]
    if run.shard is not None:
        items = {case.item.id for case in run.cases}
        lines[0] = f"safescale: shard {run.shard}, {len(items)} items, {len(run.cases)} cases"
    lines += [
        f"safescale: {count} items left out of {condition}: {reason}"
        for (condition, reason), count in run.left_out.items()
    ]
    lines += [f"safescale: {notice}" for notice in notices(run)]
    return lines
