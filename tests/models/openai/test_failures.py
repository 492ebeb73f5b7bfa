"""What an endpoint fails at: what may pass, what fails the call, and what stops the run."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from aiohttp import web

from pytest_safescale.errors import EndpointRefused
from pytest_safescale.models.model import TransientFailure, Unreachable
from pytest_safescale.models.openai.answers import Refusal
from tests.models.openai.asking import SAID, ask, model
from tests.servers import FAULTS, KEY, ChatServer, complaint

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


@pytest.mark.parametrize("fault", FAULTS)
def test_what_may_pass_is_a_transient_failure(fault: str) -> None:
    with ChatServer(fault=lambda _: fault) as server:
        asked = model(server.url, timeout_s=0.5 if fault in ("stall", "drip") else 600.0)
        with pytest.raises(TransientFailure) as caught:
            ask(asked)
    assert not isinstance(caught.value, Unreachable)
    assert caught.value.retry_after_s == (0.2 if fault == "429 retry-after" else None)


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
