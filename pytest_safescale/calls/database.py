"""The SQLite file behind the store: how it is opened, written, and what its failures are called."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["LOCK_S", "PAGE_BYTES", "Database", "Lock", "alone"]

LOCK_S = 60.0
"""How long a statement waits for another process's transaction, in seconds."""
_MOMENT_MS = 500
"""How long another process is waited for where the matter is not urgent, in milliseconds."""
PAGE_BYTES = 16_384
"""Of a new file: a page has room for several replies, so that little of it stays empty."""
_AT_ONCE = 500
"""Calls named in one statement; SQLite bounds its parameters, in old versions at 999."""
_TO_READ = ("mode=rw", "mode=ro", "immutable=1")
"""How a file is opened that is only read, the first that works.

The first removes what a crash left beside the file; the second does for a file that must not
be written, and the last for a folder that must not be written either. It reads the file alone.
"""


class Database:
    """An open SQLite file in WAL mode; what goes wrong with it is a StoreError."""

    def __init__(self, path: Path, *, read_only: bool = False, lock_s: float = LOCK_S) -> None:
        """``lock_s`` bounds in seconds how long a statement waits for another process."""
        self.path = path
        self._lock_s = lock_s
        self._in_log = False
        with self._raising_store_error():
            self._db = self._to_read() if read_only else self._to_write()

    def _to_write(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = self._connect("mode=rwc")
        try:
            db.execute(f"PRAGMA page_size={PAGE_BYTES}")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _to_read(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise StoreError(f"there is no store {self.path} to answer from")
        failure: sqlite3.Error | None = None
        for how in _TO_READ:
            try:
                db = self._connect(how)
            except sqlite3.OperationalError as error:
                failure = failure or error
                continue
            try:
                db.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.Error as error:
                db.close()
                if not isinstance(error, sqlite3.OperationalError):
                    raise
                failure = failure or error
            else:
                return db
        raise self._failure(failure or sqlite3.Error())

    def _connect(self, how: str) -> sqlite3.Connection:
        return _connect(self.path, how, lock_s=self._lock_s)

    @contextlib.contextmanager
    def _raising_store_error(self) -> Iterator[None]:
        """Say of a failure which file it concerns."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StoreError:
        if _is_locked(error):
            return StoreLocked(f"another process holds the store {self.path} locked")
        return StoreError(f"the store {self.path} cannot be used: {error}")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Return a context whose statements take effect together or not at all."""
        with self._raising_store_error():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
                self._in_log = True
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows that a statement gives."""
        with self._raising_store_error():
            return self._db.execute(statement, parameters).fetchall()

    def each(self, statement: str, parameters: Sequence[object] = ()) -> Iterator[Any]:
        """Yield the rows that a statement gives, one by one: they may be millions."""
        with self._raising_store_error():
            yield from self._db.execute(statement, parameters)

    def rows_of(self, select: str, calls: Sequence[bytes], *more: object) -> Iterator[Any]:
        """Yield the rows of these calls; ``select`` ends where the calls are to be named."""
        for start in range(0, len(calls), _AT_ONCE):
            some = calls[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            yield from self.rows(f"{select} call IN ({marks})", (*more, *some))

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Carry out a statement for each row of parameters, within ``writing``."""
        with self._raising_store_error():
            self._db.executemany(statement, rows)

    def checkpoint(self) -> None:
        """Move what was written from the write-ahead log into the file, waiting for nobody.

        What a reader of the moment hinders is moved the next time.
        """
        if self._in_log:
            ((busy, pages, moved),) = self.rows("PRAGMA wal_checkpoint(PASSIVE)")
            self._in_log = bool(busy) or moved < pages

    def shrink(self) -> bool:
        """Give the room of what was removed back to the system; ``False`` while others use it.

        The file is written anew through its log, which only grows where somebody still reads.
        """
        self.rows(f"PRAGMA busy_timeout={_MOMENT_MS}")
        try:
            if not self._emptied_log():
                return False
            self.rows("VACUUM")
        except StoreLocked:
            return False
        return self._emptied_log()

    def _emptied_log(self) -> bool:
        ((busy, _, _),) = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy

    def close(self) -> None:
        """Close the file; whoever closes it last removes the write-ahead log."""
        self._db.close()


class Lock:
    """A file that a process holds locked as long as it lives: the system frees it with its end.

    The lock is SQLite's own, on a small file: it holds wherever the store's transactions do, on
    every system, and no child of the process inherits it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._db is not None

    def take(self) -> bool:
        """Create the file and lock it; ``False`` where another holder has it."""
        return self._take("mode=rwc")

    def is_free(self) -> bool:
        """Say whether nobody holds the lock; its file is removed then."""
        try:
            free = self._take("mode=rw")
        except StoreError:
            if self._path.exists():
                raise
            return True
        self.release()
        return free

    def _take(self, how: str) -> bool:
        db = _connect(self._path, how, lock_s=0)
        try:
            db.execute("PRAGMA journal_mode=MEMORY")  # nothing is written: no file beside it
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            db.close()
            if _is_locked(error):
                return False
            raise StoreError(f"the file {self._path} cannot be locked: {error}") from error
        self._db = db
        return True

    def release(self) -> None:
        """Unlock the file and remove it, where this object holds the lock."""
        if self._db is not None:
            self._db.close()
            self._db = None
            with contextlib.suppress(OSError):  # another process looks at it, and removes it
                self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Return a context that one process at a time is in; the others wait, for a minute at most.

    ``path`` is a file to lock, which stays: removed, it could be locked by one process and made
    anew by another. Raises StoreError.
    """
    try:
        with contextlib.closing(_connect(path, "mode=rwc", lock_s=LOCK_S)) as db:
            db.execute("PRAGMA journal_mode=MEMORY")  # nothing is written: no file beside it
            db.execute("BEGIN IMMEDIATE")
            yield
    except sqlite3.Error as error:
        raise StoreError(f"the file {path} cannot be locked: {error}") from error


def _connect(path: Path, how: str, *, lock_s: float) -> sqlite3.Connection:
    # Autocommit: transactions are opened where they are wanted. The engine's thread alone uses a
    # connection; the check would only forbid closing it from elsewhere.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        timeout=lock_s,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )


def _is_locked(error: Exception) -> bool:
    """Say whether a failure is another process's lock, which passes."""
    if sys.version_info >= (3, 11):
        code = getattr(error, "sqlite_errorcode", 0)
        return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    else:  # noqa: RET505 (only so is it not unreachable for a checker of one version)
        return str(error) == "database is locked"  # before Python 3.11 an error carries no code
