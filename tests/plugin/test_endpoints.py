"""Runs against endpoints that want to be asked in a way of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from tests.keys import forms_of
from tests.outputs import outputs
from tests.plugin.test_calls import cases, configure
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ORG, SIGNATURE = "organisation-4711", "sig-0815-of-the-query"
LOUD = ("-rA", "-vv", "--log-level=DEBUG")
PLAIN = ("--safescale-dataset=items.json", "--safescale-conditions=closed_book")


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run so many items against a server, with these keys in the model's table."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    monkeypatch.setenv("MY_ORG", ORG)
    monkeypatch.setenv("MY_SIGNATURE", SIGNATURE)

    def run(server: ChatServer, table: str, *arguments: str, n: int = 3) -> pytest.RunResult:
        items(*(f"case {number}" for number in range(n)))
        configure(pytester.path, server.url, more=table)
        return run_suite(*PLAIN, *arguments, model="m")

    return run


def test_a_refused_temperature_is_learned_once_and_told(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    def refuse(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        if "temperature" not in payload:
            return None
        return complaint(400, "'temperature' is not supported", param="temperature")

    with ChatServer(response=refuse) as server:
        run = ("--safescale-samples=4", "--safescale-concurrency=1")
        result = ask(server, "", *run)
        assert result.ret == 0
        # Of each item a single answer and four samples in one request, and a refusal of each kind.
        assert server.calls == 3 * 2 + 2
        again = ask(server, "", *run, n=4)
        assert server.calls == 3 * 2 + 2 + 2
    assert again.ret == 0
    manifest = report()["manifest"]
    assert manifest["models"][0]["refused"] == ["temperature 0", "temperature 0.7"]
    (told,) = [notice for notice in manifest["notices"] if "temperature 0.7" in notice]
    assert "m: the endpoint refuses temperature 0.7: samples are drawn at the endpoint's" in told
    for each in (result, again):
        each.stdout.fnmatch_lines(["*the endpoint refuses temperature 0: single answers are*"])


def test_what_a_table_changes_is_told_and_kept_apart_in_the_store(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    single = "--safescale-samples=0"
    with ChatServer() as server:
        ask(server, "temperature = 0.6\nextra_body = { top_k = 20 }\n", single)
        assert {payload["top_k"] for payload in server.requests} == {20}
        first = report()["manifest"]
        ask(server, "temperature = 0.6\nextra_body = { top_k = 40 }\n", single)
        assert server.calls == 6
        ask(server, "temperature = 0.6\nextra_body = { top_k = 20 }\nread_timeout_s = 9\n", single)
        assert server.calls == 6
    assert first["models"][0]["shaping"] == {"temperature": 0.6, "extra_body": {"top_k": 20}}
    assert "m: single answers are drawn at temperature 0.6, as its table says" in first["notices"]


def test_a_baseline_that_was_asked_otherwise_is_told(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    single = "--safescale-samples=0"
    with ChatServer() as server:
        ask(server, "temperature = 0.6\n", single, "--safescale-report=before")
        for table, told in (
            ("temperature = 0.6\n", []),
            ("temperature = 0.8\n", ["the baseline asked m otherwise (temperature 0.6, here 0.8)"]),
        ):
            compared = ("--safescale-baseline=before", "--safescale-fresh")
            assert ask(server, table, single, *compared).ret == 0
            notices = report()["manifest"]["notices"]
            assert [notice for notice in notices if "baseline" in notice] == told


def test_values_of_headers_and_query_stand_in_nothing_a_run_leaves_behind(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult]
) -> None:
    def repeat(request: web.Request, payload: dict[str, Any]) -> web.Response:
        said = f"{request.headers['x-org']} {request.query['sig']} {request.headers['api-key']}"
        number = int(payload["messages"][-1]["content"].partition("(case ")[2][0])
        if number == 0:
            return complaint(400, f"bad signature {said}")
        return web.json_response({"choices": [{"message": {"content": f"B {said}"}}]})

    table = (
        'api_key_header = "api-key"\nheaders = { X-Org = "env:MY_ORG" }\n'
        'query = { sig = "env:MY_SIGNATURE", api-version = "2024-10-21" }\n'
    )
    with ChatServer(response=repeat) as server:
        result = ask(server, table, "--safescale-samples=0", "--junitxml=junit.xml", *LOUD)
        assert server.calls == 3
    records = cases(pytester)
    assert [record["error"] for record in records] == [
        "HTTP 400: bad signature [key] [key] [key]",
        None,
        None,
    ]
    assert {record["greedy"]["text"] for record in records[1:]} == {"B [key] [key] [key]"}
    found = outputs(pytester.path, result)
    assert {"stdout 0", "safescale-report/run.json", "safescale-report/report.html"} <= set(found)
    for name, content in found.items():
        if name in ("safescale.toml",):
            continue
        for secret in (KEY, ORG, SIGNATURE):
            for form in forms_of(secret):
                assert form.lower() not in content.lower(), f"{form} stands in {name}"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('headers = { X-Org = "env:NOT_SET" }', "m.headers, X-Org: set the environment variable"),
        ("temprature = 1", "'models.m.temprature' is unknown; did you mean 'temperature'?"),
    ],
)
def test_a_table_that_cannot_be_meant_ends_the_run_before_any_call(
    ask: Callable[..., pytest.RunResult], table: str, said: str
) -> None:
    with ChatServer() as server:
        result = ask(server, table)
        assert server.calls == 0
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{said}*"])


@pytest.mark.parametrize("base_url", ["{url}/chat/completions", "{host}"])
def test_a_base_url_that_is_not_one_is_told_what_to_write(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    run_suite: Callable[..., pytest.RunResult],
    base_url: str,
) -> None:
    with ChatServer() as server:
        ask(server, "", "--collect-only")
        host = server.url.removesuffix("/v1")
        configure(pytester.path, base_url.format(url=server.url, host=host))
        result = run_suite(*PLAIN, model="m")
        assert server.calls == 0
    assert result.ret == 4
    told = json.dumps(result.stderr.str() + result.stdout.str())
    assert server.url in told
