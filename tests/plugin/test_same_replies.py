"""A candidate that rests on the very replies of its baseline is refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.servers import KEY, ChatServer, complaint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aiohttp import web

RUN = (
    "--safescale-suite=radsafe200",
    "--safescale-dataset=items.json",
    "--safescale-conditions=closed_book",
    "--safescale-samples=0",
)
AGAINST = "--safescale-baseline=before"
TOLD = "rests on the very replies that this run does, in all {} cases that they share"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    def failing(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        asked = payload["messages"][-1]["content"]
        return complaint(400, "not now") if any(f"({case})" in asked for case in down) else None

    down: list[str] = []
    with ChatServer(response=failing) as started:
        started.down = down  # type: ignore[attr-defined]
        yield started


@pytest.fixture
def ask(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    run_pytest: Callable[..., pytest.RunResult],
    server: ChatServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., pytest.RunResult]:
    """Run items on the model of a table; ``table`` and ``top`` are lines of the configuration."""
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)

    def run(
        *arguments: str, count: int = 4, table: str = "", top: str = "", model: str = "m"
    ) -> pytest.RunResult:
        (pytester.path / "safescale.toml").write_text(
            f'{top}\n[models.m]\nprovider = "openai"\nmodel = "m"\n'
            f'base_url = "{server.url}"\n{table}\n'
        )
        items(*(f"case {n}" for n in range(count)))
        return run_pytest(*RUN, f"--safescale-model={model}", *arguments)

    return run


@pytest.fixture
def before(ask: Callable[..., pytest.RunResult]) -> Callable[..., None]:
    """Make the baseline."""

    def made(*arguments: str, **more: Any) -> None:
        assert ask("--safescale-report=before", *arguments, **more).ret == 0

    return made


AGAIN: dict[str, tuple[list[str], list[str], int]] = {
    "the same run": ([], [], 4),
    "more items": ([], ["count=6"], 4),
    "fewer items": ([], ["count=2"], 2),
    "fewer samples": (["--safescale-samples=2"], [], 4),
    "more samples": ([], ["--safescale-samples=2"], 4),
    "young replies": ([], ["--safescale-max-age=1d"], 4),
    "a replay": ([], ["--safescale-replay"], 4),
    "two workers": ([], ["-n2"], 4),
}


@pytest.mark.parametrize("case", AGAIN)
def test_a_run_that_the_store_answers_as_its_baseline_is_refused_before_any_call(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    before: Callable[..., None],
    server: ChatServer,
    case: str,
) -> None:
    first, again, shared = AGAIN[case]
    before(*first)
    calls = server.calls
    options = [word for word in again if word.startswith("-")]
    count = next((int(word[6:]) for word in again if word.startswith("count")), 4)
    result = ask(AGAINST, *options, count=count)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    path = pytester.path / "before"
    told = f"safescale: --safescale-baseline: {path} {TOLD.format(shared)}"
    assert told in result.stderr.str()
    assert server.calls == calls


OTHERWISE: dict[str, tuple[list[str], dict[str, str]]] = {
    "a fresh run": (["--safescale-fresh"], {}),
    "another store": (["--safescale-store=other.sqlite"], {}),
    "another revision": ([], {"table": 'revision = "2"'}),
    "other weights": ([], {"table": 'identity = "w2"'}),
    "another seed": (["--safescale-seed=7"], {}),
    "another model": ([], {"model": "simulated:safe"}),
    "another prompt": ([], {"top": '[prompt]\nsystem = "Answer with a letter."'}),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_whatever_is_answered_anew_is_compared(
    ask: Callable[..., pytest.RunResult],
    before: Callable[..., None],
    report: Callable[[], dict[str, Any]],
    case: str,
) -> None:
    before()
    arguments, more = OTHERWISE[case]
    assert ask(AGAINST, *arguments, **more).ret == 0
    run = report()
    assert [row["kind"] for row in run["comparisons"]]
    assert "very replies" not in " ".join(run["manifest"]["notices"])


def test_replies_above_the_age_are_asked_anew_and_compared(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], before: Callable[..., None]
) -> None:
    before()
    # As if it had been a week ago, the baseline with it.
    with closing(sqlite3.connect(pytester.path / ".safescale" / "store.sqlite")) as db:
        db.execute("UPDATE replies SET stored_at = 1e9")
        db.commit()
    path = pytester.path / "before" / "cases.jsonl"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        for call in record["calls"]:
            call["stored_at"] = [1e9]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    assert ask(AGAINST, "--safescale-max-age=9999w").ret == 4
    assert ask(AGAINST, "--safescale-max-age=1w").ret == 0


def test_a_case_that_failed_in_the_baseline_makes_no_comparison_of_the_others(
    ask: Callable[..., pytest.RunResult], before: Callable[..., None], server: ChatServer
) -> None:
    server.down.append("case 1")  # type: ignore[attr-defined]
    before()
    server.down.clear()  # type: ignore[attr-defined]
    result = ask(AGAINST)
    assert result.ret == 4
    assert TOLD.format(3) in result.stderr.str()


def test_what_rests_on_the_same_replies_in_part_is_compared_and_told(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    before: Callable[..., None],
) -> None:
    both = "--safescale-conditions=closed_book,clean_evidence"
    before(both)
    prompt = '[prompt]\nuser_with_evidence = "Read {evidence} and answer {question} {options}"'
    result = ask(AGAINST, both, top=prompt)
    assert result.ret == 0, result.stderr.str()
    told = (
        "m: 4 of 8 cases that are compared rest on the very replies of the baseline, so that they "
        "cannot differ"
    )
    summary = (pytester.path / "safescale-report" / "summary.md").read_text(encoding="utf-8")
    assert told in result.stdout.str()
    assert told in summary


def test_what_is_only_known_at_the_end_is_refused_there(
    pytester: pytest.Pytester, ask: Callable[..., pytest.RunResult], before: Callable[..., None]
) -> None:
    before()
    with closing(sqlite3.connect(pytester.path / ".safescale" / "store.sqlite")) as db:
        call = json.loads((pytester.path / "before" / "cases.jsonl").read_text().splitlines()[0])
        key = bytes.fromhex(call["calls"][0]["key"])
        db.execute(
            "DELETE FROM replies WHERE call_id = (SELECT id FROM calls WHERE call = ?)", (key,)
        )
        db.commit()
    # The case that would be asked anew is not among those that are run.
    result = ask(AGAINST, "-k", "book-i1] or book-i2]")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert TOLD.format(2) in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("model", ["lexical", "simulated:paper", "python:app:answer"])
def test_it_is_the_same_for_models_that_cost_nothing_and_for_agents(
    ask: Callable[..., pytest.RunResult], before: Callable[..., None], model: str
) -> None:
    conditions = "--safescale-conditions=closed_book,standard_rag,agentic_rag"
    corpus = ("--safescale-dataset=sample", "--safescale-limit=2", conditions)
    before(*corpus, model=model)
    refused = ask(AGAINST, *corpus, model=model)
    assert refused.ret == 4
    assert TOLD.format(6) in refused.stderr.str()
    assert ask(AGAINST, *corpus, "--safescale-fresh", model=model).ret == 0


def test_shards_and_reports_that_rest_on_the_same_replies_are_not_compared(
    pytester: pytest.Pytester,
    ask: Callable[..., pytest.RunResult],
    before: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before()
    for number in (1, 2):
        more = (f"--safescale-shard={number}/2", f"--safescale-report=s{number}")
        assert ask(AGAINST, *more).ret == 0
    monkeypatch.chdir(pytester.path)
    assert main(["merge", "s1", "s2", "--out=whole"]) == 4
    assert f"--baseline: {pytester.path / 'before'} {TOLD.format(4)}" in capsys.readouterr().err
    assert not (pytester.path / "whole").exists()
    assert main(["compare", "before/run.json", "before/run.json"]) == 4
    assert f"safescale compare: before/run.json {TOLD.format(4)}" in capsys.readouterr().err
