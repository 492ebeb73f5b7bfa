"""Replies that the store could not take, kept in a file until the next run takes them in."""

from __future__ import annotations

import contextlib
import json
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.calls.stored_replies import Row, stored_reply, written_reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.calls.store import Store

__all__ = ["rescue", "rescued_rows", "take_in_rescued"]

_FILE = ".rescue-"
_FIELDS = ("call", "sample", "model", "base_url", "run", "body", "stored_at")


def rescue(store: Path, run: str, rows: Sequence[Row]) -> str:
    """Write the rows beside the store, or where there is room; return where they are, in words."""
    name = f"{store.name}{_FILE}{run}-{uuid.uuid4().hex[:8]}.jsonl"
    text = "".join(f"{json.dumps(_as_fields(row))}\n" for row in rows)
    count = f"{len(rows)} {'reply' if len(rows) == 1 else 'replies'} that it did not take"
    for folder in (store.parent, Path.cwd(), Path(tempfile.gettempdir())):
        if _written(folder / name, text):
            told = f"{count}: {folder / name}, which the next run takes in"
            beside = folder.absolute() == store.parent.absolute()
            return told if beside else f"{told} once it lies beside the store"
    return f"{count} could be written nowhere and have to be paid again"


def _as_fields(row: Row) -> dict[str, object]:
    call, sample, model, base_url, run, reply, stored_at = row
    written = (call.hex(), sample, model, base_url, run, written_reply(reply), stored_at)
    return dict(zip(_FIELDS, written, strict=True))


def _written(path: Path, text: str) -> bool:
    """Write a whole file or none: a part of one is never taken in."""
    part = path.with_suffix(".part")
    try:
        with part.open("x", encoding="ascii") as file:
            file.write(text)
        part.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        return False
    return True


def take_in_rescued(store: Store) -> list[str]:
    """Keep what earlier runs rescued and remove their files; return what was done, in words."""
    told = []
    for path in _files(store.path):
        rows = list(_whole_rows(path))
        store.take_in(rows)
        with contextlib.suppress(OSError):  # taken in once more, it changes nothing
            path.unlink()
        told.append(f"{len(rows)} replies of an earlier run were taken in from {path}")
    return told


def rescued_rows(store: Path) -> Iterator[Row]:
    """Yield what earlier runs rescued beside a store; their files stay."""
    for path in _files(store):
        yield from _whole_rows(path)


def _files(store: Path) -> list[Path]:
    start = f"{store.name}{_FILE}"
    return [
        path
        for path in sorted(store.parent.iterdir())
        if path.name.startswith(start) and path.suffix == ".jsonl"
    ]


def _whole_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file that are whole."""
    for line in path.read_bytes().splitlines():
        try:
            fields = json.loads(line)
            call, sample, *names, body, stored_at = (fields[name] for name in _FIELDS)
            model, base_url, run = map(str, names)
            key, number, at = bytes.fromhex(call), int(sample), float(stored_at)
        except (ValueError, TypeError, KeyError):
            continue
        if (reply := stored_reply(str(body))) is not None:
            yield Row(key, number, model, base_url, run, reply, at)
