"""HTTP, and nothing but HTTP: JSON out, JSON in. The only module that knows the client library.

The API is httpx, its transport aiohttp: httpx's own connection pool costs O(n) per event and
collapses above about a hundred requests in flight (encode/httpx issue 3215). Requests go to the
transport as they are: cookies, redirects and authentication flows, which a client adds, are not
wanted here, and take a quarter of the time of a call.

Proxies and certificates come from the environment (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``,
``SSL_CERT_FILE``); loopback is never reached through a proxy.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import sys
import time
import urllib.request
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from pytest_safescale.errors import CallFailed, SettingsError
from pytest_safescale.models.model import TransientFailure, Unreachable, as_mapping

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout  # aiohttp brings it there

__all__ = ["JsonClient", "Refusal", "visible"]

CONNECT_S = 10.0
MAX_BODY = 64 * 2**20
"""Bytes of a reply; a server that sends more is not answering a question."""
MESSAGE_CHARACTERS = 300
TRANSIENT = {408, 409, 425, 429}
NOT_IMPLEMENTED = 501
KEEP_ALIVE_S = 4.0
"""Below the 5 s after which common servers close an idle connection, perhaps under a request."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SECRET_FROM = 8
"""Characters; a shorter key is a placeholder such as ``none``, and an ordinary word."""


class Refusal(CallFailed):
    """The server refuses a request in a way that asking again does not mend."""

    def __init__(self, status: int, message: str, *, code: str, param: str) -> None:
        self.status = status
        self.message = message
        """The server's words, shortened, control characters replaced."""
        self.code = code
        """The error's ``code`` and ``type``, empty where the server gives none."""
        self.param = param
        """The parameter the server complains about, empty where it names none."""
        super().__init__(f"HTTP {status}: {message}")


class JsonClient:
    """Posts JSON to one server. The key lives in its headers alone, and no message shows it."""

    def __init__(
        self, base_url: str, *, key: str, key_from: str = "", timeout_s: float = 120.0
    ) -> None:
        """``timeout_s`` bounds a whole exchange, from sending to the last byte.

        ``key_from`` names where the key was read, for messages; raises SettingsError.
        """
        self.base_url = _checked(base_url)
        self.key_from = key_from
        if not (key.isascii() and key.isprintable()):
            raise SettingsError(
                f"the key{f' in {key_from}' if key_from else ''} holds a character that no header "
                "can carry, such as a line break or a typographic one"
            )
        self._key = key
        self._timeout_s = timeout_s
        self._transport: AiohttpTransport | None = None
        self._urls: dict[str, httpx.URL] = {}
        self._headers = httpx.Headers(
            {
                "authorization": f"Bearer {key}",
                "content-type": "application/json",
                "accept": "application/json",
                "accept-encoding": "gzip, deflate",
                "user-agent": "pytest-safescale",
            }
        )

    def __repr__(self) -> str:
        return f"<JsonClient {self.base_url}>"

    @property
    def host(self) -> str:
        """Scheme, host and port: what may stand in a message."""
        url = httpx.URL(self.base_url)
        return f"{url.scheme}://{url.netloc.decode('ascii')}"

    async def post(self, path: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON object the server answers with.

        Raises:
            TransientFailure: no complete answer, or one that says to come back.
            Refusal: any other answer outside 2xx.
        """
        try:
            async with timeout(self._timeout_s):
                status, headers, body = await self._exchange(path, payload)
        except (asyncio.TimeoutError, httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            failure = self._broken(error)
        else:
            return self._read(status, headers, body)
        # Outside the handler: the frames behind the original error hold the headers sent.
        raise failure

    def _broken(self, error: BaseException) -> TransientFailure:
        # The transport reports whatever happens to a connection as a time-out of connecting;
        # what it was stands in the cause.
        cause = (error.__cause__ if isinstance(error, httpx.HTTPError) else None) or error
        if isinstance(cause, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            return Unreachable(f"no server answers at {self.host}: {visible(str(cause))}")
        if isinstance(cause, (asyncio.TimeoutError, httpx.TimeoutException)):
            return TransientFailure(f"{self.host} gave no answer in time")
        return TransientFailure(f"the exchange with {self.host} broke: {type(cause).__name__}")

    async def _exchange(
        self, path: str, payload: dict[str, Any]
    ) -> tuple[int, httpx.Headers, bytes]:
        request = httpx.Request(
            "POST",
            self._url(path),
            headers=self._headers,
            content=json.dumps(payload).encode("ascii"),
            extensions={"timeout": {"connect": CONNECT_S, "read": self._timeout_s}},
        )
        # Known here; it would be guessed anew for each request, by decoding every header.
        request.headers.encoding = "ascii"
        response = await self._open().handle_async_request(request)
        try:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_BODY:
                    raise CallFailed(f"{self.host} sent more than {MAX_BODY} bytes")
        finally:
            await response.aclose()
        return response.status_code, response.headers, self._without_key(bytes(body))

    def _url(self, path: str) -> httpx.URL:
        # Parsed once: that takes as long as the rest of building a request.
        if path not in self._urls:
            self._urls[path] = httpx.URL(f"{self.base_url}{path}")
        return self._urls[path]

    def _open(self) -> AiohttpTransport:
        if self._transport is None:
            # Zero lifts aiohttp's limit of a hundred connections: the caller bounds them.
            self._transport = AiohttpTransport(
                limits=httpx.Limits(max_connections=0, keepalive_expiry=KEEP_ALIVE_S),
                # Certificates are loaded only where there is something to verify.
                verify=self.base_url.startswith("https"),
                proxy=_proxy_for(httpx.URL(self.base_url)),
            )
        return self._transport

    def _read(self, status: int, headers: httpx.Headers, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if 200 <= status < 300:
            if isinstance(answer, dict):
                return answer
            raise TransientFailure(f"{self.host} answered with something that is no JSON object")
        message, code, param = _complaint(answer, body)
        if 300 <= status < 400:
            place = headers.get("location", "").partition("?")[0]
            message = f"it redirects to {place or 'nowhere'}, which is not followed"
        message = visible(message) or "no reason given"
        quota_spent = "insufficient_quota" in code
        if (status in TRANSIENT and not quota_spent) or (
            status >= 500 and status != NOT_IMPLEMENTED
        ):
            raise TransientFailure(f"HTTP {status}: {message}", _retry_after(headers))
        raise Refusal(status, message, code=code, param=param)

    def _without_key(self, body: bytes) -> bytes:
        """Return a server's words without the key: some repeat what they were sent."""
        key = self._key.encode("ascii")
        return body.replace(key, b"[key]") if len(key) >= SECRET_FROM else body

    async def aclose(self) -> None:
        """Close every connection."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None


def visible(text: str) -> str:
    """Return a server's words on one line, shortened, with nothing a terminal would act on."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 2 * MESSAGE_CHARACTERS])
    shown = " ".join(shown.split())
    return shown if len(shown) <= MESSAGE_CHARACTERS else f"{shown[:MESSAGE_CHARACTERS]} ..."


def _checked(base_url: str) -> str:
    base_url = base_url.strip()
    if "@" in base_url:
        # Not shown: what stands there may be a secret.
        raise SettingsError("base URL: it holds a user or password; keys belong in the environment")
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError(f"base URL: found {base_url!r}; it is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(f"base URL: found {base_url!r}; allowed: http://... or https://...")
    if url.query or url.fragment:
        raise SettingsError(f"base URL: found {base_url!r}; allowed: no query and no fragment")
    return base_url.rstrip("/")


def _proxy_for(url: httpx.URL) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a server; ``None`` for none."""
    if url.host in LOOPBACK or urllib.request.proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    if found and "://" not in found:  # The usual short form, e.g. proxy.example:3128.
        found = f"http://{found}"
    return httpx.Proxy(found) if found else None


def _complaint(answer: object, body: bytes) -> tuple[str, str, str]:
    """Return message, code and parameter of an error in any of the usual shapes."""
    error = as_mapping(answer).get("error", answer)
    fields = as_mapping(error)
    message = fields.get("message") or fields.get("detail") or as_mapping(answer).get("detail")
    if message is None:
        message = error if isinstance(error, str) else body[:1000].decode("utf-8", "replace")
    code = f"{fields.get('code') or ''} {fields.get('type') or ''}".strip()
    return str(message), code, str(fields.get("param") or "")


def _retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds a server asks to wait: a number, milliseconds, or a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "")
        if value.replace(".", "", 1).isdigit():
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
