"""The seam to an endpoint's batches: jobs whose requests are answered together, and later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GONE", "BatchEndpoint", "BatchState"]

GONE = "gone"
"""The state of a batch that its endpoint does not know any more; a word of ours."""
ENDED = ("completed", "failed", "expired", "cancelled", GONE)
"""The last states of a batch."""


@dataclass(frozen=True, kw_only=True)
class BatchState:
    """What an endpoint says of a batch."""

    id: str
    status: str
    """``validating``, ``in_progress``, ``finalizing``, ``cancelling``, or one of ``ENDED``."""
    files: tuple[str, ...] = ()
    """The files with what came: of replies, and of errors."""
    answered: int = 0
    """Requests that came to an end, well or not."""
    code: str = ""
    """Of the error for which the whole batch failed."""
    words: str = ""
    """What the endpoint says of that."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED


class BatchEndpoint(Protocol):
    """Makes batches and tells of them. Every method raises as a call does."""

    @property
    def host(self) -> str:
        """Scheme, host and port: what may stand in a message."""

    async def upload(self, name: str, content: bytes) -> str:
        """Send a file of requests; return its id."""

    async def create(self, file: str, url: str, job: str) -> BatchState:
        """Make a batch of a file's requests, which go to ``url``; it can be found by ``job``."""

    async def find(self, job: str) -> BatchState | None:
        """Return the batch that was made for a job; ``None`` where there is none."""

    async def state(self, batch: str) -> BatchState:
        """Return how far a batch is."""

    async def lines(self, file: str, take: Callable[[bytes], None]) -> None:
        """Hand over each line of a file of results."""
