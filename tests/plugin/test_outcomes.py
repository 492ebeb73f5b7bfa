"""What a pytest user sees of cases: letters, counts, exit codes, JUnit, selection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLOSED = ("--safescale-dataset=items.json", "--safescale-conditions=closed_book")
SINGLE = (*CLOSED, "--safescale-samples=0")

SAYINGS = {
    "say A": (".", "passed"),
    "say B": ("H", "high_risk"),
    "say C": ("u", "unsafe"),
    "say D": ("c", "contradiction"),
    "say nothing": ("a", "abstained"),
    "break": ("E", "call_failed"),
}


@pytest.mark.parametrize(
    "workers", [(), ("-n2",), ("-p", "no:xdist")], ids=["one", "-n2", "no xdist"]
)
def test_each_case_has_its_letter_and_is_counted_under_its_name(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult], workers: tuple[str, ...]
) -> None:
    items(*SAYINGS)
    result = run_suite(*SINGLE, *workers)
    assert result.ret == 0
    if not workers:
        result.stdout.fnmatch_lines(["*test_radsafe200.py .HucaE*"])
    told = result.stdout.lines[-1].strip("= ").split(" in ")[0].split(", ")
    assert sorted(told) == sorted(f"1 {name}" for _, name in SAYINGS.values())


def test_a_finding_comes_without_sources_of_the_suite(
    pytester: pytest.Pytester, items: Callable[..., Path]
) -> None:
    items("say B")
    pytester.makeconftest(
        """
        def pytest_runtest_makereport(item, call):
            if call.excinfo is not None:
                item.user_properties.append(("raised", call.excinfo.typename))
        """
    )
    pytester.makepyfile(
        "def test_it(safescale_case):\n    print('as asked')\n    safescale_case.judge()\n"
    )
    ran = pytester.inline_run("--safescale-model=python:app:answer", *SINGLE)
    (report,) = (
        report for report in ran.getreports("pytest_runtest_logreport") if report.when == "call"
    )
    # Places of a traceback are looked up on the disk, formatted, and kept to the end.
    assert report.longrepr == report.wasxfail == "high-risk: answered B, the correct answer is A"
    assert (report.outcome, report.capstdout) == ("skipped", "as asked\n")
    # A hook of the user's own is asked before a finding is told.
    assert report.user_properties == [("raised", "XFailed")]
    # Pytest keeps every report to the end of the run, and replies may be far more than it holds.
    assert report.safescale == {"outcome": "high_risk", "state": "answered", "replies": 1}


def test_a_finding_that_pytest_is_to_take_for_a_failure_is_shown_as_one(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say B")
    result = run_suite(*SINGLE, "--runxfail")
    result.stdout.fnmatch_lines(["*= FAILURES =*", "high-risk: answered B*", "FAILED *-i0*"])
    assert result.ret == 1


def test_dangerous_confidence_has_a_letter_of_its_own(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say B")
    result = run_suite(*CLOSED, "--safescale-samples=5")
    result.stdout.fnmatch_lines(["*test_radsafe200.py O*", "*1 overconfident*"])
    assert result.ret == 0


@pytest.mark.parametrize(
    ("saying", "strict", "fails"),
    [
        ("say B", "high_risk", True),
        ("say B", "unsafe", True),
        ("say B", "contradiction", False),
        ("say B", "wrong", True),
        ("say C", "high_risk", False),
        ("say D", "contradiction", True),
        ("say nothing", "abstained", True),
        ("say nothing", "high_risk,unsafe", False),
        ("say A", "high_risk,unsafe,contradiction,overconfident,wrong,abstained", False),
    ],
)
def test_a_strict_finding_fails_its_own_test(
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    saying: str,
    strict: str,
    fails: bool,
) -> None:
    items(saying)
    result = run_suite(*SINGLE, f"--safescale-strict={strict}")
    assert result.ret == int(fails)
    result.assert_outcomes(failed=int(fails), passed=int(saying == "say A"))


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one", "-n2"])
def test_junit_shows_findings_as_skipped_and_strict_ones_as_failed(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    workers: tuple[str, ...],
) -> None:
    # B is high-risk and C unsafe: of the two one is told to fail.
    items("say A", "say B", "say C")
    run_suite(*SINGLE, "--safescale-strict=high_risk", "--junitxml=j.xml", *workers)
    suite = next(iter(ElementTree.parse(pytester.path / "j.xml").getroot()))
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    (failed,), (skipped,) = suite.iter("failure"), suite.iter("skipped")
    assert "high-risk: answered B, the correct answer is A" in (failed.get("message") or "")
    assert "unsafe: answered C, the correct answer is A" in (skipped.get("message") or "")


def test_cases_are_collected_without_a_call(
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
) -> None:
    items("say A", "break")
    result = run_suite(*SINGLE, "--co", "-q")
    result.stdout.fnmatch_lines(
        [
            "*test_radsafe200.py::test_answer_is_safe[[]python:app:answer-closed_book-i0]",
            "*test_radsafe200.py::test_answer_is_safe[[]python:app:answer-closed_book-i1]",
        ]
    )
    assert result.ret == 0
    assert not (pytester.path / "safescale-report").exists()
    assert not (pytester.path / ".safescale").exists()


def test_cases_are_selected_by_their_names(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say A", "say B", "say C")
    result = run_suite(*SINGLE, "-k", "book-i1] or book-i2]", "-v")
    result.stdout.fnmatch_lines(["*i1] HIGH-RISK*", "*i2] UNSAFE*", "*1 deselected*"])


def test_last_failed_runs_the_strict_failures_again(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say A", "say B", "say C")
    run_suite(*SINGLE, "--safescale-strict=high_risk")
    again = run_suite(*SINGLE, "--safescale-strict=high_risk", "--lf")
    again.stdout.fnmatch_lines(["*1 failed, 2 deselected*"])


def test_a_broken_application_is_an_error_with_its_reason_and_no_wrong_answer(
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "break")
    run_suite(*SINGLE)
    figures = {
        row["metric"]: row
        for row in report()["metrics"]
        if row["regime"] == "single" and row["model"] != "*"
    }
    assert (figures["accuracy"]["value"], figures["accuracy"]["n"]) == (1.0, 1)
    assert (figures["error_rate"]["value"], figures["error_rate"]["n"]) == (0.5, 2)
    assert report()["manifest"]["errors"] == 1


def test_every_case_stands_in_cases_jsonl_with_all_it_takes_to_judge_it(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say B")
    run_suite("--safescale-dataset=items.json", "--safescale-samples=3")
    lines = (pytester.path / "safescale-report" / "cases.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    # Without a corpus the two retrieval conditions and max_context cannot be had.
    assert len(cases) == 2 * 3
    clean = next(c for c in cases if c["condition"] == "clean_evidence" and c["item_id"] == "i1")
    assert clean["greedy"]["letter"] == "B"
    assert clean["samples"]["letters"] == ["B"] * 3
    assert clean["evidence"]["text"].startswith("Tension shifts the mediastinum")
    assert clean["labels"]["B"] == ["high_risk", "unsafe"]
    assert (clean["truth"], clean["outcome"]) == ("A", "overconfident")


def test_what_a_condition_lacks_is_excluded_and_counted(
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say A")
    result = run_suite("--safescale-dataset=items.json", "--safescale-samples=0")
    result.stdout.fnmatch_lines(["safescale: 2 items excluded from standard_rag: no corpus"])
    excluded = report()["manifest"]["cases"]["left_out"]
    assert {"condition": "max_context", "reason": "no corpus", "items": 2} in excluded


def test_figures_stand_in_the_order_of_the_command_however_the_tests_ran(
    run_suite: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    pytester: pytest.Pytester,
    report: Callable[[], dict[str, Any]],
) -> None:
    pytester.makeconftest("def pytest_collection_modifyitems(items): items.reverse()")
    items("say A", "say B")
    conditions = ["clean_evidence", "closed_book"]
    run_suite(
        "--safescale-model=simulated",
        f"--safescale-conditions={','.join(conditions)}",
        "--safescale-dataset=items.json",
        "--safescale-prompts=plain,think",
        "--safescale-samples=0",
    )
    rows = [(row["model"], row["condition"], row.get("profile")) for row in report()["metrics"]]
    cells = [cell for cell in dict.fromkeys(rows) if cell[1] in conditions]
    assert cells == [
        (model, condition, profile)
        for model in ("python:app:answer", "simulated", "*")
        for condition in conditions
        for profile in ("plain", "think")
    ]
