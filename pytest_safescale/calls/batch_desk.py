"""Where requests that go by batch are gathered, sent as jobs, and waited for.

A round begins when no request has come for a while: then every case that is under way waits. What
is there is sent, one job a file. Requests that a job of an earlier run holds are not sent: that job
is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import uuid
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.batch_job import BatchJob, NeverMade, TooMuchAtOnce
from pytest_safescale.calls.batch_jobs import Line
from pytest_safescale.calls.batch_request import BatchRequest, Ticket
from pytest_safescale.calls.batching import Together
from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.errors import SafescaleError, StoreError
from pytest_safescale.models.openai.batch_lines import BatchFile, batch_files, read_custom_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_safescale.calls.async_store import Keeper
    from pytest_safescale.calls.batch_jobs import BatchJobs
    from pytest_safescale.calls.leave import Leave
    from pytest_safescale.calls.limits import CallLimits
    from pytest_safescale.calls.stored_replies import Spent
    from pytest_safescale.calls.wait_reasons import Waits
    from pytest_safescale.models.model import BatchModel, Request
    from pytest_safescale.models.openai.batch_lines import BatchResult

__all__ = ["BatchDesk"]

QUIET_S = 0.25
"""A round begins when no request has come for twice this long."""


class BatchDesk:
    """The requests of one process that go by batch; lives in the engine's event loop."""

    def __init__(
        self,
        jobs: BatchJobs,
        *,
        keeper: Keeper,
        waits: Waits,
        limits: CallLimits,
        leave: Leave,
    ) -> None:
        self._jobs, self._keeper, self._leave = jobs, keeper, leave
        self._new_job = partial(BatchJob, jobs=jobs, keeper=keeper, waits=waits, limits=limits)
        self._at_least = limits.in_flight
        self._waiting: list[BatchRequest] = []
        self._came = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._looked_up: set[bytes] = set()
        self._held: dict[tuple[bytes, tuple[int, ...]], Line] = {}
        self._find: Together[bytes, list[Line]] = Together(self._found)
        jobs.prepare()

    def ticket(self, model: BatchModel, made: Spent) -> Ticket:
        """Return the way of one call, which counts as ``made`` once it is sent."""
        return Ticket(model, made, self._answer)

    def left(self) -> str:
        """Return what there is to say of jobs that have not come to their end."""
        count = 0
        with contextlib.suppress(StoreError):
            count = self._jobs.under_way()
        named = "1 batch is" if count == 1 else f"{count} batches are"
        found = "the same command with the same store takes up what comes of them"
        return f"{named} still under way; {found}" if count else ""

    async def held(self, call: bytes, wanted: Sequence[int]) -> list[tuple[int, ...]]:
        """Return the samples of a call that jobs of earlier runs hold, request by request.

        Asked for as they are, they are taken from there.
        """
        self._looked_up.add(call)
        missing, parts = set(wanted), []
        for line in await self._find(call):
            named = read_custom_id(line.custom_id)
            samples = named[1] if named else ()
            if samples and missing.issuperset(samples):
                missing.difference_update(samples)
                self._held[call, samples] = line
                parts.append(samples)
        return parts

    async def _found(self, calls: Sequence[bytes]) -> list[list[Line]]:
        return await self._keeper.patiently(lambda: self._jobs.lines(calls))

    async def _answer(
        self, ticket: Ticket, request: Request, path: str, body: dict[str, Any]
    ) -> BatchResult:
        call = ticket.call(request)
        if call not in self._looked_up:
            await self.held(call, request.samples)
        waiting = BatchRequest(
            ticket=ticket,
            call=call,
            request=request,
            path=path,
            body=body,
            result=asyncio.get_running_loop().create_future(),
        )
        self._wait_for_more([waiting])
        result, line = await waiting.result
        ticket.came.append(line)
        return result

    def _wait_for_more(self, waiting: Iterable[BatchRequest]) -> None:
        self._waiting += waiting
        self._came = True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._look)

    def _look(self) -> None:
        """Begin a round unless a request has come since the last look."""
        self._timer = None
        if self._came:
            self._came = False
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._look)
        else:
            waiting, self._waiting = self._waiting, []
            self._begin(self._round(waiting))

    def _begin(self, work: Any) -> None:
        self._tasks.add(task := asyncio.get_running_loop().create_task(work))
        task.add_done_callback(self._tasks.discard)

    async def _round(self, waiting: Sequence[BatchRequest]) -> None:
        """Take up what earlier jobs hold, and send the rest."""
        wanted = [one for one in waiting if not one.result.done()]
        held: defaultdict[str, dict[str, tuple[BatchRequest, Line]]] = defaultdict(dict)
        rest = []
        for one in wanted:
            line = self._held.pop((one.call, one.request.samples), None)
            if line is None:
                rest.append(one)
            else:
                held[line.job][line.custom_id] = (one, line)
        for job, pairs in held.items():
            self._begin(self._take_up(job, pairs))
        async with self._sending:  # what one round may cost is known before the next is counted
            try:
                await self._send_allowed(rest)
            except SafescaleError as error:  # the store's
                _fail(rest, error)

    async def _send_allowed(self, waiting: Sequence[BatchRequest]) -> None:
        groups: defaultdict[str, list[BatchRequest]] = defaultdict(list)
        for one in await self._allowed(waiting):
            groups[endpoint_of(one.ticket.model)].append(one)
        for group in groups.values():
            named = {one.custom_id: one for one in group}
            for file in batch_files(one.line() for one in group):
                job = await self._put_down(file, named)
                self._begin(self._send(job, file, named))

    async def _put_down(self, file: BatchFile, named: dict[str, BatchRequest]) -> BatchJob:
        """Return a new job of a file's requests, once the store knows of it."""
        name = uuid.uuid4().hex
        requests = [named[line.custom_id] for line in file.lines]
        pairs = {one.custom_id: (one, Line(one.call, one.custom_id, name)) for one in requests}
        job = self._new_job(name, pairs)
        await job.put_down()
        return job

    async def _take_up(self, job: str, pairs: dict[str, tuple[BatchRequest, Line]]) -> None:
        taken = self._new_job(job, pairs)
        for one, _ in pairs.values():
            one.ticket.sent = True
        try:
            await taken.take_up()
        except NeverMade:
            self._wait_for_more(one for one, _ in pairs.values())
        except Exception as error:  # every request of it ends with the reason
            taken.fail(error)

    async def _send(self, job: BatchJob, file: BatchFile, named: dict[str, BatchRequest]) -> None:
        """Send a job and wait for what it brings; every request of it gets an end."""
        try:
            await self._sent(job, file, named)
        except Exception as error:  # every request of it ends with the reason
            job.fail(error)

    async def _sent(self, job: BatchJob, file: BatchFile, named: dict[str, BatchRequest]) -> None:
        """Send a job, or half by half where the endpoint takes fewer tokens at once."""
        try:
            await job.send(file)
        except TooMuchAtOnce:
            half = len(file.lines) // 2
            for lines in (file.lines[:half], file.lines[half:]):
                for part in batch_files(lines):
                    await self._send(await self._put_down(part, named), part, named)

    async def _allowed(self, waiting: Sequence[BatchRequest]) -> list[BatchRequest]:
        """Return the requests that may be sent now; what money is left decides how many.

        Some more than that may be sent, as many as may be in flight in a live run. The others wait
        until what is under way has come, and its cost is known.
        """
        left, held = await self._leave.money_left()
        allowed: list[BatchRequest] = []
        for place, one in enumerate(waiting):
            left -= one.money_at_most() if left < math.inf else 0
            if left < 0 and (held or len(allowed) >= self._at_least):
                self._wait_for_more(waiting[place:])
                break
            try:
                await self._leave.take(one.ticket.made)
            except SafescaleError as error:
                _fail([one], error)
            else:
                one.ticket.sent = True
                allowed.append(one)
        return allowed


def _fail(waiting: Iterable[BatchRequest], error: Exception) -> None:
    for one in waiting:
        if not one.result.done():
            one.result.set_exception(error)
