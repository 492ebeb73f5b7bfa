"""A run that is stopped by a signal ends at once, in order, with the report of what it has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.test_calls import HANG_S, command, configure, wait_for_calls, wait_until
from tests.servers import ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENDINGS = """
process = "main"

def pytest_configure(config):
    global process
    process = getattr(config, "workerinput", {}).get("workerid", process)

def note(how):
    with open("endings.txt", "a") as file:
        file.write(f"{process} {how}\\n")

def pytest_keyboard_interrupt(excinfo):
    note(excinfo.typename)

def pytest_sessionfinish(exitstatus):
    note(f"finished {int(exitstatus)}")
"""
"""Notes in a file how each process of a run ends."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *command(*arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def endings(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (folder / "endings.txt").read_text().splitlines():
        process, _, how = line.partition(" ")
        found.setdefault(process, []).append(how)
    return found


def summary(folder: Path) -> str:
    return (folder / "safescale-report" / "summary.md").read_text()


def manifest(folder: Path) -> dict[str, Any]:
    path = folder / "safescale-report" / "run.json"
    content: dict[str, Any] = json.loads(path.read_text())["manifest"]
    return content


def told(number: signal.Signals) -> str:
    return "stopped by SIGTERM" if number is signal.SIGTERM else "(KeyboardInterrupt)"


@pytest.mark.parametrize(
    ("workers", "to"),
    [((), "process"), (("-n2",), "process"), (("-n2",), "group")],
    ids=["one process", "-n2", "-n2 and its workers"],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
@pytest.mark.slow
def test_a_signal_ends_the_run_in_order_with_a_report_that_says_it_is_incomplete(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    workers: tuple[str, ...],
    to: str,
) -> None:
    records = pytester.path / "safescale-report" / "cases.jsonl"
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")
    with ChatServer(fault=lambda number: None if number < 20 else "stall") as server:
        # The first tests of each process find their replies in the store; others wait for theirs.
        configure(pytester.path, server.url, timeout_s=3600)
        items(*(f"case {n}" for n in range(20)))
        assert run_pytest(*command()).ret == 0
        records.unlink()
        items(*(f"case {n}" for n in range(80)))
        pytester.makeconftest(ENDINGS)
        process = start(pytester.path, "--safescale-concurrency=4", *workers)
        wait_for_calls(server, 24)
        wait_until(records.exists, "the first record")
        (os.kill if to == "process" else os.killpg)(process.pid, number)
        output, _ = process.communicate(timeout=HANG_S)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    ends = endings(pytester.path)
    assert ends["main"][-1] == "finished 2"
    # Each worker came to its end by itself, before xdist would have stopped it.
    of_workers = {name: how for name, how in ends.items() if name != "main"}
    assert len(of_workers) == (2 if workers else 0)
    if to == "process":
        assert all(how == ["finished 0"] for how in of_workers.values()), ends
    (notice,) = [one for one in manifest(pytester.path)["notices"] if "incomplete" in one]
    assert notice.startswith("this run is incomplete: ")
    assert told(number) in notice
    assert "this run is incomplete" in summary(pytester.path)
    assert [path.name for path in (pytester.path / ".safescale").iterdir()] == ["store.sqlite"]
