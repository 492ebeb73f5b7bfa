"""One request on its way through a batch, and the exchange by which a model hands it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_safescale.calls.stored_replies import call_key
from pytest_safescale.calls.usage import at_batch_price, money, prompt_estimate
from pytest_safescale.models.openai.batch_lines import custom_id, request_line

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from pytest_safescale.calls.batch_jobs import Line
    from pytest_safescale.calls.stored_replies import Spent
    from pytest_safescale.models.model import BatchModel, Reply, Request
    from pytest_safescale.models.openai.batch_lines import BatchResult, RequestLine

__all__ = ["BatchRequest", "Ticket"]


@dataclass(frozen=True, kw_only=True)
class BatchRequest:
    """A request that waits for its result."""

    call: bytes
    request: Request
    path: str
    body: dict[str, Any]
    ticket: Ticket
    result: asyncio.Future[tuple[BatchResult, Line]]
    """What came, and the line of the job that brought it."""

    @property
    def custom_id(self) -> str:
        """The id of its line."""
        return custom_id(self.call, self.request.samples)

    def line(self) -> RequestLine:
        """Return its line of a file; made when it is sent, for many wait at once."""
        return request_line(self.call, self.request.samples, self.path, self.body)

    def money_at_most(self) -> float:
        """Return what it may cost, about, with replies as long as they may be."""
        info, room = self.ticket.model.info, self.request.max_tokens * len(self.request.samples)
        if not (info.price_in or info.price_out):
            return 0.0
        return money(at_batch_price(info), prompt_estimate(self.request.messages), room)


class Ticket:
    """The way of one call: a model asks through it, and what came by which job is noted."""

    def __init__(
        self,
        model: BatchModel,
        made: Spent,
        hand_in: Callable[[Ticket, Request, str, dict[str, Any]], Awaitable[BatchResult]],
    ) -> None:
        self.model = model
        self.made = made
        self.sent = False
        """Whether anything went to the endpoint, in this run or an earlier one."""
        self.came: list[Line] = []
        """The lines that brought something."""
        self._hand_in = hand_in

    def counts(self, error: BaseException) -> bool:
        """Say whether a call that ended so was made: what was not waited for comes another time."""
        return self.sent and isinstance(error, Exception)

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Return the replies to a request, as a live call gives them."""
        return await self.model.ask_through(self, request)

    def call(self, request: Request) -> bytes:
        """Return the key of what is sent: a probe has one of its own."""
        return call_key(self.model.info, request)

    async def __call__(
        self, request: Request, path: str, body: dict[str, Any], _: int, /
    ) -> dict[str, Any]:
        """Return the JSON object that answers a body, as a client of the endpoint does."""
        result = await self._hand_in(self, request, path, body)
        return result.answer(host=self.model.batches.host)
