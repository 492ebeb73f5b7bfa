"""The report folders of a run's shards: read, and checked to be one run together."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.cells import PLAIN, cell_condition
from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.results.case_record import CaseRecord, cell_of
from pytest_safescale.results.manifest_facts import FACTS, differing, fact
from pytest_safescale.results.profile_rows import conditions_with_profiles
from pytest_safescale.results.record_lines import CASES, SEARCHES, read_lines
from pytest_safescale.results.run_file import read_run
from pytest_safescale.results.search_record import SearchRecord
from pytest_safescale.settings.shards import Shard, shard_in
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.manifest_shards import ShardCell

__all__ = ["Line", "ShardFolder", "read_shards", "records_in_order", "searches_in_order"]

_OF_A_MACHINE = (
    "base_url",
    "served",
    "refused",
    "answer_format_parameter",
    "tokens",
    "requests_per_minute",
    "tokens_per_minute",
    "max_parallel",
)
"""What is stated of a model and may differ from shard to shard."""
_MOST_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class ShardFolder:
    """One shard's report folder."""

    path: Path
    shard: Shard
    manifest: Manifest

    @property
    def name(self) -> str:
        """The folder as the user named it."""
        return str(self.path)

    @cached_property
    def expected(self) -> Counter[tuple[str, str]]:
        """Its cases by (model, condition)."""
        return Counter({_named(cell): cell["cases"] for cell in self.manifest["shard"]["cases"]})

    @cached_property
    def ranks(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Where each model, and each condition with its profile, stands in the run."""
        models = [model["name"] for model in self.manifest["models"]]
        return _ranked(models), _ranked(conditions_with_profiles(self.manifest))

    def records(self) -> Iterator[CaseRecord]:
        """Give its cases, in the order of the file."""
        return (record for _, record in self.cases())

    def cases(self) -> Iterator[tuple[int, CaseRecord]]:
        """Give its cases, each with the byte where its line starts.

        Raises DatasetError for a file that cannot be read, or holds a line of another run or that
        is no case.
        """
        return read_lines(self.path / CASES, CaseRecord, self.manifest.get("run_id"))

    def searches(self) -> Iterator[SearchRecord]:
        """Give its searches for counterexamples; raises DatasetError as ``cases`` does."""
        lines = read_lines(self.path / SEARCHES, SearchRecord, self.manifest.get("run_id"))
        return (record for _, record in lines)

    def place(self, record: CaseRecord | SearchRecord) -> tuple[int, int, int] | None:
        """Return where one run would have a case; ``None`` for one that is not of this shard."""
        cell, item = cell_of(record), record["item_id"]
        if cell not in self.expected or item not in self.places:
            return None
        models, conditions = self.ranks
        return models[cell[0]], conditions[cell[1]], self.places[item]

    @property
    def places(self) -> Mapping[str, int]:
        """Its items, and where each stands in the data set."""
        return self.manifest["shard"]["items"]


def _named(cell: ShardCell) -> tuple[str, str]:
    return cell["model"], cell_condition(cell["condition"], cell.get("profile", PLAIN))


class Line(NamedTuple):
    """A line of a shard's cases.jsonl; lines sort as one run would have written them."""

    place: tuple[int, int, int]
    """Of model, condition and item."""
    folder: int
    start: int
    """Byte in the file."""


def read_shards(folders: Sequence[Path]) -> list[ShardFolder]:
    """Return the shards of one run, by their number.

    Raises DatasetError with every problem: a folder that is no shard, a shard that is missing or
    there twice, and settings that differ.
    """
    shards = sorted((_read(path) for path in folders), key=lambda folder: folder.shard)
    _refuse([*_numbers(shards), *(p for one in shards[1:] for p in _differences(one, shards[0]))])
    return shards


def _read(path: Path) -> ShardFolder:
    manifest = read_run(path).manifest
    shard = shard_in(manifest)
    if shard is None:
        raise DatasetError(
            f"{path}: found the report of a whole run; allowed: of a run with --safescale-shard"
        )
    return ShardFolder(path=path, shard=shard, manifest=manifest)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise DatasetError(
            f"these shards are not one run: {plural(len(problems), 'problem')}", problems
        )


def _numbers(shards: Sequence[ShardFolder]) -> Iterator[Problem]:
    of = shards[0].shard.of
    for number, count in sorted(Counter(one.shard.number for one in shards).items()):
        if count > 1:
            names = ", ".join(one.name for one in shards if one.shard.number == number)
            yield _problem(names, f"shard {number}/{of} {count} times", "each shard once")
    lacking = sorted(set(range(1, of + 1)) - {one.shard.number for one in shards})
    if lacking:
        found = ", ".join(f"{number}/{of}" for number in lacking)
        yield _problem("shards", f"no {found}", f"all of 1/{of} to {of}/{of}")


def _differences(one: ShardFolder, first: ShardFolder) -> Iterator[Problem]:
    """Give a problem for each setting in which a shard differs from the first."""
    names = differing(one.manifest, first.manifest, FACTS)
    if "versions" in names and "pytest-safescale version" in names:
        names.remove("versions")
    pairs: list[tuple[str, object, object]] = [
        (name, fact(one.manifest, name), fact(first.manifest, name)) for name in names
    ]
    pairs.append(("number of shards", one.shard.of, first.shard.of))
    pairs.append(("models", _models(one), _models(first)))
    ours, theirs = one.manifest["shard"], first.manifest["shard"]
    pairs.append(("gates", ours["gates"], theirs["gates"]))
    pairs = [(name, *_apart(mine, other)) for name, mine, other in pairs if mine != other]
    if not pairs:
        hashes = ours["settings_sha256"], theirs["settings_sha256"]
        pairs = [("other settings (hash)", *hashes)] if len(set(hashes)) > 1 else []
    for name, mine, other in pairs:
        yield Problem(
            file=one.name,
            where=f"shard {one.shard}",
            field=name,
            found=_shortened(mine),
            allowed=f"{_shortened(other)}, as in {first.name}",
        )


def _models(folder: ShardFolder) -> list[dict[str, object]]:
    return [
        {key: value for key, value in model.items() if key not in _OF_A_MACHINE}
        for model in folder.manifest["models"]
    ]


def _apart(mine: object, other: object) -> tuple[object, object]:
    """Return of two objects only the keys in which they differ."""
    if not (isinstance(mine, dict) and isinstance(other, dict)):
        return mine, other
    keys = [key for key in {**mine, **other} if mine.get(key) != other.get(key)]
    return {key: mine.get(key) for key in keys}, {key: other.get(key) for key in keys}


def _shortened(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def _problem(file: str, found: str, allowed: str) -> Problem:
    return Problem(file=file, where="", field="", found=found, allowed=allowed)


def records_in_order(shards: Sequence[ShardFolder]) -> Iterator[CaseRecord]:
    """Give every case in the order in which one run asks: by model, condition and item.

    Raises DatasetError, before the first, with every case that is missing, there twice or none of
    its shard's.
    """
    lines, problems = [], []
    for number, folder in enumerate(shards):
        found, wrong = _lines(number, folder)
        lines += found
        problems += wrong
    lines.sort()
    _refuse([*problems, *_shared(shards, lines)])
    return _records(shards, lines)


def _shared(shards: Sequence[ShardFolder], lines: Sequence[Line]) -> Iterator[Problem]:
    both = Counter(
        (one.folder, other.folder)
        for one, other in pairwise(lines)
        if one.place == other.place and one.folder != other.folder
    )
    for (one, other), count in both.items():
        names = f"{shards[one].name}, {shards[other].name}"
        yield _problem(names, f"{count} cases in both", "each case in one shard")


def _lines(number: int, folder: ShardFolder) -> tuple[list[Line], list[Problem]]:
    lines, cells = [], Counter[tuple[str, str]]()
    strangers, seen, twice = 0, set(), 0
    for start, record in folder.cases():
        place = folder.place(record)
        if place is None:
            strangers += 1
            continue
        twice += place in seen
        seen.add(place)
        cells[cell_of(record)] += 1
        lines.append(Line(place, number, start))
    return lines, list(_miscounted(folder, cells, strangers, twice))


def _miscounted(
    folder: ShardFolder, cells: Mapping[tuple[str, str], int], strangers: int, twice: int
) -> Iterator[Problem]:
    file = f"{folder.name}/{CASES}"
    if strangers:
        yield _problem(file, f"{strangers} cases of no cell or item of the shard", "its own cases")
    if twice:
        yield _problem(file, f"{twice} cases a second time", "each case once")
    for cell, expected in folder.expected.items():
        if (there := cells.get(cell, 0)) < expected:
            yield Problem(
                file=file,
                where=f"shard {folder.shard}",
                field=", ".join(cell),
                found=f"{there} cases",
                allowed=f"{expected}; run the shard again, what it has is in its store",
            )


def searches_in_order(shards: Sequence[ShardFolder]) -> list[SearchRecord]:
    """Return every search of the robustness suite in the order in which one run makes them.

    Raises DatasetError where a shard lacks one, or has one that is not its own.
    """
    found: list[tuple[tuple[int, ...], SearchRecord]] = []
    problems = []
    for folder in shards:
        relations = _ranked((folder.manifest.get("robustness") or {}).get("relations") or ())
        records = list(folder.searches()) if relations else []
        places = {
            (*place, relations[record["relation"]]): record
            for record in records
            if (place := folder.place(record)) and record["relation"] in relations
        }
        wanted = len(relations) * sum(folder.expected.values())
        if not len(records) == len(places) == wanted:
            file, told = f"{folder.name}/{SEARCHES}", f"{len(records)} searches, {len(places)}"
            allowed = f"{wanted}, each once; run the shard again"
            problems.append(_problem(file, f"{told} of them its own", allowed))
        found += places.items()
    _refuse(problems)
    return [record for _, record in sorted(found, key=itemgetter(0))]


def _ranked(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _records(shards: Sequence[ShardFolder], lines: Sequence[Line]) -> Iterator[CaseRecord]:
    """Give the cases again, in this order: each line was checked when it was first read."""
    files = [(folder.path / CASES).open("rb") for folder in shards]
    try:
        for line in lines:
            file = files[line.folder]
            file.seek(line.start)
            record: CaseRecord = json.loads(file.readline())
            yield record
    finally:
        for file in files:
            file.close()
