"""``safescale audit --retriever``: recall of what serves the items under dense retrieval."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.audit.planted import SAMPLE
from tests.servers import ChatServer, complaint

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAFESCALE_API_KEY", "key-of-the-embedder")
    items = json.loads((SAMPLE / "items.json").read_text("utf-8"))[:1]
    (tmp_path / "items.json").write_text(json.dumps(items), "utf-8")
    # The server's vectors put the longest text first, whatever is asked.
    passages = [
        {"id": "fact", "text": items[0]["key_fact"]},
        {"id": "longest", "text": "The kidney has an outer cortex and an inner medulla. " * 9},
        {"id": "short", "text": "The liver has two lobes."},
    ]
    text = "".join(json.dumps(one) + "\n" for one in passages)
    (tmp_path / "corpus.jsonl").write_text(text, "utf-8")
    return tmp_path


def audit(server: ChatServer | None, *more: str) -> int:
    url = [f"--base-url={server.url}"] if server else []
    return main(["audit", "corpus.jsonl", "--out=audit", *url, *more])


def test_recall_under_dense_retrieval_stands_beside_that_under_bm25(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(lambda _: "") as server:
        wanted = ("--dataset=items.json", "--retriever=openai:bge")
        assert audit(server, *wanted) == 0
        asked = len(server.embedded)
        assert audit(server, *wanted) == 0
        assert len(server.embedded) == asked, "a run repeated asks nothing"
    found = json.loads((folder / "audit" / "audit.json").read_text("utf-8"))
    (lexical,), (dense,) = (found[name]["by_item"] for name in ("coverage", "dense_coverage"))
    assert (lexical["passage"], lexical["rank"]) == ("fact", 1)
    assert (dense["passage"], dense["rank"]) == ("fact", 2)
    assert found["dense_coverage"]["ranker"] == "dense:bge"
    assert found["dense_coverage"]["recall_at_1"] == 0
    assert found["dense_coverage"]["recall_at_5"] == 1
    printed = capsys.readouterr().out
    assert "under dense:bge 0% by the first 1, 100% by the first 5, 100% by the first 10" in printed


def test_an_endpoint_that_gives_nothing_ends_the_audit_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: web.Request, payload: dict[str, Any]) -> Any:
        return complaint(400, "no such model") if "input" in payload else None

    with ChatServer(lambda _: "", response=refuse) as server:
        assert audit(server, "--dataset=items.json", "--retriever=openai:bge") == 4
    assert "openai:bge" in capsys.readouterr().err
    assert not (folder / "audit").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--retriever=openai:bge",), "--retriever: found 'openai:bge' and no items to look for"),
        (("--dataset=items.json", "--retriever=faiss"), "retriever: found 'faiss'; allowed: bm25"),
        (("--dataset=items.json", "--retriever=bm25", "--fresh"), "and no model to ask"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    more: tuple[str, ...], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(None, *more) == 4
    assert told in capsys.readouterr().err
    assert not (folder / "audit").exists()
