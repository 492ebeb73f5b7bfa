"""The batch API of an OpenAI-compatible endpoint: files, and the batches that are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_safescale.errors import EndpointRefused
from pytest_safescale.models.batch_endpoint import GONE, BatchState
from pytest_safescale.models.model import TransientFailure, as_mapping
from pytest_safescale.models.openai.answers import MESSAGE_CHARACTERS, Refusal
from pytest_safescale.text.escaping import shorten

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from pytest_safescale.models.openai.http import JsonClient

    T = TypeVar("T")

__all__ = ["OpenAIBatches"]

JOB = "safescale_job"
"""The key of a batch's metadata under which it can be found."""
MOST_PAGES = 50
"""Of the endpoint's list of batches, the newest first, of a hundred each."""
_UNKNOWN = (404, 405, 501)
"""Statuses of an endpoint that has no such path."""


class OpenAIBatches:
    """Files and batches behind one base URL."""

    def __init__(self, name: str, client: JsonClient) -> None:
        """``name`` is the model's, for messages."""
        self._name = name
        self._client = client

    @property
    def host(self) -> str:
        """Scheme, host and port: what may stand in a message."""
        return self._client.host

    async def upload(self, name: str, content: bytes) -> str:
        """Send a file of requests; return its id."""
        sent = self._client.upload("/files", {"purpose": "batch"}, name, content)
        return _id(await self._required(sent), "file")

    async def create(self, file: str, url: str, job: str) -> BatchState:
        """Make a batch of a file's requests, to be answered within a day."""
        wanted = {
            "input_file_id": file,
            "endpoint": url,
            "completion_window": "24h",
            "metadata": {JOB: job},
        }
        return _state(await self._required(self._client.post("/batches", wanted)))

    async def find(self, job: str) -> BatchState | None:
        """Return the batch that was made for a job; ``None`` where there is none."""
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._required(self._client.get(f"/batches?limit=100{after}"))
            listed = page.get("data")
            rows = [as_mapping(row) for row in listed] if isinstance(listed, list) else []
            for row in rows:
                if as_mapping(row.get("metadata")).get(JOB) == job:
                    return _state(row)
            if not rows or not page.get("has_more"):
                break
            after = f"&after={quote(_id(rows[-1], 'batch'), safe='')}"
        return None

    async def state(self, batch: str) -> BatchState:
        """Return how far a batch is; one that the endpoint does not know any more is gone."""
        try:
            return _state(await self._client.get(f"/batches/{quote(batch, safe='')}"))
        except Refusal as refusal:
            if refusal.status != 404:
                raise self._refused(refusal) from None
            return BatchState(id=batch, status=GONE, words=refusal.message)

    async def lines(self, file: str, take: Callable[[bytes], None]) -> None:
        """Hand over each line of a file of results; one that is gone has none."""
        try:
            await self._client.lines(f"/files/{quote(file, safe='')}/content", take)
        except Refusal as refusal:
            if refusal.status != 404:
                raise self._refused(refusal) from None

    async def _required(self, asked: Awaitable[T]) -> T:
        """Return what the batch API answers; where it refuses, no batch can be made."""
        try:
            return await asked
        except Refusal as refusal:
            raise self._refused(refusal) from None

    def _refused(self, refusal: Refusal) -> EndpointRefused:
        without = "; leave out --safescale-batch" if refusal.status in _UNKNOWN else ""
        words = "" if refusal.status == 401 else f": {refusal.message}"
        return EndpointRefused(
            f"{self._name}: {self.host} takes no batch (HTTP {refusal.status}{words}){without}"
        )


def _id(said: Any, what: str) -> str:
    found = as_mapping(said).get("id")
    if not isinstance(found, str) or not found:
        raise TransientFailure(f"the endpoint gave no id of a {what}")
    return found


def _state(said: Any) -> BatchState:
    """Return a batch as an endpoint describes it."""
    counts = as_mapping(said.get("request_counts"))
    code, words = _errors(said.get("errors"))
    named = (said.get("output_file_id"), said.get("error_file_id"))
    return BatchState(
        id=_id(said, "batch"),
        status=str(said.get("status")).lower(),  # some servers write it in capitals
        files=tuple(file for file in named if isinstance(file, str) and file),
        answered=sum(
            count for name in ("completed", "failed") if isinstance(count := counts.get(name), int)
        ),
        code=code,
        words=words,
    )


def _errors(errors: object) -> tuple[str, str]:
    """Return the code of the first error of a batch, and the words of all."""
    listed = as_mapping(errors).get("data")
    rows = [as_mapping(row) for row in listed] if isinstance(listed, list) else []
    words = "; ".join(str(row["message"]) for row in rows if row.get("message"))
    code = str(rows[0].get("code") or "") if rows else ""
    return code[:MESSAGE_CHARACTERS], shorten(words, MESSAGE_CHARACTERS)
