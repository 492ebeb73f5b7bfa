"""The store: one SQLite file that keeps every reply, and who is asking for what.

Every process of a run opens the same file. A call is first claimed, then made, then stored; a
process that finds a call claimed waits for its reply instead of asking again. A claim whose owner
no longer lives is taken over. All methods are quick, but they block: the engine's loop calls them
directly, because handing 50 microseconds of work to a thread costs more than doing it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.entries import (
    SPENT,
    Claim,
    Spent,
    read_reply,
    share_out,
    written_reply,
)
from pytest_safescale.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.calls.entries import Kept, Wanted
    from pytest_safescale.models.model import Model, Reply

__all__ = ["SCHEMA_VERSION", "Store"]

SCHEMA_VERSION = 1
BEAT_S = 2.0
"""How often a living owner says so."""
STALE_S = 15.0
"""After how long without a beat an owner on another host counts as dead."""
_AT_ONCE = 500
"""Calls named in one statement; SQLite bounds its parameters, in old versions at 999."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE replies (
    call BLOB NOT NULL, sample INTEGER NOT NULL, model TEXT NOT NULL, base_url TEXT NOT NULL,
    run TEXT NOT NULL, body TEXT NOT NULL, stored_at REAL NOT NULL, PRIMARY KEY (call, sample)
) WITHOUT ROWID;
CREATE TABLE claims (
    call BLOB NOT NULL, sample INTEGER NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (call, sample)
) WITHOUT ROWID;
CREATE TABLE owners (
    owner TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, beat REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE failures (
    run TEXT NOT NULL, call BLOB NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, call)
) WITHOUT ROWID;
CREATE TABLE facts (endpoint TEXT PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pace (name TEXT PRIMARY KEY, next_free REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE spent (
    run TEXT PRIMARY KEY, calls INTEGER NOT NULL, retries INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, money REAL NOT NULL
) WITHOUT ROWID;
"""


class Store:
    """An open store. One instance per process and thread."""

    def __init__(self, path: Path, *, run: str = "") -> None:
        self.path = path
        self.run = run or uuid.uuid4().hex
        self.owner = uuid.uuid4().hex
        self._next_beat = 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Autocommit: transactions are opened where they are wanted. The engine's thread opens
            # the store and alone uses it; the check would only forbid closing it from elsewhere.
            self._db = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the store {path} cannot be used: {error}") from error

    def _prepare(self) -> None:
        with self._writing():
            tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master")}
            if not tables:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._db.execute(statement)
                self._db.execute(
                    "INSERT INTO meta VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),)
                )
            elif not {"meta", "replies"} <= tables:
                raise StoreError(
                    f"{self.path} is a database, but not a store of replies; "
                    "name another file with --safescale-store"
                )
            row = self._db.execute("SELECT value FROM meta WHERE key='schema_version'").fetchone()
        if row is None or row[0] != str(SCHEMA_VERSION):
            raise StoreError(
                f"the store {self.path} has schema {row[0] if row else 'unknown'}; this version "
                f"reads schema {SCHEMA_VERSION}: use the version that wrote it, or name another "
                "file with --safescale-store"
            )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def get(self, wanted: Sequence[Wanted]) -> list[dict[int, Reply]]:
        """Return the replies that are stored, by sample index, for each call wanted."""
        bodies: defaultdict[bytes, dict[int, str]] = defaultdict(dict)
        rows = self._of_calls("SELECT call, sample, body FROM replies WHERE", wanted)
        for call, sample, body in rows:
            bodies[call][sample] = body
        return [
            {
                sample: read_reply(bodies[call][sample])
                for sample in samples
                if sample in bodies[call]
            }
            for call, samples in wanted
        ]

    def claim(self, wanted: Sequence[Wanted]) -> list[Claim]:
        """Claim the samples that nobody has and nobody asks for, for each call wanted."""
        stored = self.get(wanted)
        short = [
            place for place, (_, samples) in enumerate(wanted) if len(stored[place]) < len(samples)
        ]
        claims = [Claim(stored=replies) for replies in stored]
        if short:
            made = self._claim([wanted[place] for place in short])
            for place, claim in zip(short, made, strict=True):
                claims[place] = claim
        return claims

    def _claim(self, wanted: Sequence[Wanted]) -> list[Claim]:
        with self._writing():
            # Again, now that nobody else can write: it may have been stored in between.
            stored = self.get(wanted)
            failed = self._failures(wanted)
            owners: defaultdict[bytes, dict[int, str]] = defaultdict(dict)
            for call, sample, owner in self._of_calls(
                "SELECT call, sample, owner FROM claims WHERE", wanted
            ):
                owners[call][sample] = owner
            everyone = {owner for by_sample in owners.values() for owner in by_sample.values()}
            alive = {owner for owner in everyone if self._lives(owner)}
            claims = [
                share_out(samples, replies, owners[call], alive, failed.get(call))
                for (call, samples), replies in zip(wanted, stored, strict=True)
            ]
            self._db.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)",
                [
                    (call, sample, self.owner)
                    for (call, _), claim in zip(wanted, claims, strict=True)
                    for sample in claim.mine
                ],
            )
            self._say_alive()
        return claims

    def _failures(self, wanted: Sequence[Wanted]) -> dict[bytes, str]:
        select = "SELECT call, reason FROM failures WHERE run = ? AND"
        return dict(self._of_calls(select, wanted, self.run))

    def _of_calls(self, select: str, wanted: Sequence[Wanted], *more: object) -> Iterator[Any]:
        """Yield the rows of these calls; ``select`` ends where the calls are to be named."""
        for start in range(0, len(wanted), _AT_ONCE):
            calls = [call for call, _ in wanted[start : start + _AT_ONCE]]
            marks = ",".join("?" * len(calls))
            yield from self._db.execute(f"{select} call IN ({marks})", (*more, *calls))

    def release(self, call: bytes, samples: Sequence[int]) -> None:
        """Give up claims without a reply, so that whoever needs it may ask again."""
        with self._writing():
            self._drop_claims([(call, samples)])

    def put(self, kept: Sequence[Kept]) -> list[None]:
        """Keep replies and what they cost; from here on every process finds them."""
        now = time.time()
        with self._writing():
            self._db.executemany(
                "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (one.call, sample, one.model, one.base_url, self.run, written_reply(reply), now)
                    for one in kept
                    for sample, reply in one.replies.items()
                ],
            )
            self._drop_claims([(one.call, tuple(one.replies)) for one in kept])
            self._add([one.spent for one in kept])
        return [None] * len(kept)

    def fail(self, call: bytes, reason: str) -> None:
        """Note that a call failed for good in this run: its other processes need not try it."""
        with self._writing():
            self._db.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", (self.run, call, reason)
            )

    def _drop_claims(self, wanted: Sequence[Wanted]) -> None:
        self._db.executemany(
            "DELETE FROM claims WHERE call = ? AND sample = ? AND owner = ?",
            [(call, sample, self.owner) for call, samples in wanted for sample in samples],
        )

    def beat(self) -> None:
        """Say that this process lives; quick to call, writes every two seconds."""
        if time.time() >= self._next_beat:
            with self._writing():
                self._say_alive()

    def _say_alive(self) -> None:
        now = time.time()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_S
            self._db.execute(
                "INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?)",
                (self.owner, socket.gethostname(), os.getpid(), now),
            )

    def _lives(self, owner: str) -> bool:
        if owner == self.owner:
            # This process asks for it already, or gave up without saying so: either way it is ours.
            return False
        row = self._db.execute(
            "SELECT host, pid, beat FROM owners WHERE owner = ?", (owner,)
        ).fetchone()
        if row is None:
            return False
        host, pid, beat = row
        if time.time() - beat > STALE_S:
            return False
        return host != socket.gethostname() or _process_exists(pid)

    def facts(self, endpoint: str) -> dict[str, Any]:
        """Return what has been learned about an endpoint."""
        row = self._db.execute("SELECT facts FROM facts WHERE endpoint = ?", (endpoint,)).fetchone()
        return json.loads(row[0]) if row else {}

    def put_facts(self, endpoint: str, facts: Mapping[str, Any]) -> None:
        """Keep what has been learned about an endpoint."""
        with self._writing():
            self._db.execute(
                "INSERT OR REPLACE INTO facts VALUES (?, ?)", (endpoint, json.dumps(facts))
            )

    def reserve(self, name: str, seconds: float) -> float:
        """Take the next turn of a pace shared by all processes; return the seconds to wait."""
        now = time.time()
        with self._writing():
            row = self._db.execute("SELECT next_free FROM pace WHERE name = ?", (name,)).fetchone()
            turn = max(now, row[0] if row else now)
            self._db.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (name, turn + seconds))
        return turn - now

    def spend(
        self, spent: Spent, *, max_calls: int | None = None, max_cost: float | None = None
    ) -> bool:
        """Add to what this run has spent over all its processes, unless a limit is reached."""
        with self._writing():
            before = self.spent()
            if max_calls is not None and before.calls + spent.calls > max_calls:
                return False
            if max_cost is not None and before.money >= max_cost:
                return False
            self._add([spent])
        return True

    def _add(self, spent: Sequence[Spent]) -> None:
        sums = [sum(getattr(one, name) for one in spent) for name in SPENT]
        self._db.execute(
            "INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET "
            "calls = calls + excluded.calls, retries = retries + excluded.retries, "
            "prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
            "completion_tokens = completion_tokens + excluded.completion_tokens, "
            "money = money + excluded.money",
            (self.run, *sums),
        )

    def halt(self, reason: str) -> None:
        """Tell every process of this run that nothing more is to be asked."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (self._halt, reason))

    def halted(self) -> str | None:
        """Return why nothing more is to be asked in this run; ``None`` where it goes on."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (self._halt,)).fetchone()
        return None if row is None else str(row[0])

    @property
    def _halt(self) -> str:
        return f"halted {self.run}"

    def spent(self) -> Spent:
        """Return what this run has spent so far, all its processes together."""
        row = self._db.execute(
            "SELECT calls, retries, prompt_tokens, completion_tokens, money "
            "FROM spent WHERE run = ?",
            (self.run,),
        ).fetchone()
        return Spent(**dict(zip(SPENT, row, strict=True))) if row else Spent()

    def stored_by_this_run(self, *, but: Model | None = None) -> int:
        """Return the number of replies that were not there before this run.

        ``but`` is a model whose replies do not count, such as that of dense retrieval.
        """
        name, url = (but.info.model, but.info.base_url) if but is not None else (None, None)
        row = self._db.execute(
            "SELECT count(*) FROM replies WHERE run = ? AND (model, base_url) IS NOT (?, ?)",
            (self.run, name, url),
        ).fetchone()
        return int(row[0])

    def size(self) -> int:
        """Return the number of replies."""
        return int(self._db.execute("SELECT count(*) FROM replies").fetchone()[0])

    def close(self) -> None:
        """Give up what is still claimed and close the file."""
        with contextlib.suppress(sqlite3.Error), self._writing():
            self._db.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))
            self._db.execute("DELETE FROM owners WHERE owner = ?", (self.owner,))
        self._db.close()


def _process_exists(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 is no question there but an interrupt; the beat alone decides
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Return whether a process has ended and its parent has not looked yet, as after a crash."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # another system, or it is gone meanwhile: its beat decides
        return False
    return stat.rpartition(b")")[2].split()[:1] == [b"Z"]  # a name may hold anything, also ")"
