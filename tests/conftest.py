"""What all tests share: Hypothesis without deadlines, and runs of pytest in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from pytest_safescale import conclude, plan
from pytest_safescale.conditions import ranking
from pytest_safescale.perturb import search
from pytest_safescale.plugin import switching_on
from pytest_safescale.report.html import prepare_page

if TYPE_CHECKING:
    from collections.abc import Callable

# On machines that others use too a slow moment is no failure.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
LOADED = (conclude, plan, ranking, search, switching_on)
"""Loaded before pytester notes which modules there are.

It unloads what a run loads beyond them, and the array libraries cannot be loaded twice.
"""
prepare_page()


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
