"""Any OpenAI-compatible endpoint, met with all it can answer: a real server on loopback."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pytest

from pytest_safescale.errors import CallFailed, EndpointRefused, SettingsError
from pytest_safescale.models.http import JsonClient, Refusal
from pytest_safescale.models.model import (
    BatchRefused,
    ModelInfo,
    Reply,
    Request,
    ToolCall,
    ToolsRefused,
    TransientFailure,
    Unreachable,
)
from pytest_safescale.models.openai import OpenAIEmbedder, OpenAIModel
from tests.servers import FAULTS, KEY, ChatServer

TOOLS = ({"type": "function", "function": {"name": "search"}},)


def request(**fields: Any) -> Request:
    given = {"temperature": 0.0, "max_tokens": 10, "seed": 42}
    return Request(messages=({"role": "user", "content": "Q"},), **{**given, **fields})


def model(url: str, *, key: str = KEY, timeout_s: float = 5.0, name: str = "m") -> OpenAIModel:
    info = ModelInfo(name="openai:m", provider="openai", model=name, base_url=url)
    return OpenAIModel(info, JsonClient(url, key=key, timeout_s=timeout_s))


def ask(asked: OpenAIModel, *requests: Request) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        try:
            return [reply for one in requests or (request(),) for reply in await asked.ask(one)]
        finally:
            await asked.aclose()

    return asyncio.run(all_of_them())


def test_a_reply_comes_with_all_that_is_known_about_it() -> None:
    with ChatServer() as server:
        reply = ask(model(server.url))[0]
    assert reply.latency_s is not None
    assert reply == Reply(
        text="B",
        served_model="m-served",
        fingerprint="fp_1",
        prompt_tokens=10,
        completion_tokens=2,
        latency_s=reply.latency_s,
    )


def test_what_is_sent_is_what_the_protocol_says() -> None:
    with ChatServer(key=KEY) as server:
        ask(model(f"{server.url}/"), request(samples=(3, 4), temperature=0.7))
    assert server.requests == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Q"}],
            "temperature": 0.7,
            "max_tokens": 10,
            "seed": 45,
            "n": 2,
        }
    ]


def test_tokens_of_several_samples_sum_to_what_was_counted() -> None:
    with ChatServer() as server:
        replies = ask(model(server.url), request(samples=(0, 1, 2)))
    assert [reply.prompt_tokens for reply in replies] == [10, 0, 0]
    assert sum(reply.completion_tokens for reply in replies) == 6


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "B"}, "B"),
        ({"content": None}, ""),
        ({"content": [{"type": "text", "text": "B"}, {"type": "other"}]}, "B"),
        ({"content": "B", "reasoning_content": "maybe C"}, "B"),
    ],
)
def test_content_is_read_in_every_form_servers_give_it(message: dict[str, Any], text: str) -> None:
    with ChatServer(lambda _: message) as server:
        assert ask(model(server.url))[0].text == text


def test_tool_calls_are_read() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}
    with ChatServer(lambda _: {"content": None, "tool_calls": [call]}) as server:
        reply = ask(model(server.url), request(tools=TOOLS))[0]
    assert reply.tool_calls == (ToolCall(id="c1", name="search", arguments="{}"),)


def test_fewer_choices_than_wanted_are_what_came() -> None:
    with ChatServer(most_choices=2) as server:
        assert len(ask(model(server.url), request(samples=(0, 1, 2, 3)))) == 2


@pytest.mark.parametrize(
    ("refused", "wanted", "error"),
    [("n", {"samples": (0, 1)}, BatchRefused), ("tools", {"tools": TOOLS}, ToolsRefused)],
)
def test_a_refused_feature_has_a_name(
    refused: str, wanted: dict[str, Any], error: type[Exception]
) -> None:
    with ChatServer(refuses=(refused,)) as server, pytest.raises(error):
        ask(model(server.url), request(**wanted))


def test_a_refused_parameter_we_can_spare_is_left_out_from_then_on() -> None:
    with ChatServer(refuses=("seed",)) as server:
        asked = model(server.url)
        ask(asked, request(), request())
        assert asked.facts.seed is False
        assert ["seed" in payload for payload in server.requests] == [True, False, False]


TRANSIENT = [fault for fault in FAULTS if fault != "length"]


@pytest.mark.parametrize("fault", TRANSIENT)
def test_what_may_pass_is_a_transient_failure(fault: str) -> None:
    with ChatServer(fault=lambda _: fault) as server:
        asked = model(server.url, timeout_s=0.5 if fault == "stall" else 5.0)
        with pytest.raises(TransientFailure) as caught:
            ask(asked)
    assert not isinstance(caught.value, Unreachable)
    assert caught.value.retry_after_s == (0.2 if fault == "429 retry-after" else None)


def test_a_reply_cut_at_its_limit_says_so() -> None:
    with ChatServer(fault=lambda _: "length") as server:
        assert ask(model(server.url))[0].finish_reason == "length"


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with ChatServer() as server:
        url = server.url
    with pytest.raises(Unreachable, match=r"no server answers at http://127\.0\.0\.1"):
        ask(model(url))


def test_a_refused_key_is_told_without_showing_it() -> None:
    with (
        ChatServer(key="another") as server,
        pytest.raises(EndpointRefused, match="refuses the key") as caught,
    ):
        ask(model(server.url))
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_an_unknown_model_is_named() -> None:
    with (
        ChatServer(model="other") as server,
        pytest.raises(EndpointRefused, match=r"does not know the model 'm'"),
    ):
        ask(model(server.url))


def test_any_other_refusal_fails_the_call_with_the_servers_words() -> None:
    with (
        ChatServer(refuses=("temperature",)) as server,
        pytest.raises(Refusal, match="HTTP 400: unsupported parameter: temperature"),
    ):
        ask(model(server.url))


@pytest.mark.parametrize("fault", [*TRANSIENT, "refused"])
def test_the_key_stands_in_no_message_and_no_repr(fault: str) -> None:
    key = None if fault != "refused" else "another"
    with ChatServer(fault=lambda _: fault, key=key) as server:
        asked = model(server.url, timeout_s=0.3)
        try:
            ask(asked)
        except CallFailed as failure:
            told = "".join(traceback.format_exception(failure))
        except EndpointRefused as refusal:
            told = "".join(traceback.format_exception(refusal))
    assert KEY not in told + repr(asked) + repr(asked._client) + repr(asked.info)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/v1", "allowed: http://"),
        ("host", "allowed: http://"),
        ("http://me:secret@host/v1", "keys belong in the environment"),
    ],
)
def test_an_unusable_base_url_is_named(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        JsonClient(url, key=KEY)
    assert "secret" not in str(caught.value)


def test_embeddings_come_back_in_the_order_of_their_texts() -> None:
    with ChatServer() as server:
        embedder = OpenAIEmbedder("e", JsonClient(server.url, key=KEY))

        async def embed() -> list[list[float]]:
            try:
                return await embedder.embed(["a", "bbb"])
            finally:
                await embedder._client.aclose()

        assert asyncio.run(embed()) == [[1.0, 1.0], [3.0, 1.0]]


def test_a_thousand_requests_are_in_flight_at_once() -> None:
    with ChatServer(delay_s=0.5) as server:
        asked = model(server.url, timeout_s=60)

        async def many() -> float:
            loop = asyncio.get_running_loop()
            start = loop.time()
            await asyncio.gather(*(asked.ask(request()) for _ in range(1000)))
            await asked.aclose()
            return loop.time() - start

        # One after another, or a hundred at a time, they would take 5 s and more.
        assert asyncio.run(many()) < 4.5
