"""The store as calls use it from the event loop: batched, patient, and no reply in hand is lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.calls.batching import Together
from pytest_safescale.calls.rescue_file import rescue
from pytest_safescale.calls.stored_replies import Claim
from pytest_safescale.errors import Interrupted, StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_safescale.calls.store import Store
    from pytest_safescale.calls.stored_replies import Kept, Wanted
    from pytest_safescale.calls.wait_reasons import Waits

__all__ = ["Keeper"]

R = TypeVar("R")

CHECKPOINT_BEATS = 4
"""A copy of the store's one file lacks what was kept since so many beats at most."""
AGAIN_S = 0.2
"""How long until a store that was locked is tried again, in seconds; the loop runs meanwhile."""


class Keeper:
    """Claims and keeps for one process.

    Calls that come up together share a transaction: each costs more than what it does. While
    another process holds the store locked they wait. With the first failure of any other kind
    nothing more is claimed; replies that arrive are tried again, and rescued at the end.
    """

    def __init__(self, store: Store, waits: Waits, *, replay: bool, patience_s: float) -> None:
        """``patience_s`` bounds in seconds how long a locked store is waited for."""
        self._store = store
        self._waits = waits
        self._replay = replay
        self._patience_s = patience_s
        self._in_hand: list[Kept] = []
        self._failure: StoreError | None = None
        self._beats = 0
        self.claim: Together[Wanted, Claim] = Together(self._claim)
        self._put: Together[Kept, None] = Together(self._put_together)

    def require_store(self) -> None:
        """Raise the failure that the store has had, if it has had one: nothing is to be asked."""
        if self._failure is not None:
            raise self._failure

    async def patiently(self, do: Callable[[], R]) -> R:
        """Do something with the store, again and again while another process holds it locked."""
        try:
            return do()
        except StoreLocked:
            locked = f"the store {self._store.path}, which another process holds locked"
        except StoreError as failure:
            self._failure = self._failure or failure
            raise
        with self._waits.noted(locked):
            return await self._again(do)

    async def _again(self, do: Callable[[], R]) -> R:
        # Once it has failed, what is still under way does not start to wait anew.
        until = time.monotonic() + (0 if self._failure else self._patience_s)
        while True:
            await asyncio.sleep(AGAIN_S)
            try:
                return do()
            except StoreError as failure:
                if not isinstance(failure, StoreLocked) or time.monotonic() > until:
                    self._failure = self._failure or failure
                    raise

    async def aside(self, do: Callable[[], object]) -> None:
        """Do something with the store whose failure stops later calls, but not this one."""
        with contextlib.suppress(StoreError):
            await self.patiently(do)

    def release(self, call: bytes, samples: Sequence[int]) -> None:
        """Give up claims, at once or as soon as the store can be written."""
        try:
            self._store.release(call, samples)
        except StoreError as failure:
            self._failure = self._failure or failure

    async def _claim(self, wanted: Sequence[Wanted]) -> list[Claim]:
        return await self.patiently(lambda: self._claimed(wanted))

    def _claimed(self, wanted: Sequence[Wanted]) -> list[Claim]:
        if self._replay:  # what is there, and nothing is to be asked
            return [Claim(stored=replies) for replies in self._store.get(wanted)]
        self.require_store()
        return self._store.claim(wanted)

    async def put(self, kept: Kept) -> None:
        """Keep replies; once this returns every process finds them."""
        self._in_hand.append(kept)
        await self._put(kept)

    async def _put_together(self, kept: Sequence[Kept]) -> list[None]:
        await self.patiently(self._put_in_hand)
        return [None] * len(kept)

    def _put_in_hand(self) -> None:
        if self._in_hand:
            self._store.put(self._in_hand)
            self._in_hand.clear()

    def beat(self) -> Interrupted | None:
        """Move what was kept into the store's one file; return the end of the run, if it ended.

        Quick, to be called now and then.
        """
        self._beats += 1
        with contextlib.suppress(StoreError):
            if self._beats % CHECKPOINT_BEATS == 0:
                self._store.checkpoint()
            reason = self._store.halted(at_once=True)
            return None if reason is None else Interrupted(reason)
        return None

    def close(self) -> str:
        """Close the store; return what there is to say of replies that it did not take."""
        told = ""
        try:
            self._put_in_hand()
        except StoreError:
            if rows := self._store.rows(self._in_hand):
                told = rescue(self._store.path, self._store.run, rows)
            self._in_hand.clear()
        self._store.close()
        return told
