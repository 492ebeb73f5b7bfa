"""Replies as rows: what the store's tables hold of each, and how they are found, kept and counted.

Of each reply the numbers and the text have columns of their own, who gave it stands in ``origins``,
and what most replies do not have (reasoning, tool calls, probabilities) is JSON in ``more``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.stored_replies import Row, StoredReply, reply_of, what_is_unusual

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.calls.database import Database
    from pytest_safescale.models.model import ModelInfo, Reply

__all__ = ["LATEST", "ReplyTable"]

LATEST = 2.0**33
"""A time in the 23rd century, in seconds since 1970: a later one is damage."""

_NUMBERS = ("prompt_tokens", "completion_tokens", "latency_s")
_WORDS = ("text", "served_model", "fingerprint")
# As bytes: a damaged text would fail all rows that are read with it.
_FIELDS = (
    "prompt_tokens, completion_tokens, latency_s, by_batch, CAST(text AS BLOB), served_model, "
    "fingerprint, CAST(more AS BLOB)"
)
_FROM = (
    "FROM calls CROSS JOIN replies ON replies.call_id = calls.id "
    "LEFT JOIN origins ON origins.id = replies.origin"
)
FIND = (
    f"SELECT call, sample, stored_at, run IS NOT ?, {_FIELDS} {_FROM} "
    "WHERE (run IS ? OR stored_at >= ?) AND"
)
_AS_STORED = (
    "FROM replies CROSS JOIN calls ON calls.id = replies.call_id "
    "CROSS JOIN origins ON origins.id = replies.origin"
)
_AFTER = (
    f"SELECT replies.id, call, sample, model, base_url, stored_at, {_FIELDS} {_AS_STORED} "
    "WHERE replies.id >= ? AND run = ? ORDER BY replies.id LIMIT ?"
)
_PUT = (
    "INTO replies (call_id, sample, origin, stored_at, prompt_tokens, completion_tokens, "
    "latency_s, by_batch, text, more) SELECT calls.id, ?, origins.id, ?, ?, ?, ?, ?, ?, ? "
    "FROM calls, origins "
    "WHERE calls.call = ? AND (run, model, base_url, served_model, fingerprint) = (?, ?, ?, ?, ?)"
)
_WHERE_NEWER = (
    "ON CONFLICT (call_id, sample) DO UPDATE SET origin = excluded.origin, "
    "prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, "
    "latency_s = excluded.latency_s, by_batch = excluded.by_batch, text = excluded.text, "
    "more = excluded.more, "
    "stored_at = excluded.stored_at WHERE excluded.stored_at > stored_at"
)


class ReplyTable:
    """The replies of one store; writes within a transaction of the caller's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(
        self, calls: Sequence[bytes], *, run: str, not_before: float
    ) -> defaultdict[bytes, dict[int, StoredReply]]:
        """Return the replies to these calls that can be read, by call and sample.

        Replies of other runs than ``run`` that were stored before ``not_before`` are passed over.
        """
        found: defaultdict[bytes, dict[int, StoredReply]] = defaultdict(dict)
        for call, sample, at, earlier, *fields in self._db.rows_of(
            FIND, calls, run, run, not_before
        ):
            reply = _read(fields)
            if reply is not None and _is_time(at):
                found[call][sample] = StoredReply(reply, at, bool(earlier))
        return found

    def put(self, rows: Sequence[Row]) -> None:
        """Keep rows, in the place of what is there."""
        self._write("INSERT OR REPLACE", rows, "")

    def put_where_newer(self, rows: Sequence[Row]) -> None:
        """Keep rows, unless what is there was stored at the same time or later."""
        self._write("INSERT", rows, _WHERE_NEWER)

    def _write(self, insert: str, rows: Sequence[Row], conflict: str) -> None:
        calls = dict.fromkeys(row.call for row in rows)
        written = [_written(row) for row in rows]
        origins = dict.fromkeys(origin for *_, origin in written)
        self._db.write("INSERT OR IGNORE INTO calls (call) VALUES (?)", [(key,) for key in calls])
        self._db.write(
            "INSERT OR IGNORE INTO origins (run, model, base_url, served_model, fingerprint) "
            "VALUES (?, ?, ?, ?, ?)",
            origins,
        )
        self._db.write(
            f"{insert} {_PUT} {conflict}",
            [
                (*columns, row.call, *origin)
                for row, (columns, origin) in zip(rows, written, strict=True)
            ],
        )

    def each(self) -> Iterator[Row | None]:
        """Yield every row; ``None`` for one that is damaged."""
        select = f"SELECT call, sample, model, base_url, run, stored_at, {_FIELDS} {_FROM}"
        for call, sample, model, base_url, run, at, *fields in self._db.each(select):
            reply = _read(fields)
            words = (model, base_url, run)
            whole = isinstance(call, bytes) and isinstance(sample, int) and _is_time(at)
            if reply is None or not whole or not all(isinstance(word, str) for word in words):
                yield None
            else:
                yield Row(call, sample, model, base_url, run, reply, at)

    def after(self, place: int, run: str, *, most: int) -> list[tuple[int, Row]]:
        """Return what a run has stored from a place on, each with its own, in the order of storing.

        Places are those of this store, from 1. The last place seen is asked for again: a reply may
        have taken the place of one that was asked for anew. Damaged rows are passed over.
        """
        return [
            (at, Row(call, sample, model, base_url, run, reply, stored_at))
            for at, call, sample, model, base_url, stored_at, *fields in self._db.rows(
                _AFTER, (place, run, most)
            )
            if (reply := _read(fields)) is not None
        ]

    def last_place(self) -> int:
        """Return the place of the reply that was stored last; 0 where there is none."""
        ((place,),) = self._db.rows("SELECT coalesce(max(id), 0) FROM replies")
        return int(place)

    def count(self) -> int:
        """Return the number of replies."""
        ((count,),) = self._db.rows("SELECT count(*) FROM replies")
        return int(count)

    def made_by(self, run: str, *, but: ModelInfo | None = None) -> int:
        """Return how many replies a run made; ``but`` is a model whose replies do not count."""
        name, url = (but.model, but.base_url) if but is not None else (None, None)
        ((count,),) = self._db.rows(
            "SELECT count(*) FROM replies WHERE origin IN "
            "(SELECT id FROM origins WHERE run = ? AND (model, base_url) IS NOT (?, ?))",
            (run, name, url),
        )
        return int(count)


def _written(row: Row) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Return the columns of a reply, and those of who gave it."""
    more = what_is_unusual(row.reply)
    numbers = [more.pop(name, None) for name in _NUMBERS]
    text, served, mark = (_told_plainly(more, name) for name in _WORDS)
    by_batch = more.pop("by_batch", False)
    columns = (row.sample, row.stored_at, *numbers, by_batch, text, _as_json(more))
    return columns, (row.run, row.model, row.base_url, served, mark)


def _told_plainly(more: dict[str, Any], name: str) -> str:
    """Take a word out of ``more``; one that UTF-8 cannot carry stays there."""
    word = str(more.get(name, ""))
    if not _is_writable(word):
        return ""
    more.pop(name, None)
    return word


def _is_writable(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return True


def _as_json(more: dict[str, Any]) -> str | None:
    if not more:
        return None
    text = json.dumps(more, ensure_ascii=False, separators=(",", ":"))
    return text if _is_writable(text) else json.dumps(more, separators=(",", ":"))


def _read(fields: Sequence[Any]) -> Reply | None:
    """Return the reply of its columns; ``None`` where they are damaged."""
    *numbers, by_batch, text, served, mark, more = fields
    try:
        said = dict(zip(_NUMBERS, numbers, strict=True))
        said |= {"text": text.decode(), "served_model": served, "fingerprint": mark}
        said["by_batch"] = bool(by_batch)
        if more is not None:
            said = {**said, **json.loads(more)}
    except (ValueError, TypeError, AttributeError):
        return None
    return reply_of(said)


def _is_time(at: object) -> bool:
    return isinstance(at, float) and 0 <= at < LATEST
