"""Results of exported requests, taken into the store as if they had been asked live."""

from __future__ import annotations

import asyncio
import codecs
import time
from copy import copy
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.calls.store import Store
from pytest_safescale.calls.stored_replies import Kept, Spent
from pytest_safescale.calls.usage import Usage, usage_of
from pytest_safescale.errors import DatasetError, SafescaleError
from pytest_safescale.models.build import build_to_read
from pytest_safescale.models.model import Request
from pytest_safescale.models.openai.batch_lines import read_custom_id, read_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_safescale.calls.exported_requests import ExportedRequest
    from pytest_safescale.models.model import BatchModel, Reply
    from pytest_safescale.models.openai.batch_lines import BatchResult
    from pytest_safescale.text.redaction import Redactor

__all__ = ["Imported", "import_results"]

_AT_ONCE = 1000
"""Lines that are read and kept together."""
_MARKS = {
    b"\x1f\x8b": "packed by gzip",
    b"PK\x03\x04": "a ZIP archive",
    b"\x28\xb5\x2f\xfd": "packed by Zstandard",
    codecs.BOM_UTF16_LE: "in UTF-16",
    codecs.BOM_UTF16_BE: "in UTF-16",
    b"SQLite format 3\0": "an SQLite database",
}
"""How files begin that are given by mistake."""
_MOST_OF_A_MARK = max(map(len, _MARKS))
_OFFERED = ({"type": "function"},)
"""Stands for the tools of a request, of which only matters that there were some."""


class Trouble(NamedTuple):
    """A line that could not be taken in."""

    file: Path
    line: int
    why: str


@dataclass(kw_only=True)
class Imported:
    """What came of some files of results."""

    requests: int = 0
    """Requests that were answered."""
    replies: int = 0
    again: int = 0
    """Results of requests that were taken in before, or stand here twice."""
    failed: list[Trouble] = field(default_factory=list)
    """Requests that the endpoint did not answer: the next export has them again."""
    broken: list[Trouble] = field(default_factory=list)
    """Lines that are no results."""
    unknown: list[Trouble] = field(default_factory=list)
    """Results of requests that were not exported from this store."""
    spent: Spent = field(default_factory=Spent)
    waiting: int = 0
    """Exported requests without a result."""


def import_results(
    store: Path, files: Sequence[Path], *, run_id: str, redactor: Redactor
) -> Imported:
    """Take what came back into the store; whatever cannot be is told and passed over.

    Each thousand lines is kept in one transaction, so that an import that is killed goes on where
    it was. Raises StoreError, and DatasetError for a file that cannot be read, before anything is
    taken in.
    """
    for path in files:
        _require_lines(path)
    with Store(store, run=run_id) as opened:
        taking = _Import(opened, redactor)
        for path in files:
            asyncio.run(taking.file(path))
        taking.found.waiting = opened.exported.count()
    return taking.found


def _require_lines(path: Path) -> None:
    """Refuse a file that cannot be read, or whose first bytes say that it is no text in UTF-8."""
    try:
        with path.open("rb") as stream:
            begins = stream.read(_MOST_OF_A_MARK)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}") from error
    for mark, what in _MARKS.items():
        if begins.startswith(mark):
            raise DatasetError(f"{path} is {what}; allowed: lines of JSON in UTF-8")


class _Line(NamedTuple):
    place: tuple[Path, int]
    result: BatchResult


class _Import:
    def __init__(self, store: Store, redactor: Redactor) -> None:
        self.found = Imported()
        self._store = store
        self._redactor = redactor
        self._models: dict[str, BatchModel] = {}

    async def file(self, path: Path) -> None:
        """Take in the results of one file."""
        lines = self._lines(path)
        while some := list(islice(lines, _AT_ONCE)):
            await self._take(some)

    def _lines(self, path: Path) -> Iterator[_Line]:
        with path.open("rb") as stream:
            for number, text in enumerate(stream, 1):
                if not text.strip():
                    continue
                try:
                    result = read_result(text)
                except ValueError as error:
                    self.found.broken.append(Trouble(path, number, str(error)))
                else:
                    yield _Line((path, number), result)

    async def _take(self, lines: Sequence[_Line]) -> None:
        """Read some results and keep them together."""
        waiting = self._store.exported.find({line.result.custom_id for line in lines})
        kept: dict[str, Kept] = {}
        for line in lines:
            named = line.result.custom_id
            request = waiting.get(named)
            if named in kept:
                self.found.again += 1
            elif request is None:
                self._strange(line)
            else:
                one = await self._read(line, request)
                if one is not None:
                    kept[named] = one
        if kept:
            self._store.put_imported(list(kept.values()), list(kept))

    def _strange(self, line: _Line) -> None:
        """Note a result that nothing waits for: it came before, or belongs elsewhere."""
        named = read_custom_id(line.result.custom_id)
        if named is not None:
            call, samples = named
            (stored,) = self._store.get([(call, samples)])
            if stored:
                self.found.again += 1
                return
        why = f"no request {line.result.custom_id[:60]!r} was exported from this store"
        self.found.unknown.append(Trouble(*line.place, why))

    async def _read(self, line: _Line, asked: ExportedRequest) -> Kept | None:
        """Return the replies of a result; notes why there are none."""
        named = read_custom_id(asked.custom_id)
        assert named is not None  # it was made by an export
        call, samples = named
        model = self._model(asked)
        request = _request(asked, samples)
        facts = copy(model.facts)
        try:
            replies = await model.ask_through(_Answering(line.result), request)
        except SafescaleError as failure:
            self.found.failed.append(Trouble(*line.place, f"not answered: {failure}"))
            replies = []
        _learn_batch(model, samples, replies)
        if model.facts != facts:
            self._store.put_facts(endpoint_of(model), model.facts.as_dict())
        if not replies:
            return None
        (stored,) = self._store.get([(call, samples)])
        new = {
            sample: reply
            for sample, reply in zip(samples, replies, strict=False)
            if sample not in stored
        }
        spent = _spent(asked, request, replies)
        self._count(new, spent)
        return Kept(
            call=call,
            model=asked.info.model,
            base_url=asked.info.base_url,
            replies=new,
            at=time.time(),
            spent=spent,
        )

    def _count(self, new: dict[int, Reply], spent: Spent) -> None:
        self.found.requests += 1
        self.found.replies += len(new)
        summed = {name: value + vars(spent)[name] for name, value in vars(self.found.spent).items()}
        self.found.spent = Spent(**summed)

    def _model(self, asked: ExportedRequest) -> BatchModel:
        """Return what reads a model's answers, with what is known of its endpoint."""
        key = f"{asked.info}"
        if key not in self._models:
            model = build_to_read(asked.info, self._redactor)
            model.facts.update(self._store.facts(endpoint_of(model)))
            self._models[key] = model
        return self._models[key]


@dataclass(frozen=True)
class _Answering:
    """The exchange of a request whose result is there."""

    result: BatchResult

    async def __call__(self, *_: object) -> dict[str, Any]:
        return self.result.answer(host="the endpoint")


def _request(asked: ExportedRequest, samples: Sequence[int]) -> Request:
    """Return the request as far as its answer depends on it."""
    return Request(
        messages=tuple({"role": "user", "content": ""} for _ in range(asked.texts)),
        temperature=asked.temperature,
        max_tokens=0,
        seed=0,
        samples=tuple(samples),
        tools=_OFFERED if asked.tools else (),
        logprobs=asked.logprobs,
    )


def _learn_batch(model: BatchModel, samples: Sequence[int], replies: Sequence[Reply]) -> None:
    """Note how many samples the endpoint gives for one request, as a live call does."""
    if len(samples) > 1 and replies and model.facts.batch is None:
        model.facts.learn_batch(len(samples), len(replies))


def _spent(asked: ExportedRequest, request: Request, replies: Sequence[Reply]) -> Spent:
    """Return what replies cost, at the price of a batch."""
    usage = usage_of(request, replies)
    uncounted = sum(reply.prompt_tokens is None for reply in replies) * asked.prompt_tokens
    usage += Usage(
        prompt_tokens=uncounted, estimated_tokens=uncounted, batch_prompt_tokens=uncounted
    )
    return Spent(calls=1).having_taken(asked.info, usage)
