"""Loading a data set: the sample, a file, or one from the hub; all of it or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.data import data_folder
from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.items.files import read_bytes, read_json_lines, read_records
from pytest_safescale.items.hub import fetch
from pytest_safescale.items.item import Dataset, Item, Passage
from pytest_safescale.items.records import KNOWN_KEYS, normal_id, read_item, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.items.records import RawRecord

__all__ = ["SAMPLE", "SAMPLE_NOTICE", "load_dataset", "load_passages"]

SAMPLE = "sample"
HUB = "hf:"
SAMPLE_NOTICE = (
    "sample data, written for testing software: not validated by clinicians, no clinical claims"
)


def load_dataset(
    ref: str,
    *,
    column_map: Mapping[str, str] | None = None,
    corpus: str | None = None,
    root: Path | None = None,
) -> Dataset:
    """Return the validated items of ``sample``, a file or ``hf:owner/name[@revision]``.

    ``column_map`` maps our keys to the headings of a CSV; ``corpus`` is a file of passages;
    relative paths are taken from ``root``. Raises DatasetError with every problem of the file.
    """
    folder = root or Path.cwd()
    own = data_folder("fixtures") / SAMPLE
    if ref == SAMPLE:
        path, name = own / "items.json", SAMPLE
    elif ref.startswith(HUB):
        path, name = fetch(ref.removeprefix(HUB)), ref
    else:
        path = folder / Path(ref).expanduser()
        name = path.name
    content = read_bytes(path, name)
    # The ending tells the shape, whatever the data set is called.
    items, unknown = _items(content, path.name if ref == SAMPLE else _named(name, path), column_map)
    passages = own / "corpus.jsonl" if ref == SAMPLE and corpus is None else corpus
    return Dataset(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        items=items,
        corpus=load_passages(folder / passages) if passages else (),
        corpus_name=Path(passages).name if passages else "",
        notice=SAMPLE_NOTICE if ref == SAMPLE else "",
        unknown_keys=unknown,
    )


def _named(name: str, path: Path) -> str:
    return path.name if name.startswith(HUB) else name


def _items(
    content: bytes, name: str, column_map: Mapping[str, str] | None
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    columns = dict(column_map or {})
    if unknown := sorted(set(columns) - KNOWN_KEYS):
        raise DatasetError(
            f"columns: found {', '.join(unknown)}; allowed: {', '.join(sorted(KNOWN_KEYS))}"
        )
    records, problems = read_records(content, name, columns)
    items = [read_item(record) for record in records]
    problems = [*problems, *(problem for record in records for problem in record.problems)]
    problems += _duplicates(name, records, items)
    if problems:
        raise DatasetError(f"{name} has {len(problems)} problem(s):", problems)
    if not items:
        raise DatasetError(f"{name} holds no items")
    keys = {key for record in records for key in record.values}
    unknown_keys = keys - KNOWN_KEYS - set(columns.values())
    return tuple(item for item in items if item is not None), tuple(sorted(unknown_keys))


def _duplicates(
    name: str, records: Sequence[RawRecord], items: Sequence[Item | None]
) -> list[Problem]:
    ids = Counter(normal_id(item.id) for item in items if item is not None)
    return [
        Problem(
            file=name,
            where=record.where,
            field="question_id",
            found=f"{shown(item.id)} {ids[normal_id(item.id)]} times",
            allowed="each id once",
        )
        for record, item in zip(records, items, strict=True)
        if item is not None and ids[normal_id(item.id)] > 1
    ]


def load_passages(path: Path) -> tuple[Passage, ...]:
    """Return the passages of a ``.jsonl`` file of id, title and text; raises DatasetError."""
    name = path.name
    try:
        text = read_bytes(path, name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{name} is not UTF-8 text: {error}") from error
    records, problems = read_json_lines(text, name)
    passages = [_passage(record) for record in records]
    problems += [problem for record in records for problem in record.problems]
    ids = Counter(passage.id for passage in passages if passage is not None)
    problems += [
        Problem(file=name, where="", field="id", found=f"{shown(id_)} {n} times", allowed="once")
        for id_, n in ids.items()
        if n > 1
    ]
    if problems:
        raise DatasetError(f"{name} has {len(problems)} problem(s):", problems)
    if not passages:
        raise DatasetError(f"{name} holds no passages")
    return tuple(passage for passage in passages if passage is not None)


def _passage(record: RawRecord) -> Passage | None:
    fields = {key: record.values.get(key, "") for key in ("id", "title", "text")}
    if isinstance(fields["id"], int) and not isinstance(fields["id"], bool):
        fields["id"] = str(fields["id"])
    for key, value in fields.items():
        if not isinstance(value, str) or (key != "title" and not value.strip()):
            record.wrong(key, value, "a text")
    return None if record.problems else Passage(**fields)
