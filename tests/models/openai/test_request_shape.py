"""What a model's table changes of its requests, against a server that shows what it was sent."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.calls.stored_replies import call_key
from pytest_safescale.errors import EndpointRefused, SettingsError
from pytest_safescale.models.build import build_model
from pytest_safescale.models.model import ParameterRefused, Request
from pytest_safescale.models.openai.request_shape import without_system
from pytest_safescale.settings.resolve import resolve_settings
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web

    from pytest_safescale.models.model import Model, Reply

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Q"}
SINGLE = Request(messages=(SYSTEM, USER), temperature=0.0, max_tokens=10, seed=42)
SAMPLES = Request(
    messages=(SYSTEM, USER), temperature=0.7, max_tokens=10, seed=42, samples=(3, 4, 5)
)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Model]:
    """Build the model of a table."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def build(url: str, **table: Any) -> Model:
        whole = {"provider": "openai", "model": "m", "base_url": url, **table}
        return build_model("m", resolve_settings({}, {"models": {"m": whole}}), root=tmp_path)

    return build


def ask(model: Model, *requests: Request) -> list[Reply]:
    async def all_of_them() -> list[Reply]:
        replies: list[Reply] = []
        try:
            for request in requests:
                asked = False
                while not asked:
                    with contextlib.suppress(ParameterRefused):
                        replies += await model.ask(request)
                        asked = True
            return replies
        finally:
            await model.aclose()

    return asyncio.run(all_of_them())


def sent(server: ChatServer, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(payload.get(name) for name in names) for payload in server.requests]


@pytest.mark.parametrize(
    ("table", "single", "samples"),
    [
        ({}, (0.0, 42, 10), (0.7, 45, 10)),
        ({"temperature": 0.6}, (0.6, 42, 10), (0.7, 45, 10)),
        ({"temperature_samples": 1.0}, (0.0, 42, 10), (1.0, 45, 10)),
        ({"temperature": 0, "seed": 7}, (0.0, 7, 10), (0.7, 10, 10)),
        ({"omit": ["temperature"]}, (None, 42, 10), (None, 45, 10)),
        ({"omit": ["seed", "max_tokens", "temperature"]}, (None,) * 3, (None,) * 3),
    ],
)
def test_decoding_is_what_the_table_sets_or_leaves_out(
    built: Callable[..., Model], table: dict[str, Any], single: Any, samples: Any
) -> None:
    with ChatServer() as server:
        ask(built(server.url, **table), SINGLE, SAMPLES)
        assert sent(server, "temperature", "seed", "max_tokens") == [single, samples]
    told = {name: value for name, value in table.items() if value is not None}
    assert built("http://host/v1", **table).info.shaping == told


def test_further_parameters_stand_in_every_request(built: Callable[..., Model]) -> None:
    body = {"top_k": 20, "chat_template_kwargs": {"enable_thinking": False}}
    with ChatServer() as server:
        ask(built(server.url, extra_body=body), SINGLE, SAMPLES)
        assert sent(server, *body) == [tuple(body.values())] * 2


@pytest.mark.parametrize("system", [True, False])
def test_a_system_message_begins_the_user_s_where_the_endpoint_takes_none(
    built: Callable[..., Model], system: bool
) -> None:
    with ChatServer() as server:
        ask(built(server.url, system=system), SINGLE)
        (payload,) = server.requests
    merged = [{"role": "user", "content": "Be brief.\n\nQ"}]
    assert payload["messages"] == ([SYSTEM, USER] if system else merged)


@pytest.mark.parametrize(
    ("messages", "merged"),
    [
        ([USER], [USER]),
        ([SYSTEM], [{"role": "user", "content": "Be brief."}]),
        (
            [SYSTEM, USER, {"role": "assistant", "content": "A"}, USER],
            [
                {"role": "user", "content": "Be brief.\n\nQ"},
                {"role": "assistant", "content": "A"},
                USER,
            ],
        ),
    ],
)
def test_nothing_of_a_conversation_is_lost_without_system_messages(
    messages: list[dict[str, Any]], merged: list[dict[str, Any]]
) -> None:
    assert without_system(messages) == merged


@pytest.mark.parametrize(
    ("table", "same"),
    [
        ({"extra_body": {"top_k": 20}}, False),
        ({"temperature": 0.6}, False),
        ({"temperature_samples": 0.9}, False),
        ({"omit": ["seed"]}, False),
        ({"seed": 7}, False),
        ({"system": False}, False),
        ({"system": True, "extra_body": {}, "omit": []}, True),
        ({"headers": {"X-Org": "one"}, "query": {"api-version": "2024-10-21"}}, True),
        ({"timeout_s": 5, "connect_timeout_s": 1, "read_timeout_s": 2}, True),
        ({"api_key_header": "api-key"}, True),
    ],
)
def test_what_shapes_a_reply_is_part_of_its_identity_and_nothing_else_is(
    built: Callable[..., Model], table: dict[str, Any], same: bool
) -> None:
    plain, changed = (built("http://host/v1", **more).info for more in ({}, table))
    for request in (SINGLE, SAMPLES):
        assert (call_key(plain, request) == call_key(changed, request)) is same


REFUSES_TEMPERATURE: list[tuple[str, str, bool, bool]] = [
    # OpenAI of its reasoning models; Moonshot; a model that wants more than 0; LiteLLM.
    (
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) "
        "value is supported.",
        "temperature",
        True,
        True,
    ),
    ("invalid temperature: only 1 is allowed for this model", "", True, True),
    ("`temperature` must be strictly positive", "", True, False),
    ("m does not support parameters: ['temperature']", "", True, True),
]


@pytest.mark.parametrize(("message", "param", "zero", "above"), REFUSES_TEMPERATURE)
def test_a_refused_temperature_is_left_out_where_it_was_refused(
    built: Callable[..., Model], message: str, param: str, zero: bool, above: bool
) -> None:
    def refuse(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        given = payload.get("temperature")
        refused = given is not None and (above if given else zero)
        return complaint(400, message, param=param) if refused else None

    with ChatServer(response=refuse) as server:
        asked = built(server.url)
        assert len(ask(asked, SINGLE, SAMPLES, SINGLE, SAMPLES)) == 8
        wanted = [(0.0,), (None,), *([(0.7,), (None,)] if above else [(0.7,)]), (None,)]
        assert sent(server, "temperature") == [*wanted, (None,) if above else (0.7,)]
    told = ["temperature 0", *(["temperature 0.7"] if above else [])]
    assert asked.facts.refused() == told


def test_a_temperature_that_the_table_sets_is_sent_whatever_else_was_refused(
    built: Callable[..., Model],
) -> None:
    def only_one(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        given = payload.get("temperature", 1)
        return None if given == 1 else complaint(400, "invalid temperature: only 1 is allowed")

    with ChatServer(response=only_one) as server:
        plain = built(server.url)
        ask(plain, SINGLE, SAMPLES)
        asked = built(server.url, temperature=1, temperature_samples=1)
        asked.facts.update(plain.facts.as_dict())
        ask(asked, SINGLE, SAMPLES)
        assert sent(server, "temperature") == [(0.0,), (None,), (0.7,), (None,), (1.0,), (1.0,)]


def test_what_azure_wants_is_sent_and_what_it_lacks_is_refused_by_name(
    built: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORG", "organisation-4711")

    def azure(request: web.Request, _: dict[str, Any]) -> web.Response | None:
        if request.headers.get("api-key") != KEY or "authorization" in request.headers:
            return complaint(401, "Access denied due to missing subscription key")
        if request.query.get("api-version") != "2024-10-21":
            return complaint(404, "Resource not found")
        if request.headers.get("x-org") != "organisation-4711":
            return complaint(403, "no organisation")
        return None

    table: dict[str, Any] = {
        "api_key_header": "api-key",
        "query": {"api-version": "2024-10-21"},
        "headers": {"X-Org": "env:ORG"},
    }
    with ChatServer(response=azure) as server:
        assert len(ask(built(server.url, **table), SINGLE)) == 1
        for name in table:
            less = {key: value for key, value in table.items() if key != name}
            with pytest.raises(EndpointRefused):
                ask(built(server.url, **less), SINGLE)
        assert server.calls == 4


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"headers": {"X-Org": "env:NOT_SET"}}, "m.headers, X-Org: set the environment variable N"),
        ({"query": {"v": "env:"}}, "models.m.query, v: set the environment variable"),
        ({"headers": {"X-Org": "gehe\u00efm-secret"}}, "X-Org: its value holds a character"),
        ({"headers": {"X Org": "a-secret"}}, "'X Org' is no header to add"),
        ({"headers": {"Authorization": "a-secret"}}, "api_key_header names the key's own"),
        ({"headers": {"X-Org": ["a-secret"]}}, "models.m.headers.X-Org': allowed: a text"),
        ({"api_key_header": "api key"}, "allowed: the name of a header, such as api-key"),
        ({"temperature_samples": 0}, "found '0'; allowed: more than 0"),
        ({"temperature": 1, "omit": ["temperature"]}, "temperature sets what is to be left out"),
        ({"max_tokens_agent": 9, "omit": ["max_tokens"]}, "max_tokens_agent sets what is to be"),
        ({"omit": ["top_k"]}, "'temperature', 'seed' or 'max_tokens'"),
        ({"extra_body": {"temperature": 1}}, "'temperature' is no further parameter; its key: te"),
        ({"extra_body": {"stream": True}}, "'stream' is no further parameter; its key: none"),
        ({"extra_body": {"top_p": float("nan")}}, "allowed: what JSON has"),
        ({"max_tokens_reasoning": 2048}, "reasoning = true is needed beside it"),
        ({"provider": "python", "extra_body": {"a": 1}}, "extra_body is a key of provider = "),
        ({"basurl": "x"}, "'models.m.basurl' is unknown; did you mean 'base_url'?"),
        ({"max_token": 5}, "'models.m.max_token' is unknown; did you mean 'max_tokens'?"),
        ({"header": {"X-Org": "a-secret"}}, "unknown; did you mean 'headers'?"),
        ({"zzz": 1}, "allowed: active_parameters_b, answer_format, "),
    ],
)
def test_what_cannot_be_meant_is_told_before_any_call_and_without_secrets(
    built: Callable[..., Model], table: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        built("http://host/v1", **table)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
