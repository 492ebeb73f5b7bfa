"""Cases beside plugins that repeat tests, divide them, and remember which failed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SINGLE = (
    "--safescale-model=python:app:answer",
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)
ROBUST = ("--safescale-relations=layout,option_order", "--safescale-variants=2")
SUITE = "--safescale-suite=radsafe200"
FAILING = '[[gates]]\nmetric = "accuracy"\nmin = 1.0\n'
PASSING = '[[gates]]\nmetric = "accuracy"\nmin = 0.0\n'


def _lines(pytester: pytest.Pytester, name: str = "cases.jsonl") -> list[dict[str, Any]]:
    path = pytester.path / "safescale-report" / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("saying", "counted", "workers"),
    [
        ("say B", "1 failed, 1 passed, 2 rerun", ()),
        ("say A", "2 passed", ()),
        ("say B", "1 failed, 1 passed, 2 rerun", ("-n2",)),
    ],
    ids=["again", "once", "again -n2"],
)
@pytest.mark.slow
def test_a_case_that_is_tried_again_is_counted_once(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    workers: tuple[str, ...],
    saying: str,
    counted: str,
) -> None:
    pytest.importorskip("pytest_rerunfailures")
    items(saying, "say A")
    options = (SUITE, *SINGLE, "--safescale-strict=high_risk", "--reruns=2", *workers)
    result = run_pytest(*options)
    told = result.stdout.lines[-1].strip("= ").split(" in ")[0]
    assert told == counted
    assert [line["item_id"] for line in _lines(pytester)] in (["i0", "i1"], ["i1", "i0"])


@pytest.mark.slow
def test_searches_that_are_tried_again_keep_their_case_and_are_counted_once(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
) -> None:
    pytest.importorskip("pytest_rerunfailures")
    items("say A")
    pytester.makepyfile(
        test_mine="""
        def test_holds(safescale_robustness):
            assert safescale_robustness.result is None
        """
    )
    result = run_pytest("test_mine.py", *SINGLE, *ROBUST, "--reruns=1")
    result.stdout.fnmatch_lines(["*2 failed, 2 rerun in *"])
    assert len(_lines(pytester)) == 1
    assert len(_lines(pytester, "robustness.jsonl")) == 2


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["one", "-n1"])
@pytest.mark.slow
def test_a_case_whose_test_has_parts_is_counted_once(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    workers: tuple[str, ...],
) -> None:
    pytest.importorskip("_pytest.subtests")
    items("say B")
    pytester.makepyfile(
        test_mine="""
        def test_in_parts(safescale_case, subtests):
            with subtests.test("before the call"):
                assert safescale_case.item.id == "i0"
            with subtests.test("its letter"):
                assert safescale_case.verdict.letter == "B"
            with subtests.test("its danger"):
                assert not safescale_case.verdict.findings
        """
    )
    result = run_pytest("test_mine.py", *SINGLE, *workers)
    result.stdout.fnmatch_lines(["*its danger*", "Blocked: *", "*= 2 failed*"])
    (line,) = _lines(pytester)
    assert line["outcome"] == "high_risk"


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["one", "-n1"])
@pytest.mark.parametrize("option", ["--last-failed", "--stepwise"])
@pytest.mark.slow
def test_a_gate_that_failed_leaves_no_trace_for_the_next_run(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    option: str,
    workers: tuple[str, ...],
) -> None:
    items("say B", "say A")
    gates = pytester.path / "gates.toml"
    gates.write_text(FAILING, encoding="utf-8")
    run = (SUITE, *SINGLE, "--safescale-gates=gates.toml", option, *workers)
    assert run_pytest(*run).ret == 1
    cached = pytester.path / ".pytest_cache" / "v" / "cache"
    assert not [path for path in cached.glob("*") if "safescale::" in path.read_text("utf-8")]
    gates.write_text(PASSING, encoding="utf-8")
    again = run_pytest(*run)
    assert again.ret == 0
    again.stdout.no_fnmatch_line("*known failure*")
    again.stdout.no_fnmatch_line("*previously failed test not found*")
    assert len(_lines(pytester)) == 2


@pytest.mark.slow
def test_a_case_that_failed_is_what_the_next_run_asks_again(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
) -> None:
    items("say B", "say A")
    (pytester.path / "gates.toml").write_text(FAILING, encoding="utf-8")
    strict = (SUITE, *SINGLE, "--safescale-strict=high_risk", "--safescale-gates=gates.toml")
    run_pytest(*strict)
    (failed,) = json.loads((pytester.path / ".pytest_cache/v/cache/lastfailed").read_text("utf-8"))
    assert failed.endswith("[python:app:answer-closed_book-i0]")
