"""Model calls of a whole run: never twice, never lost, whatever the server or the user does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import FAULTS, KEY, ChatServer, random_faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SINGLE = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)


@pytest.fixture
def ask(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run the suite over so many items against a server, with quick time-outs."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def run(server: ChatServer, cases: int, *arguments: str) -> pytest.RunResult:
        configure(pytester.path, server.url)
        items(*(f"case {n}" for n in range(cases)))
        return run_pytest(*command(*arguments))

    return run


def configure(folder: Path, url: str, timeout_s: float = 1.0) -> None:
    (folder / "safescale.toml").write_text(
        f'[models.m]\nprovider = "openai"\nmodel = "m"\nbase_url = "{url}"\n'
        f"timeout_s = {timeout_s}\nprice_in = 1000.0\n"
    )


def command(*arguments: str) -> list[str]:
    return ["--safescale-suite=radsafe200", "--safescale-model=m", *SINGLE, *arguments]


def cases(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    lines = (pytester.path / "safescale-report" / "cases.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_what_is_stored_is_not_asked_again_and_counted_as_spent_behind_the_figures(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    with ChatServer() as server:
        ask(server, 6)
        first = report()["manifest"]
        ask(server, 9)
        second = report()["manifest"]
        assert server.calls == 9
    assert [first["calls"][name] for name in ("made", "replies_from_store")] == [6, 0]
    assert [second["calls"][name] for name in ("made", "replies_from_store")] == [3, 6]
    # Ten prompt tokens a call, at a thousand per million.
    assert second["cost"] == {
        "this_run": pytest.approx(3 * 0.01),
        "behind_figures": pytest.approx(9 * 0.01),
    }


@pytest.mark.parametrize(
    "workers",
    [
        (),
        ("-p", "no:xdist"),
        ("-n2",),
        ("-n2", "--dist=worksteal"),
        ("-n2", "--dist=loadscope"),
        ("-n2", "--dist=loadfile"),
        ("-n3", "--safescale-concurrency=2"),
    ],
    ids=" ".join,
)
def test_every_call_is_made_once_however_the_tests_are_spread(
    ask: Callable[..., pytest.RunResult], workers: tuple[str, ...]
) -> None:
    with ChatServer(delay_s=0.02) as server:
        result = ask(server, 40, *workers)
        assert server.calls == 40
    assert result.ret == 0


def test_a_replay_answers_from_the_store_and_fails_on_what_is_not_there(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    with ChatServer() as server:
        ask(server, 4)
    replayed = ask(server, 4, "--safescale-replay")
    assert replayed.ret == 0
    missing = ask(server, 5, "--safescale-replay")
    assert missing.ret == 1
    missing.stdout.fnmatch_lines(["*a call is not in the store*--safescale-replay makes none*"])
    assert len(cases(pytester)) == 5


def test_with_a_third_of_all_replies_failing_every_case_ends_and_every_call_is_counted(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    def fault(number: int) -> str | None:
        return None if number % 3 else FAULTS[number // 3 % len(FAULTS)]

    with ChatServer(fault=fault) as server:
        result = ask(server, 60, "-n2")
        assert result.ret == 0
        calls = report()["manifest"]["calls"]
        assert server.calls == calls["made"] == 60 + calls["retries"]
        assert set(server.met) == set(FAULTS)
    records = cases(pytester)
    assert len(records) == 60
    assert all((record["error"] is None) == (record["greedy"] is not None) for record in records)
    assert all(record["greedy"]["letter"] == "B" for record in records if record["greedy"])


def test_a_call_that_keeps_failing_is_recorded_with_its_reason(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
) -> None:
    def fault(number: int) -> str | None:
        return None if number % 2 else "503"

    with ChatServer(fault=fault) as server:
        configure(pytester.path, server.url)
        text = (pytester.path / "safescale.toml").read_text()
        result = ask(server, 1)
        (pytester.path / "safescale.toml").write_text(f"max_attempts = 1\n{text}")
        run_pytest(*command("--safescale-store=other.sqlite"))
    assert result.ret == 0
    assert "HTTP 503: not now (1 attempt)" in str(cases(pytester)[0]["error"])


def test_the_key_is_in_no_output_and_in_no_file(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    with ChatServer(fault=random_faults(0.5, 2, FAULTS[:-1])) as server:
        told = [ask(server, 10, "-vv", "--showlocals", "-n2", "--junitxml=j.xml")]
    with ChatServer(key="another") as server:
        told.append(ask(server, 12, "-vv", "--showlocals"))
        assert told[-1].ret == pytest.ExitCode.USAGE_ERROR
    for result in told:
        assert KEY not in result.stdout.str() + result.stderr.str()
    for path in pytester.path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("option", "made"), [("--safescale-max-calls=7", 7), ("--safescale-max-cost=0.05", 5)]
)
def test_a_run_ends_cleanly_when_its_budget_is_spent(
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    option: str,
    made: int,
) -> None:
    with ChatServer() as server:
        result = ask(server, 20, option, "--safescale-concurrency=1", "-rs")
        assert server.calls == made
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*not asked: the run may go no further than*"])
    assert (
        f"this run is incomplete: {made} of 20 cases were asked" in report()["manifest"]["notices"]
    )


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *command(*arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_calls(server: ChatServer, calls: int) -> None:
    deadline = time.monotonic() + 30
    while server.calls < calls and time.monotonic() < deadline:
        time.sleep(0.01)


def test_ctrl_c_ends_within_seconds_and_keeps_what_has_arrived(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], items: Callable[..., Path]
) -> None:
    with ChatServer(delay_s=0.1) as server:
        configure(pytester.path, server.url, timeout_s=60)
        items(*(f"case {n}" for n in range(400)))
        process = start(pytester.path, "--safescale-concurrency=4")
        wait_for_calls(server, 40)
        before = time.monotonic()
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=30)
        assert time.monotonic() - before < 4  # two seconds, on a machine that others use too
        assert process.returncode == pytest.ExitCode.INTERRUPTED
        assert "KeyboardInterrupt" in told
        stopped = server.calls
        assert stopped < 100
        ask(server, 400, "--safescale-concurrency=100")
        # What was under way when it stopped may have to be asked again; nothing else.
        assert server.calls <= 400 + 4


@pytest.mark.parametrize("victim", ["worker", "run"])
def test_after_kill_9_nothing_that_was_stored_is_asked_again(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    report: Callable[[], dict[str, Any]],
    victim: str,
) -> None:
    with ChatServer(delay_s=0.05) as server:
        configure(pytester.path, server.url, timeout_s=60)
        items(*(f"case {n}" for n in range(120)))
        process = start(pytester.path, "-n2", "--safescale-concurrency=4")
        wait_for_calls(server, 30)
        if victim == "run":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            children = subprocess.run(
                ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
            )
            os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        process.communicate(timeout=60)
        assert ask(server, 120).ret == 0
        # Four were in flight at most when the process died; their replies never arrived.
        assert server.calls <= 120 + 4
    manifest = report()["manifest"]
    assert manifest["cases"]["recorded"] == 120
    assert manifest["errors"] == 0


def test_requests_that_teach_what_an_endpoint_refuses_are_counted(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    with ChatServer(refuses=("seed", "max_tokens")) as server:
        ask(server, 9)
        calls = report()["manifest"]["calls"]
        assert calls["made"] == server.calls
        assert calls["retries"] == server.calls - 9 > 0
        ask(server, 12)
        assert report()["manifest"]["calls"]["retries"] == 0
