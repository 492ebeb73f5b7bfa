"""Runs whose model's table asks for structured output, against endpoints of each kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.models.openai.test_answer_format import WEATHER, honours, is_probe
from tests.plugin.test_calls import configure
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAIN = ("--safescale-dataset=items.json", "--safescale-conditions=closed_book")


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_suite: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run three items against a server, with these keys in the model's table."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def run(server: ChatServer, table: str, *arguments: str) -> pytest.RunResult:
        items("one", "two", "three")
        configure(pytester.path, server.url, more=table)
        return run_suite(*PLAIN, *arguments, model="m")

    return run


def cases(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "safescale-report" / "cases.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("kind", "parameter"), [("json", "response_format"), ("choice", "guided_choice")]
)
def test_answers_in_a_format_are_read_counted_and_told(
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    pytester: pytest.Pytester,
    kind: str,
    parameter: str,
) -> None:
    table = f'answer_format = "{kind}"\n'
    with ChatServer(honours(parameter)) as server:
        result = ask(server, table, "--safescale-samples=2")
        assert result.ret == 0
        probes = sum(map(is_probe, server.requests))
        assert probes == (1 if kind == "json" else 2)
        manifest = report()["manifest"]
        # Three items, each with a single answer and a request for two samples.
        assert manifest["calls"]["made"] == server.calls == 6 + probes
        again = ask(server, table, "--safescale-samples=2")
        assert (again.ret, server.calls) == (0, 6 + probes)
    (stated,) = manifest["models"]
    assert stated["shaping"] == {"answer_format": kind}
    assert stated["answer_format_parameter"] == parameter
    notice = f'm: answers are asked for as structured output (answer_format = "{kind}")'
    assert any(told.startswith(notice) for told in manifest["notices"])
    result.stdout.fnmatch_lines([f"*{notice.replace('[', '[[]')}*"])
    assert {case["greedy"]["letter"] for case in cases(pytester.path)} == {"B"}


@pytest.mark.parametrize("kind", ["json", "choice"])
def test_an_abstention_in_the_format_is_one(
    ask: Callable[..., pytest.RunResult], pytester: pytest.Pytester, kind: str
) -> None:
    held = honours("response_format", "structured_outputs", letter="abstain")
    with ChatServer(held) as server:
        ask(server, f'answer_format = "{kind}"\n', "--safescale-samples=0")
    assert {case["state"] for case in cases(pytester.path)} == {"abstained"}


@pytest.mark.parametrize(
    ("refuses", "told"),
    [
        (("response_format",), "*the endpoint refuses response_format (unsupported parameter*"),
        ((), f"*takes response_format and does not hold to it (it replied '{WEATHER}')*"),
    ],
)
def test_a_run_whose_endpoint_holds_to_no_format_ends_with_a_sentence(
    ask: Callable[..., pytest.RunResult], refuses: tuple[str, ...], told: str
) -> None:
    with ChatServer(lambda _: WEATHER, refuses=refuses) as server:
        result = ask(server, 'answer_format = "json"\n', "--safescale-samples=0")
        assert all(map(is_probe, server.requests))
        assert server.calls == 1
    assert result.ret == 4
    (result.stderr if "response_format" in result.stderr.str() else result.stdout).fnmatch_lines(
        [told]
    )


def test_a_key_of_endpoints_alone_is_refused_elsewhere(
    ask: Callable[..., pytest.RunResult],
) -> None:
    with ChatServer() as server:
        result = ask(server, 'extra_body = { response_format = "x" }\n')
        assert result.ret == 4
        result = ask(server, 'answer_format = "xml"\n')
        assert result.ret == 4
        assert server.calls == 0
