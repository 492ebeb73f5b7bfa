"""Passages for retrieval: one object of id, title and text a line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.files import read_bytes, read_records
from pytest_safescale.dataset.item import Passage
from pytest_safescale.dataset.raw_record import MISSING, blank, escaped, is_text
from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = ["CorpusPassage", "load_passages", "read_passages"]


@dataclass(frozen=True, kw_only=True)
class CorpusPassage:
    """A passage as it stands in its file, with everything that the file says of it."""

    id: str
    title: str
    text: str
    """May be blank: an audit says so."""
    line: int
    """In the file, from 1; in a JSON array the record's number, 0 where there is none."""
    fields: Mapping[str, Any]
    """The keys beside id, title and text, such as source and date."""


def load_passages(path: Path) -> tuple[Passage, ...]:
    """Return the passages of a ``.jsonl`` file; raises DatasetError with every problem of it."""
    return tuple(
        Passage(id=one.id, title=one.title, text=one.text)
        for one in read_passages(path, blank_texts=False)
    )


def read_passages(path: Path, *, blank_texts: bool = True) -> tuple[CorpusPassage, ...]:
    """Return the passages of a ``.jsonl`` file with all that it says of them.

    Without ``blank_texts`` a text of nothing but space is a problem as others are. Raises
    DatasetError with every problem of the file.
    """
    name = path.name
    found = read_records(read_bytes(path, name), name, endings=(".jsonl",))
    passages = [
        passage
        for record in found.records
        if (passage := _passage(record, blank_texts=blank_texts)) is not None
    ]
    problems = [*found.problems, *(p for record in found.records for p in record.problems)]
    problems += _duplicates(name, passages)
    if problems:
        raise DatasetError(f"{name} cannot be used: {plural(len(problems), 'problem')}", problems)
    return tuple(passages)


def _duplicates(name: str, passages: Sequence[CorpusPassage]) -> list[Problem]:
    """Return a problem for each passage whose id another has too."""
    times = Counter(passage.id for passage in passages)
    return [
        Problem(
            file=name,
            where=f"line {passage.line}, item {escaped(passage.id)}",
            field="id",
            found=f"{times[passage.id]} passages of this id",
            allowed="each id once",
        )
        for passage in passages
        if times[passage.id] > 1
    ]


def _passage(record: RawRecord, *, blank_texts: bool) -> CorpusPassage | None:
    texts: dict[str, str] = {}
    for key in ("id", "title", "text"):
        value = record.values.get(key)
        if key == "id" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if key == "title" and value is None:
            value = ""
        may_be_blank = key == "title" or (key == "text" and blank_texts)
        if is_text(value) and (may_be_blank or not blank(value)):
            texts[key] = value
        else:
            record.wrong(key, value if key in record.values else MISSING, "a text")
    if record.problems:
        return None
    rest = {key: value for key, value in record.values.items() if key not in texts}
    number = record.place.rpartition(" ")[2]
    return CorpusPassage(**texts, line=int(number) if number.isdecimal() else 0, fields=rest)
