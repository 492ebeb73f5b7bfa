"""Stores become one, and what differs is told."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.calls.batch_jobs import Job, Line
from pytest_safescale.calls.merge_stores import TakenIn, merge_stores
from pytest_safescale.calls.rescue_file import rescue
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Kept, Row, Spent
from pytest_safescale.errors import StoreError
from pytest_safescale.models.model import Reply, ToolCall
from pytest_safescale.models.openai.batch_lines import custom_id
from tests.calls.stores import held_locked

if TYPE_CHECKING:
    from pathlib import Path

FULL = Reply(
    text="B \ud800 \u0000 ü",
    reasoning="because",
    tool_calls=(ToolCall(id="1", name="search", arguments="{}"),),
    finish_reason="length",
    served_model="m-1",
    fingerprint="fp",
    prompt_tokens=7,
    completion_tokens=3,
    latency_s=0.25,
)
ROW = Row(b"1" * 32, 0, "m", "here", "r", FULL, 1e9)


def a_store(path: Path, *rows: Row, run: str = "r", spent: Spent | None = None) -> Path:
    with Store(path, run=run) as store:
        store.take_in(rows)
        if spent is not None:
            store.spending.spend(spent)
    return path


def held(path: Path) -> dict[tuple[bytes, int], Row | None]:
    with Store(path, read_only=True) as store:
        rows = list(store.replies.each())
    return {(row.call, row.sample): row for row in rows if row is not None}


def said(text: str, at: float = 1e9, **change: object) -> Row:
    return ROW._replace(reply=Reply(text=text), stored_at=at, **change)  # type: ignore[arg-type]


def test_every_reply_of_each_store_comes_into_the_one_as_it_was(tmp_path: Path) -> None:
    two = ROW._replace(call=b"2" * 32, sample=3, model="n", run="s")
    first = a_store(tmp_path / "a", ROW)
    second = a_store(tmp_path / "b", two, ROW)
    taken = merge_stores([first, second], tmp_path / "c")
    assert held(tmp_path / "c") == {(ROW.call, 0): ROW, (two.call, 3): two}
    assert taken == [TakenIn(store=first, new=1), TakenIn(store=second, new=1, known=1)]
    assert held(first) == {(ROW.call, 0): ROW}


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_different_replies_the_later_is_kept_in_any_order(
    tmp_path: Path, turned: bool
) -> None:
    older = a_store(tmp_path / "older", said("A", 100.0))
    newer = a_store(tmp_path / "newer", said("B", 200.0))
    sources = [newer, older] if turned else [older, newer]
    *_, last = merge_stores(sources, tmp_path / "c")
    assert held(tmp_path / "c")[ROW.call, 0] == said("B", 200.0)
    assert (last.replaced, last.passed_over) == ((0, 1) if turned else (1, 0))
    (told,) = last.conflicts
    assert (told.call, told.sample, told.model) == (ROW.call, 0, "m")
    assert sorted(told.stored_at) == [100.0, 200.0]


def test_a_reply_that_says_the_same_is_no_conflict_and_counts_as_the_later(tmp_path: Path) -> None:
    a_store(tmp_path / "a", said("B", 100.0))
    later = said("B", 200.0)._replace(reply=Reply(text="B", latency_s=3.0, prompt_tokens=4))
    a_store(tmp_path / "b", later)
    _, taken = merge_stores([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert (taken.known, taken.replaced, taken.conflicts) == (1, 0, [])
    assert held(tmp_path / "c")[ROW.call, 0] == later


def test_of_two_at_the_same_time_the_one_that_is_there_stays(tmp_path: Path) -> None:
    a_store(tmp_path / "a", said("A"))
    into = a_store(tmp_path / "c", said("B"))
    (taken,) = merge_stores([tmp_path / "a"], into)
    assert (taken.passed_over, held(into)[ROW.call, 0]) == (1, said("B"))


def test_a_damaged_row_is_left_out_and_counted_and_gives_way(tmp_path: Path) -> None:
    whole, broken = said("A"), said("B", call=b"2" * 32)
    source = a_store(tmp_path / "a", whole, broken)
    into = a_store(tmp_path / "c", said("C", 2e9))
    for path, number in ((source, 2), (into, 1)):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE replies SET more = '{' WHERE id = ?", (number,))
    (taken,) = merge_stores([source], into)
    assert (taken.new, taken.damaged) == (1, 1)
    # A damaged reply in the store is none, however late it was stored.
    assert held(into) == {(ROW.call, 0): whole}


def test_what_a_run_has_spent_is_counted_once(tmp_path: Path) -> None:
    start = a_store(tmp_path / "a", spent=Spent(calls=3, money=1.5))
    other = tmp_path / "b"
    shutil.copy(start, other)
    a_store(other, spent=Spent(calls=2, prompt_tokens=5))
    a_store(other, run="another", spent=Spent(calls=1))
    merge_stores([start, other, start], tmp_path / "c")
    with Store(tmp_path / "c", run="r") as merged:
        assert merged.spending.spent() == Spent(calls=5, prompt_tokens=5, money=1.5)
        assert dict(merged.spending.of_all_runs())["another"] == Spent(calls=1)


def test_what_is_known_of_an_endpoint_is_taken_where_nothing_is(tmp_path: Path) -> None:
    for name, endpoints in (("a", ("one", "two")), ("c", ("two",))):
        with Store(tmp_path / name) as store:
            for endpoint in endpoints:
                store.put_facts(endpoint, {"batch": len(endpoints)})
    merge_stores([tmp_path / "a"], tmp_path / "c")
    with Store(tmp_path / "c") as merged:
        assert (merged.facts("one"), merged.facts("two")) == ({"batch": 2}, {"batch": 1})


def test_what_was_rescued_beside_a_store_comes_too(tmp_path: Path) -> None:
    source = a_store(tmp_path / "a", said("A", 100.0))
    rescue(source, "r", [said("B", 200.0), said("C", sample=1)])
    (taken,) = merge_stores([source], tmp_path / "c")
    texts = {sample: row.reply.text for (_, sample), row in held(tmp_path / "c").items() if row}
    assert (texts, taken.new, taken.replaced) == ({0: "B", 1: "C"}, 2, 1)


def test_batches_under_way_come_along_with_the_requests_that_are_still_wanted(
    tmp_path: Path,
) -> None:
    lines = [Line(ROW.call, custom_id(ROW.call, (sample,)), "j") for sample in (0, 1)]
    first, second = a_store(tmp_path / "a"), a_store(tmp_path / "b", ROW)
    with Store(first, run="r") as store:
        store.batches.prepare()
        store.batches.put("j", lines, money=2.0, at=1e9)
        store.batches.made("j", "batch-1")
    for _ in range(2):
        merge_stores([first], second)
    with Store(second) as store:
        assert store.batches.every() == {
            "j": Job("j", "batch-1", "r", 2.0, 1e9, frozenset(lines[1:]))
        }
    merge_stores([first], third := a_store(tmp_path / "c", ROW, ROW._replace(sample=1)))
    with Store(third) as store:
        assert store.batches.every() == {}


def test_a_store_in_use_is_merged_and_may_be_the_one_merged_into(tmp_path: Path) -> None:
    with Store(tmp_path / "a", run="r") as running, Store(tmp_path / "c") as other:
        running.put(
            [Kept(call=ROW.call, model="m", base_url="", replies={0: FULL}, at=1.0, spent=Spent())]
        )
        running.claim([(b"2" * 32, [0])])
        with held_locked(running.path):
            merge_stores([running.path, other.path], other.path)
        # A claim is its owner's own affair.
        assert other.claim([(b"2" * 32, [0])])[0].mine == (0,)
        assert other.size() == 1


@pytest.mark.parametrize("what", ["nothing", "no store"])
def test_a_source_that_is_no_store_is_named_before_anything_is_written(
    tmp_path: Path, what: str
) -> None:
    good = a_store(tmp_path / "a", ROW)
    bad = tmp_path / "b"
    if what == "no store":
        bad.write_bytes(b"no database at all " * 100)
    with pytest.raises(StoreError, match=f"store {bad}"):
        merge_stores([good, bad], tmp_path / "c")
    assert not (tmp_path / "c").exists()
    assert bad.exists() == (what == "no store")


KILLED = """
import os, signal, sys
from pathlib import Path
import pytest_safescale.calls.merge_stores as merging

merging._AT_ONCE = 1
put = merging.Store.take_in_facts
def killed(self, other):
    if other.path.name == "b":
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, other)
merging.Store.take_in_facts = killed
merging.merge_stores([Path(sys.argv[1]), Path(sys.argv[2])], Path(sys.argv[3]))
"""
"""Merges two stores and is killed once all rows are written, before they count."""


def test_a_merge_that_is_killed_leaves_the_store_as_it_was_and_may_be_repeated(
    tmp_path: Path,
) -> None:
    sources = [
        a_store(tmp_path / name, said("A", 200.0), said(name, sample=number))
        for number, name in enumerate(("a", "b"), 1)
    ]
    into = a_store(tmp_path / "c", said("C", 100.0))
    done = subprocess.run([sys.executable, "-c", KILLED, *sources, into], check=False)
    assert done.returncode < 0
    assert held(into) == {(ROW.call, 0): said("C", 100.0)}
    merge_stores(sources, into)
    assert {row.reply.text for row in held(into).values() if row} == {"A", "a", "b"}
