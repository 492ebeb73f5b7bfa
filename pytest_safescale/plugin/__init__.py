"""The pytest plugin: hooks of a line or two; everything heavy is imported once it is wanted.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import gc
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.plugin import options

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_safescale.plugin.case import SafescaleCase
    from pytest_safescale.plugin.robustness import SafescaleRobustness
    from pytest_safescale.plugin.session import SafescaleSession

SESSION_KEY = pytest.StashKey["SafescaleSession"]()
CASE_KEY = pytest.StashKey["SafescaleCase"]()
PROBLEM_KEY = pytest.StashKey[pytest.UsageError]()
ROBUSTNESS_KEY = pytest.StashKey["SafescaleRobustness"]()
FIXTURE = "safescale_case"
ROBUSTNESS_FIXTURE = "safescale_robustness"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ``--safescale-*`` options."""
    options.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the ``pytest_safescale_*`` hooks."""
    from pytest_safescale.plugin import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Switch on where an option was given; a fixture or a marker can still do so later."""
    config.addinivalue_line(
        "markers",
        "safescale(conditions=..., models=..., where=..., relations=...): narrow the cases of "
        "safescale_case and safescale_robustness to these conditions and models, to the items a "
        "function or a dict of fields picks, and to these relations",
    )
    if options.given_options(config):
        session_of(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take what lives to the end out of the garbage collector's sight.

    Thousands of items and several libraries were walked through again and again, for nothing: a
    tenth of the time that is no waiting.
    """
    if SESSION_KEY in session.config.stash:
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Give back what was taken, for whoever runs pytest inside a process that goes on.

    A worker's ends at once.
    """
    try:
        return (yield)
    finally:
        if SESSION_KEY in config.stash and not hasattr(config, "workerinput"):
            gc.unfreeze()


def session_of(config: pytest.Config) -> SafescaleSession:
    """Return the run of this pytest session, prepared and registered at first use."""
    if SESSION_KEY not in config.stash:
        from pytest_safescale.plugin.switching_on import switch_on

        config.stash[SESSION_KEY] = switch_on(config)
    return config.stash[SESSION_KEY]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of every case."""
    for fixture in (FIXTURE, ROBUSTNESS_FIXTURE):
        if fixture not in metafunc.fixturenames:
            continue
        try:
            session_of(metafunc.config).parametrize(metafunc, fixture)
        except pytest.UsageError as problem:
            # Raised here it would be one broken file among others; see the hook below.
            metafunc.config.stash[PROBLEM_KEY] = problem
            metafunc.parametrize(fixture, [], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """End with exit code 4 where a test's own wishes cannot be met."""
    if PROBLEM_KEY in config.stash:
        raise config.stash[PROBLEM_KEY]


@pytest.fixture
def safescale_case(request: pytest.FixtureRequest) -> SafescaleCase:
    """One item under one condition, put to one model when its verdict is asked for."""
    case: SafescaleCase = session_of(request.config).case(request.param)
    request.node.stash[CASE_KEY] = case
    return case


@pytest.fixture
def safescale_robustness(request: pytest.FixtureRequest) -> SafescaleRobustness:
    """One case under one relation: its variants are put to the model when the result is wanted."""
    value: SafescaleRobustness = session_of(request.config).robustness_case(request.param)
    request.node.stash[ROBUSTNESS_KEY] = value
    return value


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the case's record travel on the report, also from an xdist worker."""
    session = item.config.stash.get(SESSION_KEY, None)
    failed = call.excinfo is not None
    if call.excinfo is not None and getattr(call.excinfo.value, "pytrace", True) is False:
        # Nobody is shown the way to it, and pytest would look for each of its files.
        call.excinfo.traceback = call.excinfo.traceback[-1:]
    with session.undisturbed() if session is not None and failed else nullcontext():
        report = yield
    keys: tuple[pytest.StashKey[Any], ...] = (CASE_KEY, ROBUSTNESS_KEY)
    for key in keys:
        if call.when == "call" and key in item.stash:
            item.stash[key].travel_on(report)
            # The report has it all; thousands of cases with their evidence would fill the memory.
            del item.stash[key]
    return report
