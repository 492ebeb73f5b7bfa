"""The server on loopback: who gets an answer, and to what."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.view.pages import Pages
from pytest_safescale.view.server import ViewServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server(made: Path) -> Iterator[ViewServer]:
    pages = Pages(made)
    with ViewServer(pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: ViewServer, path: str, *, method: str = "GET", host: str | None = None
) -> tuple[int, str, http.client.HTTPMessage]:
    """Ask for a path as it stands; ``TOKEN`` in it is the server's."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest(method, path.replace("TOKEN", server.token), skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"127.0.0.1:{server.port}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode("utf-8")
    connection.close()
    return answer.status, body, answer.headers


@pytest.mark.parametrize(
    "path", ["/TOKEN/", "/TOKEN/trends?data=x", "/TOKEN/case?item=item-1", "/TOKEN/compare"]
)
def test_who_has_the_address_gets_the_pages(server: ViewServer, path: str) -> None:
    status, body, headers = ask(server, path)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith("<!doctype html>")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/x/", "/x/trends", "/TOKENx/", "/trends", "/ä/", "*", "x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_token_nothing_is_told(server: ViewServer, path: str, method: str) -> None:
    status, body, headers = ask(server, path.replace("ä", "%C3%A4"), method=method)
    assert (status, body) == (403, "403 Forbidden\n")
    assert headers["Allow"] is None
    assert headers["Server"].strip() == "safescale"


@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1", "evil.example:{port}", "[::1]:{port}"]
)
def test_a_foreign_name_that_leads_here_gets_nothing(server: ViewServer, host: str) -> None:
    status, body, _ = ask(server, "/TOKEN/", host=host.format(port=server.port))
    assert (status, body) == (403, "403 Forbidden\n")


def test_the_name_of_this_machine_may_be_written_too(server: ViewServer) -> None:
    assert ask(server, "/TOKEN/", host=f"localhost:{server.port}")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_but_reading_is_allowed(server: ViewServer, method: str) -> None:
    status, _, headers = ask(server, "/TOKEN/", method=method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_a_head_has_no_body(server: ViewServer) -> None:
    status, body, headers = ask(server, "/TOKEN/", method="HEAD")
    assert (status, body) == (200, "")
    assert int(headers["Content-Length"]) > 1000


@pytest.mark.parametrize(
    "path",
    [
        "/TOKEN/../../etc/passwd",
        "/TOKEN/may/new/run.json",
        "/TOKEN/report.html",
        "/TOKEN/%2e%2e/run.json",
        "/TOKEN/report?run=../may/new",
        "/TOKEN/report?run=%2Fetc",
    ],
)
def test_no_path_leads_to_a_file(server: ViewServer, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_a_report_comes_as_it_stands_and_in_a_sandbox(server: ViewServer) -> None:
    status, body, headers = ask(server, "/TOKEN/report?run=may/new")
    assert (status, body) == (200, "<!doctype html><p>the report</p>")
    assert headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")


def test_the_address_without_its_last_stroke_leads_to_the_first_page(server: ViewServer) -> None:
    status, _, headers = ask(server, "/TOKEN")
    assert (status, headers["Location"]) == (308, f"/{server.token}/")


def test_each_server_has_a_token_of_its_own_and_listens_on_loopback_alone(
    server: ViewServer,
) -> None:
    with ViewServer(server.pages) as other:
        assert len(server.token) >= 32
        assert other.token != server.token
        assert other.server_address[0] == "127.0.0.1"


def test_a_page_that_fails_ends_no_server(
    server: ViewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("what went wrong")

    monkeypatch.setattr(server.pages, "page", broken)
    status, body, headers = ask(server, "/TOKEN/")
    assert (status, headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert body == "500 Internal Server Error\nZeroDivisionError: what went wrong\n"
    monkeypatch.undo()
    assert ask(server, "/TOKEN/")[0] == 200
