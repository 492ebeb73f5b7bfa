"""How far a run is, told where a terminal shows it and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.stored_replies import Spent
from pytest_safescale.plugin.progress import progress_line
from tests.servers import ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-suite=radsafe200",
    "--safescale-model=python:app:answer",
    "--safescale-dataset=items.json",
    "--safescale-samples=0",
    "--safescale-conditions=closed_book",
)

HANG_S = 600
"""Ends a run that hangs; far beyond what anything here takes, on any machine."""
TOLD = "safescale: waiting for the next turn of m: 0.01 requests a minute are allowed"


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


def test_replies_that_came_to_no_answer_are_told_by_their_state() -> None:
    states = {"answered": 40, "unreadable": 3, "failed": 1}
    line = progress_line(
        done=44, cases=50, seconds=1.0, spent=Spent(calls=1), from_store=0.0, states=states
    )
    assert line.startswith("safescale: 44/50 cases, 3 unreadable, 1 failed, 1 calls")


def test_estimated_tokens_are_told_as_such() -> None:
    spent = Spent(calls=1, prompt_tokens=900, completion_tokens=100, estimated_tokens=40)
    line = progress_line(done=1, cases=2, seconds=1.0, spent=spent, from_store=0.0)
    assert line.endswith("1000 tokens (40 estimated), cost 0.00")


@pytest.mark.slow
def test_a_terminal_is_told(
    pytester: pytest.Pytester, items: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    items("say A", "say A", "say A")
    pytester.makeconftest(
        "import pytest_safescale.plugin.progress as progress\nprogress.EVERY_S = 0.0"
    )
    child = pytester.spawn_pytest(" ".join(RUN), expect_timeout=HANG_S)
    told = child.read().decode()
    child.close()
    assert "safescale: 2/3 cases" in told


@pytest.mark.slow
def test_a_file_is_not(pytester: pytest.Pytester, items: Callable[..., Path]) -> None:
    items("say A", "say A", "say A")
    pytester.makeconftest(
        "import pytest_safescale.plugin.progress as progress\nprogress.EVERY_S = 0.0"
    )
    result = pytester.runpytest_subprocess(*RUN)
    assert "safescale: 2/3 cases" not in result.stdout.str()


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "-n2"])
def test_a_wait_for_the_next_turn_is_told_while_it_lasts(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    pytester.makeconftest("import pytest_safescale.calls.engine as engine\nengine.TOLD_S = 0.1")
    items("say A", "say B", "say C")
    with ChatServer() as server:
        # The second turn is so far off that the run waits for it on a machine however slow.
        (pytester.path / "safescale.toml").write_text(
            f'[models.m]\nprovider = "openai"\nmodel = "m"\nbase_url = "{server.url}"\n'
            "requests_per_minute = 0.01\n"
        )
        model = ("--safescale-suite=radsafe200", "--safescale-model=m", *RUN[2:])
        process = pytester.popen(
            [sys.executable, "-m", "pytest", *model, *workers], stderr=subprocess.STDOUT
        )
        hung = threading.Timer(HANG_S, process.kill)
        hung.start()
        lines: list[str] = []
        while (line := process.stdout.readline().decode()) and TOLD not in line:
            lines.append(line)
        process.stdout.close()
        hung.cancel()
        process.kill()
        process.wait()
    assert TOLD in line, lines
