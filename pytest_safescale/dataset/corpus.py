"""Passages for retrieval: one object of id, title and text a line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_safescale.dataset.files import read_bytes, read_records
from pytest_safescale.dataset.item import Passage
from pytest_safescale.dataset.raw_record import MISSING, blank, escaped, is_text
from pytest_safescale.errors import DatasetError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = ["load_passages"]


def load_passages(path: Path) -> tuple[Passage, ...]:
    """Return the passages of a ``.jsonl`` file; raises DatasetError with every problem of it."""
    name = path.name
    found = read_records(read_bytes(path, name), name, endings=(".jsonl",))
    passages = [passage for record in found.records if (passage := _passage(record)) is not None]
    problems = [*found.problems, *(p for record in found.records for p in record.problems)]
    times = Counter(passage.id for passage in passages)
    problems += [
        Problem(
            file=name,
            where=f"item {escaped(id_)}",
            field="id",
            found=f"{n} passages",
            allowed="each id once",
        )
        for id_, n in times.items()
        if n > 1
    ]
    if problems:
        raise DatasetError(f"{name} cannot be used: {len(problems)} problem(s)", problems)
    return tuple(passages)


def _passage(record: RawRecord) -> Passage | None:
    fields: dict[str, str] = {}
    for key in ("id", "title", "text"):
        value = record.values.get(key)
        if key == "id" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if key == "title" and value is None:
            value = ""
        if is_text(value) and (key == "title" or not blank(value)):
            fields[key] = value
        else:
            record.wrong(key, value if key in record.values else MISSING, "a text")
    return None if record.problems else Passage(**fields)
