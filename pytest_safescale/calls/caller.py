"""One call, made once: from the store where it is there, else claimed, paced, retried and kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_safescale.calls.all_ended import all_ended
from pytest_safescale.calls.answered_request import Answered
from pytest_safescale.calls.async_store import Keeper
from pytest_safescale.calls.batch_desk import BatchDesk
from pytest_safescale.calls.leave import Leave
from pytest_safescale.calls.rate_limits import Pace, endpoint_of
from pytest_safescale.calls.retrying import retrying
from pytest_safescale.calls.slots import Rooms, Slots
from pytest_safescale.calls.stored_replies import Kept, Spent, StoredReply, call_key
from pytest_safescale.calls.usage import usage_of
from pytest_safescale.calls.wait_reasons import Waits
from pytest_safescale.errors import (
    CallFailed,
    EndpointRefused,
    NotInStore,
)
from pytest_safescale.models.model import (
    BatchModel,
    BatchRefused,
    ParameterRefused,
    ToolsRefused,
    TransientFailure,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from pytest_safescale.calls.batch_jobs import Line
    from pytest_safescale.calls.batch_request import Ticket
    from pytest_safescale.calls.limits import CallLimits
    from pytest_safescale.calls.retrying import Tries
    from pytest_safescale.calls.store import Store
    from pytest_safescale.calls.traces import CallTraces
    from pytest_safescale.models.model import Model, Reply, Request

__all__ = ["Caller"]

POLL_S = 0.02
"""How often a call that another process makes is looked for."""
BATCH_POLL_S = 0.5
"""The same where calls go by batch, and take hours."""


@dataclass(frozen=True, kw_only=True)
class _Call:
    model: Model
    key: bytes
    request: Request

    def of(self, samples: Sequence[int]) -> _Call:
        if tuple(samples) == self.request.samples:
            return self
        return replace(self, request=self.request.for_samples(samples))


class Caller:
    """Makes calls for one process; lives in the engine's event loop."""

    def __init__(
        self,
        store: Store,
        limits: CallLimits,
        waits: Waits | None = None,
        traces: CallTraces | None = None,
    ) -> None:
        """``waits`` is told what calls wait for besides their replies; ``traces`` makes spans."""
        self.store = store
        self.limits = limits
        self._waits = waits or Waits()
        self._traces = traces
        self.keeper = Keeper(
            store, self._waits, replay=limits.replay, patience_s=limits.retry_seconds
        )
        self._pace = Pace(self._take_turn, self._waits, share=limits.rate_share)
        self._slots = Slots(limits.in_flight)
        self._rooms = Rooms(limits.workers)
        self._locks: weakref.WeakValueDictionary[bytes, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )
        self._probes: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._answered: set[str] = set()
        self._leave = Leave(store, self.keeper, limits)
        self._desk = None
        if limits.batch and not limits.replay:
            self._desk = BatchDesk(
                store.batches,
                keeper=self.keeper,
                waits=self._waits,
                limits=limits,
                leave=self._leave,
            )

    async def ask(self, model: Model, request: Request) -> Answered:
        """Return a reply for every sample of the request.

        Raises CallFailed, EndpointRefused or RunEnded.
        """
        if request.tools and not model.facts.tools:
            raise ToolsRefused(f"{model.info.name} is known to take no tools")
        key = call_key(model.info, request)
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        async with lock:
            return await self._obtain(_Call(model=model, key=key, request=request))

    async def _obtain(self, call: _Call) -> Answered:
        stored: dict[int, StoredReply] = {}
        while missing := _lacking(call.request.samples, stored):
            claim = await self.keeper.claim((call.key, missing))
            stored.update(claim.stored)
            if claim.failed is not None:
                raise CallFailed(claim.failed)
            if claim.mine:
                stored.update(await self._make(call.of(claim.mine)))
            elif claim.elsewhere:
                with self._waits.noted("a call that another process makes"):
                    await asyncio.sleep(POLL_S if self._desk is None else BATCH_POLL_S)
            elif len(claim.stored) < len(missing):
                raise NotInStore(self._what_a_replay_lacks(call.model))
        return Answered.of(call.key, call.request, stored)

    def _what_a_replay_lacks(self, model: Model) -> str:
        young = ", or is older than --safescale-max-age," if self.store.not_before > 0 else ""
        return (
            f"{model.info.name}: a call is not in the store {self.store.path}{young} "
            "and --safescale-replay makes none"
        )

    async def _make(self, call: _Call) -> dict[int, StoredReply]:
        wanted = call.request.samples
        made: dict[int, StoredReply] = {}
        try:
            if (desk := self._desk_of(call.model)) is not None:
                made.update(await self._held(call, desk))
            if len(wanted) > 1:
                await self._make_several(call, made)
            elif not made:
                made.update(await self._send(call))
        except CallFailed as failure:
            await self.keeper.aside(partial(self.store.fail, call.key, str(failure)))
            raise
        finally:
            if given_up := _lacking(wanted, made):
                self.keeper.release(call.key, given_up)
        return made

    async def _make_several(self, call: _Call, made: dict[int, StoredReply]) -> None:
        """Make what is not made yet, as many samples in a request as the endpoint gives."""
        wanted, facts = call.request.samples, call.model.facts
        if not made and facts.batch is None:
            async with self._probing(call.model):
                if facts.batch is None:
                    made.update(await self._probe(call))
        left = _lacking(wanted, made)
        size = facts.batch or 1
        batches = [left[start : start + size] for start in range(0, len(left), size)]
        for replies in await all_ended([self._until_full(call.of(batch)) for batch in batches]):
            made.update(replies)

    async def _held(self, call: _Call, desk: BatchDesk) -> dict[int, StoredReply]:
        """Return the replies that batches of an earlier run bring."""
        found: dict[int, StoredReply] = {}
        parts = await desk.held(call.key, call.request.samples)
        for replies in await all_ended([self._send_several(call.of(part)) for part in parts]):
            found.update(replies)
        return found

    def _probing(self, model: Model) -> AbstractAsyncContextManager[object]:
        """Return what one call at a time is in, which learns how many samples an endpoint gives.

        In a batch each call learns it: one that went ahead would take a round of its own.
        """
        if self._desk_of(model) is not None:
            return contextlib.nullcontext()
        return self._probes[endpoint_of(model)]

    async def _probe(self, call: _Call) -> dict[int, StoredReply]:
        """Ask for several samples at once and learn how many the endpoint gives."""
        replies = await self._send_several(call)
        if call.model.facts.batch is None:
            call.model.facts.learn_batch(len(call.request.samples), len(replies))
            await self._keep_facts(call.model)
        return replies

    async def _keep_facts(self, model: Model) -> None:
        facts = model.facts.as_dict()
        await self.keeper.aside(lambda: self.store.put_facts(endpoint_of(model), facts))

    async def _until_full(self, call: _Call) -> dict[int, StoredReply]:
        replies: dict[int, StoredReply] = {}
        while missing := _lacking(call.request.samples, replies):
            if len(missing) > 1 and call.model.facts.batch == 1:
                alone = [self._until_full(call.of([sample])) for sample in missing]
                for part in await all_ended(alone):
                    replies.update(part)
            else:
                replies.update(await self._send_several(call.of(missing)))
        return replies

    async def _send_several(self, call: _Call) -> dict[int, StoredReply]:
        """Send one request; where several samples in one are refused, learn to ask for each alone.

        Returns the replies that came, perhaps none.
        """
        try:
            return await self._send(call)
        except BatchRefused:
            await self._ask_alone_from_now_on(call.model)
            return {}
        except ToolsRefused:
            raise
        except CallFailed as failure:
            if len(call.request.samples) == 1:
                raise
            return await self._one_instead(call, failure)

    async def _one_instead(self, call: _Call, failure: CallFailed) -> dict[int, StoredReply]:
        """Ask for one sample before a call for several is given up: it may be their number."""
        first, *others = call.request.samples
        try:
            replies = await self._adapted(call.of([first]), again=True)
        except CallFailed:
            raise failure from None
        if len(others) > 1 and isinstance(failure.__cause__, TransientFailure):
            # What stood in the way may have passed meanwhile.
            with contextlib.suppress(CallFailed):
                return replies | await self._adapted(call.of(others), again=True)
        await self._ask_alone_from_now_on(call.model)
        return replies

    async def _ask_alone_from_now_on(self, model: Model) -> None:
        model.facts.batch = 1
        await self._keep_facts(model)

    async def _send(self, call: _Call) -> dict[int, StoredReply]:
        """Send one request until it is answered, within the budget of attempts and time."""
        try:
            # Nearly every call succeeds at once: the machinery of retries costs more than asking.
            return await self._adapted(call, again=False)
        except TransientFailure as failure:
            if self.limits.max_attempts == 1:
                raise self._final(call.model, failure, 1) from failure
            first = failure
        return await self._retry(call, first)

    async def _retry(self, call: _Call, first: TransientFailure) -> dict[int, StoredReply]:
        attempts = 1
        try:
            async for attempt in self._tries(call.model):
                with attempt:
                    if attempt.retry_state.attempt_number == 1:
                        raise first
                    attempts += 1
                    return await self._adapted(call, again=True)
        except TransientFailure as failure:
            raise self._final(call.model, failure, attempts) from failure
        raise AssertionError("a retry loop ends with a result or an exception")

    def _tries(self, model: Model) -> Tries:
        limits = self.limits
        if self._desk_of(model) is not None:  # a batch takes hours, and the next begins when it may
            return retrying(attempts=limits.max_attempts, seconds=None, first_wait_s=0)
        return retrying(
            attempts=limits.max_attempts,
            seconds=limits.retry_seconds,
            first_wait_s=limits.first_wait_s,
        )

    async def _adapted(self, call: _Call, *, again: bool) -> dict[int, StoredReply]:
        """Send once, and again without what the endpoint does not take: a few words at most."""
        room = self._rooms.of(call.model.info)
        while True:
            try:
                if room is None:
                    return await self._once(call, again=again)
                async with room:
                    return await self._once(call, again=again)
            except ParameterRefused:
                again = True

    async def _once(self, call: _Call, *, again: bool) -> dict[int, StoredReply]:
        made = Spent(calls=1, retries=int(again))
        if (ticket := self._ticket(call.model, made)) is not None:
            return await self._exchanged(call, made, ticket)
        await self._pace.turn(call.model, call.request)
        async with self._slots:
            await self._leave.take(made)
            # Within the slot: what a call has cost must be known before the next one is allowed.
            return await self._exchanged(call, made, None)

    async def _exchanged(
        self, call: _Call, made: Spent, ticket: Ticket | None
    ) -> dict[int, StoredReply]:
        """Make one round trip and keep what came; with a ticket it goes by batch."""
        model, facts = call.model, {**vars(call.model.facts)}
        try:
            replies = await self._asking(model if ticket is None else ticket, call)
        except BaseException as error:
            self._note(model, error)
            if ticket is not None and isinstance(error, Exception):
                await self._drop(ticket)
            if not self.limits.has_budget and (ticket is None or ticket.counts(error)):
                await self.keeper.aside(partial(self.store.spending.spend, made))
            raise
        finally:
            if vars(model.facts) != facts:
                await self._keep_facts(model)
        self._answered.add(model.info.base_url)
        return await self._keep(call, replies, made, tuple(ticket.came) if ticket else ())

    def _asking(self, asked: Model | Ticket, call: _Call) -> Awaitable[Sequence[Reply]]:
        """Return what brings the replies, seen by a span where spans are wanted."""
        if self._traces is None:
            return asked.ask(call.request)
        return self._traces.replies(asked.ask(call.request), call.model, call.request)

    async def _drop(self, ticket: Ticket) -> None:
        """Forget what batches brought that was of no use."""
        if ticket.came:
            await self.keeper.aside(lambda: self.store.batches.drop_now(ticket.came))

    def _ticket(self, model: Model, made: Spent) -> Ticket | None:
        """Return the way of a call that goes by batch; ``None`` for one that goes at once."""
        if self._desk is None or not isinstance(model, BatchModel):
            return None
        return self._desk.ticket(model, made)

    def _desk_of(self, model: Model) -> BatchDesk | None:
        """Return where the model's requests are gathered; ``None`` where each goes at once."""
        # Asked for each call: whether a model is of a protocol takes long to find out.
        return self._desk if self._desk is not None and isinstance(model, BatchModel) else None

    def _note(self, model: Model, error: BaseException) -> None:
        if isinstance(error, EndpointRefused):
            self._leave.refused = error
        if isinstance(error, TransientFailure) and error.retry_after_s:
            self._pace.pause(model, min(error.retry_after_s, self.limits.retry_seconds))

    async def _keep(
        self, call: _Call, replies: Sequence[Reply], made: Spent, lines: tuple[Line, ...]
    ) -> dict[int, StoredReply]:
        kept, now = dict(zip(call.request.samples, replies, strict=False)), time.time()
        # With a budget the call was counted before it was made.
        counted = Spent() if self.limits.has_budget else made
        await self.keeper.put(
            Kept(
                call=call.key,
                model=call.model.info.model,
                base_url=call.model.info.base_url,
                replies=kept,
                at=now,
                spent=_cost(call, replies, counted),
                lines=lines,
            )
        )
        if not kept:
            raise TransientFailure("the reply held no choice")
        return {sample: StoredReply(reply, now, earlier=False) for sample, reply in kept.items()}

    async def _take_turn(self, name: str, seconds: float) -> float:
        return await self.keeper.patiently(lambda: self.store.turns.take(name, seconds))

    def close(self) -> str:
        """Close the store; return what there is to say of replies that are not in it."""
        told = self._desk.left() if self._desk is not None else ""
        return "; ".join(filter(None, (told, self.keeper.close())))

    def _final(self, model: Model, failure: TransientFailure, attempts: int) -> CallFailed:
        if isinstance(failure, Unreachable) and model.info.base_url not in self._answered:
            self._leave.refused = EndpointRefused(f"{model.info.name}: {failure}")
            raise self._leave.refused from failure
        tries = f"{attempts} attempts" if attempts > 1 else "1 attempt"
        return CallFailed(f"{failure} ({tries})")


def _lacking(samples: Sequence[int], have: Mapping[int, object]) -> list[int]:
    """Return the samples that are not there, in their order."""
    return [sample for sample in samples if sample not in have]


def _cost(call: _Call, replies: Sequence[Reply], made: Spent) -> Spent:
    return made.having_taken(call.model.info, usage_of(call.request, replies))
