"""A run says from when its stored replies are, and asks again for those that are too old."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.settings.schema import seconds_of_age
from tests.plugin.test_calls import SINGLE, configure
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OLD, OLDER = 10, 40
"""How many days ago some of the replies were stored."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as started:
        yield started


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    server: ChatServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run four items against the server."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    configure(pytester.path, server.url)

    def run(*arguments: str, count: int = 4) -> pytest.RunResult:
        items(*(f"case {n}" for n in range(count)))
        return run_suite(*SINGLE, *arguments, model="m")

    return run


def make_older(folder: Path, *days: int) -> None:
    """Let the first replies of the store have been stored so many days ago."""
    with closing(sqlite3.connect(folder / ".safescale" / "store.sqlite")) as db:
        replies = [number for (number,) in db.execute("SELECT id FROM replies ORDER BY id")]
        for number, back in zip(replies, days, strict=False):
            db.execute(
                "UPDATE replies SET stored_at = stored_at - ? WHERE id = ?", (back * 86_400, number)
            )
        db.commit()


def day(back: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=back)).date().isoformat()


def places(folder: Path, result: pytest.RunResult) -> list[str]:
    files = [folder / "safescale-report" / name for name in ("summary.md", "report.html")]
    return [result.stdout.str(), *(path.read_text(encoding="utf-8") for path in files)]


def test_where_the_verdict_stands_the_run_says_how_many_replies_are_stored_and_of_when(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    result = ask()
    for place in places(pytester.path, result):
        assert "come from the store" not in place
    make_older(pytester.path, OLD, OLDER)
    result = ask(count=5)
    for place in places(pytester.path, result):
        assert f"4 of 5 replies come from the store, of {day(OLDER)} to {day(0)} (UTC)." in place
    calls = report()["manifest"]["calls"]
    assert (calls["replies"], calls["replies_from_store"], calls["made"]) == (5, 4, 1)
    assert calls["from_store_by_day"] == {day(OLDER): 1, day(OLD): 1, day(0): 2}


def test_a_run_that_asked_nothing_says_so_with_the_day_of_its_replies(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    ask()
    told = f"All 4 replies come from the store, of {day(0)} (UTC)"
    for place in places(pytester.path, ask()):
        assert f"{told}: nothing was asked." in place
    for place in places(pytester.path, ask("--safescale-replay")):
        assert f"{told}." in place


def test_replies_above_the_age_are_asked_for_again_and_take_the_place_of_the_old(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], server: ChatServer
) -> None:
    ask()
    make_older(pytester.path, OLD, OLDER)
    assert ask("--safescale-max-age=60d").ret == 0
    assert server.calls == 4
    result = ask("--safescale-max-age=2w")
    assert server.calls == 4 + 1
    result.stdout.fnmatch_lines(
        ["*--safescale-max-age 2w: older stored replies are asked for again*"]
    )
    ask("--safescale-max-age=168h")
    assert server.calls == 4 + 1 + 1
    ask("--safescale-max-age=168h")
    assert server.calls == 4 + 1 + 1


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "two workers"])
def test_a_fresh_run_asks_everything_once_and_so_does_the_next(
    ask: Callable[..., pytest.RunResult],
    server: ChatServer,
    report: Callable[[], dict[str, Any]],
    workers: tuple[str, ...],
) -> None:
    ask()
    # What one process has asked anew the next asks anew as well; workers need not show that again.
    for run in (2,) if workers else (2, 3):
        result = ask("--safescale-fresh", *workers)
        assert result.ret == 0
        result.stdout.fnmatch_lines(
            [
                "safescale: --safescale-fresh: what was stored before is asked for again",
                "safescale: assumed: *; no stored reply counts",
            ]
        )
        assert server.calls == 4 * run
        assert report()["manifest"]["calls"]["replies_from_store"] == 0
    # What it has asked counts for a later run that is not fresh.
    ask()
    assert server.calls == 4 * run


def test_for_a_replay_a_reply_above_the_age_is_not_in_the_store(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], server: ChatServer
) -> None:
    ask()
    make_older(pytester.path, OLD)
    assert ask("--safescale-replay", "--safescale-max-age=2w").ret == 0
    result = ask("--safescale-replay", "--safescale-max-age=1w")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*a call is not in the store*, or is older than --safescale-max-age, and*"]
    )
    assert server.calls == 4


REFUSED = {
    "of no unit": (["--safescale-max-age=7"], "a number above 0 and s, m, h, d or w, such as 7d"),
    "of an unknown unit": (["--safescale-max-age=7y"], "found '7y'"),
    "of nothing": (["--safescale-max-age=0d"], "found '0d'"),
    "of a negative number": (["--safescale-max-age=-1d"], "a number above 0"),
    "of a large number": ([f"--safescale-max-age={10**9}d"], "a number above 0"),
    "a fresh replay": (
        ["--safescale-fresh", "--safescale-replay"],
        "--safescale-fresh: found 'True'; it asks for everything, and "
        "--safescale-replay asks for nothing",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_age_that_is_none_is_refused_before_any_call(
    ask: Callable[..., pytest.RunResult], server: ChatServer, case: str
) -> None:
    arguments, told = REFUSED[case]
    result = ask(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in result.stderr.str()
    assert server.calls == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h", 3600), ("7d", 604_800), ("2w", 1_209_600), ("1.5h", 5400)],
)
def test_ages_are_numbers_with_a_unit(text: str, seconds: float) -> None:
    assert seconds_of_age(text) == seconds
