"""A run that another process has started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
    "--safescale-run-id=0123abc",
)


def test_it_has_the_id_that_it_is_given_and_goes_on_while_its_starter_lives(
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
) -> None:
    items("say A", "say B")
    result = run_suite(*RUN, f"--safescale-started-by={os.getppid()}")
    assert result.ret == 0
    assert report()["manifest"]["run_id"] == "0123abc"
    assert not (pytester.path / "safescale-report" / "report.html").exists()  # it is joined


def test_it_ends_with_its_starter(
    items: Callable[..., Path], run_suite: Callable[..., pytest.RunResult]
) -> None:
    items("say A", "say B", "say C")
    result = run_suite(*RUN, f"--safescale-started-by={os.getpid()}")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*the process that started this shard has ended*"])
