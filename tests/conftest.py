"""What all tests share: Hypothesis without deadlines, and runs of pytest in a project."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from scipy import stats

from pytest_safescale.perturb.search import run_search
from pytest_safescale.plugin import switching_on
from pytest_safescale.report.page import run_page
from pytest_safescale.retrieval import ranking
from pytest_safescale.runs import conclude, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# On machines that others use too a slow moment is no failure.
PROFILE = "shared machine"
settings.register_profile(PROFILE, deadline=None)
settings.load_profile(PROFILE)
LOADED = (conclude, run_page, plan, ranking, run_search, stats, switching_on)
"""Loaded before pytester notes which modules there are.

It unloads what a run loads beyond them, and the array libraries cannot be loaded twice.
"""


_OPTIONS = "-p no:hypothesispytest" + (" -p no:randomly" if find_spec("pytest_randomly") else "")
"""What runs that tests make are told.

They keep the order of their tests, which letters show. They leave out hypothesis' own plugin, which
imports the whole of it at the end of any run: more than half of what the smallest run takes.
"""


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> Iterator[None]:
    """Runs that tests make take no options, worker's name or deafness from the run of the tests."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell has it for what it puts by
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WORKER", "WORKER_COUNT", "TESTRUNUID"):
            patch.delenv(f"PYTEST_XDIST_{name}", raising=False)
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        patch.setenv("PYTEST_ADDOPTS", _OPTIONS)
        yield


@pytest.fixture(autouse=True)
def _own_hypothesis_settings() -> Iterator[None]:
    """Runs in this process may load a profile of hypothesis: none stays for the next test."""
    yield
    settings.load_profile(PROFILE)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return pytest's own, which takes the options of runs away."""
    monkeypatch.setenv("PYTEST_ADDOPTS", _OPTIONS)
    return pytester


@pytest.fixture
def run_pytest(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run pytest in the project: in this process, which has all it needs loaded, where it can.

    With xdist's workers, and without a plugin that is loaded here, it takes a process of its own.
    """

    def run(*arguments: str) -> pytest.RunResult:
        apart = any(argument.startswith(("-n", "-p")) for argument in arguments)
        return (pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess)(
            *arguments
        )

    return run
