"""What a store holds, by model and run, and how it is trimmed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.database import Database
from pytest_safescale.calls.reply_table import ReplyTable
from pytest_safescale.calls.store_tables import require_schema
from pytest_safescale.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["Contents", "Part", "damaged_rows", "drop", "store_contents"]

_PARTS = """
SELECT origin, coalesce(model, '?'), coalesce(base_url, '?'), coalesce(run, '?'), count(*),
    min(stored_at), max(stored_at), sum(
        length(CAST(text AS BLOB)) + coalesce(length(CAST(more AS BLOB)), 0)
        + coalesce(length(CAST(served_model AS BLOB)), 0)
        + coalesce(length(CAST(fingerprint AS BLOB)), 0)
        + 8 * (1 + (prompt_tokens IS NOT NULL) + (completion_tokens IS NOT NULL)
            + (latency_s IS NOT NULL)))
FROM replies LEFT JOIN origins ON origins.id = replies.origin
WHERE ?1 IS NULL OR stored_at < ?1 GROUP BY origin ORDER BY min(stored_at)
"""
"""Replies by who gave them: their number, first and last time, and their own bytes."""
_DELETE = "DELETE FROM replies WHERE origin = ? AND (?2 IS NULL OR stored_at < ?2)"


@dataclass(frozen=True, kw_only=True)
class Part:
    """The replies that one model gave to one run."""

    origin: int
    model: str
    base_url: str
    run: str
    replies: int
    first: float
    """When the oldest of them was stored, in seconds since 1970."""
    last: float
    own_bytes: int
    """Their words in UTF-8, and eight bytes for each number and time that a reply has."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a store holds."""

    parts: tuple[Part, ...]
    calls: int
    """Calls that have at least one reply."""
    bytes: int
    """Of the file, and of the log beside it."""
    batches: int
    """Batches under way, whose replies are still to come."""
    exported: int
    """Exported requests without a result."""

    @property
    def replies(self) -> int:
        """The number of replies."""
        return sum(part.replies for part in self.parts)

    @property
    def own_bytes(self) -> int:
        """The bytes that the replies are themselves."""
        return sum(part.own_bytes for part in self.parts)


def store_contents(path: Path) -> Contents:
    """Return what a store holds; raises StoreError for a file that is none."""
    with _opened(path, read_only=True) as db:
        ((calls,),) = db.rows("SELECT count(*) FROM calls")
        parts = tuple(_parts(db, None))
        batches = _count(db, "batch_jobs", "SELECT count(*) FROM batch_jobs")
        exported = _count(db, "exported", "SELECT count(*) FROM exported")
    return Contents(parts=parts, calls=calls, bytes=_size(path), batches=batches, exported=exported)


def damaged_rows(path: Path) -> int:
    """Read every reply and return how many cannot be: their calls are made again."""
    with _opened(path, read_only=True) as db:
        return sum(row is None for row in ReplyTable(db).each())


def drop(
    path: Path, matches: Callable[[Part], bool], *, before: float | None = None, really: bool
) -> tuple[list[Part], bool]:
    """Remove the replies of matching parts that were stored before a time, in seconds since 1970.

    Returns what of each part goes, and whether the file has become smaller: while another process
    has it open the room stays in it, for new replies. Without ``really`` nothing is removed. Raises
    StoreError.
    """
    with _opened(path, read_only=not really) as db:
        found = [part for part in _parts(db, before) if matches(part)]
        if not really or not found:
            return found, False
        with db.writing():
            found = [part for part in _parts(db, before) if matches(part)]
            _delete(db, found, before)
        return found, db.shrink()


def _parts(db: Database, until: float | None) -> Iterator[Part]:
    for origin, model, base_url, run, replies, first, last, own in db.rows(_PARTS, (until,)):
        yield Part(
            origin=origin,
            model=str(model),
            base_url=str(base_url),
            run=str(run),
            replies=replies,
            first=_number(first),
            last=_number(last),
            own_bytes=own,
        )


def _count(db: Database, table: str, select: str) -> int:
    """Return how many rows a table has; 0 where it was never made."""
    if not db.rows("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)):
        return 0
    ((count,),) = db.rows(select)
    return int(count)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _delete(db: Database, parts: Iterable[Part], until: float | None) -> None:
    db.write(_DELETE, [(part.origin, until) for part in parts])
    db.write("DELETE FROM calls WHERE id NOT IN (SELECT call_id FROM replies)", [()])
    db.write("DELETE FROM origins WHERE id NOT IN (SELECT origin FROM replies)", [()])


@contextlib.contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[Database]:
    if not path.is_file():
        raise StoreError(f"there is no store {path}")
    with contextlib.closing(Database(path, read_only=read_only)) as db:
        require_schema(db)
        yield db


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
