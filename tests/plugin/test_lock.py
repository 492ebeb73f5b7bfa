"""A run under a lock: refused where it differs, counted in the ledger, and told everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.text.escaping import markdown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
    "--safescale-gates=gates.toml",
)
LOCKED = ("--safescale-lock=safescale.lock.json", "--safescale-ledger=kept/ledger.jsonl")
GATES = '[[gates]]\nmetric = "accuracy"\nmin = 0.6\n'


@pytest.fixture
def locked(pytester: pytest.Pytester, items: Callable[..., Path]) -> Path:
    """A project whose run is locked."""
    items("say A", "say C", "say A")
    (pytester.path / "gates.toml").write_text(GATES)
    assert main(["lock", *RUN]) == 0
    return pytester.path


def test_attempts_under_a_lock_are_counted_and_a_run_that_differs_is_refused(
    locked: Path,
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    kept = locked / "kept" / "ledger.jsonl"
    assert run_suite(*RUN, *LOCKED).ret == 0
    first = report()["manifest"]
    lock = json.loads((locked / "safescale.lock.json").read_text())
    assert first["lock"]["sha256"] == lock["sha256"]
    assert first["ledger"]["attempt"] == 1
    # A second attempt that asks one case of three is one as well.
    again = run_suite(*RUN, *LOCKED, "-k", "i0")
    second = report()["manifest"]["ledger"]
    assert second["attempt"] == 2
    assert second["earlier"][0]["outcomes"] == {"passed": 1}
    day = second["earlier"][0]["start"][:10]
    told = f"Attempt 2 under this lock; attempt 1 of {day}, python:app:answer: 1 passed."
    again.stdout.fnmatch_lines([f"Lock {lock['sha256'][:12]} of *", told])
    folder = locked / "safescale-report"
    assert markdown(told) in (folder / "summary.md").read_text()
    assert f">{told}</p>" in (folder / "report.html").read_text()
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["begun", "finished"] * 2
    assert [line.get("asked") for line in lines] == [None, 3, None, 1]
    assert lines[3]["gates"][0]["outcome"] == "inconclusive"
    # Other gates are refused before any call, and are no attempt.
    (locked / "gates.toml").write_text(GATES.replace("0.6", "0.1"))
    refused = run_suite(*RUN, *LOCKED)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(
        ["*--safescale-lock: this run differs from what *safescale.lock.json fixes, in gates *"]
    )
    assert len(kept.read_text().splitlines()) == 4


def test_a_look_beyond_those_that_are_planned_is_refused_and_is_no_attempt(
    locked: Path, run_suite: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    gate = f"{GATES}name = 'first'\nconfidence = 0.6\nlooks = 1\non_inconclusive = 'warn'\n"
    (locked / "gates.toml").write_text(gate)
    assert main(["lock", *RUN]) == 0
    assert run_suite(*RUN, *LOCKED).ret == 0
    assert report()["gates"][0]["looks"] == 1
    refused = run_suite(*RUN, *LOCKED)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(
        ["*gate 'first': looks = 1, and the ledger has 1 attempts under this lock; allowed: *"]
    )
    assert len((locked / "kept" / "ledger.jsonl").read_text().splitlines()) == 2


def test_what_changes_while_the_run_goes_on_is_no_verdict(
    locked: Path,
    pytester: pytest.Pytester,
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    pytester.makepyfile(
        meddler="""
        def answer(messages, *, temperature, max_tokens, seed, sample_index):
            with open("gates.toml", "a") as file:
                file.write('[[gates]]\\nmetric = "error_rate"\\nmax = 1\\n')
            return "A"
        """
    )
    result = run_suite(*RUN, LOCKED[0], model="python:meddler:answer")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (why,) = report()["manifest"]["reservations"]
    assert why.startswith("what is fixed changed while the run went on: gates (here, and not fixed")
    assert (locked / "kept").exists() is False


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((LOCKED[1],), "--safescale-ledger: it counts the attempts under a lock; allowed: toge*"),
        ((*LOCKED, "--safescale-shard=1/2"), "--safescale-ledger: a shard is a part of an attem*"),
        (("--safescale-lock=items.json",), "--safescale-lock: *items.json is no lock; allowed: *"),
        ((LOCKED[0], "--safescale-seed=7"), "*fixes, in decoding (seed 42, here 7); seed (42, h*"),
        ((LOCKED[0], "--safescale-limit=2"), "*fixes, in items (count 3, here 2; sha256 *"),
    ],
)
@pytest.mark.usefixtures("locked")
def test_what_cannot_be_used_is_refused_before_any_call(
    given: tuple[str, ...], told: str, run_suite: Callable[..., pytest.RunResult]
) -> None:
    result = run_suite(*RUN, *given)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*safescale: {told}"])
