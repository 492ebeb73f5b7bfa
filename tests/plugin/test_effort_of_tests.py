"""What a test with a case costs the thread that runs the tests, in calls of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.effort import calls_of_ours, write_items

if TYPE_CHECKING:
    import pytest

FEW, MANY = 20, 60
MOST = 410
"""Calls a case, from its fixture to its place on the page: 380 where this was written."""
OPTIONS = (
    *("--safescale-suite=radsafe200", "--safescale-model=lexical", "--safescale-samples=0"),
    *("--safescale-conditions=closed_book", "--safescale-dataset=items.json"),
)


def _calls(pytester: pytest.Pytester, items: int) -> int:
    """Return the calls of a run of the first items."""
    options = (*OPTIONS, f"--safescale-limit={items}")
    _, calls = calls_of_ours(lambda: pytester.inline_run(*options))
    return calls


def test_a_case_takes_few_calls_of_the_thread_that_runs_the_tests(
    pytester: pytest.Pytester,
) -> None:
    write_items(pytester.path / "items.json", MANY)
    pytester.inline_run(*OPTIONS)  # what is found out once, and stored
    more = _calls(pytester, MANY) - _calls(pytester, FEW)
    assert more / (MANY - FEW) <= MOST
