"""What a test with a case costs the thread that runs the tests, in calls of functions."""

from __future__ import annotations

import gc
from collections import Counter
from typing import TYPE_CHECKING

from tests.effort import calls_of_ours, write_items

if TYPE_CHECKING:
    import pytest

FEW, MANY = 20, 60
MOST = 380
"""Calls a case, from its fixture to its place on the page: 354 where this was written."""
HELD = {"Item": 1, "Option": 4, "Case": 1, "PanelItem": 1}
"""What the end of a run still holds of each case and its item, of the package's own classes."""
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


def _there() -> Counter[str]:
    """Return how many objects there are of each of the package's own classes."""
    gc.collect()
    kinds = map(type, gc.get_objects())
    return Counter(
        kind.__name__ for kind in kinds if str(kind.__module__).startswith("pytest_safescale")
    )


class _AtTheEnd:
    """Counts what a run holds once its last test has ended."""

    def __init__(self) -> None:
        self.before = _there()
        self.held: Counter[str] = Counter()

    def pytest_sessionfinish(self) -> None:
        self.held = _there() - self.before


def _held(pytester: pytest.Pytester, items: int) -> Counter[str]:
    end = _AtTheEnd()
    pytester.inline_run(*OPTIONS, f"--safescale-limit={items}", plugins=[end])
    return end.held


def test_little_is_held_of_a_case_to_the_end(pytester: pytest.Pytester) -> None:
    # Each pass of the garbage collector looks at all that is held.
    write_items(pytester.path / "items.json", MANY)
    few, many = (_held(pytester, items) for items in (FEW, MANY))
    more = {name: round((many[name] - few[name]) / (MANY - FEW)) for name in many}
    assert {name: count for name, count in more.items() if count} == HELD
