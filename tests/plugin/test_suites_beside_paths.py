"""A built-in suite beside a test file of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

RUN = (
    "--safescale-model=python:app:answer",
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)


def test_a_case_that_suite_and_file_ask_is_counted_once_and_the_header_says_so(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
) -> None:
    items("say A", "say B")
    pytester.makepyfile(test_mine="def test_it(safescale_case): safescale_case.judge()")
    result = run_pytest(*RUN, "--safescale-suite=radsafe200", "test_mine.py")
    told = result.stdout.str()
    assert "radsafe200 (--safescale-suite) runs beside the tests given by path" in told
    assert "2 passed, 2 high_risk" in told
    cases = pytester.path / "safescale-report" / "cases.jsonl"
    assert len(cases.read_text(encoding="utf-8").splitlines()) == 2
    alone = run_pytest(*RUN, "--safescale-suite=radsafe200").stdout.str()
    assert "beside the tests given by path" not in alone
    assert "1 passed, 1 high_risk" in alone
