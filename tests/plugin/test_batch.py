"""Runs by batch: the records of a live run, in rounds, at the batch price, killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls import batch_desk, batch_job
from tests.batch_server import AT_ONCE, CANCELLED, EXPIRED, WELL, BatchServer
from tests.servers import KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HANG_S = 600
"""Ends what hangs; far beyond what anything here takes, on any machine."""
COMMAND = (
    "--safescale-suite=radsafe200",
    "--safescale-model=m",
    "--safescale-gates=none",
)
WHOLE = (
    *COMMAND,
    "--safescale-conditions=closed_book,agentic_rag",
    "--safescale-limit=2",
    "--safescale-samples=5",
    "--safescale-adaptive",
)
SMALL = (
    *COMMAND,
    "--safescale-conditions=closed_book",
    "--safescale-limit=6",
    "--safescale-samples=3",
)
STATIONS = (
    *("upload", "uploaded", "created", "validating", "in_progress", "finalizing", "completed"),
    *("fetching output", "half of output", "fetched output"),
)
"""Where a run is killed: what the server is about to answer."""


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_desk, "QUIET_S", 0.05)
    monkeypatch.setattr(batch_job, "FIRST_POLL_S", 0.001)
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)


def configure(folder: Path, server: BatchServer, more: str = "") -> None:
    (folder / "safescale.toml").write_text(
        f'[models.m]\nprovider = "openai"\nmodel = "m"\nbase_url = "{server.url}"\n{more}'
    )


def letter(body: dict[str, Any]) -> str:
    """Return an answer that depends on the prompt, and a search now and then."""
    said = json.dumps(body["messages"])
    if body.get("tools") and not any(one["role"] == "tool" for one in body["messages"]):
        return "ABCD"[len(said) % 4] if len(said) % 2 else "search: pneumothorax"
    return "ABCD"[len(said) % 4]


def records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of a run in one order, but for when and how fast replies came."""
    lines = (folder / "safescale-report" / "cases.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    for record in found:
        record.pop("run_id")
        record["greedy"].pop("latency_s")
        for call in record["calls"]:
            call.pop("stored_at")
            call.pop("from_store")
    return sorted(found, key=lambda record: record["item_id"] + record["condition"])


def run_json(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "safescale-report" / "run.json").read_text())
    return found


def test_a_run_by_batch_leaves_the_records_of_a_live_run(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with BatchServer(letter, course=lambda _: AT_ONCE) as server:
        configure(pytester.path, server)
        assert run_pytest(*WHOLE, "--safescale-store=live.sqlite").ret == 0
        live, asked = records(pytester.path), server.calls
        assert run_pytest(*WHOLE, "--safescale-batch").ret == 0
        assert records(pytester.path) == live
        # The same requests, but that nobody went ahead to see how many samples are given at once.
        assert server.calls == 2 * asked
        assert set(server.paid.values()) == {1}
        assert 1 < len(server.batches) < 12
        result = run_pytest(*WHOLE, "--safescale-batch", "--safescale-replay")
        assert result.ret == 0
        assert server.calls == 2 * asked


def test_what_came_by_batch_counts_at_its_price_whichever_run_uses_it(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    priced = "price_in = 1000000\nprice_out = 0\nbatch_discount = 0.4\n"
    single = (*COMMAND, "--safescale-conditions=closed_book", "--safescale-samples=0")
    with BatchServer(letter, course=lambda _: AT_ONCE) as server:
        configure(pytester.path, server, priced)
        run_pytest(*single, "--safescale-limit=2", "--safescale-batch")
        manifest = run_json(pytester.path)["manifest"]
        assert manifest["cost"] == {
            "this_run": pytest.approx(2 * 6.0),
            "behind_figures": pytest.approx(2 * 6.0),
        }
        # One case alone is repeated at once.
        assert "--safescale-batch" not in manifest["repeat"]["options"]
        run_pytest(*single, "--safescale-limit=3")
        assert run_json(pytester.path)["manifest"]["cost"] == {
            "this_run": pytest.approx(10.0),
            "behind_figures": pytest.approx(10.0 + 2 * 6.0),
        }
        assert server.calls == 3


def test_an_endpoint_without_a_batch_api_ends_the_run_with_a_sentence(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with BatchServer(key="another-key-0123456789") as server:
        configure(pytester.path, server)
        result = run_pytest(*WHOLE, "--safescale-batch")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*m: http://127.0.0.1:* takes no batch (HTTP 401)*"])
    assert KEY not in str(result.stdout)


def test_a_run_that_stops_when_decided_is_judged_round_by_round(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    (pytester.path / "gates.toml").write_text("[[gates]]\nmetric = 'accuracy'\nmin = 0.9\n")
    with BatchServer(lambda _: "I cannot say.", course=lambda _: AT_ONCE) as server:
        configure(pytester.path, server)
        result = run_pytest(
            *(*COMMAND[:2], "--safescale-conditions=closed_book", "--safescale-samples=0"),
            *("--safescale-batch", "--safescale-stop-when-decided", "--safescale-gates=gates.toml"),
        )
    # 17 of 66 items without an answer leave 74 % at most.
    assert [len(batch.lines) for batch in server.batches] == [17]
    assert run_json(pytester.path)["gates"][0]["outcome"] == "failed"
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_finds_its_jobs_and_pays_for_none_twice(
    run_pytest: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    command = (*SMALL, "--safescale-batch")
    with BatchServer(letter) as server:
        configure(pytester.path, server)
        for station in STATIONS:
            kill_at(station, server, pytester.path, command)
        assert run_pytest(*command).ret == 0
        by_batch, paid = records(pytester.path), dict(server.paid)
        run_pytest(*SMALL, "--safescale-store=live.sqlite")
    assert set(paid.values()) == {1}
    assert len(paid) == 12
    # The batches of the first two runs were never made.
    assert len(server.batches) == 1
    assert by_batch == records(pytester.path)


def kill_at(station: str, server: BatchServer, folder: Path, command: tuple[str, ...]) -> None:
    """Run a command until the server is about to tell of a station, and kill it there."""
    server.held.clear()
    server.hold_at(station)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert server.held.wait(HANG_S), station
    os.kill(process.pid, signal.SIGKILL)
    process.wait(HANG_S)
    server.release()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "-n2"])
def test_batches_that_end_early_or_lack_results_lead_to_the_same_records(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    workers: tuple[str, ...],
) -> None:
    def course(number: int) -> tuple[str, ...]:
        return AT_ONCE if workers else (EXPIRED, CANCELLED, WELL)[min(number, 2)]

    def outcome(number: int, _: dict[str, Any]) -> str:
        return "missing" if number == 5 else "500" if number == 7 else "well"

    with BatchServer(letter, course=course, outcome=outcome) as server:
        configure(pytester.path, server)
        assert run_pytest(*SMALL, "--safescale-batch", *workers).ret == 0
        by_batch, paid = records(pytester.path), dict(server.paid)
        assert run_pytest(*SMALL, "--safescale-store=live.sqlite").ret == 0
    assert set(paid.values()) == {1}
    assert by_batch == records(pytester.path)
