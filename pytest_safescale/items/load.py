"""Loading a data set: the sample, a file, or one from the hub; all of it or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.data import data_folder
from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.items.corpus import load_passages
from pytest_safescale.items.files import read_bytes, read_records
from pytest_safescale.items.headings import LABEL_KEYS, spread_labels
from pytest_safescale.items.hub import fetch
from pytest_safescale.items.item import Dataset, Item
from pytest_safescale.items.raw import MISSING, escaped, shown, unusable
from pytest_safescale.items.records import (
    FAMILIES,
    KNOWN_KEYS,
    item_id,
    normal_id,
    read_item,
    unfolded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.items.raw import RawRecord

__all__ = ["SAMPLE", "SAMPLE_NOTICE", "load_dataset"]

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

    ``column_map`` maps our keys to the headings (or keys) of the file; ``corpus`` is a file of
    passages; relative paths are taken from ``root``. Raises DatasetError with every problem.
    """
    folder = root or Path.cwd()
    sample = data_folder("fixtures") / SAMPLE
    passages = _path(corpus, folder) if corpus else None
    if ref == SAMPLE:
        path, name = sample / "items.json", SAMPLE
        passages = passages or sample / "corpus.jsonl"
    elif ref.startswith(HUB):
        path, name = fetch(ref), ref
    else:
        path = _path(ref, folder)
        name = path.name
    content = read_bytes(path, name)
    # The sample has our own keys, whatever map belongs to the user's file.
    columns = {} if ref == SAMPLE else column_map or {}
    items, unknown = _items(content, path.name, columns)
    return Dataset(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        items=items,
        corpus=load_passages(passages) if passages else (),
        corpus_name=passages.name if passages else "",
        notice=SAMPLE_NOTICE if ref == SAMPLE else "",
        unknown_keys=unknown,
    )


def _path(ref: str, folder: Path) -> Path:
    try:
        return folder / Path(ref).expanduser()
    except RuntimeError:  # "~name" of a user this machine does not have
        return folder / ref


def _items(
    content: bytes, name: str, columns: Mapping[str, str]
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    known = KNOWN_KEYS.union(LABEL_KEYS)
    if unknown := sorted(set(columns) - known):
        found = ", ".join(escaped(key) for key in unknown)
        raise DatasetError(f"columns: found {found}; allowed: {', '.join(sorted(known))}")
    raw, problems = read_records(content, name)
    if raw and all(_is_result(record.values) for record in raw):
        raise unusable(name, "results of a model", "items (`safescale score` reads results)")
    headings = {key: None for record in raw for key in record.values}
    columns = spread_labels(columns, headings)
    records = [replace(record, values=unfolded(_renamed(record.values, columns))) for record in raw]
    items = [item for record in records if (item := read_item(record)) is not None]
    problems += _absent(name, list(headings), columns)
    problems += _told_once([problem for record in records for problem in record.problems], records)
    problems += _duplicates(records)
    if problems:
        raise DatasetError(f"{name} cannot be used: {len(problems)} problem(s)", problems)
    read = KNOWN_KEYS.union(columns.values())
    return tuple(items), tuple(key for key in headings if key.split(".")[0] not in read and key)


def _is_result(values: Mapping[str, object]) -> bool:
    return "conditions" in values and "options" not in values


def _renamed(values: Mapping[str, object], columns: Mapping[str, str]) -> Mapping[str, object]:
    """Return a record under our keys; a key that is mapped is read from its heading alone."""
    alike = {key for family in FAMILIES if set(family).intersection(columns) for key in family}
    taken = alike.union(columns, columns.values())
    rest = {key: value for key, value in values.items() if key not in taken}
    return rest | {key: values[column] for key, column in columns.items() if column in values}


def _absent(name: str, headings: Sequence[str], columns: Mapping[str, str]) -> list[Problem]:
    there = ", ".join(escaped(heading) for heading in headings)
    return [
        Problem(
            file=name,
            where="headings",
            field=key,
            found=f"no {shown(column)}",
            allowed=f"one of {there}",
        )
        for key, column in columns.items()
        if column not in headings
    ]


def _told_once(problems: Sequence[Problem], records: Sequence[RawRecord]) -> list[Problem]:
    """Fold what every record lacks into one problem: the file has no such heading."""
    lacking = Counter(problem.field for problem in problems if problem.found == repr(MISSING))
    everywhere = {field for field, n in lacking.items() if n == len(records) > 1}
    told = (
        replace(problem, where="every record")
        if problem.field in everywhere and problem.found == repr(MISSING)
        else problem
        for problem in problems
    )
    return list(dict.fromkeys(told))


def _duplicates(records: Sequence[RawRecord]) -> list[Problem]:
    ids = [item_id(record.values) for record in records]
    times = Counter(normal_id(id_) for id_ in ids if id_ is not None)
    return [
        Problem(
            file=record.file,
            where=f"{record.place}, item {escaped(id_)}",
            field="question_id",
            found=f"{times[normal_id(id_)]} items of this id",
            allowed="each id once",
        )
        for record, id_ in zip(records, ids, strict=True)
        if id_ is not None and times[normal_id(id_)] > 1
    ]
