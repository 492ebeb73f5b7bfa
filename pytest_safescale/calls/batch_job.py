"""One job from its file to its results, over the endpoint's batch API."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.calls.retrying import retrying
from pytest_safescale.errors import CallFailed, EndpointRefused
from pytest_safescale.models.model import TransientFailure
from pytest_safescale.models.openai.batch_lines import read_result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pytest_safescale.calls.async_store import Keeper
    from pytest_safescale.calls.batch_jobs import BatchJobs, Line
    from pytest_safescale.calls.batch_request import BatchRequest
    from pytest_safescale.calls.limits import CallLimits
    from pytest_safescale.calls.wait_reasons import Waits
    from pytest_safescale.models.batch_endpoint import BatchEndpoint, BatchState
    from pytest_safescale.models.openai.batch_lines import BatchFile

__all__ = ["BatchJob", "NeverMade", "TooMuchAtOnce"]

T = TypeVar("T")

FIRST_POLL_S = 0.2
LONGEST_POLL_S = 60.0
"""Between two questions how far a batch is; they grow by half."""
PATIENCE_S = 3600.0
"""How long an endpoint that was reached may be out of reach, in seconds: the batch goes on."""
PARTS = 10
"""How often the requests that are done are told of one batch."""
_TOO_MUCH = "token_limit_exceeded"
"""The code of a batch that fails because too many tokens are waiting already."""
_FINAL = ("model_not_found", "insufficient_quota", "billing_hard_limit_reached")
"""Codes of batches that fail for a reason which another try does not mend."""


class NeverMade(Exception):
    """A job was put down, and its batch is not there: it was never made."""


class TooMuchAtOnce(Exception):
    """The endpoint takes fewer tokens in batches that are under way; nothing of it was asked."""


class BatchJob:
    """A job of this process or of an earlier one, with those of its requests that are wanted."""

    def __init__(
        self,
        job: str,
        wanted: Mapping[str, tuple[BatchRequest, Line]],
        *,
        jobs: BatchJobs,
        keeper: Keeper,
        waits: Waits,
        limits: CallLimits,
    ) -> None:
        """``wanted`` are the requests whose results are waited for, by the ids of their lines."""
        self._job = job
        self._wanted = wanted
        self._jobs, self._keeper, self._waits, self._limits = jobs, keeper, waits, limits
        first, _ = next(iter(wanted.values()))
        self._name = first.ticket.model.info.name
        self._endpoint: BatchEndpoint = first.ticket.model.batches
        self._begun = time.monotonic()
        self._money = 0.0

    async def put_down(self) -> None:
        """Note the job in the store before anything of it is sent."""
        requests, lines = zip(*self._wanted.values(), strict=True)
        self._money = sum(request.money_at_most() for request in requests)
        await self._keeper.patiently(
            lambda: self._jobs.put(self._job, lines, money=self._money, at=time.time())
        )

    async def send(self, file: BatchFile) -> None:
        """Send a file of these requests and wait for what comes; raises what ends them all."""
        name, content = f"safescale-{self._job}.jsonl", file.content
        try:
            sent = await self._tried(partial(self._endpoint.upload, name, content))
            state = await self._created(sent, file.url)
        except EndpointRefused:
            await self._keeper.aside(lambda: self._jobs.drop_job(self._job))
            raise
        await self._keeper.patiently(lambda: self._jobs.made(self._job, state.id))
        await self._results(state)

    async def take_up(self) -> None:
        """Wait for what a job of an earlier run brings; raises NeverMade."""
        batch = self._jobs.batch_of(self._job)
        if batch is None:
            found = await self._tried(partial(self._endpoint.find, self._job))
            if found is None:
                await self._keeper.patiently(lambda: self._jobs.drop_job(self._job))
                raise NeverMade
            await self._keeper.patiently(lambda: self._jobs.made(self._job, found.id))
            batch = found.id
        await self._results(await self._patiently(partial(self._endpoint.state, batch)))

    async def _created(self, file: str, url: str) -> BatchState:
        """Make the batch, once: where the answer was lost it is looked for first."""
        tries = 0

        async def create() -> BatchState:
            nonlocal tries
            tries += 1
            found = await self._endpoint.find(self._job) if tries > 1 else None
            return found or await self._endpoint.create(file, url, self._job)

        return await self._tried(create)

    async def _tried(self, do: Callable[[], Awaitable[T]]) -> T:
        limits = self._limits
        return await retrying(
            attempts=limits.max_attempts,
            seconds=limits.retry_seconds,
            first_wait_s=limits.first_wait_s,
        )(do)

    async def _patiently(self, do: Callable[[], Awaitable[T]]) -> T:
        return await retrying(
            attempts=None, seconds=PATIENCE_S, first_wait_s=self._limits.first_wait_s
        )(do)

    async def _results(self, state: BatchState) -> None:
        state = await self._ended(state)
        for file in state.files:
            await self._patiently(partial(self._endpoint.lines, file, self._take))
        if state.status == "failed":  # as a whole, before anything was asked
            await self._keeper.aside(lambda: self._jobs.drop_job(self._job))
            self._require_other_failure(state)
        await self._give_up_missing(state)

    def _require_other_failure(self, state: BatchState) -> None:
        """Raise what it means that a batch failed where another try would fail as well."""
        if state.code == _TOO_MUCH and len(self._wanted) > 1:
            raise TooMuchAtOnce
        if state.code in _FINAL:
            raise EndpointRefused(
                f"{self._name}: {self._endpoint.host} refuses the batch: {state.words}"
            )

    async def _ended(self, state: BatchState) -> BatchState:
        wait_s = FIRST_POLL_S
        while not state.ended:
            with self._waits.noted(self._progress(state)):
                await asyncio.sleep(wait_s)
                state = await self._patiently(partial(self._endpoint.state, state.id))
            wait_s = min(1.5 * wait_s, LONGEST_POLL_S)
        return state

    def _progress(self, state: BatchState) -> str:
        """Return how far the batch is, in words that change now and then, for each is shown."""
        requests = len(self._wanted)
        done = PARTS * min(state.answered, requests) // requests * requests // PARTS
        minutes = (time.monotonic() - self._begun) / 60
        since = f", {2 ** (int(minutes).bit_length() - 1)} min or more" if minutes >= 1 else ""
        cost = f", cost {self._money:.2f} at most" if self._money else ""
        answered = f", {done} or more answered" if done else ""
        return (
            f"batch {state.id} of {requests} requests to {self._name}: "
            f"{state.status}{answered}{since}{cost}"
        )

    def _take(self, text: bytes) -> None:
        """Hand over what a line says, where somebody waits for it; a broken one says nothing."""
        try:
            result = read_result(text)
        except ValueError:
            return
        request, line = self._wanted.get(result.custom_id, (None, None))
        if request is not None and line is not None and not request.result.done():
            request.result.set_result((result, line))

    async def _give_up_missing(self, state: BatchState) -> None:
        """Let the requests fail of which nothing came, so that they are sent again."""
        missing = [pair for pair in self._wanted.values() if not pair[0].result.done()]
        if missing:
            await self._keeper.aside(lambda: self._jobs.drop_now(line for _, line in missing))
        why = f": {state.words}" if state.words else ""
        for request, _ in missing:
            failure = TransientFailure(f"the batch {state.id} {_came_to(state)}{why}")
            request.result.set_exception(failure)

    def fail(self, error: Exception) -> None:
        """Let every request fail that has no result."""
        for request, _ in self._wanted.values():
            if not request.result.done():
                request.result.set_exception(_for_each(error, self._name))


def _came_to(state: BatchState) -> str:
    if state.status == "completed":
        return "ended without a result of the request"
    return f"came to an end as {state.status!r}"


def _for_each(error: Exception, name: str) -> Exception:
    """Return what the failure of a job is for its calls: none of them can go by a batch."""
    if isinstance(error, CallFailed):
        return EndpointRefused(f"{name}: no batch could be made or read: {error}")
    return error
