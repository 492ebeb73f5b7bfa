"""The pytest plugin: hooks of a line or two; everything heavy is imported once it is wanted.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.plugin import internals, options

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_safescale.plugin.case import SafescaleCase
    from pytest_safescale.plugin.recording import Recording
    from pytest_safescale.plugin.robustness import SafescaleRobustness
    from pytest_safescale.plugin.session import SafescaleSession

SESSION_KEY = pytest.StashKey["SafescaleSession"]()
RECORDING_KEY: pytest.StashKey[Recording] = pytest.StashKey()
"""Of the process that judges the gates."""
CASE_KEY = pytest.StashKey["SafescaleCase"]()
LOOP_KEY = pytest.StashKey[pytest.Session]()
"""Of the process whose test loop hands tests out, or runs them."""
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


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Take an earlier run verdict away where an option was given, whatever pytest refuses."""
    if not any(word.startswith(options.FLAG) for word in args):
        return
    given = parser.parse_known_args(args)
    if options.given_options(given):
        from pytest_safescale.plugin.earlier_run import take_away_early

        take_away_early(given, early_config.invocation_params.dir)


def pytest_configure(config: pytest.Config) -> None:
    """Switch on where an option or a suite is given; a test that wants cases does so later."""
    config.addinivalue_line(
        "markers",
        "safescale(conditions=..., models=..., where=..., relations=...): narrow the cases of "
        "safescale_case and safescale_robustness to these conditions and models, to the items a "
        "function or a dict of fields picks, and to these relations",
    )
    if options.given_options(config.option) or options.selects_suite(config):
        session_of(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Have the last word where pytest would say that all is well, and gates were not judged."""
    code = yield
    if code == pytest.ExitCode.OK and unproven(config):
        sys.stderr.write("safescale: the gates were not judged, or do not hold: exit code 1\n")
        return pytest.ExitCode.TESTS_FAILED
    return code


def unproven(config: pytest.Config) -> bool:
    """Say whether a run that was to be judged was not, or does not hold, whatever ended it."""
    if internals.is_worker(config) or not internals.runs_tests(config.option):
        return False
    if RECORDING_KEY in config.stash:
        return config.stash[RECORDING_KEY].fails
    # Nothing was switched on: the session was ended before it had been configured.
    return bool(options.given_options(config.option))


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
    """End with exit code 4 where a test's own wishes cannot be met; a worker lets it be ended."""
    problem = config.stash.get(PROBLEM_KEY, None)
    if internals.is_worker(config) and (problem is not None or SESSION_KEY in config.stash):
        from pytest_safescale.plugin import worker_messages

        worker_messages.tell_controller(config, str(problem or ""))
    elif problem is not None:
        raise problem


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker which run it belongs to."""
    from pytest_safescale.plugin import worker_messages

    worker_messages.tell_worker(node, shares=_shares_searches(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """Hand each worker the searches that it draws; ``None`` for xdist's own way."""
    if not _shares_searches(config):
        return None
    from pytest_safescale.plugin.search_shares import scheduler

    relations = config.stash[SESSION_KEY].robustness().relations
    return scheduler(config, log, (one.name for one in relations))


def _shares_searches(config: pytest.Config) -> bool:
    return SESSION_KEY in config.stash and config.stash[SESSION_KEY].shares_searches


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """Switch on where a worker's tests want cases, before the first of them is run."""
    from pytest_safescale.plugin import worker_messages
    from pytest_safescale.plugin.beside_workers import load_beside_workers

    word = worker_messages.word_of(node)
    if word is not None:
        session_of(node.config)
        worker_messages.check(word, node.config)
        begin(node.config.stash[LOOP_KEY])
        load_beside_workers(node.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Judge after the last test, also where the run was cut short."""
    session.config.stash[LOOP_KEY] = session
    begin(session)
    ended: BaseException | None = None
    try:
        return (yield)
    except BaseException as reason:
        ended = reason
        raise
    finally:
        # It may have been switched on by a worker's tests in the meantime.
        if RECORDING_KEY in session.config.stash:
            session.config.stash[RECORDING_KEY].conclude(session, ended)


def begin(session: pytest.Session) -> None:
    """Check what shows only when a run begins, where it is switched on."""
    if RECORDING_KEY in session.config.stash:
        session.config.stash[RECORDING_KEY].begin(session)


def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> pytest.TestReport | None:
    """Report a noted finding; a conftest's own hook is asked before, and pytest's after it."""
    if call.excinfo is None or SESSION_KEY not in item.config.stash:
        return None
    return item.config.stash[SESSION_KEY].noted_report(item, call)


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
