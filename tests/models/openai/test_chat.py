"""Any OpenAI-compatible endpoint, met with all it can answer: a real server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import traceback
from typing import Any

import pytest
from aiohttp import web

from pytest_safescale.calls.rate_limits import endpoint_of
from pytest_safescale.calls.stored_replies import call_key
from pytest_safescale.errors import CallFailed, EndpointRefused
from pytest_safescale.models.model import (
    BatchRefused,
    EndpointFacts,
    ModelInfo,
    ParameterRefused,
    Reply,
    Request,
    ToolCall,
    ToolsRefused,
    TransientFailure,
    Unreachable,
)
from pytest_safescale.models.openai.chat import OpenAIModel
from pytest_safescale.models.openai.http import JsonClient, Refusal, Timeouts
from tests.servers import FAULTS, KEY, ChatServer, complaint

TOOLS = ({"type": "function", "function": {"name": "search"}},)


def request(**fields: Any) -> Request:
    given = {"temperature": 0.0, "max_tokens": 10, "seed": 42}
    return Request(messages=({"role": "user", "content": "Q"},), **{**given, **fields})


def model(url: str, *, key: str = KEY, timeout_s: float = 600.0, name: str = "m") -> OpenAIModel:
    info = ModelInfo(name="openai:m", provider="openai", model=name, base_url=url)
    return OpenAIModel(
        info, JsonClient(url, key=key, key_from="A_KEY", timeouts=Timeouts(exchange_s=timeout_s))
    )


async def adapted(asked: OpenAIModel, one: Request) -> list[Reply]:
    """Ask as callers do: once more for each parameter that the endpoint does not take."""
    while True:
        with contextlib.suppress(ParameterRefused):
            return list(await asked.ask(one))


def ask(asked: OpenAIModel, *requests: Request, at_once: bool = False) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        calls = [adapted(asked, one) for one in requests or (request(),)]
        try:
            found = await asyncio.gather(*calls) if at_once else [await call for call in calls]
            return [reply for replies in found for reply in replies]
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


SAID = {"message": {"content": "B"}, "finish_reason": "stop"}
FAILURES_IN_A_SUCCESS: list[tuple[dict[str, Any], str]] = [
    ({"error": {"message": "the backend is gone", "code": 502}}, "(502): the backend is gone"),
    ({"error": "the backend is gone"}, ": the backend is gone"),
    ({"error": {"code": "overloaded"}}, "(overloaded): no reason given"),
    ({"choices": [SAID], "error": {"message": "stopped half-way"}}, ": stopped half-way"),
    ({"choices": [{**SAID, "finish_reason": "error"}]}, "(error): no reason given"),
    ({"choices": [{**SAID, "finish_reason": "abort"}]}, "(abort): no reason given"),
    ({"choices": [{**SAID, "error": {"message": "gone", "code": 500}}]}, "(500): gone"),
    ({"choices": [{"error": {"message": "gone"}, "finish_reason": "error"}]}, "(error): gone"),
    ({"choices": [{**SAID, "finish_reason": "insufficient_system_resource"}]}, "resource"),
]


@pytest.mark.parametrize(("answer", "told"), FAILURES_IN_A_SUCCESS)
def test_a_failure_told_inside_a_success_is_transient_and_shows_the_server_s_words(
    answer: dict[str, Any], told: str
) -> None:
    with (
        ChatServer(response=lambda *_: web.json_response(answer)) as server,
        pytest.raises(TransientFailure) as caught,
    ):
        ask(model(server.url))
    assert "the server tells of an error" in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": {"message": "no such parameter: top_k", "code": 400}}, "such parameter: top_k"),
        ({"error": {"message": "insufficient credits", "code": "402"}}, "HTTP 402: insufficient"),
    ],
)
def test_a_refusal_told_inside_a_success_is_one_and_shows_the_server_s_words(
    answer: dict[str, Any], told: str
) -> None:
    with (
        ChatServer(response=lambda *_: web.json_response(answer)) as server,
        pytest.raises(Refusal, match=told),
    ):
        ask(model(server.url))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"object": "error", "message": "the worker is gone", "code": 50001}, "worker is gone"),
        ({"detail": "the worker is gone"}, "no choice: the worker is gone"),
        ({"id": "1"}, "no choice$"),
    ],
)
def test_words_in_the_place_of_choices_are_shown(answer: dict[str, Any], told: str) -> None:
    with (
        ChatServer(response=lambda *_: web.json_response(answer)) as server,
        pytest.raises(TransientFailure, match=told),
    ):
        ask(model(server.url))


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("System role not supported", True),
        ("Developer instruction: system messages are not enabled for models/gemma", True),
        ("this model does not support system prompts", True),
        ("the operating system has not enough memory", False),
    ],
)
def test_an_endpoint_without_system_messages_is_told_the_key_for_it(
    message: str, told: bool
) -> None:
    with ChatServer(response=lambda *_: complaint(400, message)) as server:
        error = EndpointRefused if told else Refusal
        with pytest.raises(error, match="system = false in" if told else message):
            ask(model(server.url))


def test_an_address_without_a_version_is_told_what_to_write() -> None:
    with (
        ChatServer() as server,
        pytest.raises(EndpointRefused, match=r"want /v1 .*: http://127\.0\.0\.1:\d+/v1$"),
    ):
        ask(model(server.url.removesuffix("/v1")))


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


@pytest.mark.parametrize(
    ("refused", "wanted", "error"),
    [("n", {"samples": (0, 1)}, BatchRefused), ("tools", {"tools": TOOLS}, ToolsRefused)],
)
def test_a_refused_feature_has_a_name(
    refused: str, wanted: dict[str, Any], error: type[Exception]
) -> None:
    with ChatServer(refuses=(refused,)) as server, pytest.raises(error):
        ask(model(server.url), request(**wanted))


REFUSALS = [
    # OpenAI, vLLM without a tool parser, Ollama, and llama.cpp old and new.
    ({"samples": (0, 1)}, 400, "n must be 1", "n", BatchRefused),
    (
        {"samples": (0, 1)},
        422,
        "[{'loc': ['body', 'n'], 'msg': 'not permitted'}]",
        "",
        BatchRefused,
    ),
    ({"samples": (0, 1)}, 501, "'n' is not implemented", "", BatchRefused),
    ({"samples": (0, 1)}, 500, "Only one completion choice is allowed", "", BatchRefused),
    ({"samples": (0, 1)}, 503, "n > 1 is not supported", "", BatchRefused),
    ({"samples": (0, 1)}, 500, "parameter 'n' must be 1", "", BatchRefused),
    ({"samples": (0, 1)}, 403, "multiple completions need another plan", "", BatchRefused),
    ({"samples": (0, 1)}, 400, "number of choices should be 1", "", BatchRefused),
    ({"samples": (0, 1)}, 200, "Only one completion choice is allowed", "", BatchRefused),
    ({}, 500, "Only one completion choice is allowed", "", TransientFailure),
    ({"samples": (0, 1)}, 500, "/v1/chat/completions: out of memory", "", TransientFailure),
    ({"samples": (0, 1)}, 503, "le serveur n'est pas disponible", "", TransientFailure),
    ({"samples": (0, 1)}, 503, "in chunk n of 3", "", TransientFailure),
    ({"samples": (0, 1)}, 400, "the prompt doesn't fit", "", Refusal),
    ({}, 400, "n must be 1", "n", Refusal),
    ({"tools": TOOLS}, 400, '"auto" tool choice requires a tool parser', "", ToolsRefused),
    ({"tools": TOOLS}, 400, "registry.ollama.ai/m does not support tools", "", ToolsRefused),
    ({"tools": TOOLS}, 500, "tools param requires --jinja flag", "", ToolsRefused),
    ({"tools": TOOLS}, 500, "Unsupported param: tools", "", ToolsRefused),
    ({"tools": TOOLS}, 500, "out of memory", "", TransientFailure),
    ({}, 500, "Unsupported param: tools", "", TransientFailure),
]


@pytest.mark.parametrize(("wanted", "status", "message", "param", "error"), REFUSALS)
def test_only_a_refusal_of_the_feature_itself_has_its_name(
    wanted: dict[str, Any], status: int, message: str, param: str, error: type[Exception]
) -> None:
    with ChatServer(response=lambda *_: complaint(status, message, param=param)) as server:
        asked = model(server.url)
        with pytest.raises(CallFailed) as caught:
            ask(asked, request(**wanted))
    assert type(caught.value) is error
    assert asked.facts.tools is (error is not ToolsRefused)
    assert asked.facts.batch == (1 if error is BatchRefused else None)


def test_requests_side_by_side_learn_together_what_is_refused() -> None:
    with ChatServer(refuses=("seed", "max_tokens")) as server:
        asked = model(server.url)

        async def many() -> None:
            await asyncio.gather(*(adapted(asked, request()) for _ in range(50)))
            await asked.aclose()

        asyncio.run(many())
    assert asked.facts == EndpointFacts(seed=False, max_tokens_name="max_completion_tokens")


def test_what_was_learned_outlives_the_model() -> None:
    with ChatServer(refuses=("seed", "max_tokens")) as server:
        first, second = model(server.url), model(server.url)
        ask(first)
        second.facts.update(json.loads(json.dumps(first.facts.as_dict())))
        before = server.calls
        ask(second)
        assert server.calls == before + 1


@pytest.mark.parametrize(
    ("message", "param", "learned"),
    [
        # The first is OpenAI's own, of its reasoning models.
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
            True,
        ),
        ("'max_tokens' is not supported, use 'max_completion_tokens'", "", True),
        ("max_tokens or max_completion_tokens is above 4096", "max_tokens", False),
    ],
)
def test_the_bound_of_the_reply_takes_the_name_the_endpoint_wants(
    message: str, param: str, learned: bool
) -> None:
    def refuse(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        return complaint(400, message, param=param) if "max_tokens" in payload else None

    with ChatServer(response=refuse) as server:
        asked = model(server.url)
        if learned:
            assert ask(asked)[0].text == "B"
            assert server.requests[-1]["max_completion_tokens"] == 10
        else:
            with pytest.raises(Refusal):
                ask(asked)
    assert (asked.facts.max_tokens_name == "max_completion_tokens") is learned


def test_a_refused_parameter_we_can_spare_is_left_out_from_then_on() -> None:
    with ChatServer(refuses=("seed",)) as server:
        asked = model(server.url)
        ask(asked, request(), request())
        assert asked.facts.seed is False
        assert ["seed" in payload for payload in server.requests] == [True, False, False]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_may_pass_is_a_transient_failure(fault: str) -> None:
    with ChatServer(fault=lambda _: fault) as server:
        asked = model(server.url, timeout_s=0.5 if fault in ("stall", "drip") else 600.0)
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
        pytest.raises(
            EndpointRefused, match=r"127\.0\.0\.1:\d+ refuses the key in A_KEY"
        ) as caught,
    ):
        ask(model(server.url))
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_missing_right_is_told_in_the_server_s_words_without_the_key() -> None:
    def forbid(_: web.Request, __: dict[str, Any]) -> web.Response:
        return complaint(403, f"{KEY} may not use this region")

    with (
        ChatServer(response=forbid) as server,
        pytest.raises(
            EndpointRefused,
            match=r"refuses the key in A_KEY \(HTTP 403: \[key\] may not use this region\)",
        ),
    ):
        ask(model(server.url))


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "messages.0.role: 'system' is not one of 'user', 'assistant'",
    ],
)
def test_an_endpoint_without_system_messages_is_told_with_the_key_that_helps(words: str) -> None:
    with (
        ChatServer(response=lambda *_: complaint(400, words)) as server,
        pytest.raises(EndpointRefused, match=r"takes no system message: .*; system = false in"),
    ):
        ask(model(server.url))


@pytest.mark.parametrize(
    ("status", "message", "more", "unknown"),
    [
        (404, "model 'llama3.1' not found", {}, True),
        (400, "The model `gpt-9` does not exist", {}, True),
        (400, "gpt-9 is not a valid model ID", {}, True),
        (400, "Invalid model name passed in model=gpt-9", {}, True),
        (400, "no", {"code": "model_not_found"}, True),
        (400, "Invalid value for temperature: not supported with this model", {}, False),
        (400, "The model produced invalid content", {}, False),
        (400, "This model's maximum context length is 8192 tokens", {}, False),
    ],
)
def test_an_unknown_model_stops_the_run_and_another_complaint_does_not(
    status: int, message: str, more: dict[str, Any], unknown: bool
) -> None:
    error = EndpointRefused if unknown else Refusal
    with (
        ChatServer(response=lambda *_: complaint(status, message, **more)) as server,
        pytest.raises(error),
    ):
        ask(model(server.url))


def test_a_spent_quota_stops_the_run() -> None:
    spent = complaint(429, "you exceeded it", type="insufficient_quota", code=429)
    with (
        ChatServer(response=lambda *_: spent) as server,
        pytest.raises(EndpointRefused, match="quota is spent: you exceeded it"),
    ):
        ask(model(server.url))


def test_an_unknown_model_is_named() -> None:
    with (
        ChatServer(model="other") as server,
        pytest.raises(EndpointRefused, match=r"does not know the model 'm'"),
    ):
        ask(model(server.url))


def test_any_other_refusal_fails_the_call_with_the_servers_words() -> None:
    with (
        ChatServer(refuses=("messages",)) as server,
        pytest.raises(Refusal, match="HTTP 400: unsupported parameter: messages"),
    ):
        ask(model(server.url))


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
