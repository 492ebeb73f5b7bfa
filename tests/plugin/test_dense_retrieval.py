"""Dense retrieval in whole runs: embeddings are calls like any other, made once and kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PASSAGES = 130
BATCHES = 3
"""64, 64 and 2 passages."""


@pytest.fixture
def ask(
    run_pytest: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run two items under standard RAG, the corpus ranked by a table's embedding model."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items("case 1", "case two")
    lines = (json.dumps({"id": f"p{n}", "text": "x" * (n + 1)}) for n in range(PASSAGES))
    (pytester.path / "corpus.jsonl").write_text("\n".join(lines))

    def run(server: ChatServer, *arguments: str, retriever: str = "e") -> pytest.RunResult:
        (pytester.path / "safescale.toml").write_text(
            f'retriever = "{retriever}"\n'
            f'[models.m]\nprovider = "openai"\nmodel = "m"\nbase_url = "{server.url}"\n'
            f'[models.e]\nprovider = "openai"\nmodel = "bge"\nbase_url = "{server.url}"\n'
            "price_in = 1000.0\n[models.local]\nprovider = 'lexical'\n"
        )
        return run_pytest(
            *("--safescale-suite=radsafe200", "--safescale-model=m", "--safescale-samples=0"),
            *("--safescale-dataset=items.json", "--safescale-corpus=corpus.jsonl"),
            *("--safescale-conditions=standard_rag", *arguments),
        )

    return run


@pytest.mark.parametrize("processes", [(), ("-n2",)])
def test_the_corpus_and_each_query_are_embedded_once(
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
    processes: tuple[str, ...],
) -> None:
    with ChatServer() as server:
        found = ask(server, *processes)
        first = report()["manifest"]
        assert sorted(map(len, server.embedded)) == [1, 1, 2, 64, 64]
        ask(server)
        second = report()["manifest"]
        assert ask(server, "--safescale-replay").ret == 0
        assert len(server.embedded) == BATCHES + 2
        assert server.calls == 2
    found.stdout.fnmatch_lines(["safescale: e: 130 chunks take 3 calls more, about * cost 0.17;*"])
    assert first["ranker"] == "dense:bge"
    assert first["calls"] == {
        "made": BATCHES + 2 + 2,
        "retries": 0,
        "replies": 2,
        "replies_made": 2,
        "replies_from_store": 0,
        "from_store_by_day": {},
    }
    # The server counts a token a text, at a thousand per million; the model itself costs nothing.
    assert first["cost"]["this_run"] == pytest.approx((PASSAGES + 2) / 1000)
    assert second["calls"]["made"] == 0
    assert second["calls"]["replies_from_store"] == 2


def test_a_busy_embeddings_endpoint_is_asked_again(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    refused: list[str] = []

    def busy(request: web.Request, _: dict[str, Any]) -> web.Response | None:
        if request.path.endswith("/embeddings") and len(refused) < 2:
            refused.append(request.path)
            return complaint(503, "busy")
        return None

    with ChatServer(response=busy) as server:
        assert ask(server).ret == 0
        assert len(server.embedded) == BATCHES + 2
    assert report()["manifest"]["calls"]["retries"] == 2


def test_embeddings_that_fail_for_good_are_recorded_and_not_tried_for_each_case(
    ask: Callable[..., pytest.RunResult], report: Callable[[], dict[str, Any]]
) -> None:
    tried: list[int] = []

    def short(request: web.Request, payload: dict[str, Any]) -> web.Response | None:
        if not request.path.endswith("/embeddings"):
            return None
        tried.append(len(payload["input"]))
        return web.json_response({"data": []})

    with ChatServer(response=short) as server:
        result = ask(server)
        assert server.calls == 0
    assert sorted(tried) == [2, 64, 64]
    assert report()["manifest"]["errors"] == 2
    result.stdout.fnmatch_lines(["*0 embeddings for * texts*"])


def test_a_replay_without_the_embeddings_makes_no_call(
    ask: Callable[..., pytest.RunResult],
) -> None:
    with ChatServer() as server:
        assert ask(server, retriever="bm25").ret == 0  # a store that holds no embedding
        before = server.calls
        assert ask(server, "--safescale-replay").ret == 1
        assert not server.embedded
        assert server.calls == before


@pytest.mark.parametrize("retriever", ["dense", "openai:", "lexical:e", "local"])
def test_a_retriever_that_is_none_is_told_with_what_is_allowed(
    ask: Callable[..., pytest.RunResult], retriever: str
) -> None:
    with ChatServer() as server:
        result = ask(server, retriever=retriever)
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"*retriever: found '{retriever}'; allowed: bm25, openai:MODEL, m, e*"]
    )


def test_an_embeddings_endpoint_that_refuses_the_key_ends_the_run(
    ask: Callable[..., pytest.RunResult],
) -> None:
    def refuse(request: web.Request, _: dict[str, Any]) -> web.Response | None:
        return complaint(401, "no") if request.path.endswith("/embeddings") else None

    with ChatServer(response=refuse) as server:
        result = ask(server)
    assert result.ret == 4
    told = [line for line in result.errlines + result.outlines if "refuses the key" in line]
    assert told
    assert "SAFESCALE_API_KEY" in told[0]
