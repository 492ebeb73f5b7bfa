"""Metrics of the user's own in a run: report, gates, errors, with and without xdist."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)
CONFTEST = """
from pytest_safescale import CaseMetric


def silent(case):
    return case["greedy"]["letter"] is None


def pytest_safescale_metrics(config):
    return [
        CaseMetric(
            name="silent_rate", definition="Share of replies without a letter.", value=silent
        ),
        CaseMetric(
            name="reply_characters",
            definition="Mean length of a reply.",
            value=lambda case: len(case["greedy"]["text"]),
            higher_is_better=None,
        ),
    ]
"""


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one", "-n2"])
def test_its_figures_stand_in_every_file_of_the_report(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    workers: tuple[str, ...],
) -> None:
    items("say A", "say nothing", "say B", "break")
    pytester.makeconftest(CONFTEST)
    assert run_suite(*RUN, *workers).ret == 0
    folder = pytester.path / "safescale-report"
    rows = {row["metric"]: row for row in report()["metrics"]}
    # One of the three that answered; "A", "B" and "I cannot answer that.": 23 / 3 characters.
    assert (rows["silent_rate"]["value"], rows["silent_rate"]["n"]) == (pytest.approx(1 / 3), 3)
    assert rows["silent_rate"]["ci_method"] == "clopper-pearson"
    assert rows["reply_characters"]["value"] == pytest.approx(23 / 3)
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        assert {"silent_rate", "reply_characters"} <= {
            row["metric"] for row in csv.DictReader(file)
        }
    assert [metric["name"] for metric in report()["manifest"]["custom_metrics"]] == [
        "silent_rate",
        "reply_characters",
    ]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Share of replies without a letter." in page
    assert "33.3" in page
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    silent = {case["item_id"]: case["custom"].get("single", {}) for case in cases}
    assert silent["i1"]["silent_rate"] is True
    assert silent["i3"] == {}


@pytest.mark.parametrize(
    ("value", "reason", "workers"),
    [
        ("case['nothing']", "KeyError: 'nothing'", ()),
        ("'yes'", "found 'yes'; allowed: True, False or None, as its name ends in _rate", ()),
        ("case['nothing']", "KeyError: 'nothing'", ("-n2",)),
    ],
    ids=["raises", "is no rate", "raises -n2"],
)
def test_one_that_cannot_be_computed_ends_the_run_with_metric_and_case(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    value: str,
    reason: str,
    workers: tuple[str, ...],
) -> None:
    items("say A")
    pytester.makeconftest(
        f"""
        from pytest_safescale import CaseMetric

        def pytest_safescale_metrics(config):
            return [CaseMetric(name="odd_rate", definition="Odd.", value=lambda case: {value})]
        """
    )
    result = run_suite(*RUN, *workers)
    assert result.ret == 4
    told = f"safescale: metric 'odd_rate', case python:app:answer-closed_book-i0: {reason}"
    assert told in result.stdout.str() + result.stderr.str()


GATES = [
    # One of three that answered is silent: exact 95 % bounds 0.0170 and 0.8646.
    ('metric = "silent_rate"\nmax = 0.34', "passed"),
    ('metric = "silent_rate"\nmax = 0.33', "failed"),
    ('metric = "silent_rate"\nmax = 0.87\nconfidence = 0.95', "passed"),
    ('metric = "silent_rate"\nmax = 0.86\nconfidence = 0.95', "inconclusive"),
    ('metric = "silent_rate"\nmax = 0.01\nconfidence = 0.95', "failed"),
    # "A", "B" and "I cannot answer that.": 23 / 3 characters.
    ('metric = "reply_characters"\nmin = 7.6', "passed"),
    ('metric = "reply_characters"\nmin = 7.7', "failed"),
    ('metric = "silent_rate"\nmax = 0.5\ncondition = "clean_evidence"', "inconclusive"),
]


def test_gates_on_it_are_judged_like_any_other(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say nothing", "say B")
    pytester.makeconftest(CONFTEST)
    text = "\n".join(f"[[gates]]\n{gate}" for gate, _ in GATES)
    (pytester.path / "gates.toml").write_text(text, encoding="utf-8")
    result = run_suite(*RUN, "--safescale-gates=gates.toml", "--junitxml=j.xml")
    assert result.ret == 1
    assert [gate["outcome"] for gate in report()["gates"]] == [decision for _, decision in GATES]
    suite = next(iter(ElementTree.parse(pytester.path / "j.xml").getroot()))
    assert int(suite.get("failures") or 0) == sum(decision != "passed" for _, decision in GATES)
    result.stdout.fnmatch_lines(["*silent rate (closed_book, python:app:answer) is 0.3333*"])


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ('metric = "silence"\nmax = 1', "allowed: *reply_characters*silent_rate"),
        ('metric = "silent_rate"\nregime = "self_consistency"\nmax = 1', "has no decoding mode"),
        ('metric = "reply_characters"\nmax = 1\nconfidence = 0.95', "confidence needs a rate"),
    ],
)
def test_a_gate_that_does_not_fit_it_ends_the_run_before_the_first_call(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    gate: str,
    expected: str,
) -> None:
    items("break")
    pytester.makeconftest(CONFTEST)
    (pytester.path / "gates.toml").write_text(f"[[gates]]\n{gate}\n", encoding="utf-8")
    result = run_suite(*RUN, "--safescale-gates=gates.toml")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*gate 1: *{expected}*"])


def test_it_is_compared_with_a_baseline_item_by_item(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    pytester.makeconftest(CONFTEST)
    items("say A", "say A", "say nothing")
    run_suite(*RUN, "--safescale-report=before")
    # The items keep their ids and correct letters; the application is told to say something else.
    pytester.makepyfile(app="def answer(messages, **_): return 'I do not know.'")
    gate = '[[gates]]\nmetric = "silent_rate"\nmax_increase = {}\n'
    (pytester.path / "gates.toml").write_text(gate.format(0.6) + gate.format(0.7), "utf-8")
    run_suite(*RUN, "--safescale-baseline=before/run.json", "--safescale-gates=gates.toml")
    row = next(row for row in report()["comparisons"] if row["metric"] == "silent_rate")
    assert (row["kind"], row["b"], row["c"], row["n"]) == ("baseline", 2, 0, 3)
    assert [gate["outcome"] for gate in report()["gates"]] == ["failed", "passed"]


def test_shards_that_are_merged_have_its_figures_and_judge_its_gates(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say nothing", "say B", "say A", "say nothing")
    pytester.makeconftest(CONFTEST)
    gate = '[[gates]]\nmetric = "silent_rate"\nmax = {}\n'
    (pytester.path / "gates.toml").write_text(gate.format(0.4) + gate.format(0.3), "utf-8")
    for report, *shard in (("whole",), ("s1", "1/2"), ("s2", "2/2")):
        part = [f"--safescale-shard={shard[0]}"] if shard else []
        run_suite(*RUN, "--safescale-gates=gates.toml", f"--safescale-report={report}", *part)
    assert main(["merge", "s1", "s2", "--out=merged"]) == 1
    own, told = {"silent_rate", "reply_characters"}, {}
    for name in ("whole", "merged"):
        run = json.loads((pytester.path / name / "run.json").read_text(encoding="utf-8"))
        rows = [row for row in run["metrics"] if row["metric"] in own]
        told[name] = rows, [gate["outcome"] for gate in run["gates"]]
    assert told["merged"] == told["whole"]
    assert told["whole"][1] == ["passed", "failed"]


def test_results_that_are_scored_again_keep_its_figures(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say nothing")
    pytester.makeconftest(CONFTEST)
    run_suite(*RUN)
    own = {"silent_rate", "reply_characters"}
    first = [row for row in report()["metrics"] if row["metric"] in own]
    score = ("score", "safescale-report", "--dataset=items.json")
    assert main([*score, "--out=again"]) == 0
    again = json.loads((pytester.path / "again" / "run.json").read_text(encoding="utf-8"))
    assert [row for row in again["metrics"] if row["metric"] in own] == first
    assert len(first) == 2
    lines = pytester.path / "safescale-report" / "cases.jsonl"
    lines.write_text(lines.read_text().replace('"silent_rate": true', '"silent_rate": "x"'))
    assert main([*score, "--out=third"]) == 4


def test_one_that_cannot_be_registered_ends_the_run_before_the_first_call(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
) -> None:
    items("break")
    pytester.makeconftest(CONFTEST.replace("silent_rate", "accuracy"))
    result = run_suite(*RUN)
    assert result.ret == 4
    assert "metric 'accuracy' is built in" in result.stderr.str()
    assert not (pytester.path / "safescale-report").exists()
