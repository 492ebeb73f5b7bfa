"""No answer, header or error of a server, and no repr of the client, shows a key again."""

from __future__ import annotations

import asyncio
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from pytest_safescale.errors import SafescaleError, SettingsError
from pytest_safescale.models.openai.http import JsonClient, Timeouts
from tests.keys import FORMS, forms_of
from tests.models.openai.posting import CHAT
from tests.servers import FAULTS, KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("key", ["sk-secret\u2026", "sk-secret\nX-Other: 1"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    with pytest.raises(SettingsError, match="the key in A_KEY holds a character") as caught:
        JsonClient("http://host/v1", key=key, key_from="A_KEY")
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def _same(fault: str, _: int) -> str:
    return fault


def echo(request: web.Request, _: object) -> web.Response:
    return complaint(400, f"you sent {dict(request.headers)}")


def echo_later(request: web.Request, _: object) -> web.Response:
    return complaint(503, f"you sent {dict(request.headers)}")


SERVERS: dict[str, Callable[[], ChatServer]] = {
    **{fault: partial(ChatServer, fault=partial(_same, fault)) for fault in FAULTS},
    "refused": lambda: ChatServer(key="another"),
    "unknown": lambda: ChatServer(model="another"),
    "echo": lambda: ChatServer(response=echo),
    "echo later": lambda: ChatServer(response=echo_later),
}


@pytest.mark.parametrize("status", [200, 400, 404, 503])
@pytest.mark.parametrize("form", FORMS)
def test_no_answer_and_no_error_repeats_the_key_in_any_form(
    form: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    said = FORMS[form](KEY)
    bodies: list[dict[str, Any]] = [
        {"json": {"error": {"message": said, "code": said, "type": said, "param": said}}},
        {"json": {"error": said}},
        {"json": {"detail": said}},
        {"json": {"detail": [{"loc": [said], "input": {said: said}}]}},
        {"json": {said: 1}},
        {"json": [said]},
        {"json": said},
        {"text": said},
        {"text": f"<p>{said}</p>", "content_type": "text/html"},
        {"json": {"model": said, "choices": [{"message": {"content": said}}], said: [said]}},
    ]
    left = iter(bodies)
    with ChatServer(response=lambda *_: _answer(next(left), status=status)) as server:
        for body in bodies:
            told = asyncio.run(
                trouble_of(JsonClient(server.url, key=KEY, timeouts=Timeouts(exchange_s=600)))
            )
            for part in forms_of(KEY):
                assert part.lower() not in (told + caplog.text).lower(), body


def _answer(body: dict[str, Any], **more: Any) -> web.Response:
    if "json" in body:
        return web.json_response(body["json"], **more)
    return web.Response(**body, **more)


@pytest.mark.parametrize("header", ["location", "set-cookie", "retry-after", "x-key"])
@pytest.mark.parametrize("status", [307, 400, 429])
def test_no_header_brings_the_key_back(
    header: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    values = [_header(header, form(KEY)) for form in FORMS.values()]
    left = iter(values)
    with ChatServer(
        response=lambda *_: web.Response(status=status, headers={header: next(left)})
    ) as server:
        for value in values:
            told = asyncio.run(
                trouble_of(JsonClient(server.url, key=KEY, timeouts=Timeouts(exchange_s=600)))
            )
            for part in forms_of(KEY):
                assert part.lower() not in (told + caplog.text).lower(), value


def _header(name: str, said: str) -> str:
    if name == "location":
        return f"http://host/{said}"
    return f"a[{said}]={said}; path=/" if name == "set-cookie" else said


def test_cookies_are_not_sent_back() -> None:
    seen: list[str | None] = []

    async def twice(url: str) -> None:
        client = JsonClient(url, key=KEY)
        await client.post(CHAT, {"model": "m"})
        await client.post(CHAT, {"model": "m"})
        await client.aclose()

    def answer(request: web.Request, _: object) -> web.Response:
        seen.append(request.headers.get("cookie"))
        return web.json_response({}, headers={"set-cookie": "a=b; path=/"})

    with ChatServer(response=answer) as server:
        asyncio.run(twice(server.url.replace("127.0.0.1", "localhost")))
    assert seen == [None, None]


def test_other_keys_of_the_run_are_not_repeated_either() -> None:
    async def posted(url: str) -> dict[str, Any]:
        client = JsonClient(url, key="one-key-0123", secrets=(KEY,))
        try:
            return await client.post(CHAT, {"model": "m", "messages": []})
        finally:
            await client.aclose()

    with ChatServer(lambda _: f"I know {KEY} and one-key-0123") as server:
        answer = asyncio.run(posted(server.url))
    assert answer["choices"][0]["message"]["content"] == "I know [key] and [key]"


def everything_about(error: BaseException | None) -> str:
    """Return the text of an error and of all behind it, hidden causes and local names included."""
    told = ""
    while error is not None:
        full = traceback.TracebackException.from_exception(error, capture_locals=True)
        told += "".join(full.format()) + repr(error.args) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return told


@pytest.mark.parametrize("trouble", [*SERVERS, "not there"])
def test_the_key_stands_in_no_error_and_no_repr(
    trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with SERVERS.get(trouble, ChatServer)() as server:
        url = server.url if trouble != "not there" else "http://127.0.0.1:1/v1"
        client = JsonClient(url, key=KEY, timeouts=Timeouts(exchange_s=0.3))
        told = asyncio.run(trouble_of(client)) + repr(client)
    assert KEY not in told + caplog.text


async def trouble_of(client: JsonClient) -> str:
    try:
        answer = await client.post(CHAT, {"model": "m"})
    except SafescaleError as error:
        return everything_about(error)
    else:
        return repr(answer)
    finally:
        told = repr(client._transport)
        await client.aclose()
        assert KEY not in told
