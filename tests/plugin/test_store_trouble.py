"""A store that cannot be written ends the run with one sentence and loses no reply."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.database import PAGE_BYTES
from pytest_safescale.calls.store import Store
from tests.plugin.test_calls import command, configure
from tests.servers import ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL_STORE = """
import pytest_safescale.calls.database as database

opened = database.Database._to_write

def small(self):
    db = opened(self)
    db.execute("PRAGMA max_page_count = 50")
    return db

database.Database._to_write = small
"""
"""A conftest under which the store holds 800 kB; what is said then is said of a full disk."""
HANG_S = 600
"""Far beyond what anything here takes, on any machine."""
LONG = "B" + 8_000 * " "
STORE = ".safescale/store.sqlite"


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    run_pytest: Callable[..., pytest.RunResult],
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run the suite over so many items against a server.

    What a conftest changes in the program stays in its process: such a run goes ``apart``.
    """
    monkeypatch.setenv("SAFESCALE_API_KEY", "none")

    def run(
        server: ChatServer, cases: int, *arguments: str, apart: bool = False, **table: Any
    ) -> pytest.RunResult:
        configure(pytester.path, server.url, timeout_s=HANG_S)
        with (pytester.path / "safescale.toml").open("a") as file:
            file.writelines(f"{key} = {value}\n" for key, value in table.items())
        items(*(f"case {n}" for n in range(cases)))
        run_it = pytester.runpytest_subprocess if apart else run_pytest
        return run_it(*command(*arguments))

    return run


def stored(folder: Path) -> int:
    with Store(folder / STORE, read_only=True) as store:
        return store.size()


def rescued(folder: Path) -> list[Path]:
    return list((folder / ".safescale").glob("store.sqlite.rescue-*.jsonl"))


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "-n2"])
@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_the_next_one_pays_for_nothing_twice(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    workers: tuple[str, ...],
) -> None:
    pytester.makeconftest(SMALL_STORE)
    # Few at once, so that the store takes some before it is full.
    gates = ("--safescale-gates=default", "--safescale-concurrency=4")
    with ChatServer(lambda _: LONG, delay_s=0.01) as server:
        stopped = ask(server, 200, *gates, *workers, apart=True)
        paid = server.calls
        assert stopped.ret == pytest.ExitCode.INTERRUPTED
        stopped.stdout.re_match_lines(
            [r".*Exit: the store .* cannot be used: database or disk is full; \d+ repl.*"]
        )
        lines = sum(len(file.read_text().splitlines()) for file in rescued(pytester.path))
        assert 0 < lines < paid < 200
        assert stored(pytester.path) + lines == paid
        assert not any(gate["outcome"] == "passed" for gate in report()["gates"])
        assert any("this run is incomplete" in text for text in report()["manifest"]["notices"])
        (pytester.path / "conftest.py").unlink()
        resumed = ask(server, 200)
        assert server.calls == 200
    assert resumed.ret == 0
    resumed.stdout.re_match_lines([r"safescale: \d+ replies of an earlier run were taken in from"])
    assert rescued(pytester.path) == []
    assert stored(pytester.path) == 200


SMALL_FILES = """
import resource

def pytest_report_collectionfinish():
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
"""
"""A plugin under which no file grows beyond 400 kB once the tests are collected."""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size is set there")
@pytest.mark.slow
def test_a_disk_on_which_no_file_can_grow_ends_the_run_with_a_sentence(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(limited=SMALL_FILES)
    arguments = ("-p", "limited", "--safescale-concurrency=4", "--safescale-gates=default")
    with ChatServer(lambda _: "B" + 20_000 * " ") as server:
        result = ask(server, 60, *arguments)
        paid = server.calls
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    result.stdout.re_match_lines([".*Exit: .*the (report|store) .* cannot be (written|used): .*"])
    lines = sum(len(file.read_text().splitlines()) for file in rescued(pytester.path))
    # What is under way is given up where the report fails, as with Ctrl-C.
    assert paid - 4 <= stored(pytester.path) + lines <= paid
    first_line, *_ = (pytester.path / "safescale-report" / "summary.md").read_text().splitlines()
    assert first_line.startswith(("## No verdict", "## Not a verdict"))


IN_THE_WAY = """
import pathlib

def pytest_runtest_logreport():
    pathlib.Path("safescale-report/run.json").mkdir(exist_ok=True)
"""
"""A plugin that puts a folder where the run's report is to be written."""


@pytest.mark.slow
def test_a_report_that_cannot_be_written_at_the_end_is_told_beside_the_gates(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(in_the_way=IN_THE_WAY)
    with ChatServer() as server:
        result = ask(server, 3, "-p", "in_the_way", "--safescale-gates=default")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(
        [
            "*gate?high-risk-anywhere-closed_book-m?*",
            "*Exit: the report * cannot be written: Is a directory*",
        ]
    )


NOTED = """
import pathlib
import pytest_safescale.calls.engine as engine

engine.TOLD_S = 0.1

def pytest_warning_recorded(warning_message):
    if "locked" in str(warning_message.message):
        pathlib.Path("told.txt").write_text(str(warning_message.message))
"""
"""A conftest that tells of a wait soon, and notes that it was told."""


def held_until_told(folder: Path) -> None:
    """Hold the store locked until the run has said that it waits for it."""
    with contextlib.closing(sqlite3.connect(folder / STORE, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + HANG_S
        while not (folder / "told.txt").exists() and time.monotonic() < end:
            time.sleep(0.05)
        db.execute("ROLLBACK")


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["one process", "-n2"])
@pytest.mark.slow
def test_a_store_that_another_program_holds_locked_is_waited_for_and_that_is_told(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], workers: tuple[str, ...]
) -> None:
    pytester.makeconftest(NOTED)
    holder = threading.Thread(target=held_until_told, args=(pytester.path,))

    def answer(_: object) -> str:
        if server.calls == 20:
            holder.start()
        return "B"

    with ChatServer(answer) as server:
        result = ask(server, 100, "--safescale-concurrency=8", *workers, apart=True)
        assert server.calls == 100
    holder.join()
    assert result.ret == 0
    assert stored(pytester.path) == 100
    result.stdout.fnmatch_lines(
        ["safescale: waiting for the store *store.sqlite, which another process holds locked"]
    )


@pytest.mark.slow
def test_a_store_that_is_locked_from_the_start_is_waited_for(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    pytester.makeconftest(
        NOTED.replace("engine as engine", "engine, pytest_safescale.plugin.session as engine")
    )
    (pytester.path / ".safescale").mkdir()
    Store(pytester.path / STORE).close()
    holder = threading.Thread(target=held_until_told, args=(pytester.path,))
    holder.start()
    with ChatServer() as server:
        result = ask(server, 3, apart=True)
    holder.join()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["safescale: waiting: another process holds the store * locked"])


def test_a_damaged_store_is_named_in_one_sentence_and_nothing_is_asked(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    (pytester.path / ".safescale").mkdir()
    (pytester.path / STORE).write_bytes(b"no database " * 1000)
    with ChatServer() as server:
        result = ask(server, 3)
        assert server.calls == 0
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = [line for line in result.stderr.lines if line]
    assert len(told) == 1
    assert told[0].endswith("store.sqlite cannot be used: file is not a database")


@pytest.mark.slow
def test_pages_that_are_damaged_while_a_run_goes_on_stop_it_with_the_reason(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    with ChatServer(lambda _: LONG) as server:
        ask(server, 300)
        content = bytearray((pytester.path / STORE).read_bytes())
        # Behind the first page of each table: the run can begin, and meets the damage on its way.
        for place in range(32 * PAGE_BYTES, len(content), PAGE_BYTES):
            content[place : place + PAGE_BYTES] = b"?" * PAGE_BYTES
        (pytester.path / STORE).write_bytes(content)
        result = ask(server, 300)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*Exit: the store * cannot be used: database disk image is malf*"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


@pytest.mark.slow
def test_rows_that_are_damaged_are_asked_again_and_no_other(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    with ChatServer() as server:
        ask(server, 30)
        with contextlib.closing(sqlite3.connect(pytester.path / STORE)) as db:
            db.execute(
                "UPDATE replies SET text = CAST(x'ff' AS TEXT) "
                "WHERE id IN (SELECT id FROM replies LIMIT 3)"
            )
            db.commit()
        missing = ask(server, 30, "--safescale-replay")
        missing.assert_outcomes(failed=3)
        resumed = ask(server, 30)
        assert server.calls == 33
    assert resumed.ret == 0
