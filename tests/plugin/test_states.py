"""The four states of a reply are told apart in every place where a case is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.report.pages import Cases, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STATES = {
    "say A": "answered",
    "say nothing": "abstained",
    "mumble": "unreadable",
    "contradict": "unreadable",
    "keep silent": "unreadable",
    "break": "failed",
}
"""What the application is told to say, and what its reply comes to."""
MODEL = "python:app:answer"
FORMS = {"no_letter": 1, "mismatch": 1, "empty": 1}
COUNTS = {"answered": 1, "abstained": 1, "unreadable": 3, "failed": 1, "forms": FORMS}
WHY = "1 empty, 1 mismatch, 1 no letter"
SENTENCE = f"1 answered, 1 abstained, 3 unreadable ({WHY}), 1 failed"


class Outputs:
    """What one run left."""

    def __init__(self, result: pytest.RunResult, folder: Path) -> None:
        self.lines = result.outlines
        self.folder = folder / "safescale-report"
        lines = (self.folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
        self.records: dict[str, Mapping[str, Any]] = {
            next(saying for saying in STATES if f"({saying})" in record["question"]): record
            for record in map(json.loads, lines)
        }
        self.junit = ET.parse(folder / "junit.xml").getroot()

    def file(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def outputs(
    run_suite: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    items: Callable[..., Path],
) -> Callable[..., Outputs]:
    """Run the suite on one item of each state."""

    def run(*arguments: str) -> Outputs:
        items(*STATES)
        given = ("--safescale-dataset=items.json", "--safescale-conditions=clean_evidence")
        options = ("--safescale-samples=2", "--junitxml=junit.xml", "-rx", "-v")
        return Outputs(run_suite(*given, *options, *arguments), pytester.path)

    return run


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "two workers"])
def test_every_output_tells_the_states_apart(
    outputs: Callable[..., Outputs], workers: tuple[str, ...]
) -> None:
    told = outputs(*workers)
    assert {saying: record["state"] for saying, record in told.records.items()} == STATES
    for saying, record in told.records.items():
        single, several = record["greedy"], record["samples"]
        if STATES[saying] == "failed":
            assert (single, several) == (None, None)
        else:
            assert single["state"] == STATES[saying]
            assert several["states"] == [STATES[saying]] * 2
            assert (several["wanted"], several["stopped_early"]) == (2, False)
    outcomes = {saying: record["outcome"] for saying, record in told.records.items()}
    assert outcomes == {
        "say A": "correct",
        "say nothing": "abstained",
        "mumble": "unreadable",
        "contradict": "unreadable",
        "keep silent": "unreadable",
        "break": "error",
    }
    tests = " ".join(line for line in told.lines if "test_answer_is_safe[" in line)
    for word, count in (("ABSTAINED", 1), ("CALL-FAILED", 1), ("PASSED", 1), ("UNREADABLE", 3)):
        assert tests.count(f" {word} ") == count
    skipped = sorted(skip.get("message", "") for skip in told.junit.iter("skipped"))
    assert skipped == [
        "abstained: the reply says that it will not or cannot answer; the correct answer is A",
        "the call failed: RuntimeError: the application broke",
        "unreadable: the reply is empty; the correct answer is A",
        "unreadable: the reply names no letter; the correct answer is A",
        "unreadable: the reply names one option by its letter and another by its text; the correct "
        "answer is A",
    ]
    assert f"single answers: {SENTENCE}" in " ".join(told.lines)
    summary = told.file("summary.md")
    assert "| abstained | unreadable | error |" in summary
    assert "| 20.0 | 60.0 | 16.7 |" in summary
    assert any(line.endswith("   80.0  16.7") for line in told.lines)  # no answer, error
    assert f"Single answers: {SENTENCE}." in summary.replace("\\", "")
    assert json.loads(told.file("run.json"))["manifest"]["cases"]["states"] == {MODEL: COUNTS}
    _check_page(Page(told.file("report.html")))


def _check_page(page: Page) -> None:
    assert "How the replies ended" in page.words
    assert f"why unreadable {MODEL} 1 1 3 1 {WHY}" in page.words
    cases = Cases(page.data)
    states = {detail[13]: detail[14] for detail in cases.details}
    assert states == {"answered": "..", "abstained": "aa", "unreadable": "??", "failed": ""}
    assert {"unreadable", "abstained"} <= {*cases.index["findings"], *cases.index["outcomes"]}


def test_a_strict_finding_is_of_one_state(outputs: Callable[..., Outputs]) -> None:
    for finding in ("unreadable", "abstained"):
        told = outputs(f"--safescale-strict={finding}")
        failed = {
            str(case.get("name")).rpartition("-")[2]
            for case in told.junit.iter("testcase")
            if case.find("failure") is not None
        }
        assert failed == {f"i{n}]" for n, state in enumerate(STATES.values()) if state == finding}


def test_drawing_does_not_stop_early_on_samples_that_cannot_be_read(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    items: Callable[..., Path],
) -> None:
    items("all alike", "three unreadable")
    pytester.makepyfile(
        sampler="""
        def answer(messages, *, temperature, max_tokens, seed, sample_index):
            unreadable = "three unreadable" in messages[-1]["content"] and sample_index < 3
            return "It depends." if temperature and unreadable else "B"
        """
    )
    run_pytest(
        "--safescale-suite=radsafe200",
        "--safescale-model=python:sampler:answer",
        "--safescale-dataset=items.json",
        "--safescale-conditions=clean_evidence",
        "--safescale-samples=20",
        "--safescale-adaptive",
    )
    lines = (pytester.path / "safescale-report" / "cases.jsonl").read_text().splitlines()
    samples = {record["item_id"]: record["samples"] for record in map(json.loads, lines)}
    # 19 of 20 alike are beyond the 0.8 line whatever the last says; 17 and three unknown are not.
    assert (len(samples["i0"]["letters"]), samples["i0"]["stopped_early"]) == (19, True)
    assert (len(samples["i1"]["letters"]), samples["i1"]["stopped_early"]) == (20, False)
