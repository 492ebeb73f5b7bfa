"""An application under test: how many of its calls run at once, and what it raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)
TABLE = '[models.mine]\nprovider = "python"\nmodel = "app:answer"\nmax_parallel = {}\n'


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one", "-n2"])
def test_what_it_raises_is_shown_once_with_its_traceback_and_not_with_each_case(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    workers: tuple[str, ...],
) -> None:
    items("break", "say A", "break", "break")
    (pytester.path / "safescale.toml").write_text(TABLE.format(3), encoding="utf-8")
    result = run_suite(*RUN, *workers, model="mine")
    told = result.stdout.str()
    assert result.ret == 0
    assert "3 call_failed" in told
    assert told.count("Traceback (most recent call last)") == 1
    assert told.count('raise RuntimeError("the application broke")') == 1
    assert "safescale: mine raised; the first traceback" in told
    header = " ".join(told.split())
    assert "mine is not async: at most 3 calls of it run at once, each in a thread" in header
