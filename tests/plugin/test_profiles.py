"""Prompt profiles through a whole run: ids, files, gates, shards and scoring."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.outputs import lines_of
from tests.servers import ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION = """
def answer(messages, *, temperature, max_tokens, seed, sample_index):
    question, last = messages[1]["content"], messages[-1]["content"]
    if len(messages) > 2:
        return "I change it.\\nA" if "(wrong)" in question else "I keep it.\\nB"
    if "cannot say" in messages[0]["content"]:
        return "cannot say"
    return "B" if "(wrong)" in question else "A"
"""
RUN = ("--safescale-conditions=closed_book,clean_evidence", "--safescale-samples=0")
GATES = """
[[gates]]
metric = "high_risk_error_rate"
max = 0.4
profile = "verify"

[[gates]]
metric = "accuracy"
min = 0.9
profile = ["plain", "uncertain"]
condition = "closed_book"

[[gates]]
metric = "high_risk_error_rate"
max_increase = 0.1
against = "profile:plain"
profile = "verify"
condition = "closed_book"
"""


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Any],
    run_suite: Callable[..., pytest.RunResult],
) -> Callable[..., pytest.RunResult]:
    """Run over two items, of which the application gets one wrong and one right."""
    file = items("wrong", "right")
    pytester.makepyfile(app=APPLICATION)

    def run(*arguments: str) -> pytest.RunResult:
        return run_suite(f"--safescale-dataset={file}", *RUN, *arguments)

    return run


def ids(result: pytest.RunResult) -> list[str]:
    return [line.split("[", 1)[1].split("]")[0] for line in result.outlines if "::test" in line]


def test_a_run_of_several_profiles_tells_each_wherever_cells_are_told(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    pytester.makefile(".toml", gates=GATES)
    result = ask("--safescale-prompts=plain,uncertain,verify", "--safescale-gates=gates.toml", "-v")
    text = result.stdout.str()
    assert "python:app:answer-closed_book-plain-i0" in text
    assert "python:app:answer-closed_book-verify-i1" in text
    assert "2 conditions x 3 prompt profiles x 2 items = 12 cases" in text
    run, folder = report(), pytester.path / "safescale-report"
    records = lines_of(folder / "cases.jsonl")
    assert {(r["condition"], r["profile"]) for r in records} == {
        (condition, profile)
        for condition in ("closed_book", "clean_evidence")
        for profile in ("plain", "uncertain", "verify")
    }
    figures = {
        (row["condition"], row["profile"]): row["value"]
        for row in run["metrics"]
        if row["metric"] == "high_risk_error_rate" and row["regime"] == "single"
    }
    assert figures["closed_book", "plain"] == figures["closed_book", "verify"] == 0.5
    assert figures["closed_book", "uncertain"] == 0.0
    with (folder / "metrics.csv").open() as file:
        assert {row["profile"] for row in csv.DictReader(file)} == {"plain", "uncertain", "verify"}
    *held, against_plain = run["gates"]
    gates = {(g["metric"], g["condition"], g["profile"]): g["outcome"] for g in held}
    assert gates == {
        ("high_risk_error_rate", "closed_book", "verify"): "failed",
        ("high_risk_error_rate", "clean_evidence", "verify"): "failed",
        ("accuracy", "closed_book", "plain"): "failed",
        ("accuracy", "closed_book", "uncertain"): "failed",
    }
    assert against_plain["outcome"] == "passed"
    assert "0 above the plain prompt over 2 shared items" in against_plain["sentence"]
    assert "safescale::gate[accuracy-closed_book-uncertain-python:app:answer]" in text
    assert [one["name"] for one in run["manifest"]["profiles"]] == ["plain", "uncertain", "verify"]
    assert run["manifest"]["conditions"] == ["closed_book", "clean_evidence"]


def test_the_plain_profile_alone_changes_no_id_and_no_key(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    result = ask("--safescale-prompts=plain", "-v")
    assert "python:app:answer-closed_book-i0" in result.stdout.str()
    assert '"profile' not in json.dumps(report())
    assert "profile" not in (pytester.path / "safescale-report" / "cases.jsonl").read_text()


def test_one_profile_that_is_not_plain_is_named_and_is_what_the_page_shows(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    ask("--safescale-prompts=uncertain")
    run = report()
    assert {row["profile"] for row in run["metrics"]} == {"uncertain"}
    assert run["analyses"]["concentration"]["items"]
    assert (pytester.path / "safescale-report" / "report.html").exists()


def test_shards_of_profiles_are_joined_to_what_one_run_gives(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prompts = "--safescale-prompts=plain,verify"
    ask(prompts)
    whole = report()
    for number in (1, 2):
        ask(prompts, f"--safescale-shard={number}/2", f"--safescale-report=s{number}")
    monkeypatch.chdir(pytester.path)
    assert main(["merge", "s1", "s2", "--out", "merged"]) == 0
    merged = json.loads((pytester.path / "merged" / "run.json").read_text())
    for part in ("metrics", "comparisons"):
        steady = [row for row in whole[part] if row["metric"] != "mean_latency_s"]
        assert [row for row in merged[part] if row["metric"] != "mean_latency_s"] == steady


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_run_of_profiles_is_asked_once_by_any_number_of_workers_and_replayed(
    pytester: pytest.Pytester,
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    items: Callable[..., Any],
    workers: str,
) -> None:
    def reply(payload: dict[str, Any]) -> str:
        talk = [message["content"] for message in payload["messages"]]
        if len(talk) > 2:
            assert talk[2] in "AB"
            return "I change it.\nA"
        return "B" if "(wrong)" in talk[1] else "A"

    options = (
        f"--safescale-dataset={items('wrong', 'right', 'right again')}",
        "--safescale-conditions=closed_book",
        "--safescale-prompts=plain,verify",
        "--safescale-samples=3",
        workers,
    )
    pytester.makefile(".toml", safescale='[models.m]\nprovider = "openai"\nmodel = "m"\n')
    with ChatServer(reply) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SAFESCALE_API_KEY", "k")
        run_suite(*options, f"--safescale-base-url={server.url}", model="m")
        made = server.replies
        first = report()
        replayed = (*options[:-1], f"--safescale-base-url={server.url}", "--safescale-replay")
        run_suite(*replayed, model="m")
        assert server.replies == made
    told = {(r["profile"], r["metric"], r["regime"]): r["value"] for r in first["metrics"]}
    assert told["plain", "accuracy", "single"] == pytest.approx(2 / 3)
    assert told["verify", "accuracy", "self_consistency"] == 1.0
    assert told["verify", "changed_to_safe", "single"] == pytest.approx(1 / 3)
    # Three items: one single answer and three samples, and the second turns of all four.
    assert made == 3 * (1 + 3) + 3 * (1 + 3)
    steady = [row for row in first["metrics"] if row["metric"] != "mean_latency_s"]
    again = [row for row in report()["metrics"] if row["metric"] != "mean_latency_s"]
    assert again == steady


def test_searches_for_counterexamples_are_made_under_each_profile(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    ask(
        "--safescale-prompts=plain,verify",
        "--safescale-suite=evidence_robustness",
        "--safescale-relations=option_order",
        "--safescale-variants=2",
        "--safescale-conditions=closed_book",
    )
    records = lines_of(pytester.path / "safescale-report" / "robustness.jsonl")
    assert {(record["item_id"], record["profile"]) for record in records} == {
        (item, profile) for item in ("i0", "i1") for profile in ("plain", "verify")
    }
    told = {row["profile"] for row in report()["metrics"] if row["metric"] == "flip_rate"}
    assert told == {"plain", "verify"}
    assert {row["profile"] for row in report()["analyses"]["robustness"]} == {"plain", "verify"}
    reproduced = [record["reproduce"] for record in records if record["finding"]]
    assert all("--safescale-prompts=" in line for line in reproduced)


@pytest.mark.parametrize("answers", ["checked", "raw"])
def test_a_report_of_profiles_scored_anew_gives_its_own_figures(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    answers: str,
) -> None:
    ask("--safescale-prompts=plain,verify,abstain_shuffled")
    whole = report()
    monkeypatch.chdir(pytester.path)
    command = ["score", "safescale-report", "--dataset=items.json", "--out=again"]
    assert main([*command, f"--answers={answers}"]) == 0
    again = json.loads((pytester.path / "again" / "run.json").read_text())
    for part in ("metrics", "comparisons"):
        assert again[part] == whole[part]


def test_a_profile_of_ones_own_from_the_configuration_is_asked_and_a_marker_chooses_it(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    pytester.makefile(
        ".toml",
        safescale="""
        profiles = ["plain", "careful"]
        [prompts.careful]
        system = "Answer with a letter, or with cannot say."
        """,
    )
    ask()
    run = report()
    told = {(r["profile"], r["metric"]): r["value"] for r in run["metrics"]}
    assert told["careful", "refusal_rate"] == 1.0
    ask("--safescale-prompts=plain")
    assert "configured prompts were excluded (--safescale-prompts): careful" in json.dumps(report())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.safescale(prompts="careful", conditions="closed_book")
        def test_it(safescale_case):
            assert safescale_case.profile == "careful"
            assert safescale_case.verdict.letter is None
        """
    )
    result = pytester.runpytest("--safescale-model=python:app:answer", *RUN, "--safescale-limit=3")
    assert result.ret == 0
    assert "3 abstained" in result.stdout.str()
