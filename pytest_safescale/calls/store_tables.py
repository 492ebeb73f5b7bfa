"""The tables of the store, and the check that a file has them.

Replies are appended, so that pages fill up whatever the order in which they come; what repeats from
one to the next (who gave it, in which run) stands once in ``origins``, and a call's key once in
``calls``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.errors import StoreError

if TYPE_CHECKING:
    from pytest_safescale.calls.database import Database

__all__ = ["SCHEMA_VERSION", "create_tables", "require_schema"]

SCHEMA_VERSION = 4

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calls (id INTEGER PRIMARY KEY, call BLOB NOT NULL UNIQUE);
CREATE TABLE origins (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, base_url TEXT NOT NULL, run TEXT NOT NULL,
    served_model TEXT NOT NULL, fingerprint TEXT NOT NULL,
    UNIQUE (run, model, base_url, served_model, fingerprint)
);
CREATE TABLE replies (
    id INTEGER PRIMARY KEY, call_id INTEGER NOT NULL, sample INTEGER NOT NULL,
    origin INTEGER NOT NULL, stored_at REAL NOT NULL, prompt_tokens INTEGER,
    completion_tokens INTEGER, latency_s REAL, by_batch INTEGER NOT NULL, text TEXT NOT NULL,
    more TEXT,
    UNIQUE (call_id, sample)
);
CREATE TABLE claims (
    call BLOB NOT NULL, sample INTEGER NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (call, sample)
) WITHOUT ROWID;
CREATE TABLE failures (
    run TEXT NOT NULL, call BLOB NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, call)
) WITHOUT ROWID;
CREATE TABLE facts (endpoint TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pace (
    name TEXT PRIMARY KEY, taken_at REAL NOT NULL, next_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE halts (
    run TEXT PRIMARY KEY, reason TEXT NOT NULL, at_once INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE spent (
    run TEXT PRIMARY KEY, calls INTEGER NOT NULL, retries INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    estimated_tokens INTEGER NOT NULL, money REAL NOT NULL
) WITHOUT ROWID;
"""


def create_tables(db: Database) -> None:
    """Create the tables where the file is new."""
    if _tables(db):
        return
    with db.writing():
        if _tables(db):  # another process was first
            return
        for statement in filter(str.strip, _SCHEMA.split(";")):
            db.rows(statement)
        db.write("INSERT INTO meta VALUES ('schema_version', ?)", [(str(SCHEMA_VERSION),)])


def require_schema(db: Database) -> None:
    """Refuse a file that is no store, or one of another version; raises StoreError."""
    if not {"meta", "replies"} <= _tables(db):
        raise StoreError(
            f"{db.path} is a database, but not a store of replies; "
            "name another file with --safescale-store"
        )
    found = db.rows("SELECT value FROM meta WHERE key = 'schema_version'")
    version = found[0][0] if found else "unknown"
    if version != str(SCHEMA_VERSION):
        raise StoreError(
            f"the store {db.path} has schema {version}; this version reads schema "
            f"{SCHEMA_VERSION}: use the version that wrote it, or name another file with "
            "--safescale-store"
        )


def _tables(db: Database) -> set[str]:
    return {name for (name,) in db.rows("SELECT name FROM sqlite_master")}
