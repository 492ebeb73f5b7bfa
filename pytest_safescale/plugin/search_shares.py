"""Which of several workers runs which search: the one that draws its variants.

Whoever runs a test draws its search anew, which is most of what a search costs, and xdist tells no
worker ahead which tests it will hand out. So the searches of every n-th case go to one of n
workers, which looks ahead in them alone. What the others were to run goes to it only where one of
them has died, and is drawn when a test wants it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.numbering import Numbering
from pytest_safescale.plugin import internals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

__all__ = ["own_jobs", "scheduler", "shares"]


def scheduler(config: pytest.Config, log: object, relations: Iterable[str]) -> object:
    """Return what hands tests to workers, in the place of xdist's own."""
    endings = tuple(f"-{name}]" for name in relations)
    return internals.scheduler_by_scope(
        config, log, lambda tests, workers: shares(tests, endings, workers)
    )


def shares(tests: Sequence[str], endings: tuple[str, ...], workers: int) -> dict[str, str]:
    """Return the share of each test by its id: searches by their case, other tests in turn.

    ``endings`` are how the ids of searches end.
    """
    cases = Numbering[str]()
    found: dict[str, str] = {}
    others = 0
    for test in tests:
        if test.endswith(endings):
            number = cases[test.partition("[")[2].rpartition("-")[0]]
        else:
            number, others = others, others + 1
        found[test] = str(number % workers)
    return found


def own_jobs(cases: Mapping[int, int], first: int, workers: int) -> list[int] | None:
    """Return the searches of a worker whose first test wants ``first``, in the order of the tests.

    ``cases`` has the case of each search, in that order. Returns ``None`` where ``first`` is no
    search: it does not tell which share the worker has.
    """
    if first not in cases:
        return None
    numbers = Numbering[int]()
    found = {job: numbers[case] % workers for job, case in cases.items()}
    return [job for job, share in found.items() if share == found[first]]
