"""``safescale store``: what a store holds is told, trimmed and merged."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from pytest_safescale.calls.rescue_file import rescue
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Row
from pytest_safescale.cli.command import main
from pytest_safescale.models.model import Reply

NOW = time.time()
DAY = 86_400


@pytest.fixture(autouse=True)
def _here(in_a_folder: None) -> None:
    """Stand in an empty folder."""


def row(number: int, *, model: str = "m", run: str = "r", days: float = 0.0) -> Row:
    reply = Reply(text=f"{number:04} " * 200)
    return Row(number.to_bytes(32, "big"), 0, model, "http://x/v1", run, reply, NOW - days * DAY)


def a_store(name: str, *rows: Row) -> str:
    with Store(Path(name), run="r") as store:
        store.take_in(rows)
    return name


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[str]:
    assert main(["store", *arguments]) == code
    out, err = capsys.readouterr()
    return (err if code == 4 else out).splitlines()


def replies(name: str) -> int:
    with Store(Path(name), read_only=True) as store:
        return store.size()


def test_info_tells_replies_and_bytes_by_model_and_run(capsys: pytest.CaptureFixture[str]) -> None:
    a_store("s", row(1), row(2, days=9), row(3, model="n", run="s"))
    whole, own, *rest = told(capsys, "info", "s")
    size = Path("s").stat().st_size
    assert whole == f"s: 3 replies to 3 calls, {size / 1000:.1f} kB"
    # 1,000 characters each, and eight bytes for the time at which each was stored.
    assert own == f"the replies themselves are 3.0 kB; the file is {size / 3024:.2f} times that"
    days = [time.strftime("%Y-%m-%d", time.gmtime(NOW - back * DAY)) for back in (9, 0)]
    assert rest == [
        f"model m@http://x/v1: 2 replies, {days[0]} to {days[1]} (UTC), 2.0 kB",
        f"model n@http://x/v1: 1 reply, {days[1]} (UTC), 1.0 kB",
        f"run r: 2 replies, {days[0]} to {days[1]} (UTC)",
        f"run s: 1 reply, {days[1]} (UTC)",
    ]


def test_info_reads_every_reply_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    a_store("s", row(1), row(2))
    assert told(capsys, "info", "s", "--check")[-1] == "every reply can be read"
    with closing(sqlite3.connect("s")) as db, db:
        db.execute("UPDATE replies SET more = '{' WHERE id = 1")
    line = told(capsys, "info", "s", "--check", code=1)[-1]
    assert line == "1 of the replies cannot be read: their calls are made again"


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (("--older-than=5d",), 2),
        (("--model=m",), 1),
        (("--model=m@http://x/v1", "--older-than=5d"), 2),
        (("--run=s",), 2),
        (("--run=s", "--model=n", "--older-than=5d"), 3),
    ],
)
def test_prune_tells_first_and_removes_what_meets_all_that_is_said(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], left: int
) -> None:
    a_store("s", row(1), row(2, days=9), row(3, model="n", run="s"))
    lines = told(capsys, "prune", "s", *options)
    assert replies("s") == 3
    gone = 3 - left
    if not gone:
        assert lines == ["no reply is meant: nothing to remove"]
        return
    assert f"{gone} repl" in lines[-1]
    assert lines[-1].endswith("would go; add --yes to remove them for good")
    assert told(capsys, "prune", "s", *options, "--yes")[-1].startswith("removed: ")
    assert replies("s") == left


def test_prune_gives_the_room_back_and_leaves_no_trace_of_what_went(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_store("s", *(row(n, run="old") for n in range(300)), row(300))
    before = Path("s").stat().st_size
    line = told(capsys, "prune", "s", "--run=old", "--yes")[-1]
    after = Path("s").stat().st_size
    assert line == (
        f"removed: 300 replies of 301; {before / 1000:.1f} kB before, {after / 1000:.1f} kB now"
    )
    assert after < before / 1.5
    with closing(sqlite3.connect("s")) as db:
        counts = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("calls", "origins")
        ]
    assert counts == [1, 1]


def test_prune_of_a_store_in_use_removes_and_says_that_the_room_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_store("s", row(1, run="old"), row(2))
    size = Path("s").stat().st_size
    with closing(sqlite3.connect("s", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM replies").fetchone()
        lines = told(capsys, "prune", "s", "--run=old", "--yes")
    assert lines[-1].startswith("another process has the store open")
    assert (replies("s"), Path("s").stat().st_size) == (1, size)


def test_what_was_rescued_beside_a_store_is_told_and_goes_with_the_rest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_store("s", row(1, model="kept"))
    rescue(Path("s"), "r", [row(2), row(3)])
    beside = "s: 2 replies that a run could not store lie beside it, which"
    assert f"{beside} the next run takes in" in told(capsys, "info", "s")
    assert f"{beside} --yes takes in first" in told(capsys, "prune", "s", "--model=m")
    assert len(list(Path().glob("s.rescue-*"))) == 1
    first, *lines = told(capsys, "prune", "s", "--model=m", "--yes")
    assert first.startswith("2 replies of an earlier run were taken in from s.rescue-")
    assert lines[-1].startswith("removed: 2 replies of 3; ")
    assert replies("s") == 1
    assert list(Path().glob("s.rescue-*")) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prune", "s"), "nothing says which replies"),
        (("prune", "s", "--older-than=soon"), "--older-than: found 'soon'; allowed: a number"),
        (("prune", "s", "--model=k"), "--model: found 'k'; the store has m, m@http://x/v1"),
        (("prune", "s", "--run=k"), "--run: found 'k'; the store has r"),
        (("prune", "t", "--run=k"), "there is no store t"),
        (("info", "t"), "there is no store t"),
        (("merge", "s", "t", "--into=c"), "there is no store t"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    a_store("s", row(1))
    (line,) = told(capsys, *arguments, code=4)
    assert said in line
    assert sorted(path.name for path in Path().iterdir()) == ["s"]


def test_merge_tells_what_came_and_which_of_two_replies_is_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_store("a", row(1), row(2, days=1))
    a_store("b", row(1), row(2)._replace(reply=Reply(text="other")), row(3))
    lines = told(capsys, "merge", "a", "b", "--into", "c")
    shape = "%Y-%m-%dT%H:%M:%S+00:00"
    stored = [time.strftime(shape, time.gmtime(NOW - back * DAY)) for back in (1, 0)]
    assert lines[:-1] == [
        "a: 2 new, 0 there already",
        "b: 1 new, 1 there already, 1 in conflict (1 stored later and kept, 0 not, and left out)",
        "  conflict: m, call 0000000000000000, sample 0: "
        f"stored {stored[0]} and, here, {stored[1]}",
        "of two different replies to one call the one that was stored later is kept",
    ]
    assert lines[-1].startswith("c: 3 replies to 3 calls, ")
