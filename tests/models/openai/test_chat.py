"""Any OpenAI-compatible endpoint: what it is sent, and its replies in every form they come in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.calls.stored_replies import call_key
from pytest_safescale.models.model import Reply, ToolCall
from tests.models.openai.asking import SAID, TOOLS, ask, model, request
from tests.servers import KEY, ChatServer


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


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("HTTPS://Model.Example/v1/", True),
        ("https://model.example:443/v1", True),
        ("https://model.example/v1//", True),
        ("https://model.example/v2/../v1", True),
        ("http://model.example/v1", False),
        ("https://model.example:8443/v1", False),
        ("https://model.example/V1", False),
        ("https://other.example/v1", False),
    ],
)
def test_an_endpoint_is_known_by_its_address_however_that_is_written(
    written: str, same: bool
) -> None:
    one, other = model("https://model.example/v1"), model(written)
    assert (one.info.base_url == other.info.base_url) is same
    # Under this name its limits and what it refuses are kept.
    assert (endpoint_of(one) == endpoint_of(other)) is same
    assert (call_key(one.info, request()) == call_key(other.info, request())) is same


def test_tokens_of_several_samples_sum_to_what_was_counted() -> None:
    with ChatServer() as server:
        replies = ask(model(server.url), request(samples=(0, 1, 2)))
    assert [reply.prompt_tokens for reply in replies] == [10, 0, 0]
    assert [reply.completion_tokens for reply in replies] == [2, 2, 2]


UNUSABLE = [0, -1, 1.5, 10**30, 10**9, True, "12", None, [3], float("nan")]


@pytest.mark.parametrize("number", UNUSABLE, ids=repr)
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_a_number_of_tokens_that_cannot_be_true_is_unknown(name: str, number: object) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 6, name: number}
    with ChatServer(usage=usage) as server:
        replies = ask(model(server.url), request(samples=(0, 1, 2)))
    told = {
        # The three shared one prompt, which was paid for once.
        "prompt_tokens": [10, 0, 0],
        "completion_tokens": [2, 2, 2],
        name: [None, 0, 0] if name == "prompt_tokens" else [None, None, None],
    }
    assert {name: [getattr(reply, name) for reply in replies] for name in told} == told


@pytest.mark.parametrize("usage", [None, "none", [], {}])
def test_usage_that_is_missing_is_unknown_and_never_zero(usage: object) -> None:
    with ChatServer(usage=usage) as server:
        reply = ask(model(server.url))[0]
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("B", None, None)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "B"}, "B"),
        ({"content": None}, ""),
        ({"content": [{"type": "text", "text": "B"}, {"type": "other"}]}, "B"),
        ({"content": "B", "reasoning_content": "maybe C"}, "B"),
        ({"content": [{"type": "reasoning", "text": "C?"}, {"type": "text", "text": "B"}]}, "B"),
        ({"content": "B \ud83d"}, "B ?"),
    ],
)
def test_content_is_read_in_every_form_servers_give_it(message: dict[str, Any], text: str) -> None:
    with ChatServer(lambda _: message) as server:
        assert ask(model(server.url))[0].text == text


@pytest.mark.parametrize(
    ("message", "reasoning", "refusal"),
    [
        # vLLM, SGLang and DeepSeek; OpenRouter, and its details alone; Ollama; Mistral; Anthropic.
        ({"content": "", "reasoning_content": "maybe C"}, "maybe C", ""),
        ({"content": None, "reasoning": "maybe C"}, "maybe C", ""),
        ({"reasoning_details": [{"type": "reasoning.text", "text": "maybe C"}]}, "maybe C", ""),
        ({"reasoning_details": [{"summary": "maybe C"}], "content": ""}, "maybe C", ""),
        ({"content": "", "thinking": "maybe C"}, "maybe C", ""),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "maybe C"}]}]},
            "maybe C",
            "",
        ),
        ({"content": [{"type": "thinking", "thinking": "maybe C"}]}, "maybe C", ""),
        ({"content": "", "reasoning": {"text": "maybe C"}}, "maybe C", ""),
        ({"content": None, "refusal": "I cannot help."}, "", "I cannot help."),
        ({"content": [{"type": "refusal", "refusal": "I cannot help."}]}, "", "I cannot help."),
        ({"content": None, "reasoning": None, "refusal": None}, "", ""),
        ({"content": "", "reasoning_content": 7, "refusal": ["a", {"text": "b"}]}, "", "ab"),
    ],
)
def test_hidden_reasoning_and_refusals_are_kept_beside_the_text(
    message: dict[str, Any], reasoning: str, refusal: str
) -> None:
    with ChatServer(lambda _: message) as server:
        reply = ask(model(server.url))[0]
    assert (reply.text, reply.reasoning, reply.refusal) == ("", reasoning, refusal)


def test_of_several_choices_those_that_came_to_an_end_are_replies() -> None:
    choices = [SAID, {**SAID, "finish_reason": "error"}, SAID]
    answer = {"choices": choices, "error": None}
    with ChatServer(response=lambda *_: web.json_response(answer)) as server:
        replies = ask(model(server.url), request(samples=(0, 1, 2)))
    assert [reply.text for reply in replies] == ["B", "B"]


@pytest.mark.parametrize("arguments", ['{"query": "x"}', {"query": "x"}])
def test_tool_calls_are_read(arguments: object) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": arguments}}
    with ChatServer(lambda _: {"content": None, "tool_calls": [call]}) as server:
        reply = ask(model(server.url), request(tools=TOOLS))[0]
    assert reply.tool_calls == (ToolCall(id="c1", name="search", arguments='{"query": "x"}'),)


def test_fewer_choices_than_wanted_are_what_came() -> None:
    with ChatServer(most_choices=2) as server:
        assert len(ask(model(server.url), request(samples=(0, 1, 2, 3)))) == 2


def test_a_reply_cut_at_its_limit_says_so() -> None:
    with ChatServer(fault=lambda _: "length") as server:
        assert ask(model(server.url))[0].finish_reason == "length"


def test_a_thousand_requests_are_in_flight_at_once() -> None:
    arrived, everyone = 0, asyncio.Event()

    async def together(*_: object) -> web.Response:
        # One after another, or a hundred at a time, none of them would ever be answered.
        nonlocal arrived
        arrived += 1
        if arrived == 1000:
            everyone.set()
        await everyone.wait()
        return web.json_response({"choices": [{"message": {"content": "B"}}]})

    with ChatServer(response=together) as server:
        assert len(ask(model(server.url, timeout_s=120), *[request()] * 1000, at_once=True)) == 1000
