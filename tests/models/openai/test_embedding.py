"""An embedding model behind an endpoint: vectors in the order of their texts, or a failed call."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from pytest_safescale.errors import CallFailed, EndpointRefused
from pytest_safescale.models.model import ModelInfo, Reply, TransientFailure
from pytest_safescale.models.openai.embedding import OpenAIEmbedder, embedding_request, read_vectors
from pytest_safescale.models.openai.http import JsonClient, Timeouts
from tests.servers import KEY, ChatServer, complaint


def embed(url: str, *texts: str) -> Reply:
    async def embedded() -> Reply:
        client = JsonClient(url, key=KEY, key_from="A_KEY", timeouts=Timeouts(exchange_s=600))
        info = ModelInfo(name="openai:e", provider="openai embeddings", model="e", base_url=url)
        embedder = OpenAIEmbedder(info, client)
        try:
            return (await embedder.ask(embedding_request(texts)))[0]
        finally:
            await embedder.aclose()

    return asyncio.run(embedded())


def test_embeddings_come_back_in_the_order_of_their_texts() -> None:
    with ChatServer() as server:
        reply = embed(server.url, "a", "bbb")
    assert [list(vector) for vector in read_vectors(reply, 2)] == [[1.0, 1.0], [3.0, 1.0]]
    assert (reply.prompt_tokens, reply.completion_tokens) == (2, 0)


def test_embeddings_without_usage_have_an_unknown_number_of_tokens() -> None:
    with ChatServer(usage=None) as server:
        reply = embed(server.url, "a", "bbb")
    assert (reply.prompt_tokens, reply.completion_tokens) == (None, 0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1.0]], "1 embeddings for 2 texts"),
        ([[1.0], [1.0, 2.0]], r"of lengths \[1, 2\]"),
        ([[], []], r"of lengths \[0\]"),
        ([["one"], [2.0]], "no numbers"),
        ([[float("nan")], [2.0]], "no numbers"),
        ([[1e300], [2.0]], "no numbers"),
        ([None, None], "0 embeddings for 2 texts"),
    ],
)
def test_embeddings_that_do_not_fit_together_fail_the_call(rows: list[Any], said: str) -> None:
    def answer(*_: object) -> web.Response:
        return web.json_response({"data": [{"index": 0, "embedding": row} for row in rows]})

    with ChatServer(response=answer) as server, pytest.raises(CallFailed, match=said):
        embed(server.url, "a", "b")


def test_an_endpoint_refuses_the_key_of_embeddings_too() -> None:
    with (
        ChatServer(response=lambda *_: complaint(401, "no")) as server,
        pytest.raises(EndpointRefused, match=r"openai:e: .* refuses the key in A_KEY"),
    ):
        embed(server.url, "a")


def test_a_busy_endpoint_may_be_asked_again() -> None:
    with (
        ChatServer(response=lambda *_: complaint(503, "busy")) as server,
        pytest.raises(TransientFailure, match="HTTP 503: busy"),
    ):
        embed(server.url, "a")


def test_a_failure_told_inside_a_success_may_pass_too() -> None:
    answer = {"error": {"message": "the backend is gone", "code": 502}}
    with (
        ChatServer(response=lambda *_: web.json_response(answer)) as server,
        pytest.raises(TransientFailure, match="the backend is gone"),
    ):
        embed(server.url, "a")
