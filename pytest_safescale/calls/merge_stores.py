"""Stores become one: every reply of each, and which of two that differ is kept."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from pytest_safescale.calls.batch_jobs import JobNews
from pytest_safescale.calls.rescue_file import rescued_rows
from pytest_safescale.calls.store import Store
from pytest_safescale.errors import StoreError
from pytest_safescale.models.openai.batch_lines import read_custom_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_safescale.calls.stored_replies import Row, StoredReply
    from pytest_safescale.models.model import Reply

__all__ = ["Conflict", "TakenIn", "merge_stores"]

_AT_ONCE = 2000
"""Rows that are compared and written together; no more of them are in memory."""
_TOLD = 5
"""Conflicts that are kept to be told, of each store."""


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Two different replies to one sample of a call."""

    call: bytes
    sample: int
    model: str
    stored_at: tuple[float, float]
    """When that of the store was stored into which the other was to come, and when the other."""


@dataclass(kw_only=True)
class TakenIn:
    """What became of the replies of one store."""

    store: Path
    new: int = 0
    known: int = 0
    """Replies that say what was there already."""
    replaced: int = 0
    """Conflicts in which its reply was stored later, and was kept."""
    passed_over: int = 0
    """Conflicts in which its reply was not stored later, and was left out."""
    damaged: int = 0
    """Rows that cannot be read; they were left out."""
    conflicts: list[Conflict] = field(default_factory=list)
    """The first of them."""


def merge_stores(sources: Sequence[Path], into: Path) -> list[TakenIn]:
    """Take the replies of all stores into one, which is made where it is not there.

    Of two different replies to one call the one that was stored later is kept, so that the order of
    the stores is no matter; of two of the same time that which is there. What a run has spent is
    the larger of what two stores say of it: they are copies of one count. What is known of an
    endpoint is taken where nothing is known yet. Batches under way come along, for whichever store
    is used next. Claims and the pace of endpoints stay behind.

    Sources are only read, and may be in use. All is written in one transaction: whoever reads
    ``into`` finds it as it was or whole, also where this process is killed. Raises StoreError for a
    file that is no store, before anything is written, or that cannot be read to its end.
    """
    others = [path for path in sources if not _is_same(path, into)]
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(_to_read(path)) for path in others]
        target = stack.enter_context(Store(into))
        with target.writing():
            return [_take_in(target, source) for source in opened]


def _is_same(path: Path, into: Path) -> bool:
    return path.resolve() == into.resolve()


def _to_read(path: Path) -> Store:
    if not path.is_file():
        raise StoreError(f"there is no store {path}")
    return Store(path, read_only=True)


def _take_in(target: Store, source: Store) -> TakenIn:
    taken = TakenIn(store=source.path)
    # One after the other: what was rescued may be in the store as well.
    for some in chain(_chunks(source.replies.each()), _chunks(rescued_rows(source.path))):
        whole = [row for row in some if row is not None]
        taken.damaged += len(some) - len(whole)
        calls = list(dict.fromkeys(row.call for row in whole))
        there = target.replies.find(calls, run="", not_before=0.0)
        target.replies.put([row for row in whole if _is_kept(row, there[row.call], taken)])
    target.spending.take_in(source.spending.of_all_runs())
    target.batches.take_in(_wanted_jobs(target, source))
    target.take_in_facts(source)
    return taken


def _wanted_jobs(target: Store, source: Store) -> JobNews:
    """Return the jobs of a store, with the requests whose replies the other store lacks."""
    jobs = []
    for job in source.batches.every().values():
        named = {line: read_custom_id(line.custom_id) for line in job.lines}
        wanted = [(line, one[1]) for line, one in named.items() if one is not None]
        there = target.get([(line.call, samples) for line, samples in wanted])
        lines = (
            line
            for (line, samples), found in zip(wanted, there, strict=True)
            if len(found) < len(samples)
        )
        jobs.append(job._replace(lines=frozenset(lines)))
    return JobNews(tuple(job for job in jobs if job.lines))


def _chunks(rows: Iterable[Row | None]) -> Iterator[list[Row | None]]:
    going = iter(rows)
    while some := list(islice(going, _AT_ONCE)):
        yield some


def _is_kept(row: Row, there: Mapping[int, StoredReply], taken: TakenIn) -> bool:
    """Say whether a reply comes into the store, and count it."""
    before = there.get(row.sample)
    if before is None:
        taken.new += 1
        return True
    later = row.stored_at > before.stored_at
    if _said(row.reply) == _said(before.reply):
        taken.known += 1
        return later
    taken.replaced += later
    taken.passed_over += not later
    if len(taken.conflicts) < _TOLD:
        times = (before.stored_at, row.stored_at)
        taken.conflicts.append(
            Conflict(call=row.call, sample=row.sample, model=row.model, stored_at=times)
        )
    return later


def _said(reply: Reply) -> tuple[object, ...]:
    """Return what a reply says: how long it took and what it was billed for say nothing."""
    calls = tuple((call.name, call.arguments) for call in reply.tool_calls)
    return reply.text, reply.reasoning, reply.refusal, reply.finish_reason, calls
