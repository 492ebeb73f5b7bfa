"""Stores in trouble, really: full, locked, read-only, damaged."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_safescale.calls.store import Store


@contextlib.contextmanager
def held_locked(path: Path) -> Iterator[None]:
    """Hold a store's write lock, as another program that works on the file does."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def fill_up(store: Store) -> None:
    """Let a store's file grow no further: what SQLite says of it is what it says of a full disk."""
    ((pages,),) = store._db.rows("PRAGMA page_count")
    store._db.rows(f"PRAGMA max_page_count = {pages}")


def give_room(store: Store) -> None:
    """Let a store's file grow again."""
    store._db.rows("PRAGMA max_page_count = 1000000")


def copied_alone(path: Path) -> Path:
    """Return a copy of the store's one file, without the write-ahead log beside it."""
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    return copy
