"""Results that exist already, read as case records: the paper's pipeline's, and our own.

A folder of results is a folder of model folders, each with a ``risk_radiorag_checked.jsonl``
(docs/protocol.md, "Released results"), a report folder with its ``cases.jsonl``, or a folder of
either. The files are read line by line: replies may be far more than memory holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pytest_safescale.dataset.raw_record import RawRecord, escaped, shown, strict_json
from pytest_safescale.dataset.record_to_item import normal_id
from pytest_safescale.errors import DatasetError, Problem
from pytest_safescale.published.line_parts import OF_A_PART, ResultsFormat
from pytest_safescale.published.own_cases import own_record
from pytest_safescale.published.released_results import released_records
from pytest_safescale.published.result_grid import ResultGrid
from pytest_safescale.results.case_record import cell_of
from pytest_safescale.results.record_lines import CASES, of_one_run
from pytest_safescale.results.written_record import WrittenRecord
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.answers.answer import Answer
    from pytest_safescale.dataset.item import Dataset, Item, ItemPart
    from pytest_safescale.results.case_record import CaseRecord

__all__ = ["RELEASED", "Results", "ResultsReader", "read_results"]

RELEASED = "risk_radiorag_checked.jsonl"
ANSWERS = ("checked", "raw")


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a folder of results holds."""

    records: Sequence[CaseRecord]
    """One per case, as in ``cases.jsonl``; ``panel_from_records`` takes them."""
    recorded: Sequence[tuple[str, str]]
    """(model, item id) of every line, the lines without a condition too."""
    files: Mapping[str, str]
    """SHA-256 by file, named from the folder."""
    problems: Sequence[Problem] = ()
    """What is wrong; none unless only a part was to be scored."""
    remarks: Sequence[str] = ()
    """What is not wrong, but must be known to whoever reads the figures."""


def read_results(
    folder: Path,
    dataset: Dataset,
    *,
    names: Mapping[str, str] | None = None,
    answers: str = "checked",
    allow_partial: bool = False,
    release: bool = False,
) -> Results:
    """Read a whole folder of results into memory; see ResultsReader for the parameters.

    Raises DatasetError with every problem, or without ``allow_partial`` only where nothing at all
    can be scored.
    """
    reader = ResultsReader(folder, dataset, names=names, answers=answers, release=release)
    records = list(reader.records())
    reader.check(allow_partial=allow_partial)
    return Results(
        records=records,
        recorded=reader.recorded,
        files=reader.files,
        problems=reader.problems,
        remarks=reader.remarks(),
    )


@dataclass(frozen=True, kw_only=True)
class _Source:
    path: Path
    name: str
    """From the folder of results on."""
    model: str | None
    """``None`` for our own cases, which name theirs."""


class ResultsReader:
    """Reads results in one pass: take ``records()`` to its end, then ``check()``."""

    def __init__(
        self,
        folder: Path,
        dataset: Dataset,
        *,
        names: Mapping[str, str] | None = None,
        answers: str = "checked",
        release: bool = False,
        run_of: Callable[[Path], object] = lambda _: None,
        second: Callable[[str, Item, Answer], Answer] | None = None,
    ) -> None:
        """Find the files; raises DatasetError where there are none.

        ``names`` gives our names of the conditions that go by others. With ``answers="raw"``
        letters are read from the replies, not taken as checked. ``release`` reads for the
        release's definitions: any text is a letter, and items that are not in the data set stay.
        ``run_of`` tells of a report folder the id of the run that its run.json is of. ``second``
        is told of each reply that is read, its item and its answer, and says what it comes to.
        """
        if answers not in ANSWERS:
            raise ValueError(f"answers: found {answers!r}; allowed: {', '.join(ANSWERS)}")
        self._folder = folder
        self._run_of = run_of
        self._format = ResultsFormat(
            dataset=dataset, names=names or {}, raw=answers == "raw", release=release, second=second
        )
        self._grid = ResultGrid()
        self.problems: list[Problem] = []
        self.files: dict[str, str] = {}
        self.recorded: list[tuple[str, str]] = []
        self._sources = list(self._find())
        self._count = 0

    @property
    def own_folders(self) -> list[Path]:
        """The report folders among the sources."""
        return [source.path.parent for source in self._sources if source.model is None]

    @property
    def is_partial(self) -> bool:
        """Whether cases are missing, here or where these results come from."""
        before = any(kind == OF_A_PART for _, kind in self._format.oddities)
        return before or bool(self.problems)

    def records(self) -> Iterator[CaseRecord]:
        """Give the cases of all files; what cannot be scored is passed over and noted."""
        for cases in self.by_line():
            for case in cases:
                yield case.record

    def by_line(self) -> Iterator[list[WrittenRecord]]:
        """Give the same cases, those of a line together, as they are to be written."""
        for source in self._sources:
            for line in self._lines(source):
                yield self._scored(line, source)
                self.problems += line.problems

    def part_of(self, item_id: str) -> ItemPart:
        """Return what records say of an item that was met."""
        return cast("ItemPart", self._format.asked[normal_id(item_id)].part.values)

    def check(self, *, allow_partial: bool = False) -> None:
        """Compare the models with each other; raises DatasetError with every problem.

        With ``allow_partial`` problems are left to be reported, and it raises only where no case
        can be scored.
        """
        self.problems += self._grid.problems(self._format)
        name = escaped(str(self._folder))
        if self._count == 0:
            raise DatasetError(f"{name}: no case can be scored", self.problems)
        if self.problems and not allow_partial:
            count = len(self.problems)
            raise DatasetError(
                f"{name} cannot be scored: {plural(count, 'problem')}; "
                "--allow-partial scores what can be scored",
                self.problems,
            )

    def remarks(self) -> list[str]:
        """Say what must be known of the results besides problems."""
        return [*self._grid.remarks(self._format), *_oddities(self._format)]

    def _find(self) -> Iterator[_Source]:
        folder = self._folder
        if not folder.is_dir():
            what = "a file" if folder.exists() else "nothing"
            raise DatasetError(f"{escaped(str(folder))}: found {what}; allowed: a folder")
        own = _source(folder, folder.name, "")
        if own is not None:
            yield own
            return
        inner = sorted(
            path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._"
        )
        if not inner:
            raise DatasetError(
                f"{escaped(str(folder))}: found no folder of a model in it; "
                f"allowed: folders with a {RELEASED} or a {CASES}"
            )
        for path in inner:
            source = _source(path, path.name, f"{path.name}/")
            if source is not None:
                yield source
            else:
                self._wrong(path.name, "", f"neither {RELEASED} nor {CASES}", "one of them")

    def _wrong(self, file: str, where: str, found: str, allowed: str) -> None:
        self.problems.append(
            Problem(file=escaped(file), where=where, field="", found=found, allowed=allowed)
        )

    def _lines(self, source: _Source) -> Iterator[RawRecord]:
        digest, some = hashlib.sha256(), False
        run_id = self._run_of(source.path.parent) if source.model is None else None
        try:
            with source.path.open("rb") as file:
                for number, content in enumerate(file, 1):
                    digest.update(content)
                    line = self._line(content, source.name, number)
                    some = some or bool(content.strip())
                    if line is None:
                        continue
                    if source.model is None:
                        run_id = of_one_run(escaped(source.name), run_id, line.values)
                    yield line
        except OSError as error:
            self._wrong(source.name, "", error.strerror or str(error), "a file that can be read")
            return
        self.files[source.name] = digest.hexdigest()
        if not some:
            self._wrong(source.name, "", "an empty file", "at least one record")

    def _line(self, content: bytes, name: str, number: int) -> RawRecord | None:
        place = f"line {number}"
        try:
            text = content.decode("utf-8-sig" if number == 1 else "utf-8")
            if not text.strip():
                return None
            values = strict_json(text)
        except (ValueError, RecursionError) as error:
            reason = "too many levels" if isinstance(error, RecursionError) else str(error)
            start = shown(content.strip().decode("utf-8", "replace"))
            self._wrong(name, place, f"{start} ({reason})", "one JSON object a line")
            return None
        if isinstance(values, dict):
            return RawRecord(
                file=escaped(name), place=place, values=values, id_keys=("question_id", "item_id")
            )
        self._wrong(name, place, shown(values), "one JSON object a line")
        return None

    def _scored(self, line: RawRecord, source: _Source) -> list[WrittenRecord]:
        if source.model is None:
            record = own_record(line, self._format)
            found = [] if record is None else [WrittenRecord(record)]
        else:
            id_, found = released_records(line, source.model, self._format)
            if id_ is None:
                return []
            if self._grid.has_line(source.model, id_):
                line.wrong("question_id", id_, "each item once in a file")
                return []
            self._grid.add_line(source.model, id_, line)
            self.recorded.append((source.model, id_))
        new = [case for case in found if self._is_new(case.record, line)]
        self._count += len(new)
        return new

    def _is_new(self, record: CaseRecord, line: RawRecord) -> bool:
        model, condition = cell_of(record)
        if self._grid.add(model, condition, record["item_id"], line):
            return True
        case = f"{model} under {condition}"
        line.wrong("item_id", record["item_id"], f"each case once, as that of {case}")
        return False


def _source(folder: Path, model: str, prefix: str) -> _Source | None:
    if (folder / CASES).is_file():
        return _Source(path=folder / CASES, name=f"{prefix}{CASES}", model=None)
    if (folder / RELEASED).is_file():
        # "results/." and ".." have no name of their own.
        model = model or folder.resolve().name
        return _Source(path=folder / RELEASED, name=f"{prefix}{RELEASED}", model=model)
    return None


def _oddities(results_format: ResultsFormat) -> list[str]:
    return [
        f"{file}: {kind}: {count}"
        for (file, kind), count in sorted(results_format.oddities.items())
    ]
