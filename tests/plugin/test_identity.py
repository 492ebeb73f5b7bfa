"""A stored reply belongs to whoever gave it: to a model at an address, or to named weights."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugin.test_calls import SINGLE
from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WRITTEN = {
    "as it was": ("{url}", 0),
    "a slash at the end": ("{url}/", 0),
    "capitals in the host": ("HTTP://LOCALHOST:{port}/v1", 0),
    "another path": ("http://localhost:{port}/v1/../v1", 0),
    "another host name": ("http://127.0.0.1:{port}/v1", 4),
}


@pytest.fixture
def serve() -> Iterator[Callable[..., ChatServer]]:
    with ExitStack() as stack:
        yield lambda *given, **more: stack.enter_context(ChatServer(*given, **more))


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run four items on models whose tables are given by name, each with its own keys."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items(*(f"case {n}" for n in range(4)))

    def run(*arguments: str, top: str = "", **tables: dict[str, str]) -> pytest.RunResult:
        lines = [top]
        for name, keys in tables.items():
            lines += [f"[models.{name}]", 'provider = "openai"', 'model = "m"']
            lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        (pytester.path / "safescale.toml").write_text("\n".join(lines))
        named = (f"--safescale-model={name}" for name in tables)
        return run_pytest("--safescale-suite=radsafe200", *SINGLE, *named, *arguments)

    return run


def local(server: ChatServer) -> str:
    return f"http://localhost:{server.port}/v1"


def accuracy(run: dict[str, Any]) -> dict[str, float]:
    return {
        row["model"]: row["value"]
        for row in run["metrics"]
        if row["metric"] == "accuracy" and row["regime"] == "single"
    }


def test_one_served_name_at_two_addresses_is_two_models(
    serve: Callable[..., ChatServer],
    ask: Callable[..., pytest.RunResult],
    report: Callable[[], dict[str, Any]],
) -> None:
    right, wrong = serve(lambda _: "A"), serve(lambda _: "B")
    ask(old={"base_url": right.url}, new={"base_url": wrong.url})
    assert (right.calls, wrong.calls) == (4, 4)
    found = accuracy(report())
    assert (found["old"], found["new"]) == (1.0, 0.0)
    # Nor in a later run, of the second alone.
    ask("--safescale-store=other.sqlite", old={"base_url": right.url})
    ask("--safescale-store=other.sqlite", new={"base_url": wrong.url})
    assert accuracy(report())["new"] == 0.0


@pytest.mark.parametrize("case", WRITTEN)
def test_an_address_is_the_same_however_it_is_written(
    serve: Callable[..., ChatServer], ask: Callable[..., pytest.RunResult], case: str
) -> None:
    server = serve()
    ask(m={"base_url": local(server)})
    written, asked_again = WRITTEN[case]
    ask(m={"base_url": written.format(url=local(server), port=server.port)})
    assert server.calls == 4 + asked_again


def test_a_move_to_another_host_costs_nothing_where_the_weights_are_named(
    serve: Callable[..., ChatServer], ask: Callable[..., pytest.RunResult]
) -> None:
    first, second = serve(), serve()
    ask(m={"base_url": first.url, "identity": "sha256:1f2e"})
    ask(m={"base_url": second.url, "identity": "sha256:1f2e"})
    assert (first.calls, second.calls) == (4, 0)
    ask(m={"base_url": second.url, "identity": "sha256:9a9b"})
    assert second.calls == 4
    ask(m={"base_url": second.url, "identity": "sha256:9a9b", "revision": "2"})
    assert second.calls == 8


def test_what_an_endpoint_refuses_is_learned_of_that_address_alone(
    serve: Callable[..., ChatServer], ask: Callable[..., pytest.RunResult]
) -> None:
    strict, lenient = serve(refuses=("seed",)), serve()
    ask(m={"base_url": strict.url, "identity": "w"})
    ask("--safescale-seed=7", m={"base_url": lenient.url, "identity": "w"})
    assert all("seed" in payload for payload in lenient.requests)


def test_embeddings_belong_to_their_address_too(
    pytester: pytest.Pytester,
    serve: Callable[..., ChatServer],
    ask: Callable[..., pytest.RunResult],
) -> None:
    (pytester.path / "corpus.jsonl").write_text(
        '{"id": "1", "title": "Chest", "text": "Tension shifts the mediastinum away."}\n'
    )
    first, second, chat = serve(), serve(), serve()
    dense = ("--safescale-corpus=corpus.jsonl", "--safescale-conditions=standard_rag")
    for server in (first, second, second):
        embedder = f'[models.e]\nprovider = "openai"\nmodel = "bge"\nbase_url = "{server.url}"'
        ask(*dense, top=f'retriever = "e"\n{embedder}', m={"base_url": chat.url})
    assert len(first.embedded) == len(second.embedded) > 0
