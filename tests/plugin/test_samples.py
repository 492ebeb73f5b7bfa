"""Samples are asked for in whatever way an endpoint gives them; those that never came are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.test_calls import configure
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web

RUN = (
    "--safescale-suite=radsafe200",
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=3",
    "--safescale-model=m",
)


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run four items with three samples each against a server."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items(*(f"case {n}" for n in range(4)))

    def run(server: ChatServer, *arguments: str) -> pytest.RunResult:
        configure(pytester.path, server.url)
        text = (pytester.path / "safescale.toml").read_text()
        (pytester.path / "safescale.toml").write_text(f"max_attempts = 2\n{text}")
        return run_pytest(*RUN, *arguments)

    return run


def letters(folder: Path) -> list[list[str] | None]:
    lines = (folder / "safescale-report" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [record["samples"] and record["samples"]["letters"] for record in records]


def places(folder: Path, result: pytest.RunResult) -> list[str]:
    files = [folder / "safescale-report" / name for name in ("summary.md", "report.html")]
    texts = [path.read_text(encoding="utf-8").replace("\\", "") for path in files]
    return [result.stdout.str(), *texts]


@pytest.mark.parametrize(
    ("status", "words"),
    [(500, "Only one completion choice is allowed"), (400, "no"), (500, "internal error")],
)
def test_an_endpoint_that_gives_one_choice_a_request_gives_every_sample(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], status: int, words: str
) -> None:
    def one_only(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        return complaint(status, words) if payload.get("n", 1) > 1 else None

    with ChatServer(response=one_only) as server:
        result = ask(server)
        several = sum("n" in payload for payload in server.requests)
        before = server.calls
        ask(server, "--safescale-seed=7")
        assert server.calls == before + 4 * (1 + 3)  # learned once and kept
    assert result.ret == 0
    assert 1 <= several <= 3
    assert letters(pytester.path) == [["B"] * 3] * 4
    for place in places(pytester.path, result):
        assert "lack samples" not in place


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "two workers"])
def test_samples_that_never_came_are_told_in_terminal_summary_and_page(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    workers: tuple[str, ...],
) -> None:
    def no_samples(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        sampled = payload["temperature"] > 0
        lost = any(f"case {n}" in payload["messages"][-1]["content"] for n in (1, 2))
        return complaint(400, "not this one") if sampled and lost else None

    with ChatServer(response=no_samples) as server:
        result = ask(server, *workers)
    told = (
        "self-consistency: 2 of 4 cases lack samples they were to have; the first: "
        "HTTP 400: not this one"
    )
    for place in places(pytester.path, result):
        assert told in place
    assert report()["manifest"]["cases"]["lacking_samples"] == {
        "cases": 2,
        "reason": "HTTP 400: not this one",
    }
