"""One call, made once: from the store where it is there, else claimed, paced, retried and kept."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections import defaultdict
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import tenacity

from pytest_safescale.calls.entries import Claim, Kept, Spent, call_key
from pytest_safescale.calls.together import Together
from pytest_safescale.errors import (
    BudgetSpent,
    CallFailed,
    EndpointRefused,
    GatesDecided,
    NotInStore,
)
from pytest_safescale.models.model import (
    ANY_BATCH,
    BatchRefused,
    ParameterRefused,
    ToolsRefused,
    TransientFailure,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from pytest_safescale.calls.entries import Wanted
    from pytest_safescale.calls.store import Store
    from pytest_safescale.models.model import Model, ModelInfo, Reply, Request

__all__ = ["Answered", "CallLimits", "Caller"]

POLL_S = 0.02
"""How often a call that another process makes is looked for."""


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """How calls may be made."""

    in_flight: int = 32
    """Requests under way at once in this process."""
    max_attempts: int = 6
    retry_seconds: float = 300.0
    first_wait_s: float = 0.5
    """Scale of the jittered, exponentially growing wait before a retry."""
    max_calls: int | None = None
    max_cost: float | None = None
    replay: bool = False
    """Answer from the store alone."""
    heed_halt: bool = False
    """Whether the run may be told to ask nothing more."""

    @property
    def has_budget(self) -> bool:
        """Whether calls or money are limited."""
        return self.max_calls is not None or self.max_cost is not None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The replies to one request."""

    key: bytes
    replies: Mapping[int, Reply]
    """By sample index; every sample asked for is there."""
    from_store: int
    """How many of them were there before."""

    def and_also(self, other: Answered) -> Answered:
        """Return these replies with those to further samples of the same request."""
        return Answered(
            key=self.key,
            replies={**self.replies, **other.replies},
            from_store=self.from_store + other.from_store,
        )


@dataclass(frozen=True, kw_only=True)
class _Call:
    model: Model
    key: bytes
    request: Request
    incomplete: Callable[[Reply], str | None]

    def of(self, samples: Sequence[int]) -> _Call:
        if tuple(samples) == self.request.samples:
            return self
        return replace(self, request=self.request.for_samples(samples))


class Caller:
    """Makes calls for one process; lives in the engine's event loop."""

    def __init__(self, store: Store, limits: CallLimits) -> None:
        self.store = store
        self.limits = limits
        # Calls that come up together share a transaction: each costs more than what it does.
        self._claim = Together(self._read_only if limits.replay else store.claim)
        self._put = Together(store.put)
        self._slots = asyncio.Semaphore(limits.in_flight)
        self._locks: weakref.WeakValueDictionary[bytes, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )
        self._probes: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._not_before: dict[str, float] = {}
        self._answered: set[str] = set()
        self._refused: EndpointRefused | None = None

    async def ask(
        self,
        model: Model,
        request: Request,
        *,
        incomplete: Callable[[Reply], str | None] = lambda _: None,
    ) -> Answered:
        """Return a reply for every sample of the request.

        ``incomplete`` says what is wrong with a reply that must be asked for again.
        Raises CallFailed, EndpointRefused or RunEnded.
        """
        if request.tools and not model.facts.tools:
            raise ToolsRefused(f"{model.info.name} is known to take no tools")
        key = call_key(model.info, request)
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        async with lock:
            return await self._obtain(
                _Call(model=model, key=key, request=request, incomplete=incomplete)
            )

    async def _obtain(self, call: _Call) -> Answered:
        samples = call.request.samples
        replies: dict[int, Reply] = {}
        from_store = 0
        while missing := [sample for sample in samples if sample not in replies]:
            claim = await self._claim((call.key, missing))
            replies.update(claim.stored)
            from_store += len(claim.stored)
            if claim.failed is not None:
                raise CallFailed(claim.failed)
            if claim.mine:
                replies.update(await self._make(call.of(claim.mine)))
            elif claim.elsewhere:
                await asyncio.sleep(POLL_S)
            elif len(claim.stored) < len(missing):
                raise NotInStore(
                    f"{call.model.info.name}: a call is not in the store {self.store.path} "
                    "and --safescale-replay makes none"
                )
        return Answered(key=call.key, replies=replies, from_store=from_store)

    def _read_only(self, wanted: Sequence[Wanted]) -> list[Claim]:
        """Stand in for claiming where nothing may be asked."""
        return [Claim(stored=replies) for replies in self.store.get(wanted)]

    async def _make(self, call: _Call) -> dict[int, Reply]:
        wanted = call.request.samples
        facts = call.model.facts
        made: dict[int, Reply] = {}
        try:
            if len(wanted) > 1 and facts.batch is None:
                async with self._probes[endpoint_of(call.model)]:
                    if facts.batch is None:
                        made.update(await self._probe(call))
            left = [sample for sample in wanted if sample not in made]
            size = facts.batch or 1
            batches = [left[start : start + size] for start in range(0, len(left), size)]
            for replies in await _all([self._until_full(call.of(batch)) for batch in batches]):
                made.update(replies)
        except CallFailed as failure:
            self.store.fail(call.key, str(failure))
            raise
        finally:
            if given_up := [sample for sample in wanted if sample not in made]:
                self.store.release(call.key, given_up)
        return made

    async def _probe(self, call: _Call) -> dict[int, Reply]:
        """Ask for several samples at once and learn how many the endpoint gives."""
        try:
            replies = await self._send(call)
        except BatchRefused:
            replies = {}
        full = len(replies) == len(call.request.samples)
        call.model.facts.batch = ANY_BATCH if full else max(1, len(replies))
        self._keep_facts(call.model)
        return replies

    def _keep_facts(self, model: Model) -> None:
        self.store.put_facts(endpoint_of(model), model.facts.as_dict())

    async def _until_full(self, call: _Call) -> dict[int, Reply]:
        replies: dict[int, Reply] = {}
        while missing := [s for s in call.request.samples if s not in replies]:
            try:
                replies.update(await self._send(call.of(missing)))
            except BatchRefused:
                # It was known to take several: it no longer does, so each is asked for alone.
                call.model.facts.batch = 1
                self._keep_facts(call.model)
                alone = [self._until_full(call.of([sample])) for sample in missing]
                for part in await _all(alone):
                    replies.update(part)
        return replies

    async def _send(self, call: _Call) -> dict[int, Reply]:
        """Send one request until it is answered, within the budget of attempts and time."""
        try:
            # Nearly every call succeeds at once: the machinery of retries costs more than asking.
            return await self._adapted(call, again=False)
        except TransientFailure as failure:
            if self.limits.max_attempts == 1:
                raise self._final(call.model, failure, 1) from failure
            first = failure
        return await self._retry(call, first)

    async def _retry(self, call: _Call, first: TransientFailure) -> dict[int, Reply]:
        attempts = 1
        try:
            async for attempt in tenacity.AsyncRetrying(
                retry=tenacity.retry_if_exception_type(TransientFailure),
                stop=tenacity.stop_any(
                    tenacity.stop_after_attempt(self.limits.max_attempts),
                    tenacity.stop_before_delay(self.limits.retry_seconds),
                ),
                wait=_Wait(self.limits.first_wait_s),
                reraise=True,
            ):
                with attempt:
                    if attempt.retry_state.attempt_number == 1:
                        raise first
                    attempts += 1
                    return await self._adapted(call, again=True)
        except TransientFailure as failure:
            raise self._final(call.model, failure, attempts) from failure
        raise AssertionError("a retry loop ends with a result or an exception")

    async def _adapted(self, call: _Call, *, again: bool) -> dict[int, Reply]:
        """Send once, and again without what the endpoint does not take: a few words at most."""
        while True:
            try:
                return await self._once(call, again=again)
            except ParameterRefused:
                again = True

    async def _once(self, call: _Call, *, again: bool) -> dict[int, Reply]:
        model, request = call.model, call.request
        await self._turn(model, request)
        async with self._slots:
            if self._refused is not None:
                raise self._refused
            if self.limits.heed_halt and (reason := self.store.halted()) is not None:
                raise GatesDecided(reason)
            made = Spent(calls=1, retries=int(again))
            self._check_budget(made)
            facts = copy(model.facts)
            try:
                replies = await model.ask(request)
            except BaseException as error:
                self._note(model, error)
                if not self.limits.has_budget:
                    self.store.spend(made)
                raise
            finally:
                if model.facts != facts:
                    self._keep_facts(model)
            self._answered.add(model.info.base_url)
            # Within the slot: what a call has cost must be known before the next one is allowed.
            return await self._keep(call, replies, made)

    def _note(self, model: Model, error: BaseException) -> None:
        if isinstance(error, EndpointRefused):
            self._refused = error
        if isinstance(error, TransientFailure) and error.retry_after_s:
            self._pause(model, error.retry_after_s)

    async def _keep(self, call: _Call, replies: Sequence[Reply], made: Spent) -> dict[int, Reply]:
        kept: dict[int, Reply] = {}
        fault: str | None = None
        for sample, reply in zip(call.request.samples, replies, strict=False):
            wrong = call.incomplete(reply)
            fault = fault or wrong
            if wrong is None:
                kept[sample] = reply
        # With a budget the call was counted before it was made.
        counted = Spent() if self.limits.has_budget else made
        await self._put(
            Kept(
                call=call.key,
                model=call.model.info.model,
                base_url=call.model.info.base_url,
                replies=kept,
                spent=_cost(call.model, replies, counted),
            )
        )
        if not kept:
            raise TransientFailure(fault or "the reply held no choice")
        return kept

    async def _turn(self, model: Model, request: Request) -> None:
        """Wait for the turn that rate limits, shared by all processes, give this request."""
        waits = [self._not_before.get(model.info.base_url, 0.0) - time.monotonic()]
        name = endpoint_of(model)
        if model.info.requests_per_minute:
            waits.append(
                self.store.reserve(f"{name} requests", 60 / model.info.requests_per_minute)
            )
        if model.info.tokens_per_minute:
            seconds = 60 * estimated_tokens(request) / model.info.tokens_per_minute
            waits.append(self.store.reserve(f"{name} tokens", seconds))
        if max(waits) > 0:
            await asyncio.sleep(max(waits))

    def _pause(self, model: Model, seconds: float) -> None:
        until = time.monotonic() + min(seconds, self.limits.retry_seconds)
        self._not_before[model.info.base_url] = max(
            until, self._not_before.get(model.info.base_url, 0.0)
        )

    def _check_budget(self, made: Spent) -> None:
        """Take a call from the budget shared by all processes; raises BudgetSpent."""
        limits = self.limits
        if not limits.has_budget:
            return
        if not self.store.spend(made, max_calls=limits.max_calls, max_cost=limits.max_cost):
            calls = f"{limits.max_calls} calls" if limits.max_calls else ""
            cost = f"a cost of {limits.max_cost:g}" if limits.max_cost else ""
            allowed = " or ".join(filter(None, (calls, cost)))
            raise BudgetSpent(f"the run may go no further than {allowed}")

    def _final(self, model: Model, failure: TransientFailure, attempts: int) -> CallFailed:
        if isinstance(failure, Unreachable) and model.info.base_url not in self._answered:
            self._refused = EndpointRefused(f"{model.info.name}: {failure}")
            raise self._refused from failure
        tries = f"{attempts} attempts" if attempts > 1 else "1 attempt"
        return CallFailed(f"{failure} ({tries})")


class _Wait(tenacity.wait.wait_base):
    """Jittered exponential back-off, but never shorter than the server asks for."""

    def __init__(self, first_s: float) -> None:
        self._backoff = tenacity.wait_random_exponential(multiplier=first_s, max=30)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        wait = self._backoff(retry_state)
        failure = retry_state.outcome.exception() if retry_state.outcome else None
        asked = getattr(failure, "retry_after_s", None)
        return wait + asked if asked else wait


def endpoint_of(model: Model) -> str:
    """Return the name under which facts about a model's endpoint are kept."""
    return f"{model.info.provider}:{model.info.model}@{model.info.base_url}"


def estimated_tokens(request: Request) -> int:
    """Return about how many tokens a request takes, its replies included (4 characters each)."""
    characters = sum(len(str(message.get("content") or "")) for message in request.messages)
    return characters // 4 + request.max_tokens * len(request.samples)


def _cost(model: Model, replies: Sequence[Reply], made: Spent) -> Spent:
    prompt = sum(reply.prompt_tokens for reply in replies)
    completion = sum(reply.completion_tokens for reply in replies)
    return replace(
        made,
        prompt_tokens=prompt,
        completion_tokens=completion,
        money=money(model.info, prompt, completion),
    )


def money(info: ModelInfo, prompt_tokens: int, completion_tokens: int) -> float:
    """Return what tokens cost, in the user's unit."""
    return (prompt_tokens * info.price_in + completion_tokens * info.price_out) / 1e6


async def _all(calls: Sequence[Coroutine[Any, Any, dict[int, Reply]]]) -> list[dict[int, Reply]]:
    """Wait for every call, so that none is left running when one of them fails."""
    if len(calls) == 1:
        return [await calls[0]]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
