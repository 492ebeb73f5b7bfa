"""What a server does not count is estimated, told as such, and held against the budget."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.test_calls import SINGLE, configure
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOLD = "Estimated, because no usable usage was stated: "


def in_one_line(result: pytest.RunResult) -> str:
    """Return what a run printed without its line breaks."""
    return " ".join(result.stdout.str().split())


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run six items, one after another, against a server that states such usage."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items(*(f"case {n}" for n in range(6)))

    def run(usage: object, *arguments: str) -> pytest.RunResult:
        with ChatServer(usage=usage) as server:
            configure(pytester.path, server.url)
            return run_suite(*SINGLE, "--safescale-concurrency=1", *arguments, model="m")

    return run


def records(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "safescale-report" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": 10**30, "completion_tokens": -1},
        # What is said took tokens: a proxy that states 0 has not counted them.
        {"prompt_tokens": 0, "completion_tokens": 0},
    ],
)
def test_replies_without_usable_usage_are_kept_and_their_tokens_marked_as_estimates(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    usage: object,
) -> None:
    result = ask(usage)
    assert result.ret == 0
    calls = [call for record in records(pytester.path) for call in record["calls"]]
    assert len(calls) == 6
    assert all(call["prompt_tokens"] > 20 and call["money"] > 0 for call in calls)
    manifest = report()["manifest"]
    total = sum(call["prompt_tokens"] + call["completion_tokens"] for call in calls)
    for tokens in (
        manifest["models"][0]["tokens"],
        manifest["tokens"]["this_run"],
        manifest["tokens"]["behind_figures"],
    ):
        assert tokens["estimated_tokens"] == total
        assert tokens["prompt_tokens"] + tokens["completion_tokens"] == total
    folder = pytester.path / "safescale-report"
    files = [(folder / name).read_text(encoding="utf-8") for name in ("summary.md", "report.html")]
    for place in (in_one_line(result), *files):
        assert f"{TOLD}{total} of {total} tokens of m, and their cost." in place


def test_stated_usage_is_told_of_nowhere(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    result = ask(...)
    page = (pytester.path / "safescale-report" / "report.html").read_text(encoding="utf-8")
    assert TOLD not in in_one_line(result) + page


def test_a_budget_is_held_by_the_estimate_and_the_run_says_so(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    # A prompt takes some sixty tokens at a thousand per million.
    result = ask(None, "--safescale-max-cost=0.1")
    assert 0 < report()["manifest"]["cases"]["recorded"] < 6
    assert report()["manifest"]["budget"] == {"max_calls": None, "max_cost": 0.1}
    told = in_one_line(result)
    assert TOLD in told
    assert ", and their cost; --safescale-max-cost was held by the estimate." in told
