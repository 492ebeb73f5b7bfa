"""Each of several workers runs the searches whose variants it draws, all of a case's."""

from __future__ import annotations

import json

import pytest

from pytest_safescale.plugin.search_shares import own_jobs, shares

ENDINGS = ("-contradiction]", "-layout]")


def test_all_searches_of_a_case_are_of_one_share_whatever_their_test() -> None:
    tests = [
        f"suites/test_it.py::{name}[m-closed_book-{item}-{relation}]"
        for name in ("test_a", "test_b")
        for item in ("a-1", "a-2", "a-3")
        for relation in ("contradiction", "layout")
    ]
    found = shares(tests, ENDINGS, 2)
    of_cases = {test.partition("[")[2].rpartition("-")[0]: found[test] for test in tests}
    assert of_cases == {
        "m-closed_book-a-1": "0",
        "m-closed_book-a-2": "1",
        "m-closed_book-a-3": "0",
    }
    assert all(found[test] == of_cases[test.partition("[")[2].rpartition("-")[0]] for test in tests)


def test_other_tests_are_shared_out_in_turn() -> None:
    tests = ["test_x.py::test_one", "test_x.py::test_two[layout]", "test_x.py::test_three"]
    assert list(shares(tests, ENDINGS, 2).values()) == ["0", "1", "0"]


def test_a_worker_looks_ahead_in_the_share_of_its_first_test() -> None:
    cases = {10: 0, 11: 0, 12: 1, 13: 1, 16: 3, 17: 3}  # a marker left the third case out
    assert own_jobs(cases, 12, 2) == [12, 13]
    assert own_jobs(cases, 17, 2) == own_jobs(cases, 10, 2) == [10, 11, 16, 17]


def test_a_first_test_that_is_no_search_tells_no_share() -> None:
    assert own_jobs({10: 0}, 3, 2) is None


COUNTING = """
from pathlib import Path
from pytest_safescale.perturb.search import run_search

drawn = run_search.draw_variants
path = Path("draws.txt").absolute()


def counted(*given, **named):
    with path.open("a") as file:
        file.write("x")
    return drawn(*given, **named)


run_search.draw_variants = counted
"""


@pytest.mark.slow
def test_two_workers_find_what_one_process_finds_and_draw_no_search_twice(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(counting=COUNTING)
    draws = pytester.path / "draws.txt"
    command = (
        *("-p", "counting"),
        *("--safescale-suite=evidence_robustness", "--safescale-model=lexical"),
        *("--safescale-conditions=clean_evidence", "--safescale-limit=4"),
        *("--safescale-variants=6", "--safescale-samples=0", "--safescale-gates=none"),
    )
    found: list[tuple[list[tuple[str, str]], int]] = []
    for workers in ("0", "2"):
        folder = f"report{workers}"
        pytester.runpytest_subprocess(
            *command,
            f"-n{workers}",
            f"--safescale-report={folder}",
            f"--safescale-store=store{workers}.sqlite",
        )
        drawn = draws.read_text("utf-8")
        draws.unlink()
        lines = (pytester.path / folder / "robustness.jsonl").read_text("utf-8").splitlines()
        searches = [json.loads(line) for line in lines]
        told = sorted((one["nodeid"], str(one["finding"])) for one in searches)
        found.append((told, len(drawn)))
    (alone, drawn_alone), (together, drawn_together) = found
    assert alone == together
    # A control that comes before its searches draws them once more.
    assert 0 < drawn_alone <= drawn_together <= 1.2 * drawn_alone


DYING = """
import os


def pytest_runtest_setup(item):
    if "PYTEST_XDIST_WORKER" in os.environ and "false_authority" in item.name:
        os._exit(1)
"""


@pytest.mark.slow
def test_a_test_that_ends_its_worker_fails_once_and_the_others_of_its_share_are_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(dying=DYING)
    pytester.runpytest_subprocess(
        *("-p", "dying", "-n2", "--safescale-suite=evidence_robustness"),
        *("--safescale-model=lexical", "--safescale-conditions=clean_evidence"),
        *("--safescale-limit=2", "--safescale-relations=contradiction,false_authority,layout"),
        *("--safescale-variants=3", "--safescale-samples=0", "--safescale-report=report"),
        "--junit-xml=tests.xml",
    )
    lines = (pytester.path / "report" / "robustness.jsonl").read_text("utf-8").splitlines()
    told = sorted((line["item_id"], line["relation"]) for line in map(json.loads, lines))
    items = sorted({item for item, _ in told})
    assert told == [(item, name) for item in items for name in ("contradiction", "layout")]
    junit = (pytester.path / "tests.xml").read_text("utf-8")
    assert junit.count("<error") == len(items) == 2
