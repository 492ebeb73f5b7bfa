"""Loading a data set: the sample, a file, or one from the hub; all of it or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_safescale.dataset.answer_keys import BY_BOTH, BY_LETTER, BY_TEXT
from pytest_safescale.dataset.corpus import load_passages
from pytest_safescale.dataset.corpus_repair import read_repair
from pytest_safescale.dataset.files import FileContent, read_bytes, read_records
from pytest_safescale.dataset.headings import find_columns
from pytest_safescale.dataset.hub import fetch
from pytest_safescale.dataset.item import Dataset, Item
from pytest_safescale.dataset.notices import SAME_QUESTION, notices_of, remarks_of
from pytest_safescale.dataset.option_cells import empty_last_options
from pytest_safescale.dataset.raw_record import escaped, shown, unusable
from pytest_safescale.dataset.record_to_item import item_id, normal_id, read_item, unfolded
from pytest_safescale.dataset.shape import PRESETS, Shape
from pytest_safescale.dataset.shape_proposal import proposal
from pytest_safescale.dataset.tables import TableLayout
from pytest_safescale.dataset.votes import MAJORITY, VOTES
from pytest_safescale.errors import DatasetError, Problem, SettingsError
from pytest_safescale.packaged import data_folder
from pytest_safescale.text.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.dataset.headings import Columns
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.dataset.votes import LabelRule

__all__ = ["SAMPLE", "SAMPLE_NOTICE", "load_dataset"]

SAMPLE = "sample"
HUB = "hf:"
SAMPLE_NOTICE = (
    "sample data, written for testing software: not validated by clinicians, no clinical claims"
)


def load_dataset(
    ref: str,
    *,
    shape: Shape | None = None,
    corpus: str | None = None,
    corpus_repair: str | None = None,
    root: Path | None = None,
    labels: LabelRule = MAJORITY,
) -> Dataset:
    """Return the validated items of ``sample``, a file or ``hf:owner/name[:config][:split]``.

    ``shape`` tells what the file does not say in our own words; ``corpus`` is a file of passages,
    ``corpus_repair`` a plan of repairs on it; relative paths are taken from ``root``. ``labels`` is
    the rule that makes labels of raters' votes, where the file keeps some. Raises DatasetError with
    every problem, and SettingsError for a plan without a corpus.
    """
    folder = root or Path.cwd()
    sample = data_folder("fixtures") / SAMPLE
    passages = _path(corpus, folder) if corpus else None
    shape = shape or Shape()
    paths: list[Path]
    if ref == SAMPLE:
        # The sample has our own keys, whatever shape belongs to the user's file.
        paths, name, shape = [sample / "items.json"], SAMPLE, PRESETS["radsafe200"]
        passages = passages or sample / "corpus.jsonl"
    elif ref.startswith(HUB):
        paths, name = fetch(ref), ref
    else:
        paths = [_path(ref, folder)]
        name = paths[0].name
    contents = [read_bytes(path, path.name if len(paths) > 1 else name) for path in paths]
    files = list(zip([path.name for path in paths], contents, strict=True))
    read = _read(files, shape, labels)
    if corpus_repair and passages is None:
        raise SettingsError(
            f"--safescale-corpus-repair: found {corpus_repair!r} and no corpus; allowed: beside "
            "--safescale-corpus with the corpus that the plan was made of"
        )
    return Dataset(
        name=name,
        sha256=hashlib.sha256(b"".join(contents)).hexdigest(),
        items=read.items,
        corpus=load_passages(passages) if passages else (),
        corpus_name=passages.name if passages else "",
        repair=(
            read_repair(_path(corpus_repair, folder), passages)
            if corpus_repair and passages
            else None
        ),
        subject=shape.whole().subject,
        notices=(SAMPLE_NOTICE, *read.notices) if ref == SAMPLE else read.notices,
        remarks=read.remarks,
        unknown_keys=read.unknown_keys,
    )


def _path(ref: str, folder: Path) -> Path:
    try:
        return folder / Path(ref).expanduser()
    except RuntimeError:  # "~name" of a user this machine does not have
        return folder / ref


@dataclass(frozen=True, kw_only=True)
class _Read:
    items: tuple[Item, ...]
    unknown_keys: tuple[str, ...]
    notices: tuple[str, ...]
    remarks: tuple[str, ...]


def _read(files: Sequence[tuple[str, bytes]], shape: Shape, rule: LabelRule) -> _Read:
    """Return the items of one data set, which may stand in several files of one kind."""
    whole = shape.whole()
    layout = TableLayout(encoding=whole.encoding, headings=whole.columns)
    found = _joined([read_records(content, name, layout=layout) for name, content in files])
    name = files[0][0]
    if found.records and all(_is_result(record) for record in found.records):
        raise unusable(name, "results of a model", "items (`safescale score` reads results)")
    headings = list({key: None for record in found.records for key in record.values})
    columns = find_columns(headings, shape)
    records = [
        replace(record, values=unfolded(columns.renamed(record.values))) for record in found.records
    ]
    empty_last_options(records)
    records, items = _items(records, whole, rule)
    problems = [*found.problems, *_absent(name, headings, columns)]
    problems += _problems_once(records)
    problems += _duplicates(records)
    if problems:
        proposed = proposal(found.records, headings, shape)
        summary = f"{name} cannot be used: {plural(len(problems), 'problem')}"
        raise DatasetError(summary, problems, proposed.lines, shape=proposed.table)
    items = _each_id_once(items, records)
    return _Read(
        items=tuple(items),
        unknown_keys=columns.unread(headings),
        notices=notices_of(records, items, whole),
        remarks=(
            *_shape_remark(shape),
            *found.remarks,
            *remarks_of(records),
            *_rule_remark(records, rule),
        ),
    )


def _items(
    records: list[RawRecord], shape: Shape, rule: LabelRule
) -> tuple[list[RawRecord], list[Item]]:
    """Return the items, and the records with what was found in them.

    An answer that is one option's letter and another's text is what the file's other answers are.
    """
    read = [read_item(record, shape, rule=rule) for record in records]
    ways = [way for way in (BY_LETTER, BY_TEXT) if any(way in r.remarked_places for r in records)]
    if len(ways) == 1:
        for place, record in enumerate(records):
            if BY_BOTH in record.remarked_places:
                records[place] = replace(record, problems=[], remarked_places={})
                read[place] = read_item(records[place], shape, answers=ways[0], rule=rule)
    return records, [item for item in read if item is not None]


def _joined(contents: Sequence[FileContent]) -> FileContent:
    return FileContent(
        records=[record for content in contents for record in content.records],
        problems=[problem for content in contents for problem in content.problems],
        remarks=list(dict.fromkeys(line for content in contents for line in content.remarks)),
    )


def _shape_remark(shape: Shape) -> list[str]:
    return [f"shape: {shape.preset}"] if shape.preset else []


def _rule_remark(records: Sequence[RawRecord], rule: LabelRule) -> list[str]:
    voted = sum(VOTES in record.values for record in records)
    return [f"labels: made of raters' votes, labels = {rule}, in {voted} items"] if voted else []


def _is_result(record: RawRecord) -> bool:
    return "conditions" in record.values and "options" not in record.values


def _absent(name: str, headings: Sequence[str], columns: Columns) -> list[Problem]:
    there = ", ".join(escaped(heading) for heading in headings)
    return [
        Problem(
            file=name,
            where="headings",
            field=field,
            found=f"no {' or '.join(shown(heading) for heading in named)}",
            allowed=f"one of {there}",
        )
        for field, named in columns.missing
    ]


def _problems_once(records: Sequence[RawRecord]) -> list[Problem]:
    """Return the problems of records; what every record has in a field is one, as the first has it.

    The file has no such heading then, or means something else by it.
    """
    problems = [problem for record in records for problem in record.problems]
    times = Counter(field for record in records for field in {p.field for p in record.problems})
    everywhere = {field for field, n in times.items() if n == len(records) > 1}
    first = {problem.field: problem for problem in reversed(problems)}
    told = (
        replace(first[problem.field], where="every record")
        if problem.field in everywhere
        else problem
        for problem in problems
    )
    return list(dict.fromkeys(told))


def _duplicates(records: Sequence[RawRecord]) -> list[Problem]:
    ids = [item_id(record.values, record.key) for record in records]
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


def _each_id_once(items: Sequence[Item], records: Sequence[RawRecord]) -> list[Item]:
    """Number the later ones of several items whose ids, made from their content, are one."""
    times: Counter[str] = Counter()
    unique = []
    for item, record in zip(items, records, strict=True):
        times[item.id] += 1
        if times[item.id] == 1:
            unique.append(item)
        else:
            record.finds(SAME_QUESTION, item.id)
            unique.append(item.model_copy(update={"id": f"{item.id}-{times[item.id]}"}))
    return unique
