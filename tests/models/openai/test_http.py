"""The HTTP client: what it bounds, where it goes, and what it reads in answers."""

from __future__ import annotations

import asyncio
import base64
import email.utils
import gzip
import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from pytest_safescale.errors import CallFailed, SettingsError
from pytest_safescale.models.model import TransientFailure, Unreachable
from pytest_safescale.models.openai import http
from pytest_safescale.models.openai.answers import Refusal, retry_after
from pytest_safescale.models.openai.http import JsonClient, Timeouts
from tests.models.openai.posting import CHAT, post
from tests.servers import KEY, ChatServer


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/v1", "allowed: http://"),
        ("host", "allowed: http://"),
        ("http://host:port/v1", "it is no URL"),
        ("http://ho\nst/v1", "it is no URL"),
        ("http://host/v1?api-version=1", "no query"),
        ("http://me:secret@host/v1", "keys belong in the environment"),
        ("ftp://me:secret@host/v1", "keys belong in the environment"),
        ("http://me:secret@host:port/v1", "keys belong in the environment"),
        ("http://host/v1?api-key=secret", "'http://host/v1' goes on"),
        ("http://host/v1#secret", "'http://host/v1' goes on; allowed: no query"),
        ("ftp://host/v1?key=secret", "found 'ftp://host/v1'; allowed: http://"),
        ("http://host:port/v1?key=secret", "found 'http://host:port/v1'; it is no URL"),
        ("http://host/v1?api-version=1", "the key query of the model's table holds a query"),
        ("http://host/v1/chat/completions", "write 'http://host/v1': /chat/completions is added"),
        ("http://host/v1/chat/completions/", "write 'http://host/v1': /chat/completions is"),
        ("http://host/v1/embeddings", "write 'http://host/v1': /embeddings is added"),
    ],
)
def test_an_unusable_base_url_is_named_without_its_secrets(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        JsonClient(url, key=KEY)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_a_path_is_joined_to_the_base_url_as_it_was_given(end: str) -> None:
    with ChatServer() as server:
        assert post(server.url + end)["model"] == "m-served"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_answer_beyond_its_bound_is_not_used(packed: bool) -> None:
    def long(*_: object) -> web.Response:
        answer = json.dumps({"choices": [], "more": "B" * http.MOST_BYTES}).encode()
        if not packed:
            return web.Response(body=answer)
        return web.Response(body=gzip.compress(answer), headers={"Content-Encoding": "gzip"})

    told = rf"127\.0\.0\.1:\d+ sent an answer of more than {http.MOST_BYTES} bytes, and none of"
    with ChatServer(response=long) as server, pytest.raises(CallFailed, match=told) as caught:
        post(server.url)
    assert not isinstance(caught.value, TransientFailure)  # another would be as long


def test_the_bound_is_the_callers_to_say() -> None:
    async def posted(url: str, most_bytes: int) -> int:
        client = JsonClient(url, key=KEY)
        try:
            answer = await client.post(CHAT, {"model": "m", "messages": []}, most_bytes=most_bytes)
            return len(answer["choices"][0]["message"]["content"])
        finally:
            await client.aclose()

    with ChatServer(lambda _: "B" * 2000) as server:
        assert asyncio.run(posted(server.url, 3000)) == 2000
        with pytest.raises(CallFailed, match="more than 1000 bytes"):
            asyncio.run(posted(server.url, 1000))


def test_an_answer_without_an_end_is_left_where_its_bound_is() -> None:
    sent = 0

    async def endless(request: web.Request, _: object) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:  # until the connection is cut
            await answer.write(b" " * 2**16)
            sent += 2**16

    with ChatServer(response=endless) as server, pytest.raises(CallFailed, match="more than"):
        post(server.url, timeouts=Timeouts(exchange_s=600))
    assert sent < 3 * http.MOST_BYTES  # the rest had gone into the sockets' buffers


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,deflate"])
def test_an_answer_that_is_packed_several_times_is_not_unpacked(encoding: str) -> None:
    packed = {"content-encoding": encoding}
    with (
        ChatServer(response=lambda *_: web.Response(body=b"x", headers=packed)) as server,
        pytest.raises(CallFailed, match="packed several times over"),
    ):
        post(server.url)


def test_of_an_error_without_an_end_the_beginning_is_told() -> None:
    async def endless(request: web.Request, _: object) -> web.StreamResponse:
        answer = web.StreamResponse(status=503)
        await answer.prepare(request)
        await answer.write(b"<h1>Not now</h1>")
        while True:
            await answer.write(b" " * 2**16)

    with (
        ChatServer(response=endless) as server,
        pytest.raises(TransientFailure, match=r"HTTP 503: <h1>Not now</h1>$"),
    ):
        post(server.url, timeouts=Timeouts(exchange_s=600))


def test_a_server_that_sends_drop_by_drop_is_cut_in_time() -> None:
    with (
        ChatServer(fault=lambda _: "drip") as server,
        pytest.raises(TransientFailure, match="gave no answer in time"),
    ):
        post(server.url, timeouts=Timeouts(exchange_s=0.5))


def test_a_server_s_silence_may_be_shorter_than_an_exchange() -> None:
    with (
        ChatServer(fault=lambda _: "stall") as server,
        pytest.raises(TransientFailure, match="gave no answer in time"),
    ):
        post(server.url, timeouts=Timeouts(exchange_s=600.0, read_s=0.3))


def test_a_connection_that_is_never_made_is_unreachable() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # fill the queue: who comes next waits for ever
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        with pytest.raises(Unreachable, match="no server answers"):
            post(url, timeouts=Timeouts(exchange_s=600.0, connect_s=0.3))


def test_a_host_without_an_address_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"no server answers at http://no-such-host\.invalid"):
        post("http://no-such-host.invalid/v1")


def test_a_body_that_cannot_be_unpacked_is_a_transient_failure() -> None:
    def packed(*_: object) -> web.Response:
        return web.Response(body=b"no gzip", headers={"content-encoding": "gzip"})

    with (
        ChatServer(response=packed) as server,
        pytest.raises(TransientFailure, match=r"broke: \w*[Ee]rror"),
    ):
        post(server.url)


def test_a_redirect_is_told_and_not_followed() -> None:
    with ChatServer() as other:
        moved = {"location": f"{other.url}{CHAT}"}
        with (
            ChatServer(response=lambda *_: web.Response(status=307, headers=moved)) as server,
            pytest.raises(Refusal, match=rf"HTTP 307: it redirects to {other.url}"),
        ):
            post(server.url)
        assert other.calls == 0


def test_loopback_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with ChatServer() as server:
        assert post(server.url)["choices"]


@pytest.mark.parametrize("prefix", ["http://", ""])
def test_other_hosts_are_reached_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    # aiohttp's server reads a proxy's request line, and answers in the place of the host.
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ChatServer() as proxy:
        address = proxy.url.removesuffix("/v1").removeprefix("http://")
        monkeypatch.setenv("HTTP_PROXY", prefix + address)
        assert post("http://no-such-host.invalid/v1")["choices"]
        assert proxy.calls == 1


@pytest.mark.filterwarnings("ignore:.*(BasicAuth|proxy_auth).* deprecated")  # httpx-aiohttp
def test_a_proxy_gets_the_credentials_of_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    said = []

    def note(request: web.Request, _: object) -> None:
        said.append(request.headers.get("proxy-authorization"))

    with ChatServer(response=note) as proxy:
        address = proxy.url.removesuffix("/v1").removeprefix("http://")
        monkeypatch.setenv("HTTP_PROXY", f"http://me:p%40ss@{address}")
        post("http://no-such-host.invalid/v1")
    assert said == [f"Basic {base64.b64encode(b'me:p@ss').decode()}"]


def test_a_proxy_that_is_no_url_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://me:secret@proxy:port")
    with pytest.raises(SettingsError, match="proxy that the environment names for http") as caught:
        JsonClient("http://host/v1", key=KEY)
    assert "secret" not in str(caught.value)


def test_headers_of_the_model_s_table_stand_in_the_place_of_the_usual() -> None:
    seen = []

    def note(request: web.Request, _: object) -> None:
        seen.append((request.headers["content-type"], request.headers["user-agent"]))

    with ChatServer(response=note) as server:
        post(server.url, headers={"Content-Type": "application/vnd.x+json", "User-Agent": "me"})
        post(server.url)
    own, usual = ("application/vnd.x+json", "me"), ("application/json", "pytest-safescale")
    assert seen == [own, usual]


def test_a_query_goes_with_every_request() -> None:
    seen = []

    def note(request: web.Request, _: object) -> None:
        seen.append(dict(request.query))

    with ChatServer(response=note) as server:
        post(server.url, query={"api-version": "2024-10-21", "of": "a b/c&d"})
    assert seen == [{"api-version": "2024-10-21", "of": "a b/c&d"}]


def test_a_host_in_no_proxy_is_reached_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("NO_PROXY", "no-such-host.invalid")
        with pytest.raises(TransientFailure, match=r"no-such-host\.invalid"):
            post("http://no-such-host.invalid/v1")
        assert not proxy.calls


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": email.utils.formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": email.utils.formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "\u00b2"}, None),
        ({"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, None),
        ({"retry-after-ms": "soon"}, None),
    ],
)
def test_the_wait_a_server_asks_for_is_read_in_every_form(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], seconds: float | None
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    assert retry_after(httpx.Headers(encoded)) == seconds


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "no"}}, "no"),
        ({"error": "no"}, "no"),
        ({"message": "no"}, "no"),
        ({"detail": "no"}, "no"),
        ("", "no reason given"),
        (["no"], '["no"]'),
        ({"error": {"message": f"you sent Bearer {KEY}"}}, "you sent Bearer [key]"),
        ({"error": {"message": "all\n\n  well"}}, "all well"),
        ({"error": {"message": "\x1b[31mred\x07"}}, "[U+001B][31mred[U+0007]"),
        ({"error": {"message": "x" * 400}}, f"{'x' * 299}…"),
    ],
)
def test_a_complaint_is_read_in_every_form(body: object, said: str) -> None:
    with (
        ChatServer(response=lambda *_: web.json_response(body, status=400)) as server,
        pytest.raises(Refusal) as caught,
    ):
        post(server.url)
    assert caught.value.message == said


def test_a_client_can_be_closed_unused_and_twice() -> None:
    async def close_twice() -> None:
        client = JsonClient("http://host/v1", key=KEY)
        await client.aclose()
        await client.aclose()

    asyncio.run(close_twice())


def test_the_server_of_these_tests_is_a_program_too() -> None:
    command = [sys.executable, "-m", "tests.servers", "--port", "0", "--delay-ms", "1"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as program:
        try:
            assert program.stdout is not None
            assert post(program.stdout.readline().strip())["choices"]
        finally:
            program.kill()
