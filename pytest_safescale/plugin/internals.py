"""What pytest and xdist have no public way for: the only module that reaches inside them.

Each function says why. ``tests/plugin/test_internals.py`` fails where a release changes what they
rest on. Everything else in this package keeps to what their documentation names.
"""

from __future__ import annotations

import inspect
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

__all__ = [
    "called_with_paths",
    "change_texts",
    "collect_from",
    "count_test",
    "crash_message",
    "end_with",
    "failed_run",
    "in_worker_process",
    "is_noted",
    "is_worker",
    "log_hooks",
    "note",
    "noted_reason",
    "parameters",
    "places_of_tests",
    "runs_tests",
    "scheduler_by_scope",
    "terminal",
    "uncaptured",
    "worker_input",
]

_ONLY_SHOWING = (
    "collectonly",
    "help",
    "version",
    "markers",
    "showfixtures",
    "show_fixtures_per_test",
    "cacheshow",
)
"""Where pytest keeps its options that only show something; it has no one word for them."""
_WORKER = "PYTEST_XDIST_WORKER"
"""What xdist sets in the environment of its workers, and they hand on to what they start."""
_RUN_BY_XDIST = "__channelexec__"
"""The name of the module in which execnet runs a worker."""
_KEEP_FAILURES = ("lfplugin", "stepwiseplugin")
"""Pytest's plugins that look for a failed test in the next run."""
_INDENT = "  "


def runs_tests(option: Namespace) -> bool:
    """Say whether pytest was called to run tests, and not only to show something."""
    return not any(getattr(option, name, None) for name in _ONLY_SHOWING)


def worker_input(config: pytest.Config) -> Mapping[str, Any] | None:
    """Return what the controlling process tells an xdist worker; ``None`` in any other process."""
    told: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    return told


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process is an xdist worker.

    ``xdist.is_xdist_worker`` wants a session, and a run is switched on before there is one.
    """
    return worker_input(config) is not None


def in_worker_process() -> bool:
    """Say whether this process is one of xdist's workers, before its configuration tells.

    The environment alone does not tell: a run that a worker's test starts has it too.
    """
    frame = inspect.currentframe() if _WORKER in os.environ else None
    while frame is not None and frame.f_globals.get("__name__") != _RUN_BY_XDIST:
        frame = frame.f_back
    return frame is not None


def scheduler_by_scope(
    config: pytest.Config, log: Any, scopes: Callable[[Sequence[str], int], Mapping[str, str]]
) -> object:
    """Return a scheduler of xdist's that hands whole scopes of tests to its workers.

    ``scopes`` gives the scope of each test, from the ids of all and the number of workers. Xdist's
    own schedulers state theirs in ``_split_scope``, by the id of one test alone.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByScope(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types for checkers
        found: Mapping[str, str] | None = None

        def _split_scope(self, nodeid: str) -> str:
            if self.found is None:
                self.found = scopes(self.collection or (), self.numnodes)
            return self.found[nodeid]

        def remove_node(self, node: Any) -> str | None:
            """Give what a dead worker has left to others, but for the test that it died in."""
            units = self.assigned_work[node].values()
            left = [(unit, test) for unit in units for test, done in unit.items() if not done]
            for unit, crashed in left[:1]:
                unit[crashed] = True  # before others are handed the rest: it would end them too
            super().remove_node(node)
            return left[0][1] if left else None

    return ByScope(config, log)


def called_with_paths(config: pytest.Config) -> bool:
    """Say whether places of tests stand on the command line; the configuration may name some."""
    return config.args_source is config.ArgsSource.ARGS


def places_of_tests(config: pytest.Config) -> list[Path]:
    """Return the places that tests are collected from; words that are none may be among them."""
    here = config.invocation_params.dir
    return [here / str(word).partition("::")[0] for word in config.args]


def collect_from(config: pytest.Config, folder: Path) -> None:
    """Collect tests from a folder: alone, or beside the places on the command line.

    A collected folder cannot be added by a hook, and its tests would begin with another id.
    """
    if not called_with_paths(config):
        config.args.clear()
    config.args.append(str(folder))


def terminal(config: pytest.Config) -> pytest.TerminalReporter | None:
    """Return what writes to the terminal; pytest hands it out only for the summary."""
    found: pytest.TerminalReporter | None = config.pluginmanager.getplugin("terminalreporter")
    return found


def uncaptured(config: pytest.Config) -> AbstractContextManager[None]:
    """Return a context in which the terminal is reached also while a test runs.

    ``capsys.disabled`` is for the test that has the fixture.
    """
    capture = config.pluginmanager.getplugin("capturemanager")
    return nullcontext() if capture is None else capture.global_and_fixture_disabled()


def parameters(item: pytest.Item) -> Mapping[str, Any]:
    """Return the values a test is parametrized with, by their names."""
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params


def failed_run(session: pytest.Session, reason: str) -> Exception:
    """Return what ends the run as failed when it is raised, with no test run."""
    return session.Failed(reason)


def end_with(session: pytest.Session, code: pytest.ExitCode) -> None:
    """Change the exit code of a run that has ended; hooks are told it and cannot return another."""
    session.exitstatus = code


def count_test(session: pytest.Session) -> None:
    """Count a test that was not collected; else the terminal would tell of more than 100 %."""
    session.testscollected += 1


def log_hooks(
    config: pytest.Config, nodeid: str
) -> Iterator[tuple[Callable[[str], Callable[..., object]], str]]:
    """Give the hooks that are told of a test by the ends of their names, and the id to tell.

    The terminal shows ids relative to the folder of the call, so that one which names no file would
    begin with ``../`` there. What ``--last-failed`` and ``--stepwise`` keep they would look for in
    the next run: nobody collects such a test.
    """
    plugins = config.pluginmanager
    shown_by = plugins.getplugin("terminalreporter")
    others = [plugin for plugin in plugins.get_plugins() if plugin is not shown_by]
    unkept = [plugins.getplugin(name) for name in _KEEP_FAILURES]

    def but(left_out: Iterable[object]) -> Callable[[str], Callable[..., object]]:
        left = [plugin for plugin in left_out if plugin is not None]
        return lambda end: plugins.subset_hook_caller(f"pytest_runtest_{end}", left)

    here = config.invocation_params.dir
    yield but([shown_by, *unkept]), nodeid
    yield but(others), nodeid if here == config.rootpath else str(here / nodeid)


def is_noted(report: pytest.TestReport) -> bool:
    """Say whether a report is of an expected failure; its constructor has no word for that."""
    return hasattr(report, "wasxfail")


def noted_reason(report: pytest.TestReport) -> str:
    """Return why a failure was expected."""
    return str(getattr(report, "wasxfail", ""))


def note(report: pytest.TestReport, reason: str) -> None:
    """Make a report one of an expected failure."""
    report.wasxfail = reason


def crash_message(report: pytest.TestReport) -> str:
    """Return what a report that is to stay as it is says of a failure, without its traceback."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(report.longrepr) if crash is None else str(crash.message)


def change_texts(
    report: pytest.TestReport, text: Callable[[str], str], line: Callable[[str], str]
) -> None:
    """Change all that a report shows of a failure, and the one line of a reason.

    As one string the failure would lose its colours, and the summary its message. Lines are set in
    where pytest puts nothing before them: they could be taken for its own.
    """
    if isinstance(report.longrepr, tuple):  # of a skip
        path, number, reason = report.longrepr
        report.longrepr = path, number, line(reason)
    else:
        report.longrepr = _changed(report.longrepr, text)
    if is_noted(report):
        note(report, line(noted_reason(report)))


def _changed(shown: Any, text: Callable[[str], str]) -> Any:
    if isinstance(shown, str):
        return text(shown)
    if isinstance(shown, list | tuple):
        return type(shown)(_changed(part, text) for part in shown)
    if hasattr(shown, "toterminal"):
        for name, part in vars(shown).items():
            setattr(shown, name, _changed(part, text))
        _set_in(shown)
    return shown


def _set_in(shown: Any) -> None:
    if hasattr(shown, "message"):
        shown.message = shown.message.replace("\n", f"\n{_INDENT}")
    if hasattr(shown, "lines") and getattr(shown, "style", "") == "value":
        shown.lines = [*shown.lines[:1], *(f"{_INDENT}{part}" for part in shown.lines[1:])]
