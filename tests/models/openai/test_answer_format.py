"""Structured output: asked for, probed, held to, ignored and refused, by servers on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.stored_replies import call_key
from pytest_safescale.errors import EndpointRefused
from pytest_safescale.models.model import ModelInfo, ParameterRefused, Reply, Request
from pytest_safescale.models.openai.answer_format import PROBE
from pytest_safescale.models.openai.chat import OpenAIModel
from pytest_safescale.models.openai.http import JsonClient
from pytest_safescale.models.openai.request_shape import RequestShape
from tests.servers import ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

LETTERS = ("A", "B", "C")
ALLOWED = [*LETTERS, "abstain"]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"letter": {"type": "string", "enum": ALLOWED}},
            "required": ["letter"],
            "additionalProperties": False,
        },
    },
}
CHOICES = ("structured_outputs", "guided_choice", "grammar")
WEATHER = "It is raining again."


def request(letters: tuple[str, ...] = LETTERS, **fields: Any) -> Request:
    given: dict[str, Any] = {"temperature": 0.0, "max_tokens": 10, "seed": 42}
    asked = ({"role": "user", "content": "Q"},)
    return Request(messages=asked, letters=letters, **{**given, **fields})


def model(url: str, kind: str | None) -> OpenAIModel:
    info = ModelInfo(name="m", provider="openai", model="m", base_url=url)
    return OpenAIModel(info, JsonClient(url, key=""), RequestShape(answer_format=kind))


def ask(asked: OpenAIModel, *requests: Request) -> list[Reply]:
    async def adapted(one: Request) -> Reply:
        while True:
            with contextlib.suppress(ParameterRefused):
                return (await asked.ask(one))[0]

    async def all_of_them() -> list[Reply]:
        try:
            return list(await asyncio.gather(*map(adapted, requests)))
        finally:
            await asked.aclose()

    return asyncio.run(all_of_them())


def honours(*parameters: str, letter: str = "B") -> Callable[[dict[str, Any]], str]:
    """Return a server's answers: in the format of these parameters, else in free words."""

    def answer(payload: dict[str, Any]) -> str:
        if not any(name in payload for name in parameters):
            return WEATHER
        return json.dumps({"letter": letter}) if "response_format" in payload else letter

    return answer


def is_probe(payload: dict[str, Any]) -> bool:
    return bool(payload["messages"] == list(PROBE))


def test_an_endpoint_is_probed_once_and_then_asked_with_a_schema_of_the_letters() -> None:
    with ChatServer(honours("response_format")) as server:
        asked = model(server.url, "json")
        replies = ask(asked, request(), request(seed=43), request(seed=44))
        assert [reply.text for reply in replies] == ['{"letter": "B"}'] * 3
        assert [is_probe(payload) for payload in server.requests] == [True, False, False, False]
        assert all(payload["response_format"] == SCHEMA for payload in server.requests)
    assert asked.facts.answer_format == "response_format"


@pytest.mark.parametrize("honoured", CHOICES)
def test_the_parameters_of_servers_are_tried_in_their_order(honoured: str) -> None:
    with ChatServer(honours(honoured)) as server:
        asked = model(server.url, "choice")
        assert [reply.text for reply in ask(asked, request(), request(seed=43))] == ["B", "B"]
        probes = [payload for payload in server.requests if is_probe(payload)]
        tried = [next(name for name in CHOICES if name in payload) for payload in probes]
        assert tried == list(CHOICES[: CHOICES.index(honoured) + 1])
        assert server.calls == len(probes) + 2
        values = {
            "structured_outputs": {"choice": ALLOWED},
            "guided_choice": ALLOWED,
            "grammar": 'root ::= "A" | "B" | "C" | "abstain"',
        }
        assert server.requests[-1][honoured] == values[honoured]
        assert [name for name in CHOICES if name in server.requests[-1]] == [honoured]


def test_a_refused_parameter_is_no_end_where_another_is_held_to() -> None:
    with ChatServer(honours("grammar"), refuses=("structured_outputs", "guided_choice")) as server:
        assert ask(model(server.url, "choice"), request())[0].text == "B"
        assert server.calls == 4


REFUSED = 'm: answer_format = "{}" is not held to: the endpoint {}. Without answer_format the '


@pytest.mark.parametrize(
    ("kind", "refuses", "answer", "told", "calls"),
    [
        (
            "json",
            ("response_format",),
            "B",
            "refuses response_format (unsupported parameter: response_format)",
            1,
        ),
        (
            "json",
            (),
            "B",
            "takes response_format and does not hold to it (it replied 'B')",
            1,
        ),
        (
            "json",
            (),
            '{"letter": "D"}',
            'takes response_format and does not hold to it (it replied \'{"letter": "D"}\')',
            1,
        ),
        (
            "choice",
            ("structured_outputs", "grammar"),
            WEATHER,
            "refuses structured_outputs (unsupported parameter: structured_outputs); it takes "
            f"guided_choice and does not hold to it (it replied '{WEATHER}'); it refuses grammar "
            "(unsupported parameter: grammar)",
            3,
        ),
    ],
)
def test_a_format_that_is_refused_or_ignored_ends_with_a_sentence(
    kind: str, refuses: tuple[str, ...], answer: str, told: str, calls: int
) -> None:
    with ChatServer(lambda _: answer, refuses=refuses) as server:
        asked = model(server.url, kind)
        with pytest.raises(EndpointRefused) as refused:
            ask(asked, request(), request(seed=43))
        assert str(refused.value).startswith(REFUSED.format(kind, told))
        assert server.calls == calls
        assert all(map(is_probe, server.requests))


def test_a_parameter_that_is_refused_beside_the_format_is_learned_and_the_format_probed() -> None:
    with ChatServer(honours("response_format"), refuses=("seed",)) as server:
        asked = model(server.url, "json")
        assert ask(asked, request())[0].text == '{"letter": "B"}'
        assert server.calls == 3
        assert ["seed" in payload for payload in server.requests] == [True, False, False]


def test_a_server_that_knows_no_such_model_is_told_as_that() -> None:
    def unknown(_: web.Request, __: dict[str, Any]) -> web.Response:
        return complaint(404, "the model m does not exist", code="model_not_found")

    with ChatServer(response=unknown) as server, pytest.raises(EndpointRefused) as refused:
        ask(model(server.url, "json"), request())
    assert "does not know the model 'm'" in str(refused.value)


def test_hidden_reasoning_before_the_format_does_not_count_against_it() -> None:
    def thinking(payload: dict[str, Any]) -> str:
        return f"<think>The weather?</think>\n{honours('response_format')(payload)}"

    with ChatServer(thinking) as server:
        ask(model(server.url, "json"), request())
        assert server.calls == 2


def test_an_agent_s_turn_and_a_model_without_a_format_are_asked_as_ever() -> None:
    with ChatServer() as server:
        ask(model(server.url, "json"), request(letters=()))
        ask(model(server.url, None), request())
        assert server.calls == 2
        assert not any("response_format" in payload for payload in server.requests)


def test_a_stored_reply_counts_for_its_own_format_and_letters_alone() -> None:
    infos = [model("http://127.0.0.1:1/v1", kind).info for kind in (None, "json", "choice")]
    keys = {call_key(info, request()) for info in infos}
    assert len(keys) == 3
    assert call_key(infos[1], request()) != call_key(infos[1], request(letters=("A", "B")))
    assert call_key(infos[0], request()) == call_key(infos[0], request(letters=("A", "B")))
