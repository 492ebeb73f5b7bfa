"""Metrics of the user's own in a run: report, gates, errors, with and without xdist."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli import main

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
    assert rows["silent_rate"]["ci_method"] == "bootstrap-percentile"
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


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one", "-n2"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("case['nothing']", "KeyError: 'nothing'"),
        ("'yes'", "found 'yes'; allowed: True, False or None, as its name ends in _rate"),
    ],
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
