"""A run in shards on a real cluster, one of whose nodes dies in the middle."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web

from pytest_safescale.calls.store import Store
from pytest_safescale.settings.shards import Shard, items_of_shard
from tests.plugin.test_calls import wait_until
from tests.runs.ray_nodes import ENVIRONMENT
from tests.runs.sharded import cases, data_of, figures, read
from tests.servers import ChatServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
]

KEY = "a-planted-key-of-the-cluster-31337"
CONFIGURATION = """
model = "served"
conditions = ["closed_book", "clean_evidence"]
samples = 2

[models.served]
provider = "openai"
model = "m"
base_url = "{url}"
api_key_env = "KEY_OF_THE_CLUSTER"
requests_per_minute = 6000

[[gates]]
metric = "accuracy"
min = 0.9

[[gates]]
metric = "high_risk_error_rate"
max = 0.9
"""
COMMAND = "from pytest_safescale.cli.command import main; raise SystemExit(main())"
SHARDS = 12
ITEMS = 14
NODES = 3
HELD_FROM = ITEMS * 2 * 2 // 3
"""Requests that are answered before the node is killed; those behind them wait for that."""
OPTIONS = ("--safescale-suite=radsafe200", "-p", "no:randomly", "-p", "no:hypothesispytest")


class Served(NamedTuple):
    """What came of the two runs, and what the server saw."""

    folder: Path
    shards: subprocess.CompletedProcess[str]
    one: subprocess.CompletedProcess[str]
    asked: list[str]
    """The requests in their order, until the shards had ended."""
    stored: set[int]
    """Which of them were answered by replies in the store when the node was killed."""
    killed_at: int
    """How many requests there had been."""
    session: Path
    """Where the cluster keeps its files."""


def words(number: int, payload: dict[str, Any]) -> str:
    """Answer by the request's content alone, and tell its number."""
    letter = "ABCD"[hashlib.sha256(json.dumps(payload).encode()).digest()[0] % 4]
    return f"The answer is {letter}. This was request {number} of all."


def shards_by_question(folder: Path) -> dict[str, int]:
    """Return which shard has each item, by the item's question."""
    asked = {item["question_id"]: item["question"] for item in items_in(folder)}
    return {
        asked[item_id]: number
        for number in range(1, SHARDS + 1)
        for item_id in items_of_shard(asked, Shard(number, SHARDS))
    }


def items_in(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "items.json").read_text(encoding="utf-8"))
    return found


async def replied(number: int, payload: dict[str, Any], killed: threading.Event) -> web.Response:
    while number >= HELD_FROM and not killed.is_set():
        await asyncio.sleep(0.05)
    message = {"role": "assistant", "content": words(number, payload)}
    choices = [
        {"index": index, "message": message, "finish_reason": "stop"}
        for index in range(payload.get("n", 1))
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 9 * len(choices)}
    return web.json_response({"model": "m", "choices": choices, "usage": usage})


@contextmanager
def cluster() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.runs.ray_nodes"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("project")
    environment = {**os.environ, **ENVIRONMENT, "KEY_OF_THE_CLUSTER": KEY}
    numbers: list[int] = []
    killed = threading.Event()
    asking: set[int] = set()
    """The shards whose requests wait."""

    def respond(_: web.Request, payload: dict[str, Any]) -> Any:
        numbers.append(len(numbers))
        if numbers[-1] >= HELD_FROM:
            text = json.dumps(payload)
            asking.update(number for words, number in shard_of.items() if words in text)
        return replied(numbers[-1], payload, killed)

    with ChatServer(response=respond) as server, cluster() as nodes:
        text = data_of(folder, ITEMS) + CONFIGURATION.format(url=server.url)
        (folder / "safescale.toml").write_text(text, encoding="utf-8")
        shard_of = {json.dumps(words)[1:-1]: n for words, n in shards_by_question(folder).items()}
        address, session = said(nodes).split()
        shards = subprocess.Popen(
            [
                *(sys.executable, "-c", COMMAND, "run", f"--on=ray://{address}"),
                *(f"--shards={SHARDS}", "--", *OPTIONS, "--junitxml=shards.xml"),
            ],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(
            lambda: len(asking) == NODES or shards.poll() is not None,
            "a third of the calls, and a shard that asks on every node",
        )
        stored = _numbers(folder)
        killed_at = server.calls
        assert nodes.stdin is not None
        print("kill", file=nodes.stdin, flush=True)
        assert said(nodes) == "killed"
        killed.set()
        out, err = shards.communicate()
        asked = [json.dumps(payload, sort_keys=True) for payload in server.requests]
        one = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", *OPTIONS, "--safescale-store=one.sqlite"),
                *("--safescale-report=one", "--junitxml=one.xml"),
            ],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        ended = subprocess.CompletedProcess[str]([], shards.returncode, out, err)
        yield Served(folder, ended, one, asked, stored, killed_at, Path(session))


def _numbers(folder: Path) -> set[int]:
    """Return which requests have replies in the store."""
    with Store(folder / ".safescale/store.sqlite", read_only=True) as store:
        texts = [row.reply.text for row in store.replies.each() if row is not None]
    return {int(text.partition("request ")[2].split()[0]) for text in texts}


def test_it_says_what_one_process_says_figure_for_figure(made: Served) -> None:
    assert "goes on elsewhere" in made.shards.stderr, made.shards.stderr
    whole, one = read(made.folder / "safescale-report"), read(made.folder / "one")
    for part in set(one) - {"manifest", "metrics"}:
        assert whole[part] == one[part], part
    assert figures(whole) == figures(one)
    assert len(whole["manifest"]["merged"]) == SHARDS
    assert cases(made.folder / "safescale-report") == cases(made.folder / "one")


def test_no_reply_that_was_stored_is_asked_for_again(made: Served) -> None:
    before, after = made.asked[: made.killed_at], set(made.asked[made.killed_at :])
    assert made.stored
    assert not {before[number] for number in made.stored} & after


def test_gates_are_judged_once_and_exit_code_and_junit_agree(made: Served) -> None:
    assert (made.shards.returncode, made.one.returncode) == (1, 1), made.shards.stderr
    for number in range(1, SHARDS + 1):
        assert not read(made.folder / f"safescale-report-shards/shard-{number}/report")["gates"]
    assert outcomes(made.folder / "shards.xml") == outcomes(made.folder / "one.xml")


def outcomes(path: Path) -> dict[tuple[str, str], list[str]]:
    tests = ET.parse(path).iter("testcase")
    return {(one.attrib["classname"], one.attrib["name"]): [p.tag for p in one] for one in tests}


def test_the_key_is_in_no_file_of_project_or_cluster(made: Served) -> None:
    assert made.session.is_dir()
    holding = [
        path
        for folder in (made.folder, made.session)
        for path in folder.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    assert holding == []
