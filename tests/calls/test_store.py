"""The store keeps every reply, and no call is made twice."""

from __future__ import annotations

import os
import random
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.database import PAGE_BYTES
from pytest_safescale.calls.reply_table import FIND
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.store_contents import store_contents
from pytest_safescale.calls.store_tables import SCHEMA_VERSION
from pytest_safescale.calls.stored_replies import Claim, Kept, Row, Spent, call_key
from pytest_safescale.errors import StoreError
from pytest_safescale.models.model import Reply, ToolCall
from tests.calls.models import info, request

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = b"k" * 32
FULL_REPLY = Reply(
    text="B \ud800 \u0000 ü",
    tool_calls=(ToolCall(id="1", name="search", arguments="{}"),),
    finish_reason="length",
    served_model="m-1",
    fingerprint="fp",
    prompt_tokens=7,
    completion_tokens=3,
    latency_s=0.25,
    by_batch=True,
)


def kept(
    replies: dict[int, Reply], spent: Spent | None = None, *, call: bytes = KEY, at: float = 1e9
) -> Kept:
    return Kept(
        call=call, model="m", base_url="here", replies=replies, at=at, spent=spent or Spent()
    )


def found(store: Store, *samples: int, call: bytes = KEY) -> dict[int, Reply]:
    (stored,) = store.get([(call, samples)])
    return {sample: one.reply for sample, one in stored.items()}


def claim(store: Store, samples: list[int]) -> Claim:
    (claimed,) = store.claim([(KEY, samples)])
    return claimed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "deep" / "store.sqlite", run="one")
    yield opened
    opened.close()


def test_a_stored_reply_comes_back_as_it_was(store: Store) -> None:
    store.put([kept({3: FULL_REPLY})])
    assert found(store, 0, 3) == {3: FULL_REPLY}


def test_what_a_server_did_not_state_comes_back_unknown(store: Store) -> None:
    store.put([kept({0: Reply(text="B"), 1: Reply(text="B", prompt_tokens=0)})])
    assert [reply.prompt_tokens for reply in found(store, 0, 1).values()] == [None, 0]


def test_a_stored_reply_tells_when_it_was_kept_and_whether_an_earlier_run_made_it(
    store: Store,
) -> None:
    store.put([kept({0: FULL_REPLY}, at=1e9), kept({1: FULL_REPLY}, at=2e9)])
    later = Store(store.path, run="two")
    own, theirs = (opened.get([(KEY, [0, 1])])[0] for opened in (store, later))
    assert own == {0: (FULL_REPLY, 1e9, False), 1: (FULL_REPLY, 2e9, False)}
    assert theirs == {0: (FULL_REPLY, 1e9, True), 1: (FULL_REPLY, 2e9, True)}
    later.close()


def test_replies_of_other_runs_that_are_too_old_count_as_absent_and_give_way(store: Store) -> None:
    store.put([kept({0: FULL_REPLY}, at=100.0), kept({1: FULL_REPLY}, at=200.0)])
    later = Store(store.path, run="two", not_before=150.0)
    assert list(found(later, 0, 1)) == [1]
    assert claim(later, [0, 1]).mine == (0,)
    # What the run itself has made counts, whatever the clock says.
    later.put([kept({0: Reply(text="new")}, at=120.0)])
    assert found(later, 0)[0].text == found(store, 0)[0].text == "new"
    assert claim(later, [0, 1]).mine == ()
    later.close()


@pytest.mark.parametrize("damage", ["'yesterday'", "-1.0", "1e300", "9e999"])
def test_a_reply_whose_date_is_damaged_counts_as_absent(store: Store, damage: str) -> None:
    store.put([kept({0: FULL_REPLY}), kept({1: FULL_REPLY})])
    with sqlite3.connect(store.path) as db:
        db.execute(f"UPDATE replies SET stored_at = {damage} WHERE sample = 0")
    db.close()
    assert list(found(store, 0, 1)) == [1]


@pytest.mark.parametrize(("at", "text"), [(90.0, "stored"), (110.0, "rescued")])
def test_of_a_rescued_and_a_stored_reply_the_newer_one_counts(
    store: Store, at: float, text: str
) -> None:
    store.put([kept({0: Reply(text="stored")}, at=100.0)])
    store.take_in(store.rows([kept({0: Reply(text="rescued")}, at=at)]))
    assert found(store, 0)[0].text == text


def test_a_second_process_finds_a_call_claimed_and_then_answered(store: Store) -> None:
    other = Store(store.path, run="one")
    assert claim(store, [0, 1]).mine == (0, 1)
    assert claim(other, [0, 1, 2]).elsewhere == (0, 1)
    store.put([kept({0: FULL_REPLY})])
    seen = claim(other, [0, 1])
    assert (list(seen.stored), seen.mine, seen.elsewhere) == ([0], (), (1,))
    other.close()


def test_more_calls_than_a_statement_can_name_are_claimed_and_found_together(store: Store) -> None:
    other = Store(store.path, run="one")
    wanted = [(number.to_bytes(32, "big"), [0, 1]) for number in range(1200)]
    store.put([kept({0: FULL_REPLY}, call=call) for call, _ in wanted[::2]])
    store.fail(wanted[1][0], "why")
    claims = store.claim(wanted)
    assert [claim.mine for claim in claims[:4]] == [(1,), (), (1,), (0, 1)]
    assert claims[1].failed == "why"
    assert [claim.elsewhere for claim in other.claim(wanted)] == [claim.mine for claim in claims]
    assert [list(replies) for replies in store.get(wanted)] == [[0], []] * 600
    other.close()


def test_a_released_claim_may_be_taken_by_another(store: Store) -> None:
    other = Store(store.path)
    claim(store, [0])
    store.release(KEY, [0])
    assert claim(other, [0]).mine == (0,)
    other.close()


def test_closing_gives_up_what_was_claimed(store: Store) -> None:
    other = Store(store.path)
    claim(other, [0])
    other.close()
    assert claim(store, [0]).mine == (0,)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": ({"role": "user", "content": "other"},)},
        {"temperature": 0.7},
        {"max_tokens": 11},
        {"seed": 43},
        {"repeat": 1},
        {"tools": ({"type": "function"},)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_shapes_a_reply_is_part_of_the_key(change: dict[str, object]) -> None:
    asked = request()
    assert call_key(info(), asked) != call_key(info(), replace(asked, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["provider", "model", "revision", "base_url", "identity"])
def test_the_model_is_part_of_the_key(field: str) -> None:
    assert call_key(info(), request()) != call_key(info(**{field: "other"}), request())


@pytest.mark.parametrize("field", ["name", "family", "price_in"])
def test_what_shapes_no_reply_is_no_part_of_the_key(field: str) -> None:
    assert call_key(info(), request()) == call_key(info(**{field: "other"}), request())


def test_an_identity_stands_in_the_place_of_the_address() -> None:
    here, there = info(identity="w1"), info(identity="w1", base_url="there")
    assert call_key(here, request()) == call_key(there, request())
    assert call_key(here, request()) != call_key(info(identity="w2"), request())
    # A word is no address, however it is written.
    assert call_key(info(identity="here"), request()) != call_key(info(), request())


def test_the_sample_is_kept_beside_the_key_not_in_it() -> None:
    assert call_key(info(), request(samples=1)) == call_key(info(), request(samples=20))


def test_spending_adds_up_over_processes_and_is_kept_by_run(store: Store) -> None:
    other, stranger = Store(store.path, run="one"), Store(store.path, run="two")
    store.spending.spend(Spent(calls=2, retries=1, money=0.5))
    took = Spent(prompt_tokens=7, completion_tokens=3, estimated_tokens=2, money=1)
    other.put([kept({0: FULL_REPLY}, took)])
    total = replace(took, calls=2, retries=1, money=1.5)
    assert store.spending.spent() == other.spending.spent() == total
    assert stranger.spending.spent() == Spent()
    other.close()
    stranger.close()


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        ({"max_calls": 3}, 3),
        ({"max_cost": 2.0}, 2),
        ({}, 5),
    ],
)
def test_a_limit_refuses_the_call_that_would_pass_it(
    store: Store, limits: dict[str, float], allowed: int
) -> None:
    made = [store.spending.spend(Spent(calls=1, money=1.0), **limits) for _ in range(5)]  # type: ignore[arg-type]
    assert made == [True] * allowed + [False] * (5 - allowed)


def test_facts_about_an_endpoint_survive(store: Store) -> None:
    assert store.facts("e") == {}
    store.put_facts("e", {"batch": 4})
    assert store.facts("e") == {"batch": 4}


def _damaged(path: Path, how: str) -> None:
    if how == "no database":
        path.write_bytes(b"this is no database, and long enough to be read as one" * 100)
        return
    Store(path).close()
    with sqlite3.connect(path) as db:
        if how == "another schema":
            db.execute("UPDATE meta SET value = '0'")
        else:
            db.execute("DROP TABLE replies")
    db.close()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no database", "cannot be used"),
        ("another schema", f"has schema 0; this version reads schema {SCHEMA_VERSION}"),
        ("another database", "not a store of replies"),
    ],
)
def test_a_file_that_is_no_store_of_ours_is_named(tmp_path: Path, how: str, said: str) -> None:
    path = tmp_path / "store.sqlite"
    _damaged(path, how)
    with pytest.raises(StoreError, match=said):
        Store(path)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed elsewhere")
@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("how", ["no database", "another schema", "another database"])
def test_a_file_that_is_no_store_of_ours_is_closed_again(
    tmp_path: Path, how: str, read_only: bool
) -> None:
    path = tmp_path / "store.sqlite"
    _damaged(path, how)
    with pytest.raises(StoreError) as caught:
        Store(path, read_only=read_only)
    held = [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert not [one for one in held if str(one.readlink()).startswith(str(path))], caught


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "file" / "store.sqlite")


def test_a_lookup_goes_by_keys_alone_however_full_the_store(store: Store) -> None:
    with sqlite3.connect(store.path) as db:
        plan = db.execute(
            f"EXPLAIN QUERY PLAN {FIND} call IN (?, ?)",
            ("run", "run", 0.0, os.urandom(32), os.urandom(32)),
        ).fetchall()
    db.close()
    told = [step[-1] for step in plan]
    assert [line.split()[0] for line in told] == ["SEARCH"] * 3, told


@pytest.mark.parametrize("length", [1, 100, 3000])
def test_a_store_takes_little_more_than_its_replies_in_whatever_order_they_come(
    store: Store, length: int
) -> None:
    draw = random.Random(length)
    kind = replace(FULL_REPLY, tool_calls=(), finish_reason="stop", served_model="a-model-2026-11")
    kind = replace(kind, fingerprint="fp_0123456789")
    texts = [length // 2 + draw.randrange(length) for _ in range(3000 if length < 1000 else 600)]
    rows = [
        Row(
            (n // 21).to_bytes(32, "big"),
            n % 21,
            "m",
            "h",
            "one",
            replace(kind, text=size * "b"),
            1e9,
        )
        for n, size in enumerate(texts)
    ]
    draw.shuffle(rows)
    for start in range(0, len(rows), 50):
        store.take_in(rows[start : start + 50])
    store.close()
    found = store_contents(store.path)
    # A new store has a page for each table and key.
    assert found.bytes - 16 * PAGE_BYTES < 1.3 * found.own_bytes
    # The text, the two names, and eight bytes each for tokens, seconds and the time it was stored.
    assert found.own_bytes == sum(texts) + len(texts) * (15 + 13 + 4 * 8)


def test_what_repeats_from_reply_to_reply_stands_once(store: Store) -> None:
    replies = {n: replace(FULL_REPLY, text=f"B {n}") for n in range(20)}
    store.put([kept(replies), kept({0: replies[0]}, call=b"o" * 32)])
    with sqlite3.connect(store.path) as db:
        counts = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("replies", "calls", "origins")
        ]
    db.close()
    assert counts == [21, 2, 1]
