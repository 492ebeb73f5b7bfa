"""The HTTP client: what it bounds, where it goes, and that it never shows its key."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import subprocess
import sys
import time
import traceback
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiohttp import web

from pytest_safescale.errors import CallFailed, SafescaleError, SettingsError
from pytest_safescale.models import http
from pytest_safescale.models.http import JsonClient, Refusal, visible
from pytest_safescale.models.model import TransientFailure, Unreachable
from tests.servers import FAULTS, KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable

CHAT = "/chat/completions"


def post(url: str, *, key: str = KEY, timeout_s: float = 5.0) -> dict[str, Any]:
    async def posted() -> dict[str, Any]:
        client = JsonClient(url, key=key, timeout_s=timeout_s)
        try:
            return await client.post(CHAT, {"model": "m", "messages": []})
        finally:
            await client.aclose()

    return asyncio.run(posted())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/v1", "allowed: http://"),
        ("host", "allowed: http://"),
        ("http://host:port/v1", "it is no URL"),
        ("http://host/v1?api-version=1", "no query"),
        ("http://me:secret@host/v1", "keys belong in the environment"),
        ("ftp://me:secret@host/v1", "keys belong in the environment"),
        ("http://me:secret@host:port/v1", "keys belong in the environment"),
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


@pytest.mark.parametrize("key", ["sk-secret\u2026", "sk-secret\nX-Other: 1"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    with pytest.raises(SettingsError, match="the key in A_KEY holds a character") as caught:
        JsonClient("http://host/v1", key=key, key_from="A_KEY")
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_reply_beyond_all_bounds_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 100_000)
    with (
        ChatServer(lambda _: "B" * 200_000) as server,
        pytest.raises(CallFailed, match="sent more than 100000 bytes"),
    ):
        post(server.url)


def test_a_server_that_sends_drop_by_drop_is_cut_in_time() -> None:
    with (
        ChatServer(fault=lambda _: "drip") as server,
        pytest.raises(TransientFailure, match="gave no answer in time"),
    ):
        post(server.url, timeout_s=0.5)


def test_a_connection_that_is_never_made_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_S", 0.3)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # fill the queue: who comes next waits for ever
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        with pytest.raises(Unreachable, match="no server answers"):
            post(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")


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
    assert http._retry_after(httpx.Headers(encoded)) == seconds


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("all\n\n  well", "all well"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202eturned", "turned"),
        ("x" * 400, f"{'x' * 300} ..."),
        ("", ""),
    ],
)
def test_a_servers_words_can_do_nothing_to_a_terminal(said: str, shown: str) -> None:
    assert visible(said) == shown


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
    ],
)
def test_a_complaint_is_read_in_every_form(body: object, said: str) -> None:
    with (
        ChatServer(response=lambda *_: web.json_response(body, status=400)) as server,
        pytest.raises(Refusal) as caught,
    ):
        post(server.url)
    assert caught.value.message == said


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
        client = JsonClient(url, key=KEY, timeout_s=0.3)
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
