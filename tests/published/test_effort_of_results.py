"""What a case of existing results costs, in calls of functions: no clock is read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.published.results import ResultsReader
from pytest_safescale.results.written_record import members
from pytest_safescale.runs.score import Taken, score_results
from tests.effort import calls_by_name
from tests.published.result_files import block, dataset, line, write

if TYPE_CHECKING:
    from pathlib import Path

CONDITIONS, MODELS = 20, 4
CASES = CONDITIONS * MODELS * 3
MOST_CALLS = 74
"""Calls of a case with 20 samples, comprehensions apart: 68 where this was written."""


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
    _, calls = calls_by_name(take)
    return Counter({name: count for name, count in calls.items() if name[0] != "<"})


def test_a_case_of_twenty_samples_is_taken_in_with_few_calls(calls: Counter[str]) -> None:
    assert sum(calls.values()) / CASES <= MOST_CALLS


def test_what_recurs_is_judged_once(calls: Counter[str]) -> None:
    assert calls["judge_with"] == 2 * 3  # two answers to each item, whoever gives them
    assert calls["item_of_record"] == 3


def test_each_line_says_what_the_record_says(panel: Path) -> None:
    for cases in ResultsReader(panel, dataset()).by_line():
        for case in cases:
            assert case.members == members(case.record)


def test_the_page_of_scored_results_reads_no_case_back(tmp_path: Path) -> None:
    rows = [line(number, {"c": block("A", [*"AAB"])}) for number in (1, 2, 3)]
    results = write(tmp_path / "results", m=rows)
    _, calls = calls_by_name(lambda: score_results(results, dataset(), tmp_path / "report"))
    assert calls["read_cases"] == 0
    assert calls["fact_of"] == len(rows)
