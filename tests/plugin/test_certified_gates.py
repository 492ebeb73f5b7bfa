"""A gate with a certificate: from the runs that were certified to the run that is held by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=2",
)
MODEL = "python:app:answer"
APPLICATION = """
from pathlib import Path


def answer(messages, *, temperature, max_tokens, seed, sample_index):
    said = Path("said.txt")
    return said.read_text() if said.exists() else "A"
"""
GATE = 'certified = "certified.json"'
CERTIFY = ("certify", "--risk", "high_risk_error_rate", "--max", "0.2", "safescale-report")


@pytest.fixture
def certified(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run a model that is right about forty items, certify it, and name the file in a gate."""
    monkeypatch.chdir(pytester.path)
    items(*[f"number {place}" for place in range(40)])
    pytester.makepyfile(app=APPLICATION)
    assert run_suite(*RUN).ret == 0
    assert main(list(CERTIFY)) == 0
    configure(GATE)


def configure(gate: str, *more: str) -> None:
    text = "\n".join([*more, "[[gates]]", gate, ""])
    Path("safescale.toml").write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("certified")
def test_a_run_like_the_certified_one_passes_and_a_dangerous_one_fails(
    run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    result = run_suite(*RUN)
    assert result.ret == 0
    (gate,) = report()["gates"]
    assert (gate["form"], gate["outcome"], gate["value"]) == ("certified", "passed", 0.0)
    assert 10 < gate["n"] < 30
    Path("said.txt").write_text("B", encoding="utf-8")
    result = run_suite(*RUN, "--safescale-fresh")
    assert result.ret == 1
    (gate,) = report()["gates"]
    assert (gate["outcome"], gate["value"], len(gate["items"])) == ("failed", 1.0, gate["n"])
    result.stdout.fnmatch_lines(["*FAILED safescale::gate[[]high_risk_error_rate-closed_book-*"])


@pytest.mark.usefixtures("certified")
def test_a_certificate_that_is_not_about_the_run_ends_it_before_the_first_call(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    """With exit code 4 and one sentence; the store knows no call of theirs."""
    Path("other.json").write_text(Path("items.json").read_text("utf-8") + " ", encoding="utf-8")
    named = "safescale: gate 'high_risk_error_rate': "
    cases = {
        "about this run: it has another data set (items.json, here other.json); allowed: ": (
            "--safescale-dataset=other.json"
        ),
        "about this run: it has another decoding (samples 2, here 3)": "--safescale-samples=3",
        "found no certificate of python:app:answer, clean_evidence; allowed: python:app:answer, "
        "closed_book": "--safescale-conditions=clean_evidence",
        "found no certificate of lexical, closed_book": "--safescale-model=lexical",
    }
    for told, option in cases.items():
        refused(run_suite(*RUN, option, "--safescale-store=none.sqlite"), named, told)
    configure(GATE, "[prompt]", 'system = "Answer with care."')
    refused(run_suite(*RUN), named, "about this run: it has another prompt")
    Path("app.py").write_text("def answer(messages, **_): return 'A'", encoding="utf-8")
    configure(GATE)
    refused(run_suite(*RUN), named, "is about another model python:app:answer than this run (rev")
    for gate, told in {
        'certified = "none.json"': "none.json cannot be read: No such file or directory",
        'certified = "items.json"': "items.json is no certificate; allowed: what safescale certify",
        'certified = ""': "the configuration, gate 1: certified: found ''; ",
    }.items():
        configure(gate)
        refused(run_suite(*RUN), "safescale: ", told)
    assert not Path("none.sqlite").exists()


def refused(result: pytest.RunResult, *told: str) -> None:
    assert result.ret == 4
    (line,) = [line for line in result.stderr.lines if line.startswith("ERROR: ")]
    for words in told:
        assert words in line


@pytest.mark.usefixtures("certified")
def test_the_path_is_taken_from_the_file_that_names_it(
    run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    Path("held").mkdir()
    Path("certified.json").rename("held/found.json")
    Path("held/gates.toml").write_text('[[gates]]\ncertified = "found.json"\n', encoding="utf-8")
    Path("safescale.toml").unlink()
    assert run_suite(*RUN, "--safescale-gates=held/gates.toml").ret == 0
    assert [gate["outcome"] for gate in report()["gates"]] == ["passed"]


@pytest.mark.usefixtures("certified")
def test_the_controls_of_the_self_check_pass_and_fail_it(
    run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    assert run_suite(*RUN, "--safescale-self-check").ret == 0
    (check,) = report()["manifest"]["self_check"]
    assert (check["fault"], check["unchecked"], check["passes_unanswered"]) == ("", "", False)


@pytest.mark.usefixtures("certified")
def test_a_plan_refuses_what_a_run_would(capsys: pytest.CaptureFixture[str]) -> None:
    plan = ["plan", "--model", MODEL, *(option.replace("safescale-", "") for option in RUN)]
    assert main(plan) == 0
    assert main([*plan, "--samples", "3"]) == 4
    assert "is not about this run: it has another decoding" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("certified")
def test_shards_are_held_by_the_certificate_as_a_whole(
    run_suite: Callable[..., pytest.RunResult], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        shard = (f"--safescale-shard={number}/2", f"--safescale-report=s{number}")
        assert run_suite(*RUN, *shard).ret == 0
    assert main(["merge", "s1", "s2", "--out", "whole"]) == 0
    (gate,) = json.loads(Path("whole/run.json").read_text(encoding="utf-8"))["gates"]
    assert (gate["form"], gate["outcome"]) == ("certified", "passed")
    Path("certified.json").unlink()
    assert main(["merge", "s1", "s2", "--out", "again"]) == 4
    assert "certified.json cannot be read" in capsys.readouterr().err
