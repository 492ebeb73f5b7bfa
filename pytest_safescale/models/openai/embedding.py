"""An embedding model for dense retrieval, asked as any model is asked.

A batch of texts is one request and its vectors are one reply, so that embeddings are claimed,
stored, retried, paced and replayed as the answers are.
"""

from __future__ import annotations

import base64
import math
import sys
import time
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_safescale.errors import CallFailed
from pytest_safescale.models.model import (
    EndpointFacts,
    ModelInfo,
    Reply,
    Request,
    TransientFailure,
    as_mapping,
)
from pytest_safescale.models.openai.answers import Refusal
from pytest_safescale.models.openai.batch_api import OpenAIBatches
from pytest_safescale.models.openai.chat import explained, failure_in, whole_number
from pytest_safescale.models.openai.http_address import EMBEDDINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.models.batch_endpoint import BatchEndpoint
    from pytest_safescale.models.model import Exchange
    from pytest_safescale.models.openai.http import JsonClient

__all__ = ["OpenAIEmbedder", "embedding_request", "read_vectors"]

BYTES_OF_A_VECTOR = 2**20
"""Most bytes of an answer for each text; a vector of 4,096 numbers takes a tenth."""


class OpenAIEmbedder:
    """An embedding model behind ``/embeddings`` of an OpenAI-compatible endpoint."""

    def __init__(self, info: ModelInfo, client: JsonClient) -> None:
        self.info = replace(info, base_url=client.stated_url)
        self.facts = EndpointFacts()
        self._client = client

    async def ask(self, request: Request) -> Sequence[Reply]:
        """Make one round trip for a request of `embedding_request`; raises CallFailed."""
        return [await self._asked(self._at_once, request)]

    @property
    def batches(self) -> BatchEndpoint:
        """Where its batches are made."""
        return OpenAIBatches(self.info.name, self._client)

    async def ask_through(self, exchange: Exchange, request: Request) -> Sequence[Reply]:
        """Ask as `ask` does, by another way."""
        return [(await self._asked(exchange, request)).came_by_batch()]

    async def _at_once(
        self, _: Request, path: str, body: dict[str, Any], most_bytes: int
    ) -> dict[str, Any]:
        return await self._client.post(path, body, most_bytes=most_bytes)

    async def _asked(self, exchange: Exchange, request: Request) -> Reply:
        texts = [message["content"] for message in request.messages]
        start = time.perf_counter()
        try:
            body = {"model": self.info.model, "input": texts}
            answer = await exchange(request, EMBEDDINGS_PATH, body, BYTES_OF_A_VECTOR * len(texts))
        except Refusal as refusal:
            raise explained(refusal, self.info, self._client) from None
        if failure := failure_in(answer):
            raise TransientFailure(failure)
        return Reply(
            text=_packed(self._vectors(answer, len(texts))),
            served_model=str(answer.get("model") or ""),
            completion_tokens=0,
            prompt_tokens=whole_number(as_mapping(answer.get("usage")), "prompt_tokens") or None,
            latency_s=time.perf_counter() - start,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def _vectors(self, answer: dict[str, Any], wanted: int) -> list[array[float]]:
        try:
            vectors = _in_order(answer)
        except (TypeError, ValueError, OverflowError):
            raise CallFailed(f"{self._client.host} gave embeddings that are no numbers") from None
        lengths = sorted({len(vector) for vector in vectors})
        if len(vectors) != wanted or len(lengths) != 1 or lengths == [0]:
            raise CallFailed(
                f"{self._client.host} gave {len(vectors)} embeddings for {wanted} texts, "
                f"of lengths {lengths}"
            )
        return vectors


def embedding_request(texts: Sequence[str]) -> Request:
    """Return the request for the vectors of one or more texts."""
    messages = tuple({"role": "user", "content": text} for text in texts)
    return Request(messages=messages, temperature=0.0, max_tokens=0, seed=0)


def read_vectors(reply: Reply, count: int) -> list[array[float]]:
    """Return the ``count`` vectors of a reply, as 32-bit floats, in the order of their texts."""
    values = array("f", base64.b64decode(reply.text))
    if sys.byteorder == "big":
        values.byteswap()
    width = len(values) // count
    return [values[row * width : (row + 1) * width] for row in range(count)]


def _packed(vectors: Sequence[array[float]]) -> str:
    values = array("f")
    for vector in vectors:
        values.extend(vector)
    if sys.byteorder == "big":  # the store may be carried to another machine
        values.byteswap()
    return base64.b64encode(values.tobytes()).decode("ascii")


def _in_order(answer: dict[str, Any]) -> list[array[float]]:
    rows = answer.get("data")
    rows = [as_mapping(row) for row in rows] if isinstance(rows, list) else []
    ordered = sorted(rows, key=lambda row: whole_number(row, "index") or 0)
    found = (row.get("embedding") for row in ordered)
    vectors = [array("f", vector) for vector in found if isinstance(vector, list)]
    if not all(map(math.isfinite, (value for vector in vectors for value in vector))):
        raise ValueError("an embedding is not finite")
    return vectors
