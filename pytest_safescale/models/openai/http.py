"""HTTP, and nothing but HTTP: JSON out, JSON in. Nothing else speaks through the client library.

The API is httpx, its transport aiohttp: httpx's own connection pool costs O(n) per event and
collapses above about a hundred requests in flight (encode/httpx issue 3215). Requests go to the
transport as they are: cookies, redirects and authentication flows, which a client adds, are not
wanted here, and take a quarter of the time of a call.

Proxies and certificates come from the environment (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``,
``SSL_CERT_FILE``); loopback is never reached through a proxy.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from pytest_safescale.errors import CallFailed, SettingsError
from pytest_safescale.models.model import TransientFailure, Unreachable
from pytest_safescale.models.openai.answers import (
    MESSAGE_CHARACTERS,
    Answer,
    read_answer,
    retry_after,
)
from pytest_safescale.models.openai.http_address import checked_url, proxy_for
from pytest_safescale.text.escaping import shorten
from pytest_safescale.text.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout  # aiohttp brings it there

__all__ = [
    "JsonClient",
    "Timeouts",
]

MOST_BYTES = 4 * 2**20
"""Of an answer, unless the caller says otherwise: more is no answer to a question."""
MOST_BYTES_OF_A_LINE = 2**28
"""Of a file of results; the longest request's answer is no longer."""
FILE_S = 3600.0
"""How long a file may take to come or go, in seconds; silence ends it sooner."""
MOST_BYTES_OF_AN_ERROR = 64 * 2**10
"""Of an answer outside 2xx; the rest of a longer one is not read."""
KEEP_ALIVE_S = 4.0
"""Below the 5 s after which common servers close an idle connection, perhaps under a request."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How long a server may take, in seconds."""

    exchange_s: float = 120.0
    """From sending to the last byte."""
    connect_s: float = 10.0
    read_s: float | None = None
    """The longest silence; ``None`` for as long as the exchange may take."""


class _NotRead(Exception):
    """An answer is too long to be one."""


_BROKEN = (_NotRead, asyncio.TimeoutError, httpx.HTTPError, aiohttp.ClientError, OSError)
"""What may go wrong with an exchange."""


class JsonClient:
    """Posts JSON to one server. The key lives in its headers alone.

    Whatever the server says of it, no answer, message or log shows it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str,
        key_from: str = "",
        key_header: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        query: Mapping[str, str] = MappingProxyType({}),
        secrets: Iterable[str] = (),
        timeouts: Timeouts | None = None,
    ) -> None:
        """``key_from`` names where the key was read, for messages.

        ``key_header`` carries the bare key in the place of ``Authorization: Bearer``; ``headers``
        and ``query`` go with every request; ``secrets`` is whatever else of the run no message
        may show, such as their values. Raises SettingsError.
        """
        self.base_url = checked_url(base_url)
        """The address written in one way, so that one server has one."""
        self.stated_url = self.base_url
        """What stands for it in stores and reports; in words where its port may be another."""
        self.key_from = key_from
        if not (key.isascii() and key.isprintable()):
            raise SettingsError(
                f"the key{f' in {key_from}' if key_from else ''} holds a character that no header "
                "can carry, such as a line break or a typographic one"
            )
        self._redactor = Redactor((key, *secrets))
        self._timeouts = timeouts or Timeouts()
        self._query = httpx.QueryParams(query)
        self._transport: AiohttpTransport | None = None
        self._urls: dict[str, httpx.URL] = {}
        # Here and not at the first call, which another thread makes: it imports and reads files.
        # Certificates are loaded only where there is something to verify.
        self._proxy = proxy_for(httpx.URL(self.base_url))
        self._tls = httpx.create_ssl_context(verify=self.base_url.startswith("https"))
        self._headers = httpx.Headers(
            {
                "content-type": "application/json",
                "accept": "application/json",
                "accept-encoding": "gzip, deflate",
                "user-agent": "pytest-safescale",
            }
        )
        self._headers.update(headers)
        self._headers[key_header or "authorization"] = key if key_header else f"Bearer {key}"

    def __repr__(self) -> str:
        return f"<JsonClient {self.base_url}>"

    @cached_property
    def host(self) -> str:
        """Scheme, host and port: what may stand in a message."""
        url = httpx.URL(self.base_url)
        return f"{url.scheme}://{url.netloc.decode('ascii')}"

    @cached_property
    def advice(self) -> str:
        """What to write in the place of an address that has no version; empty for one that has."""
        if re.search(r"/v\d", self.base_url) or "/openai/" in self.base_url:
            return ""
        return f"most servers want /v1 at the end of the base URL: {self.base_url}/v1"

    async def post(
        self, path: str, payload: dict[str, Any], *, most_bytes: int = MOST_BYTES
    ) -> dict[str, Any]:
        """Return the JSON object the server answers with, without the run's keys.

        Raises:
            TransientFailure: no complete answer, or one that says to come back.
            Refusal: any other answer outside 2xx.
            CallFailed: the answer is longer than ``most_bytes``.
        """
        # Handed over as it is: a request that encodes its content looks through its headers for it.
        content = httpx.ByteStream(json.dumps(payload).encode("ascii"))
        request = self._request("POST", path, stream=content)
        request.read()
        return await self._answered(request, most_bytes, self._timeouts.exchange_s)

    async def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at a path; raises as `post` does."""
        return await self._answered(
            self._request("GET", path), MOST_BYTES, self._timeouts.exchange_s
        )

    async def upload(
        self, path: str, fields: Mapping[str, str], name: str, content: bytes
    ) -> dict[str, Any]:
        """Send a file of a form, with further fields, and return the answer; raises as `post`."""
        form = {"data": fields, "files": {"file": (name, content)}}
        request = self._request("POST", path, silence_s=self._silence_s, **form)
        return await self._answered(request, MOST_BYTES, FILE_S)

    async def lines(self, path: str, take: Callable[[bytes], None]) -> None:
        """Hand each line of a file over as it comes; raises as `post` does.

        Lines that came before a failure have been handed over.
        """
        try:
            async with timeout(FILE_S):
                answer = await self._handed_over(path, take)
        except _BROKEN as error:
            failure = self._failure(error)
        else:
            if answer is not None:
                read_answer(answer, host=self.host, advice=self.advice)
            return
        raise failure

    async def _handed_over(self, path: str, take: Callable[[bytes], None]) -> Answer | None:
        """Hand over the lines of a file; returns the answer that came in its place."""
        request = self._request("GET", path, silence_s=self._silence_s)
        response = await self._open().handle_async_request(request)
        try:
            if not response.is_success:
                return self._without_keys(response, await _body(response, 0))
            await _hand_over(response, take)
        finally:
            await response.aclose()
        return None

    async def _answered(
        self, request: httpx.Request, most_bytes: int, exchange_s: float
    ) -> dict[str, Any]:
        try:
            async with timeout(exchange_s):
                answer = await self._exchange(request, most_bytes)
        except _BROKEN as error:
            failure = self._failure(error)
        else:
            return read_answer(answer, host=self.host, advice=self.advice)
        # Outside the handlers: the frames behind the original error hold what was sent and came.
        raise failure

    def _failure(self, error: BaseException) -> CallFailed:
        if isinstance(error, _NotRead):
            return CallFailed(f"{self.host} {error}")
        return self._broken(error)

    def _broken(self, error: BaseException) -> TransientFailure:
        # The transport reports whatever happens to a connection as a time-out of connecting;
        # what it was stands in the cause.
        cause = (error.__cause__ if isinstance(error, httpx.HTTPError) else None) or error
        if isinstance(cause, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            return Unreachable(
                f"no server answers at {self.host}: {self._message_excerpt(str(cause))}"
            )
        if isinstance(cause, (asyncio.TimeoutError, httpx.TimeoutException)):
            return TransientFailure(f"{self.host} gave no answer in time")
        return TransientFailure(f"the exchange with {self.host} broke: {type(cause).__name__}")

    def _message_excerpt(self, text: str) -> str:
        """Return outside words as a message shows them."""
        return shorten(self._redactor.text(text), MESSAGE_CHARACTERS)

    @property
    def _silence_s(self) -> float:
        """The longest silence while a file comes or goes."""
        return self._timeouts.read_s or self._timeouts.exchange_s

    def _request(
        self, method: str, path: str, *, silence_s: float | None = None, **content: Any
    ) -> httpx.Request:
        """Return a request; silence ends with the exchange where nothing bounds it before."""
        headers, limits = self._headers, self._timeouts
        read_s = silence_s or limits.read_s
        if "files" in content:  # a form states its own type
            headers = httpx.Headers(headers)
            del headers["content-type"]
        request = httpx.Request(
            method,
            self._url(path),
            headers=headers,
            extensions={"timeout": {"connect": limits.connect_s, "read": read_s}},
            **content,
        )
        # Known here; it would be guessed anew for each request, by decoding every header.
        request.headers.encoding = "ascii"
        return request

    async def _exchange(self, request: httpx.Request, most_bytes: int) -> Answer:
        response = await self._open().handle_async_request(request)
        try:
            body = await _body(response, most_bytes)
        finally:
            await response.aclose()
        return self._without_keys(response, body)

    def _without_keys(self, response: httpx.Response, body: bytes) -> Answer:
        text = ""
        try:
            content = self._redactor.data(json.loads(body))
        except (ValueError, RecursionError):
            content, text = None, self._redactor.text(body.decode("utf-8", "replace"))
        if response.is_success:  # each look for a header goes through all of them
            return Answer(status=response.status_code, content=content, text=text)
        location = self._redactor.text(response.headers.get("location", ""))
        return Answer(
            status=response.status_code,
            content=content,
            text=text,
            location=location.partition("?")[0],
            retry_after_s=retry_after(response.headers),
        )

    def _url(self, path: str) -> httpx.URL:
        # Parsed once: that takes as long as the rest of building a request.
        if path not in self._urls:
            url = httpx.URL(f"{self.base_url}{path}")
            self._urls[path] = url.copy_merge_params(self._query) if self._query else url
        return self._urls[path]

    def _open(self) -> AiohttpTransport:
        if self._transport is None:
            # What is verified is up to the session.
            self._transport = AiohttpTransport(
                verify=False, client=self._session, proxy=self._proxy
            )
        return self._transport

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            # Zero lifts aiohttp's limit of a hundred connections: the caller bounds them.
            limit=0,
            keepalive_timeout=KEEP_ALIVE_S,
            ssl=self._tls,
        )
        # A jar would send a server's cookies back to it, and log those it cannot read.
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def aclose(self) -> None:
        """Close every connection."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None


async def _body(response: httpx.Response, most_bytes: int) -> bytes:
    """Return the body, or the beginning of an error's; raises _NotRead."""
    good, body = response.is_success, bytearray()
    most = most_bytes if good else MOST_BYTES_OF_AN_ERROR
    pieces = _pieces(response)
    async with aclosing(pieces):
        async for piece in pieces:
            body += piece
            if len(body) > most:
                break
    if good and len(body) > most:
        raise _NotRead(f"sent an answer of more than {most} bytes, and none of it is used")
    return bytes(body[:most])


async def _hand_over(response: httpx.Response, take: Callable[[bytes], None]) -> None:
    """Hand over the lines of a body; raises _NotRead."""
    rest, pieces = b"", _pieces(response)
    async with aclosing(pieces):
        async for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for line in filter(bytes.strip, whole):
                take(line)
            if len(rest) > MOST_BYTES_OF_A_LINE:
                raise _NotRead(f"sent a line of more than {MOST_BYTES_OF_A_LINE} bytes")
    if rest.strip():
        take(rest)


def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    packed = response.headers.get("content-encoding", "")
    if "," in packed:
        # Each layer may unpack to a thousand times its size.
        raise _NotRead("sent an answer that is packed several times over")
    if not packed:  # as it came: nothing is to be unpacked, and no charset to be found out
        return cast(
            "AsyncGenerator[bytes, None]", aiter(cast("httpx.AsyncByteStream", response.stream))
        )
    return cast("AsyncGenerator[bytes, None]", response.aiter_bytes())
