"""What any model says, taken in without the run's keys and no longer than can be of use.

Servers repeat what they were sent, applications put it into their errors, and either may go on
without an end. Whatever is stored, recorded or shown has passed here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import SafescaleError
from pytest_safescale.models.model import BatchModel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Sequence

    from pytest_safescale.models.batch_endpoint import BatchEndpoint
    from pytest_safescale.models.model import (
        EndpointFacts,
        Exchange,
        Model,
        ModelInfo,
        Reply,
        Request,
        ToolCall,
    )
    from pytest_safescale.text.redaction import Redactor

__all__ = ["GuardedBatchModel", "GuardedModel", "guarded"]

MOST_CHARACTERS = 200_000
"""Of a reply's text that are kept; 4,096 tokens take about a tenth."""
MOST_OF_A_NAME = 300
"""Characters of a name that a server gives, such as the served model's."""
MOST_TOOL_CALLS = 32
"""Of one reply; those beyond are omitted."""
_SHORT_FIELDS = ("finish_reason", "served_model", "fingerprint")
_CUT = "\n[... {count:,} characters of this reply were left out here ...]\n"


class GuardedModel:
    """A model, asked as it is; what it answers or raises is cleaned."""

    def __init__(self, model: Model, redactor: Redactor) -> None:
        self._model = model
        self._redactor = redactor
        self._traceback_was_told = False

    def __repr__(self) -> str:
        return f"<GuardedModel {self.info.name}>"

    @property
    def info(self) -> ModelInfo:
        """What is known about it."""
        return self._model.info

    @property
    def facts(self) -> EndpointFacts:
        """What has been learned about its endpoint."""
        return self._model.facts

    @property
    def takes_threads(self) -> bool:
        """Whether each call takes a thread, as of an application that is not async."""
        return bool(getattr(self._model, "takes_threads", False))

    def untold_traceback(self) -> str:
        """Return the traceback of the first exception in an application: once, then nothing."""
        raised = "" if self._traceback_was_told else getattr(self._model, "traceback", "")
        self._traceback_was_told |= bool(raised)
        return self._redactor.text(raised)

    def ask(self, request: Request) -> Coroutine[Any, Any, Sequence[Reply]]:
        """Make one round trip; raises what the model raises, its words without keys."""
        return self._clean(self._model.ask(request))

    async def _clean(self, asking: Awaitable[Sequence[Reply]]) -> Sequence[Reply]:
        try:
            replies = await asking
        except SafescaleError as error:
            error.args = tuple(map(self._redactor.data, error.args))
            raise
        return list(map(self._cleaned, replies))

    async def aclose(self) -> None:
        """Release connections and threads."""
        await self._model.aclose()

    def _cleaned(self, reply: Reply) -> Reply:
        cleaned: dict[str, Any] = {
            "tool_calls": tuple(map(self._cleaned_call, reply.tool_calls[:MOST_TOOL_CALLS])),
            "left_out": 0,
        }
        for field, value in vars(reply).items():
            if field in _SHORT_FIELDS:
                cleaned[field] = self._name(value)
            elif isinstance(value, str):
                cleaned[field], omitted = _cut(self._redactor.text(value))
                cleaned["left_out"] += omitted
        other = {name: value for name, value in cleaned.items() if value != getattr(reply, name)}
        return replace(reply, **other) if other else reply

    def _cleaned_call(self, call: ToolCall) -> ToolCall:
        return replace(
            call,
            id=self._name(call.id),
            name=self._name(call.name),
            arguments=_cut(self._redactor.text(call.arguments))[0],
        )

    def _name(self, text: str) -> str:
        return self._redactor.text(text)[:MOST_OF_A_NAME]


class GuardedBatchModel(GuardedModel):
    """The same for a model whose requests can go by batch."""

    def __init__(self, model: BatchModel, redactor: Redactor) -> None:
        super().__init__(model, redactor)
        self._by_batch = model

    @property
    def batches(self) -> BatchEndpoint:
        """Where its batches are made."""
        return self._by_batch.batches

    def ask_through(
        self, exchange: Exchange, request: Request
    ) -> Coroutine[Any, Any, Sequence[Reply]]:
        """Ask as `ask` does, by another way."""
        return self._clean(self._by_batch.ask_through(exchange, request))


def guarded(model: Model, redactor: Redactor) -> GuardedModel:
    """Return a model whose words are cleaned; one that can go by batch still can."""
    if isinstance(model, BatchModel):
        return GuardedBatchModel(model, redactor)
    return GuardedModel(model, redactor)


def _cut(text: str) -> tuple[str, int]:
    """Return both ends of a text that is too long, and how many characters are omitted."""
    omitted = len(text) - MOST_CHARACTERS
    if omitted <= 0:
        return text, 0
    half = MOST_CHARACTERS // 2
    return f"{text[:half]}{_CUT.format(count=omitted)}{text[-half:]}", omitted
