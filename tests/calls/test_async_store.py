"""No reply in hand is lost, and no more is asked, when the store cannot take what arrives."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.caller import Caller
from pytest_safescale.calls.limits import CallLimits
from pytest_safescale.calls.rescue_file import rescue, take_in_rescued
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Row, call_key
from pytest_safescale.calls.wait_reasons import Waits
from pytest_safescale.errors import NotInStore, StoreError, StoreLocked
from pytest_safescale.models.model import Reply, Request
from tests.calls.models import ScriptedModel, answers, request
from tests.calls.stores import copied_alone, fill_up, give_room, held_locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONG = "B" + 4000 * " "
"""A reply that takes a page of the file."""
ROW = Row(b"k", 0, "m", "here", "run", Reply(text="B"), 1.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite", lock_s=0.05)
    yield opened
    opened.close()


def long_answers(request: Request) -> list[Reply]:
    return [Reply(text=LONG) for _ in request.samples]


def rescued(store: Store) -> list[Path]:
    return sorted(store.path.parent.glob("store.sqlite.rescue-*"))


def kept_in(path: Path) -> int:
    with Store(path, read_only=True) as store:
        return store.size()


async def ask_until_it_fails(ask: Caller, model: ScriptedModel, at_once: int = 8) -> BaseException:
    """Ask new questions, some at once, until one fails, and let those under way end."""
    for first in range(0, 800, at_once):
        calls = [
            asyncio.ensure_future(ask.ask(model, request(str(number))))
            for number in range(first, first + at_once)
        ]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        if failures := [error for error in outcomes if isinstance(error, BaseException)]:
            return failures[0]
    raise AssertionError("nothing failed")


def test_a_full_disk_stops_asking_and_every_reply_that_was_paid_is_in_store_or_rescue_file(
    store: Store,
) -> None:
    model = ScriptedModel(answers, long_answers, delay_s=0.001)

    async def run() -> tuple[BaseException, str]:
        ask = Caller(store, CallLimits())
        await ask.ask(model, request("first"))
        fill_up(store)
        failure = await ask_until_it_fails(ask, model)
        asked = len(model.asked)
        with pytest.raises(StoreError, match="cannot be used: database or disk is full"):
            await ask.ask(model, request("later"))
        assert len(model.asked) == asked
        return failure, ask.keeper.close()

    failure, told = asyncio.run(run())
    assert isinstance(failure, StoreError)
    (file,) = rescued(store)
    lines = file.read_text().splitlines()
    assert told == f"{len(lines)} replies that it did not take: {file}, which the next run takes in"
    assert kept_in(store.path) + len(lines) == len(model.asked)


def test_replies_in_hand_are_tried_again_with_the_next_and_at_the_end(store: Store) -> None:
    model = ScriptedModel(long_answers)

    async def run() -> str:
        ask = Caller(store, CallLimits())
        fill_up(store)
        await ask_until_it_fails(ask, model)
        give_room(store)
        return ask.keeper.close()

    assert asyncio.run(run()) == ""
    assert rescued(store) == []
    assert kept_in(store.path) == len(model.asked)


def test_the_next_run_takes_in_what_was_rescued_and_removes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    model = ScriptedModel(long_answers)

    async def broken_off() -> None:
        ask = Caller(Store(path), CallLimits())
        fill_up(ask.store)
        await ask_until_it_fails(ask, model)
        ask.keeper.close()

    asyncio.run(broken_off())
    store = Store(path)
    paid = len(model.asked)
    assert store.size() < paid
    (told,) = take_in_rescued(store)
    assert "replies of an earlier run were taken in from" in told
    assert (store.size(), rescued(store), take_in_rescued(store)) == (paid, [], [])

    async def again() -> None:
        ask = Caller(store, CallLimits(replay=True))
        for number in range(paid):
            answered = await ask.ask(model, request(str(number)))
            assert answered.replies[0].text == LONG

    asyncio.run(again())
    store.close()


def test_a_place_that_takes_no_rescue_file_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "no folder"
    folder.write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    told = rescue(folder / "store.sqlite", "run", [ROW])
    (file,) = elsewhere.iterdir()
    assert told == (
        f"1 reply that it did not take: {file}, which the next run takes in once it lies beside "
        "the store"
    )


def test_lines_of_a_rescue_file_that_are_damaged_cost_themselves_alone(store: Store) -> None:
    rows = [ROW._replace(call=bytes([n])) for n in range(3)]
    rescue(store.path, "run", rows)
    (file,) = rescued(store)
    first, second, third = file.read_text().splitlines()
    no_reply = json.dumps({**json.loads(second), "body": '{"text": 3}'})
    file.write_text("\n".join([first[:40], "[]", no_reply, '{"call": 3}', third]))
    take_in_rescued(store)
    assert store._db.rows("SELECT call FROM calls") == [(bytes([2]),)]
    assert rescued(store) == []


def test_while_another_process_holds_the_store_locked_calls_wait_and_say_so(store: Store) -> None:
    model, waits = ScriptedModel(), Waits()
    locked = f"the store {store.path}, which another process holds locked"

    async def run() -> None:
        ask = Caller(store, CallLimits(), waits)
        await ask.ask(model, request("before"))
        with held_locked(store.path):
            calls = asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(5)))
            while waits.reasons() != [locked]:
                await asyncio.sleep(0.01)
            assert len(model.asked) == 1
        await calls

    asyncio.run(run())
    assert (len(model.asked), store.size(), waits.reasons()) == (6, 6, [])


class HeldBack(ScriptedModel):
    """Answers once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def ask(self, request: Request) -> Sequence[Reply]:
        self.was_asked.set()
        await self.may_answer.wait()
        return await super().ask(request)


def test_replies_that_arrive_while_the_store_is_locked_are_kept_afterwards(store: Store) -> None:
    model, waits = HeldBack(), Waits()

    async def run() -> None:
        call = asyncio.ensure_future(Caller(store, CallLimits(), waits).ask(model, request()))
        await model.was_asked.wait()
        with held_locked(store.path):
            model.may_answer.set()
            while not waits.reasons():
                await asyncio.sleep(0.01)
            assert not call.done()
        assert (await call).replies[0].text == "B"

    asyncio.run(run())
    assert store.size() == 1


def test_a_store_that_stays_locked_ends_the_calls_and_replies_in_hand_are_rescued(
    store: Store,
) -> None:
    model = HeldBack()

    async def run() -> str:
        ask = Caller(store, CallLimits(retry_seconds=0))
        call = asyncio.ensure_future(ask.ask(model, request()))
        await model.was_asked.wait()
        with held_locked(store.path):
            model.may_answer.set()
            with pytest.raises(StoreLocked, match="another process holds the store"):
                await call
            with pytest.raises(StoreLocked):
                await ask.ask(model, request("later"))
            return ask.keeper.close()

    told = asyncio.run(run())
    assert len(model.asked) == 1
    assert told.startswith("1 reply that it did not take: ")
    with Store(store.path) as next_run:
        take_in_rescued(next_run)
        assert next_run.size() == 1


def test_once_the_store_has_failed_nothing_waits_anew(store: Store) -> None:
    model, waits = HeldBack(), Waits()

    async def run() -> str:
        ask = Caller(store, CallLimits(retry_seconds=3600), waits)
        call = asyncio.ensure_future(ask.ask(model, request()))
        await model.was_asked.wait()
        fill_up(store)
        failed = ScriptedModel(long_answers)
        await ask_until_it_fails(ask, failed)
        with held_locked(store.path):
            model.may_answer.set()
            with pytest.raises(StoreLocked):
                await call
            return ask.keeper.close()

    assert "that it did not take" in asyncio.run(run())


def test_a_reply_in_hand_outlives_the_call_that_was_cancelled(store: Store) -> None:
    model, waits = HeldBack(), Waits()

    async def run() -> str:
        ask = Caller(store, CallLimits(), waits)
        call = asyncio.ensure_future(ask.ask(model, request()))
        await model.was_asked.wait()
        with held_locked(store.path):
            model.may_answer.set()
            while not waits.reasons():
                await asyncio.sleep(0.01)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.gather(call, return_exceptions=True)
        return ask.keeper.close()

    assert asyncio.run(run()) == ""
    assert kept_in(store.path) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "more = ''",
        "more = '{'",
        "more = '[]'",
        "more = 'null'",
        "more = '{\"text\": 3}'",
        "more = '{\"colour\": 3}'",
        'more = \'{"tool_calls": [{"id": 1}]}\'',
        "text = CAST(x'ff7b7d' AS TEXT)",
        "prompt_tokens = 'many'",
        "latency_s = 'long'",
        "origin = 99",
    ],
)
def test_a_damaged_row_costs_its_own_call_alone(store: Store, damage: str) -> None:
    model = ScriptedModel()

    async def ask_all() -> None:
        ask = Caller(store, CallLimits())
        await asyncio.gather(*(ask.ask(model, request(str(n))) for n in range(20)))

    asyncio.run(ask_all())
    with sqlite3.connect(store.path) as db:
        damaged = call_key(model.info, request("7"))
        of_call = "WHERE call_id = (SELECT id FROM calls WHERE call = ?)"
        db.execute(f"UPDATE replies SET {damage} {of_call}", (damaged,))
    db.close()
    asyncio.run(ask_all())
    assert [asked.messages[0]["content"] for asked in model.asked[20:]] == ["7"]
    asyncio.run(ask_all())
    assert len(model.asked) == 21


def test_a_damaged_row_of_facts_is_as_if_nothing_was_learned(store: Store) -> None:
    store.put_facts("e", {"batch": 4})
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE facts SET facts = '{'")
    db.close()
    assert store.facts("e") == {}


def test_a_copy_of_the_one_file_holds_every_reply_while_the_run_goes_on(store: Store) -> None:
    model = ScriptedModel()
    reader = Store(store.path, read_only=True)

    async def run() -> None:
        ask = Caller(store, CallLimits())
        for number in range(30):
            await ask.ask(model, request(str(number)))
        for _ in range(8):
            assert ask.keeper.beat() is None

    asyncio.run(run())
    assert reader.size() == kept_in(copied_alone(store.path)) == 30
    reader.close()


def test_closing_leaves_a_whole_file_also_where_another_process_has_it_open(store: Store) -> None:
    other, model = Store(store.path), ScriptedModel()
    asyncio.run(Caller(other, CallLimits()).ask(model, request()))
    other.close()
    assert kept_in(copied_alone(store.path)) == 1


REPLAYING = (
    "import asyncio, os, sys; from pathlib import Path\n"
    "from pytest_safescale.calls.caller import Caller\n"
    "from pytest_safescale.calls.limits import CallLimits\n"
    "from pytest_safescale.calls.store import Store\n"
    "from tests.calls.models import ScriptedModel, request\n"
    "if os.geteuid() == 0: os.setuid(65534)  # for whom nothing is read-only\n"
    "assert not os.access(sys.argv[1], os.W_OK)\n"
    "store = Store(Path(sys.argv[1]), read_only=True)\n"
    "ask = Caller(store, CallLimits(replay=True))\n"
    "print(asyncio.run(ask.ask(ScriptedModel(), request())).replies[0].text)\n"
    "print(ask.keeper.close())\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
@pytest.mark.parametrize("folder_mode", [0o777, 0o555], ids=["file", "file and folder"])
def test_a_read_only_store_can_be_replayed(store: Store, folder_mode: int) -> None:
    asyncio.run(Caller(store, CallLimits()).ask(ScriptedModel(), request()))
    store.close()
    with tempfile.TemporaryDirectory() as name:  # where others than the owner may look
        folder = Path(name)
        shutil.copy(store.path, folder / "store.sqlite")
        (folder / "store.sqlite").chmod(0o444)
        folder.chmod(folder_mode)
        done = subprocess.run(
            [sys.executable, "-c", REPLAYING, str(folder / "store.sqlite")],
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)
    assert (done.stdout, done.stderr) == ("B\n\n", "")


def test_a_replay_of_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        Store(tmp_path / "store.sqlite", read_only=True)


def test_a_replay_writes_nothing(store: Store) -> None:
    before = store.path.read_bytes()
    reader = Store(store.path, read_only=True)
    with pytest.raises(NotInStore):
        asyncio.run(Caller(reader, CallLimits(replay=True)).ask(ScriptedModel(), request()))
    reader.close()
    assert store.path.read_bytes() == before
