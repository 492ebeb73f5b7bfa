"""An application that ends the loop in which it is asked ends the run, with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
    "--safescale-gates=gates.toml",
)
GATE = '[[gates]]\nmetric = "high_risk_error_rate"\nmax = 0.1\n'
APPLICATION = """
import asyncio, pathlib, sys

async def leave():
    sys.exit("the application has had enough")

async def answer(messages, **rest):
    if "end here" in messages[-1]["content"]:
        while not pathlib.Path("tested").exists():
            await asyncio.sleep(0.01)
        {ending}
    return "A"
"""
NOTED = """
import pathlib

def pytest_runtest_logreport(report):
    if report.when == "call":
        pathlib.Path("tested").touch()
"""
"""A plugin that notes when the first case was tested."""
ENDINGS = {
    "asyncio.create_task(leave()); await asyncio.sleep(3600)": "SystemExit('the application has",
    "raise KeyboardInterrupt": "KeyboardInterrupt()",
    "asyncio.get_running_loop().stop(); await asyncio.sleep(3600)": "its event loop was stopped",
}


@pytest.mark.parametrize(
    ("ending", "workers"),
    [*((ending, ()) for ending in ENDINGS), (next(iter(ENDINGS)), ("-n2",))],
    ids=["sys.exit in a task", "KeyboardInterrupt", "loop.stop", "-n2"],
)
@pytest.mark.slow
def test_the_end_of_the_loop_ends_the_run_with_its_reason_and_no_gate_passes(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    report: Callable[[], dict[str, Any]],
    ending: str,
    workers: tuple[str, ...],
) -> None:
    sayings = [f"say A, {number}" for number in range(60)]
    items(*sayings[:30], "end here", *sayings[30:])
    pytester.makepyfile(noted=NOTED, ending=APPLICATION.format(ending=ending))
    (pytester.path / "gates.toml").write_text(GATE)
    result = pytester.runpytest_subprocess(
        "--safescale-suite=radsafe200",
        "--safescale-model=python:ending:answer",
        *RUN,
        *("-p", "noted"),
        *workers,
        timeout=600,  # ends a run that hangs
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "*Exit: nothing more can be asked: the application or a plugin ended the loop that "
            f"asks: {ENDINGS[ending]}*"
        ]
    )
    content = report()
    assert [gate["outcome"] for gate in content["gates"]] == ["inconclusive"]
    (notice,) = [text for text in content["manifest"]["notices"] if "incomplete" in text]
    assert ENDINGS[ending] in notice
