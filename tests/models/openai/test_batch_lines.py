"""Requests as lines of a batch file, and results read as a live call reads its answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_safescale.models.model import (
    BatchModel,
    BatchRefused,
    ModelInfo,
    ParameterRefused,
    TransientFailure,
)
from pytest_safescale.models.openai import batch_lines
from pytest_safescale.models.openai.answers import Refusal
from pytest_safescale.models.openai.batch_lines import (
    batch_files,
    custom_id,
    read_custom_id,
    read_result,
    request_line,
)
from pytest_safescale.models.openai.embedding import (
    OpenAIEmbedder,
    embedding_request,
    read_vectors,
)
from pytest_safescale.models.openai.http import JsonClient
from pytest_safescale.models.redacted import guarded
from pytest_safescale.text.redaction import Redactor
from tests.models.openai.asking import TOOLS, ask, model, request
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from pytest_safescale.models.model import Reply, Request

CALL = bytes(range(32))


class Noting:
    """An exchange that notes the line of each request and gives a result in answer."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.lines: list[dict[str, Any]] = []
        self.result = result

    async def __call__(
        self, request: Request, path: str, body: dict[str, Any], most_bytes: int
    ) -> dict[str, Any]:
        line = request_line(CALL, request.samples, path, body)
        self.lines.append(json.loads(line.text))
        said = {"id": "1", "custom_id": line.custom_id, **self.result}
        return read_result(json.dumps(said)).answer(host="http://here")


def through(exchange: Noting, asked: BatchModel, one: Request) -> list[Reply]:
    return list(asyncio.run(asked.ask_through(exchange, one)))


def answered(body: object, status: int = 200) -> dict[str, Any]:
    return {"response": {"status_code": status, "request_id": "r", "body": body}, "error": None}


COMPLETION: dict[str, Any] = {
    "model": "m-served",
    "system_fingerprint": "fp_1",
    "choices": [{"message": {"content": letter}, "finish_reason": "stop"} for letter in "BC"],
    "usage": {"prompt_tokens": 10, "completion_tokens": 4},
}


def test_a_line_holds_what_a_live_call_sends_and_its_result_gives_what_that_gave() -> None:
    wanted = request(samples=(3, 4), temperature=0.7, tools=TOOLS)
    with ChatServer(lambda _: "B") as server:
        asked = model(server.url)
        live = ask(asked, wanted)
    (body,) = server.requests
    same = {**COMPLETION, "choices": [COMPLETION["choices"][0]] * 2}
    exchange = Noting(answered(same))
    replies = through(exchange, asked, wanted)
    assert exchange.lines == [
        {
            "custom_id": custom_id(CALL, (3, 4)),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": body,
        }
    ]
    assert replies == [replace(reply, latency_s=None, by_batch=True) for reply in live]


def test_texts_to_embed_are_a_line_too() -> None:
    info = ModelInfo(name="e", provider="openai embeddings", model="e", base_url="http://here")
    asked = OpenAIEmbedder(info, JsonClient("http://here", key=KEY))
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    exchange = Noting(answered({"data": rows, "usage": {"prompt_tokens": 7}}))
    (reply,) = through(exchange, asked, embedding_request(["a", "b"]))
    assert exchange.lines[0]["url"] == "/v1/embeddings"
    assert exchange.lines[0]["body"] == {"model": "e", "input": ["a", "b"]}
    assert [list(vector) for vector in read_vectors(reply, 2)] == [[1.0], [2.0]]
    assert (reply.prompt_tokens, reply.latency_s, reply.by_batch) == (7, None, True)


def refused(message: str, **more: str) -> dict[str, Any]:
    return answered({"error": {"message": message, **more}}, 400)


def test_a_refused_parameter_is_learned_as_from_a_live_call() -> None:
    asked = model("http://here")
    with pytest.raises(ParameterRefused):
        through(Noting(refused("no", param="seed")), asked, request())
    exchange = Noting(answered(COMPLETION))
    through(exchange, asked, request())
    assert "seed" not in exchange.lines[0]["body"]


def test_several_samples_refused_are_known_to_be() -> None:
    asked = model("http://here")
    with pytest.raises(BatchRefused):
        through(Noting(refused("n must be 1")), asked, request(samples=(0, 1)))
    assert asked.facts.batch == 1


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (answered({"error": {"message": "too long"}}, 400), Refusal, "HTTP 400: too long"),
        (answered({"error": "slow"}, 429), TransientFailure, "HTTP 429: slow"),
        (answered(None, 500), TransientFailure, "HTTP 500: no reason given"),
        (answered([], 200), TransientFailure, "no JSON object"),
        (
            {"response": None, "error": {"code": "batch_expired", "message": "not in time"}},
            TransientFailure,
            "http://here did not answer in a batch: batch_expired: not in time",
        ),
        # As vLLM's run-batch tells of an error.
        (
            {"response": {"status_code": 400}, "error": {"error": {"message": "too long"}}},
            Refusal,
            "HTTP 400: too long",
        ),
        ({"error": "lost"}, TransientFailure, "did not answer in a batch: lost"),
    ],
)
def test_an_error_means_what_it_means_in_a_live_call(
    result: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        through(Noting(result), model("http://here"), request())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"custom_id": "x", "respo', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("7", "no custom_id"),
        ('{"custom_id": 7, "response": {}}', "no custom_id"),
        ('{"custom_id": "x"}', "neither a response nor an error"),
        ('{"custom_id": "x", "method": "POST", "body": {}}', "a request, and no result"),
        ('{"custom_id": "\\ud800", "response": {}}', "none that an export writes"),
        ('{"custom_id": "x", "response": {"status_code": "200", "body": {}}}', "whole number"),
    ],
)
def test_what_is_no_line_of_results_is_told(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_result(line)


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 99), min_size=1, max_size=20))
def test_an_id_names_call_and_samples(call: bytes, samples: set[int]) -> None:
    named = custom_id(call, sorted(samples))
    assert read_custom_id(named) == (call, tuple(sorted(samples)))


def test_an_id_is_short_and_of_plain_characters() -> None:
    assert custom_id(CALL, range(20)).endswith("_0-19")
    assert custom_id(CALL, (3, 7, 8, 9)).endswith("_3_7-9")
    assert len(custom_id(CALL, range(20))) <= 64


@pytest.mark.parametrize(
    "text",
    [
        *("", "request-1", "x" * 43, "x" * 43 + "_", "x" * 43 + "_9-8", "é" * 43 + "_0", "_0"),
        *("A" * 43 + "_٣", "A" * 43 + "_0-999999" * 1000),
    ],
)
def test_an_id_of_somebody_else_names_nothing(text: str) -> None:
    assert read_custom_id(text) is None


def line_of(number: int, *, name: str = "m", **body: Any) -> batch_lines.RequestLine:
    path = "/embeddings" if "input" in body else "/chat/completions"
    return request_line(CALL, (number,), path, {"model": name, **body})


def test_a_file_holds_one_model_and_one_path_within_the_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_lines, "MOST_REQUESTS", 3)
    lines = [line_of(n, name=name) for n in range(4) for name in "ab"]
    lines += [line_of(n, input=["x", "y"]) for n in range(2)]
    files = list(batch_files(lines))
    assert [(file.model, file.url, len(file.lines)) for file in files] == [
        ("a", "/v1/chat/completions", 3),
        ("b", "/v1/chat/completions", 3),
        # Two requests of two texts each are more than three.
        ("m", "/v1/embeddings", 1),
        ("a", "/v1/chat/completions", 1),
        ("b", "/v1/chat/completions", 1),
        ("m", "/v1/embeddings", 1),
    ]
    assert files[0].content == b"".join(lines[n].text for n in (0, 2, 4))


def test_a_file_is_no_longer_than_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line_of(n) for n in range(5)]
    monkeypatch.setattr(batch_lines, "MOST_BYTES", 2 * len(lines[0].text))
    files = list(batch_files(lines))
    assert [len(file.content) for file in files] == [file.size for file in files]
    assert [len(file.lines) for file in files] == [2, 2, 1]


def test_keys_stay_out_of_what_comes_by_batch() -> None:
    asked = guarded(model("http://here"), Redactor([KEY]))
    assert isinstance(asked, BatchModel)
    said = {"choices": [{"message": {"content": f"B {KEY}"}}]}
    (reply,) = through(Noting(answered(said)), asked, request())
    assert KEY not in reply.text
    assert reply.by_batch
    with pytest.raises(Refusal) as caught:
        through(Noting(refused(f"bad {KEY}")), asked, request())
    assert KEY not in str(caught.value)
