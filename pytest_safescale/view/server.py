"""The server of the pages: on loopback alone, for who has the address, and for reading alone."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from pytest_safescale.view.pages import Page

if TYPE_CHECKING:
    from pytest_safescale.view.pages import Pages

__all__ = ["ViewServer"]

HOST = "127.0.0.1"
_METHODS = ("GET", "HEAD")
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_IDLE_S = 30
"""After which a connection on which nothing is asked is closed."""


class ViewServer(ThreadingTCPServer):
    """Serves pages on 127.0.0.1 at an address that holds a random token.

    A plain TCP server: that of ``http.server`` looks up the name of the machine as it starts.
    """

    allow_reuse_address = True
    daemon_threads = True
    """An open connection of a browser keeps nothing from ending."""

    def __init__(self, pages: Pages, port: int = 0) -> None:
        """``port`` 0 takes a free one; raises OSError for one that cannot be had."""
        self.token = secrets.token_urlsafe(24)
        self.pages = pages
        self.turn = Lock()
        """Pages are made one after the other: they share what was read of the folders."""
        super().__init__((HOST, port), _Handler)

    def handle_error(self, *_: object) -> None:
        """Say nothing of a connection that broke: the browser has gone elsewhere."""

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """Where the first page is."""
        return f"http://{HOST}:{self.port}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: ViewServer
    server_version, sys_version = "safescale", ""
    timeout = _IDLE_S
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d\n"
    """Nothing is told of what was asked."""

    def log_message(self, *_: object) -> None:
        """Write nothing: the address holds the token."""

    def _answer(self) -> None:
        page = self._page()
        body = b"" if self.command == "HEAD" else page.body
        self.send_response(page.status)
        kind = (
            "text/html" if page.status is HTTPStatus.OK or page.body[:1] == b"<" else "text/plain"
        )
        headers = {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8"}
        if page.policy:
            headers["Content-Security-Policy"] = page.policy
        if page.status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_METHODS)
        if page.status is HTTPStatus.PERMANENT_REDIRECT:
            headers["Location"] = f"/{self.server.token}/"
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815

    def _page(self) -> Page:
        """Return what is asked for; to who does not have the address nothing but a refusal."""
        asked = urlsplit(self.path)
        _, token, *rest = [*asked.path.split("/", 2), ""][:3]
        if not (self._is_for_here() and _same(token, self.server.token)):
            return _said(HTTPStatus.FORBIDDEN)
        if self.command not in _METHODS:
            return _said(HTTPStatus.METHOD_NOT_ALLOWED)
        if asked.path == f"/{self.server.token}":
            return _said(HTTPStatus.PERMANENT_REDIRECT)
        with self.server.turn:
            try:
                found = self.server.pages.page(rest[0], dict(parse_qsl(asked.query)))
            except Exception as error:
                return _said(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
        return found or _said(HTTPStatus.NOT_FOUND)

    def _is_for_here(self) -> bool:
        """Say whether the browser means this machine: a foreign name may be made to lead here."""
        allowed = {f"{name}:{self.server.port}" for name in (HOST, "localhost")}
        return self.headers.get_all("Host", []) in [[name] for name in allowed]


def _same(token: str, wanted: str) -> bool:
    return secrets.compare_digest(token.encode("utf-8", "replace"), wanted.encode("utf-8"))


def _said(status: HTTPStatus, why: str = "") -> Page:
    return Page(
        "\n".join([f"{status.value} {status.phrase}", why]).strip().encode() + b"\n", status
    )
