"""A caller that writes down what it lacks instead of asking for it.

It answers from the store as a replay does, and hands every request of a model behind an endpoint
that the store lacks to whoever writes it into a file. So a file of requests can never differ from
what a run asks. What answers by itself and for nothing (a lexical baseline, a simulated model) is
asked at once and kept, since a replay needs it too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.answered_request import Answered
from pytest_safescale.calls.caller import Caller
from pytest_safescale.errors import NotInStore
from pytest_safescale.models.build import EMBEDDINGS
from pytest_safescale.models.model import BatchModel
from pytest_safescale.models.openai.batch_lines import custom_id, request_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.calls.caller import _Call
    from pytest_safescale.calls.limits import CallLimits
    from pytest_safescale.calls.store import Store
    from pytest_safescale.models.model import Model, Request
    from pytest_safescale.models.openai.batch_lines import RequestLine

__all__ = ["ExportingCaller"]


class ExportingCaller(Caller):
    """Makes no paid call."""

    def __init__(
        self,
        store: Store,
        limits: CallLimits,
        write: Callable[[Model, Request, RequestLine], None],
    ) -> None:
        """``write`` is given each request once, with its line."""
        super().__init__(store, limits)
        self.not_by_file: Counter[str] = Counter()
        """Calls that the store lacks and no file can hold, by model."""
        self.lacks_corpus = False
        """Whether passages have no vectors yet: nothing can be searched before they have."""
        self._write = write
        self._written: set[str] = set()
        self.asked_corpus = False
        """Whether this case asked for the passages' vectors: the first one does, for all."""
        self._answered_deep = self.waits_at = 0

    def begin_case(self) -> None:
        """Forget how far the last case came."""
        self._answered_deep = self.waits_at = 0
        self.asked_corpus = False

    async def end_case(self) -> None:
        """Let all that the case began come to its end: one failure does not wait for others."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*others, return_exceptions=True)

    async def _obtain(self, call: _Call) -> Answered:
        model, request = call.model, call.request
        if model.info.answers_by_itself:
            return await super()._obtain(call)
        depth = self._answered_deep + 1
        # Queries are embedded one by one.
        passages = model.info.provider == EMBEDDINGS and len(request.messages) > 1
        self.asked_corpus |= passages
        await asyncio.sleep(0)  # whatever is asked at the same time is of the same round
        (stored,) = self.store.get([(call.key, request.samples)])
        missing = [sample for sample in request.samples if sample not in stored]
        if not missing:
            self._answered_deep = max(self._answered_deep, depth)
            return Answered.of(call.key, request, stored)
        self.waits_at = max(self.waits_at, depth)
        self.lacks_corpus |= passages
        if isinstance(model, BatchModel):
            size = model.facts.batch or len(missing)
            for start in range(0, len(missing), size):
                await self._hand_over(model, call.of(missing[start : start + size]))
        else:
            self.not_by_file[model.info.name] += 1
        raise NotInStore(f"{model.info.name}: a call is not in the store {self.store.path}")

    async def _hand_over(self, model: BatchModel, call: _Call) -> None:
        named = custom_id(call.key, call.request.samples)
        if named in self._written:
            return
        self._written.add(named)

        async def write(
            request: Request, path: str, body: dict[str, Any], _: int, /
        ) -> dict[str, Any]:
            self._write(model, request, request_line(call.key, request.samples, path, body))
            raise _Written

        try:
            await model.ask_through(write, call.request)
        except _Written:
            return
        raise AssertionError("a request that is written is not answered")


class _Written(Exception):
    """A request stands in a file: nobody answers it now."""
