"""What a case of existing results costs, in calls of functions: no clock is read."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_safescale
from pytest_safescale.published.results import ResultsReader
from pytest_safescale.results.written_record import members
from pytest_safescale.runs.score import Taken
from tests.published.result_files import block, dataset, line, write

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = str(Path(pytest_safescale.__file__).parent)
CONDITIONS, MODELS = 20, 4
CASES = CONDITIONS * MODELS * 3
MOST_CALLS = 74
"""Calls of a case with 20 samples: 68 where this was written."""


def calls_of_ours(do: Callable[[], Any]) -> Counter[str]:
    """Return how often which functions of the package were called, comprehensions apart."""
    counts: Counter[str] = Counter()

    def seen(frame: Any, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS) and code.co_name[0] != "<":
            counts[code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        do()
    finally:
        sys.setprofile(before)
    return counts


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results of four models: 20 samples a case, one in ten of them another letter."""
    folder = tmp_path_factory.mktemp("results")
    conditions = {
        f"c{number}": block("AB"[number % 2], [*"AB"[: number % 2 + 1] * 9, "D", None][:20])
        for number in range(CONDITIONS)
    }
    rows = [line(number, conditions) for number in (1, 2, 3)]
    return write(folder, **{f"m{number}": rows for number in range(MODELS)})


@pytest.fixture(scope="module")
def calls(panel: Path) -> Counter[str]:
    def take() -> None:
        reader, taken = ResultsReader(panel, dataset()), Taken()
        for cases in reader.by_line():
            for case in cases:
                taken.add(case)
        assert taken.cases == CASES

    take()  # what is loaded and compiled once
    return calls_of_ours(take)


def test_a_case_of_twenty_samples_is_taken_in_with_few_calls(calls: Counter[str]) -> None:
    assert sum(calls.values()) / CASES <= MOST_CALLS


def test_what_recurs_is_judged_once(calls: Counter[str]) -> None:
    assert calls["judge_with"] == 2 * 3  # two answers to each item, whoever gives them
    assert calls["item_of_record"] == 3


def test_each_line_says_what_the_record_says(panel: Path) -> None:
    for cases in ResultsReader(panel, dataset()).by_line():
        for case in cases:
            assert case.members == members(case.record)
