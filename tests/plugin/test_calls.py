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
from aiohttp import web

from tests.servers import FAULTS, KEY, ChatServer, random_faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SINGLE = (
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)
HANG_S = 600
"""Ends what hangs; far beyond what anything here takes, on any machine."""


@pytest.fixture
def ask(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run the suite over so many items against a server."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def run(
        server: ChatServer,
        cases: int,
        *arguments: str,
        timeout_s: float = HANG_S,
        more: str = "",
        top: str = "",
    ) -> pytest.RunResult:
        configure(pytester.path, server.url, timeout_s, more=more, top=top)
        items(*(f"case {n}" for n in range(cases)))
        return run_pytest(*command(*arguments))

    return run


def configure(
    folder: Path, url: str, timeout_s: float = HANG_S, *, more: str = "", top: str = ""
) -> None:
    (folder / "safescale.toml").write_text(
        f'{top}[models.m]\nprovider = "openai"\nmodel = "m"\nbase_url = "{url}"\n'
        f"timeout_s = {timeout_s}\nprice_in = 1000.0\n{more}"
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
        ("-n2", "--dist=loadfile"),
        ("-n3", "--dist=worksteal", "--safescale-concurrency=2"),
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


@pytest.mark.slow
def test_with_a_third_of_all_replies_failing_every_case_ends_and_every_call_is_counted(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    def fault(number: int) -> str | None:
        return None if number % 3 else FAULTS[number // 3 % len(FAULTS)]

    with ChatServer(fault=fault) as server:
        result = ask(server, 60, "-n2", timeout_s=1.0)
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


@pytest.mark.slow
def test_the_key_is_in_no_output_and_in_no_file(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    with ChatServer(fault=random_faults(0.5, 2, FAULTS[:-1])) as server:
        told = [ask(server, 10, "-vv", "--showlocals", "-n2", "--junitxml=j.xml", timeout_s=1.0)]
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
    wait_until(lambda: server.calls >= calls, f"{calls} calls")


def wait_until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + HANG_S
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)


@pytest.mark.parametrize("victim", ["worker", "run"])
@pytest.mark.slow
def test_after_kill_9_nothing_that_was_stored_is_asked_again(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    report: Callable[[], dict[str, Any]],
    victim: str,
) -> None:
    with ChatServer(delay_s=0.05) as server:
        configure(pytester.path, server.url)
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
        process.communicate(timeout=HANG_S)
        assert ask(server, 120).ret == 0
        # Four were in flight at most when the process died; their replies never arrived.
        assert server.calls <= 120 + 4
    manifest = report()["manifest"]
    assert manifest["cases"]["recorded"] == 120
    assert manifest["errors"] == 0


@pytest.mark.parametrize(
    ("table", "answered", "asked", "state"),
    [
        # What was cut is asked once more where the table has room for it, and never a third time.
        ("", "never", [10], "unreadable"),
        ("max_tokens = 64\n", "never", [64], "unreadable"),
        ("max_tokens_retry = 500\n", "never", [10, 500], "unreadable"),
        ("max_tokens_retry = 500\n", "with room", [10, 500], "answered"),
        ("max_tokens = 64\nmax_tokens_retry = 500\n", "with room", [64, 500], "answered"),
        ("max_tokens_retry = 500\n", "at once", [10], "answered"),
        ("reasoning = true\n", "never", [4096], "unreadable"),
    ],
)
def test_a_reply_cut_before_its_answer_is_asked_again_once_with_more_room(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    table: str,
    answered: str,
    asked: list[int],
    state: str,
) -> None:
    def reply(_: object, payload: dict[str, Any]) -> web.Response:
        whole = answered == "at once" or (answered == "with room" and payload["max_tokens"] == 500)
        choice = {
            "message": {"content": "Answer: B" if whole else "", "reasoning_content": "A? B?"},
            "finish_reason": "stop" if whole else "length",
        }
        return web.json_response({"choices": [choice] * payload.get("n", 1)})

    with ChatServer(response=reply) as server:
        for _ in range(2):  # the second run asks nothing: both replies are in the store
            configure(pytester.path, server.url, more=table)
            result = ask(server, 1, "--safescale-samples=2", more=table)
            single = [one["max_tokens"] for one in server.requests if not one["temperature"]]
            several = [one["max_tokens"] for one in server.requests if one["temperature"]]
            assert single == several == asked
    assert result.ret == 0
    told = "m: 1 single answer cut at the token limit before an option was named" in str(
        result.stdout
    )
    assert told == (state == "unreadable")
    record = cases(pytester)[0]
    assert (record["state"], record["samples"]["states"]) == (state, [state] * 2)
    assert record["greedy"]["form"] == ("declared" if state == "answered" else "cut")
    assert record["greedy"]["reasoning"] == "A? B?"
    assert record["samples"]["reasoning"] == ["A? B?"] * 2


def test_a_second_try_has_more_room_than_the_first(ask: Callable[..., pytest.RunResult]) -> None:
    with ChatServer() as server:
        refused = ask(server, 1, more="max_tokens = 64\nmax_tokens_retry = 64\n")
        assert server.calls == 0
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(
        ["*models.m.max_tokens_retry: found 64; allowed: more than the 64*"]
    )


ENDINGS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"content": "B"}, "stop", "answered", "alone"),
    ({"content": "", "reasoning_content": "B?"}, "stop", "unreadable", "hidden_only"),
    ({"content": None}, "stop", "unreadable", "empty"),
    ({"content": None, "refusal": "I cannot help."}, "stop", "abstained", "refusal"),
    ({"content": ""}, "content_filter", "abstained", "content_filter"),
    ({"content": "The patient"}, "content_filter", "abstained", "content_filter"),
    ({"content": "<think>B"}, "stop", "unreadable", "hidden_only"),
]
"""What a server answers with, how the reply ended, and what it comes to."""


def test_what_a_server_answers_with_is_asked_once_and_has_its_state_and_form(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    def reply(_: object, payload: dict[str, Any]) -> web.Response:
        number = int(str(payload["messages"][-1]["content"]).partition("(case ")[2][0])
        message, ended, *_rest = ENDINGS[number]
        return web.json_response({"choices": [{"message": message, "finish_reason": ended}]})

    with ChatServer(response=reply) as server:
        ask(server, len(ENDINGS))
        assert server.calls == len(ENDINGS)
    records = sorted(cases(pytester), key=lambda record: str(record["item_id"]))
    told = [(record["state"], record["greedy"]["form"]) for record in records]
    assert told == [(state, form) for _, _, state, form in ENDINGS]
    assert records[1]["greedy"]["reasoning"] == "B?"
    assert records[3]["greedy"]["refusal"] == "I cannot help."
    assert records[6]["greedy"]["text"] == "<think>B"


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ({"error": {"message": "the backend is gone", "code": 502}}, "the backend is gone"),
        ({"choices": [{"message": {"content": "B"}, "finish_reason": "error"}]}, "(error)"),
    ],
)
def test_a_failure_told_inside_a_success_is_asked_again_and_never_stored(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    failure: dict[str, Any],
    said: str,
) -> None:
    def reply(*_: object) -> web.Response | None:
        return web.json_response(failure) if server.calls == 1 or always else None

    with ChatServer(response=reply) as server:
        always = False
        ask(server, 1)
        assert (server.calls, cases(pytester)[0]["state"]) == (2, "answered")
        always = True
        ask(server, 2, top="max_attempts = 1\n")
        record = cases(pytester)[1]
        assert (record["state"], record["greedy"], server.calls) == ("failed", None, 3)
        assert said in record["error"]
        always = False
        ask(server, 2)
        assert (server.calls, cases(pytester)[1]["state"]) == (4, "answered")


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
