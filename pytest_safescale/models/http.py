"""HTTP, and nothing but HTTP: JSON out, JSON in. The only module that knows the client library.

The API is httpx, its transport aiohttp: httpx's own connection pool costs O(n) per event and
collapses above about a hundred requests in flight (encode/httpx issue 3215).
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import sys
import time
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


class Refusal(CallFailed):
    """The server refuses a request in a way that asking again does not mend."""

    def __init__(self, status: int, message: str, *, code: str, param: str) -> None:
        self.status = status
        self.message = message
        """The server's words, shortened, control characters replaced."""
        self.code = code
        """The error's ``code``, empty where the server gives none."""
        self.param = param
        """The parameter the server complains about, empty where it names none."""
        super().__init__(f"HTTP {status}: {message}")


class JsonClient:
    """Posts JSON to one server. The key lives in its headers alone, and no message shows it."""

    def __init__(self, base_url: str, *, key: str, timeout_s: float = 120.0) -> None:
        """``timeout_s`` bounds a whole exchange, from sending to the last byte."""
        self.base_url = _checked(base_url)
        self._key = key
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

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
            raise self._broken(error) from None
        return self._read(status, headers, body)

    def _broken(self, error: BaseException) -> TransientFailure:
        # The transport reports whatever happens to a connection as a time-out of connecting;
        # what it was stands in the cause.
        cause = error.__cause__ or error
        if isinstance(cause, aiohttp.ClientConnectorError):
            return Unreachable(f"no server answers at {self.host}")
        if isinstance(cause, (asyncio.TimeoutError, httpx.TimeoutException)):
            return TransientFailure(f"{self.host} gave no answer in time")
        return TransientFailure(f"the exchange with {self.host} broke: {type(cause).__name__}")

    async def _exchange(
        self, path: str, payload: dict[str, Any]
    ) -> tuple[int, httpx.Headers, bytes]:
        content = json.dumps(payload).encode("ascii")
        request = self._open().stream("POST", f"{self.base_url}{path}", content=content)
        async with request as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_BODY:
                    raise CallFailed(f"{self.host} sent more than {MAX_BODY} bytes")
            return response.status_code, response.headers, bytes(body)

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            # Zero lifts aiohttp's limit of a hundred connections: the caller bounds them.
            limits = httpx.Limits(max_connections=0, keepalive_expiry=30)
            self._client = httpx.AsyncClient(
                # Certificates are loaded only where there is something to verify.
                transport=AiohttpTransport(limits=limits, verify=self.base_url.startswith("https")),
                headers={
                    "authorization": f"Bearer {self._key}",
                    "content-type": "application/json",
                    "accept": "application/json",
                },
                timeout=httpx.Timeout(self._timeout_s, connect=CONNECT_S),
                follow_redirects=False,
            )
        return self._client

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
        if (status in TRANSIENT and code != "insufficient_quota") or status >= 500:
            raise TransientFailure(f"HTTP {status}: {message}", _retry_after(headers))
        raise Refusal(status, message, code=code, param=param)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def visible(text: str) -> str:
    """Return a server's words on one line, shortened, with nothing a terminal would act on."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 2 * MESSAGE_CHARACTERS])
    shown = " ".join(shown.split())
    return shown if len(shown) <= MESSAGE_CHARACTERS else f"{shown[:MESSAGE_CHARACTERS]} ..."


def _checked(base_url: str) -> str:
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError(f"base URL: found {base_url!r}; it is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(f"base URL: found {base_url!r}; allowed: http://... or https://...")
    if url.userinfo:
        # Not shown: what stands there may be a secret.
        raise SettingsError("base URL: it holds a user or password; keys belong in the environment")
    return base_url.rstrip("/")


def _complaint(answer: object, body: bytes) -> tuple[str, str, str]:
    """Return message, code and parameter of an error in any of the usual shapes."""
    error = as_mapping(answer).get("error", answer)
    fields = as_mapping(error)
    message = fields.get("message") or fields.get("detail") or as_mapping(answer).get("detail")
    if message is None:
        message = error if isinstance(error, str) else body[:1000].decode("utf-8", "replace")
    code = str(fields.get("code") or fields.get("type") or "")
    return visible(str(message)) or "no reason given", code, str(fields.get("param") or "")


def _retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds a server asks to wait: a number, milliseconds, or a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "")
        if value.replace(".", "", 1).isdigit():
            return float(value)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
