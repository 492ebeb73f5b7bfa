"""What a run does to its process: imports in the main thread, no process, no collector settings.

Two threads that parse sources at once may break each other before Python 3.13, and pytest parses
the modules whose assertions it rewrites. Imports are counted, for it breaks now and then only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.servers import KEY, ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECORDER = """
import gc
import json
import sys
import threading

imported = []
started = []


def record(event, arguments):
    if event == "import":
        threads = [thread.name for thread in threading.enumerate()]
        collects = gc.isenabled() and gc.get_freeze_count() == 0
        thread, asking = threading.current_thread().name, "safescale-engine" in threads
        imported.append([arguments[0], thread, asking, collects])
    if event == "subprocess.Popen":
        started.append(str(arguments[1]))


sys.addaudithook(record)


before = []


def pytest_runtest_teardown():
    before.append(len(imported))


def pytest_unconfigure(config):
    told = {"before": before[0], "imported": imported, "started": started, "python": sys.executable}
    (config.rootpath / "told.json").write_text(json.dumps(told))
"""
SERVED = """
retriever = "embedder"
[models.served]
provider = "openai"
model = "m"
base_url = "{url}"
[models.embedder]
provider = "openai"
model = "bge"
base_url = "{url}"
"""
FEW = ("--safescale-suite=radsafe200", "--safescale-limit=2", "--safescale-samples=3")
RUNS = {
    "120 cases": (
        *("--safescale-suite=radsafe200", "--safescale-model=lexical"),
        *("--safescale-limit=20", "--safescale-samples=0"),
    ),
    "an application": (*FEW, "--safescale-model=python:app:answer"),
    "served": (*FEW, "--safescale-model=served"),
    "single answers": (
        *("--safescale-suite=radsafe200", "--safescale-model=served"),
        *("--safescale-limit=2", "--safescale-samples=0"),
    ),
    "searches": (
        "--safescale-limit=2",
        "--safescale-samples=3",
        "--safescale-suite=evidence_robustness",
        "--safescale-model=lexical",
        "--safescale-conditions=clean_evidence",
        "--safescale-relations=contradiction,layout",
        "--safescale-variants=4",
        "--safescale-gates=default",
        "--safescale-stop-when-decided",
    ),
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.mark.parametrize("arguments", RUNS.values(), ids=RUNS)
@pytest.mark.slow
def test_another_thread_imports_nothing_and_no_process_or_collector_is_touched(
    pytester: pytest.Pytester,
    items: Callable[..., Path],
    server: ChatServer,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setenv("SAFESCALE_API_KEY", KEY)
    items("say A")  # writes the application
    pytester.makepyfile(recorder=RECORDER)
    served = "--safescale-model=served" in arguments
    if served:
        (pytester.path / "safescale.toml").write_text(SERVED.format(url=server.url), "utf-8")
    pytester.runpytest_subprocess("-p", "recorder", *arguments)
    told = json.loads((pytester.path / "told.json").read_text(encoding="utf-8"))
    imported: list[tuple[str, str, bool, bool]] = told["imported"]
    names = {name for name, *_ in imported}
    assert "jinja2" in names
    # Slow to load: wanted for plans, models with layers, audits and label sheets alone.
    assert (
        names & {"matplotlib", "scipy.stats", "pint", "datasketch", "statsmodels", "pyarrow"}
        == set()
    )
    # Only gates that are there are judged.
    judging = "pytest_safescale.gates.criteria.concentration" in names
    assert judging == ("--safescale-gates=default" in arguments)
    # Of what the end alone needs nothing before the first reply is there.
    early = {name for name, *_ in imported[: told["before"]]}
    late = {"jinja2", "pytest_safescale.runs.conclude"}
    assert early & late == set()
    assert [row for row in imported if row[1] != "MainThread"] == []
    # Intervals' library is loaded while the last replies are on their way, where nothing is parsed.
    asking = {name for name, _, asking, _ in imported if asking}
    assert ("scipy.special" in asking) == ("--safescale-samples=0" in arguments and served)
    # Of our own none while cases are asked: pytest rewrites them.
    assert [row for row in imported if row[0].startswith("pytest_safescale") and row[2]] == []
    assert [row for row in imported if not row[3]] == []
    assert [command for command in told["started"] if told["python"] in command] == []
