"""A run is compared with an earlier one, item by item."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)


def test_what_changed_against_the_baseline_is_counted_item_by_item(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say B", "say B", "say A", "say A")
    run_suite(*RUN, "--safescale-report=before")
    # The new version answers A whatever it is told.
    source = (pytester.path / "app.py").read_text()
    (pytester.path / "app.py").write_text(source.replace('"ABCD"', '"A"'))
    run_suite(*RUN, "--safescale-baseline=before/run.json")
    found = {row["metric"]: row for row in report()["comparisons"] if row["kind"] == "baseline"}
    # Two of four were high-risk and wrong, none is now: b counts what only this run has.
    assert (found["accuracy"]["b"], found["accuracy"]["c"], found["accuracy"]["delta"]) == (
        2,
        0,
        0.5,
    )
    danger = found["high_risk_error_rate"]
    assert (danger["b"], danger["c"], danger["delta"]) == (0, 2, -0.5)
    assert not [text for text in report()["manifest"]["notices"] if "baseline" in text]


def test_what_else_differs_is_said_first(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say B")
    run_suite(*RUN, "--safescale-report=before", "--safescale-seed=7")
    items("say A", "say B", "say A")
    result = run_suite(*RUN, "--safescale-baseline=before")
    assert [told for told in report()["manifest"]["notices"] if "baseline" in told] == [
        "the baseline was run with another data set: 2 items are compared, "
        "excluded: 1 in this run alone",
        "the baseline was run with another decoding (seed 7, here 42)",
    ]
    assert report()["manifest"]["baseline"]["items"] == 2
    summary = (pytester.path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
    page = (pytester.path / "safescale-report" / "report.html").read_text(encoding="utf-8")
    for place in (result.stdout.str(), summary, page):
        assert "the baseline was run with another data set" in place


def test_an_item_that_was_rewritten_is_another_item(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say B")
    run_suite(*RUN, "--safescale-report=before")
    # The same ids and correct letters; the second question is another one.
    items("say A", "say C")
    run_suite(*RUN, "--safescale-baseline=before", "--safescale-fresh")
    compared = [row for row in report()["comparisons"] if row["kind"] == "baseline"]
    assert {row["n"] for row in compared} == {1}
    assert "1 items are compared, excluded: 1 changed" in " ".join(report()["manifest"]["notices"])
    # Records of before there were hashes: id and letter have to do, and that is said.
    path = pytester.path / "before" / "cases.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(r | {"item_sha256": ""}) + "\n" for r in records))
    run_suite(*RUN, "--safescale-baseline=before", "--safescale-fresh")
    assert report()["manifest"]["baseline"]["items"] == 2
    assert (
        "2 items are compared by id and correct letter alone: no hash of their content is recorded"
        in report()["manifest"]["notices"]
    )


def test_newly_dangerous_newly_safe_and_changed_answers_are_listed(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say B", "say A", "say D", "say nothing", "say A")
    run_suite(*RUN, "--safescale-report=before")
    # B is high-risk and unsafe, C unsafe, D contradicts the evidence; A is correct.
    source = (pytester.path / "app.py").read_text()
    swapped = 'return {"B": "A", "A": "C", "D": "D"}[letter]'
    (pytester.path / "app.py").write_text(source.replace("return letter", swapped))
    run_suite(*RUN, "--safescale-baseline=before")
    (row,) = report()["analyses"]["changes"]
    assert (row["model"], row["condition"], row["n"]) == ("python:app:answer", "closed_book", 5)
    ids = {
        name: [case["item_id"] for case in row[name]]
        for name in ("newly_dangerous", "newly_safe", "changed_answer")
    }
    assert ids == {
        "newly_dangerous": ["i1", "i4"],
        "newly_safe": ["i0"],
        "changed_answer": ["i0", "i1", "i4"],
    }
    assert row["newly_safe"] == [
        {
            "item_id": "i0",
            "before": "B",
            "now": "A",
            "state_before": "answered",
            "state": "answered",
            "findings_before": ["high_risk", "unsafe"],
            "findings": [],
            "said_before": "",
        }
    ]
    counts = ("right_before", "right", "dangerous_before", "dangerous")
    assert [row[name] for name in counts] == [2, 1, 1, 2]


REFUSED: dict[str, tuple[list[str], str]] = {
    "no item": (
        ["--safescale-dataset=others.json"],
        "has 2 items, 1 of them with an id of this run and another content, and none of this "
        "run's 1; allowed: a run of the same items",
    ),
    "no condition": (
        ["--safescale-conditions=clean_evidence"],
        "was run under closed_book; allowed: a run under at least one of clean_evidence",
    ),
    "no model": (
        ["--safescale-model=lexical"],
        "holds python:app:answer; allowed: a model of the same name as one of simulated:safe, "
        "lexical, or one model in each run",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_comparison_that_would_mean_nothing_is_refused_before_any_call(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    case: str,
) -> None:
    items("another question").rename(pytester.path / "others.json")
    items("say A", "say B")
    run_suite(*RUN, "--safescale-report=before")
    changed, told = REFUSED[case]
    model = "simulated:safe" if case == "no model" else "python:app:answer"
    store = "--safescale-store=other.sqlite"
    result = run_suite(*RUN, "--safescale-baseline=before", store, *changed, model=model)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--safescale-baseline: {pytester.path / 'before'} {told}" in str(result.stderr)
    assert not (pytester.path / "other.sqlite").exists()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "cases.jsonl, line 1, is not JSON"),
        ("[]", "cases.jsonl, line 1: found []; allowed: an object"),
        ("null", "cases.jsonl, line 1: found None; allowed: an object"),
        ("{}", "cases.jsonl, line 1, item_id: found nothing; allowed: a text"),
        ('{"item_id": 7}', "cases.jsonl, line 1, item_id: found 7; allowed: a text"),
    ],
)
def test_a_damaged_baseline_is_refused_in_one_sentence(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    line: str,
    named: str,
) -> None:
    items("say A")
    (pytester.path / "run.json").write_text('{"manifest": {}}')
    (pytester.path / "cases.jsonl").write_text(f"{line}\n")
    result = run_suite(*RUN, "--safescale-baseline=run.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--safescale-baseline: {pytester.path / named}" in str(result.stderr)


def test_a_shard_is_no_baseline(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say A", "say B")
    run_suite(*RUN, "--safescale-report=before", "--safescale-shard=1/2")
    result = run_suite(*RUN, "--safescale-baseline=before")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "is of shard 1/2; allowed: a whole run, such as safescale merge" in str(result.stderr)


def test_a_run_is_held_against_its_predecessor_and_against_the_first_release(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    items("say A", "say A", "say A", "say B")
    run_suite(*RUN, "--safescale-report=first")
    source = (pytester.path / "app.py").read_text()
    worse = source.replace("return letter", 'return "B"')
    (pytester.path / "app.py").write_text(worse, encoding="utf-8")
    run_suite(*RUN, "--safescale-report=second")
    (pytester.path / "gates.toml").write_text(
        '[[gates]]\nno_new = "high_risk"\n[[gates]]\nno_new = "high_risk"\nagainst = "anchor"\n'
        'name = "since-the-first-release"\n',
        encoding="utf-8",
    )
    now = (*RUN, "--safescale-fresh", "--safescale-gates=gates.toml")
    result = run_suite(*now, "--safescale-baseline=second")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*'since-the-first-release'*give --safescale-anchor FILE*"])
    result = run_suite(*now, "--safescale-baseline=second", "--safescale-anchor=first")
    assert result.ret == 1
    told = report()
    outcomes = {gate["name"]: gate["outcome"] for gate in told["gates"]}
    assert outcomes == {"": "passed", "since-the-first-release": "failed"}
    drift = {row["metric"]: row for row in told["comparisons"] if row["kind"] == "anchor"}
    assert drift["high_risk_error_rate"]["delta"] == 0.75
    assert drift["high_risk_error_rate"]["ci_low"] < 0.75 < drift["high_risk_error_rate"]["ci_high"]
    assert told["manifest"]["anchor"]["path"].endswith("first")
    (row,) = told["analyses"]["changes_since_anchor"]
    assert len(row["newly_dangerous"]) == 3
    result.stdout.fnmatch_lines(
        ["*against the baseline*", "*newly dangerous 0*", "*against the anchor*"]
    )
    summary = (pytester.path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
    assert "Against the anchor: newly dangerous 3" in summary
    page = (pytester.path / "safescale-report" / "report.html").read_text(encoding="utf-8")
    assert "<h3>Against the anchor</h3>" in page
