"""How far a run is, told where a terminal shows it and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.calls.entries import Spent
from pytest_safescale.plugin.progress import progress_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

RUN = (
    "--safescale-suite=radsafe200",
    "--safescale-model=python:app:answer",
    "--safescale-dataset=items.json",
    "--safescale-samples=0",
    "--safescale-conditions=closed_book",
)


def test_the_line_tells_cases_rate_share_time_left_tokens_and_money() -> None:
    spent = Spent(calls=100, prompt_tokens=900, completion_tokens=100, money=2.5)
    of_searches = progress_line(
        done=1, cases=2, seconds=1.0, spent=spent, from_store=0.0, unit="searches"
    )
    assert of_searches.startswith("safescale: 1/2 searches, 100 calls (100/s), 0% from the store")
    line = progress_line(done=50, cases=200, seconds=10.0, spent=spent, from_store=0.25)
    assert line == (
        "safescale: 50/200 cases, 100 calls (10/s), 25% from the store, 30 s left, "
        "1000 tokens, cost 2.50"
    )


def test_a_terminal_is_told(
    pytester: pytest.Pytester, items: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    items("say A", "say A", "say A")
    pytester.makeconftest(
        "import pytest_safescale.plugin.progress as progress\nprogress.EVERY_S = 0.0"
    )
    child = pytester.spawn_pytest(" ".join(RUN))
    told = child.read().decode()
    child.close()
    assert "safescale: 2/3 cases" in told


def test_a_file_is_not(pytester: pytest.Pytester, items: Callable[..., Path]) -> None:
    items("say A", "say A", "say A")
    pytester.makeconftest(
        "import pytest_safescale.plugin.progress as progress\nprogress.EVERY_S = 0.0"
    )
    result = pytester.runpytest_subprocess(*RUN)
    assert "safescale: 2/3 cases" not in result.stdout.str()
