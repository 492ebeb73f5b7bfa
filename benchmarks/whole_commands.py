"""Whole commands for the scripts of this folder to time, and the peers beside them.

A loopback server in a process of its own answers B after 200 ms, and tells when it was first and
last asked and answered. Beside a run stand a bare aiohttp client that makes as many calls, and bare
pytest over as many empty tests. The model is simulated: no figure of quality.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
DELAY_S = 0.2
CASES = 1200
ITEM = {
    "options": {"A": "one", "B": "two", "C": "three", "D": "four"},
    "answer_idx": "B",
    "option_1_high_risk": 1,
    "evidence_clean": "It is B.",
}
FATAL = {**ITEM, "answer_idx": "A", "option_1_high_risk": None, "option_2_high_risk": 1}
PLAIN = ("--safescale-suite=radsafe200", "--safescale-conditions=closed_book")
EVIDENCE = ("--safescale-suite=radsafe200", "--safescale-conditions=clean_evidence")
ROBUST = ("--safescale-suite=evidence_robustness", "--safescale-conditions=clean_evidence")
OFFLINE_URL = "http://127.0.0.1:9/v1"
"""Where nobody answers: of runs that make no call."""


class Times(NamedTuple):
    """When things happened, in seconds since 1970."""

    started: float
    first: float
    """When the first request came, or the first test began."""
    last: float
    """When the last reply went, or the last test ended."""
    ended: float
    calls: int

    @property
    def whole(self) -> float:
        """Seconds of the whole command."""
        return self.ended - self.started

    @property
    def per_second(self) -> float:
        """Calls a second, from the first request to the last reply."""
        return self.calls / (self.last - self.first)


@contextmanager
def server(delay_s: float = DELAY_S) -> Iterator[str]:
    """Start the loopback server in a process of its own; give its URL."""
    command = [sys.executable, "-m", "tests.servers", "--delay-ms", str(1000 * delay_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def seen_by(url: str) -> dict[str, Any]:
    """Return what the server tells of the requests that it has had."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/calls", timeout=30) as reply:
        told: dict[str, Any] = json.load(reply)
    return told


def write_items(folder: Path, count: int) -> Path:
    """Write items that differ in their question; to every fourth the server's B is dangerous."""
    items = [
        {**(ITEM if n % 4 else FATAL), "question_id": str(n), "question": f"Question {n}?"}
        for n in range(count)
    ]
    path = folder / f"items{count}.json"
    path.write_text(json.dumps(items))
    return path


def timed(folder: Path, command: Sequence[str]) -> tuple[float, float]:
    """Carry out a command of Python; return when it began and ended, in seconds since 1970."""
    environment = {**os.environ, "SAFESCALE_API_KEY": "none", "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, as on every machine in use
    start = time.time()
    subprocess.run(
        [sys.executable, *command], check=True, cwd=folder, capture_output=True, env=environment
    )
    return start, time.time()


def run_pytest(
    folder: Path,
    url: str,
    items: Path | str,
    in_flight: int,
    *arguments: str,
    suite: Sequence[str] = PLAIN,
    model: str = "openai:canned",
) -> tuple[float, float]:
    """Run pytest over the items, single answers only; return when it began and ended."""
    command = (
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
        "--noconftest",  # the suites lie in this checkout, whose conftest is for its own tests
        *(*suite, f"--safescale-model={model}", "--safescale-samples=0"),
        *(f"--safescale-dataset={items}", f"--safescale-concurrency={in_flight}"),
        *(() if model == "lexical" else (f"--safescale-base-url={url}",)),
        *arguments,
    )
    return timed(folder, command)


def live_run(
    folder: Path, items: Path | str, in_flight: int, *arguments: str, suite: Sequence[str] = PLAIN
) -> Times:
    """Run pytest whose calls are made, by a server and into a store that nobody has used."""
    with server() as url:
        began, ended = run_pytest(
            folder, url, items, in_flight, fresh(folder), *arguments, suite=suite
        )
        seen = seen_by(url)
    return Times(began, seen["first"], seen["last"], ended, seen["calls"])


def bare_client(folder: Path, calls: int, in_flight: int) -> Times:
    """Make as many calls by a bare aiohttp client."""
    with server() as url:
        command = ("-m", "benchmarks.bare_client", url, str(calls), str(in_flight))
        began, ended = timed(folder, command)
        seen = seen_by(url)
    return Times(began, seen["first"], seen["last"], ended, seen["calls"])


def bare_pytest(folder: Path, cases: int) -> Times:
    """Run bare pytest over as many empty tests."""
    own = folder / "bare"
    own.mkdir(exist_ok=True)
    (own / "test_bare.py").write_text(
        "import pathlib, time, pytest\n"
        "def setup_module(): pathlib.Path('first').write_text(str(time.time()))\n"
        "def teardown_module(): pathlib.Path('last').write_text(str(time.time()))\n"
        f"@pytest.mark.parametrize('n', range({cases}))\ndef test_it(n): pass\n"
    )
    began, ended = timed(own, ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bare.py"))
    first, last = (float((own / name).read_text()) for name in ("first", "last"))
    return Times(began, first, last, ended, 0)


def fresh(folder: Path) -> str:
    """Return an option that names a store nobody has used."""
    return f"--safescale-store={folder / f'{time.monotonic_ns()}.sqlite'}"


def fixed(folder: Path, url: str, items: Path) -> float:
    """Return the seconds a run takes whatever it asks: start, imports, figures, report.

    Measured as a run of one case, less the delay of its one call.
    """
    arguments = ("--safescale-limit=1", fresh(folder))
    took = [run_pytest(folder, url, items, 32, *arguments) for _ in range(3)]
    return min(ended - began for began, ended in took) - DELAY_S
