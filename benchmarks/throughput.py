"""How near a whole pytest run comes to what its endpoint allows.

A loopback server in a process of its own answers after 200 ms. In one run on one machine:

- 1,200 single-answer cases at 32 in flight, against the ideal (calls x delay / in flight);
- the same at 256 in flight, against a bare aiohttp client making the same calls;
- the same with ``-n 2``;
- 20,000 cases answered from a full store, against bare pytest running as many tests.

Run: ``python -m benchmarks.throughput`` in a checkout (``--quick`` leaves the last one out). The
model is a server that always answers B: simulated, no figure of quality.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
DELAY_S = 0.2
CASES = 1200
ITEM = {
    "options": {"A": "one", "B": "two", "C": "three", "D": "four"},
    "answer_idx": "B",
    "option_1_high_risk": 1,
}
FATAL = {**ITEM, "answer_idx": "A", "option_1_high_risk": None, "option_2_high_risk": 1}


@contextmanager
def server() -> Iterator[str]:
    """Start the loopback server in a process of its own; give its URL."""
    command = [sys.executable, "-m", "tests.servers", "--delay-ms", str(1000 * DELAY_S)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def write_items(folder: Path, count: int) -> Path:
    """Write items that differ in their question; to every fourth the server's B is dangerous."""
    items = [
        {**(ITEM if n % 4 else FATAL), "question_id": str(n), "question": f"Question {n}?"}
        for n in range(count)
    ]
    path = folder / f"items{count}.json"
    path.write_text(json.dumps(items))
    return path


PLAIN = ("--safescale-suite=radsafe200", "--safescale-conditions=closed_book")


def run_pytest(
    folder: Path,
    url: str,
    items: Path | str,
    in_flight: int,
    *arguments: str,
    suite: Sequence[str] = PLAIN,
) -> float:
    """Return the seconds of a whole pytest command over the items, single answers only."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        *(*suite, "--safescale-model=openai:canned", "--safescale-samples=0"),
        *(f"--safescale-base-url={url}", f"--safescale-dataset={items}"),
        *(f"--safescale-concurrency={in_flight}", *arguments),
    ]
    environment = {**os.environ, "SAFESCALE_API_KEY": "none"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, as on every machine in use
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=folder, capture_output=True, env=environment)
    return time.perf_counter() - start


def fixed(folder: Path, url: str, items: Path) -> float:
    """Return the seconds a run takes whatever it asks: start, imports, figures, report.

    Measured as a run of one case, less the delay of its one call.
    """
    arguments = ("--safescale-limit=1", fresh(folder))
    return min(run_pytest(folder, url, items, 32, *arguments) for _ in range(3)) - DELAY_S


async def bare_calls(url: str, in_flight: int) -> float:
    """Return the seconds a bare aiohttp client takes for the same calls."""
    slots = asyncio.Semaphore(in_flight)
    payload = {"model": "canned", "messages": [{"role": "user", "content": "Q"}], "max_tokens": 10}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call() -> None:
            async with slots, session.post(f"{url}/chat/completions", json=payload) as response:
                await response.json()

        start = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CASES)))
        return time.perf_counter() - start


def fresh(folder: Path) -> str:
    """Return an option that names a store nobody has used."""
    return f"--safescale-store={folder / f'{time.monotonic_ns()}.sqlite'}"


def live(folder: Path) -> None:
    """Print the figures of runs whose calls are made."""
    items = write_items(folder, CASES)
    with server() as url:
        start = fixed(folder, url, items)
        ideal = CASES * DELAY_S / 32
        # Turn by turn, and the best of each: these are seconds, and other work costs tenths.
        turns = [
            (
                run_pytest(folder, url, items, 32, fresh(folder)),
                run_pytest(folder, url, items, 32, fresh(folder), "-n2"),
                asyncio.run(bare_calls(url, 256)),
                run_pytest(folder, url, items, 256, fresh(folder)),
            )
            for _ in range(3)
        ]
        one, two, bare, wide = (min(column) for column in zip(*turns, strict=True))
    print(f"fixed cost of a run: start-up and report    {start:6.2f} s")
    print(f"32 in flight: whole command {one:6.2f} s, ideal {ideal:.2f} s;")
    print(
        f"  without the fixed cost, over the ideal    {(one - start) / ideal:6.2f}  (allowed 1.15)"
    )
    print(f"32 in flight, -n 2: {two:6.2f} s, over -n 0       {two / one:6.2f}  (allowed 1.10)")
    print(f"256 in flight: whole command {wide:6.2f} s, bare aiohttp client {bare:.2f} s;")
    print(f"  without the fixed cost, over the client   {(wide - start) / bare:6.2f}  (allowed 2)")


def stored(folder: Path, cases: int = 20_000) -> None:
    """Print what a case costs that is answered from the store."""
    items = write_items(folder, cases)
    (folder / "bare").mkdir()
    (folder / "bare" / "test_bare.py").write_text(
        f"import pytest\n@pytest.mark.parametrize('n', range({cases}))\ndef test_it(n): pass\n"
    )
    store = fresh(folder)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "bare"]
    with server() as url:
        run_pytest(folder, url, items, 1000, store)
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    bare = time.perf_counter() - start
    replay = run_pytest(folder, "http://127.0.0.1:9/v1", items, 32, store, "--safescale-replay")
    print(f"{cases} cases from the store {replay:6.2f} s, bare pytest {bare:.2f} s;")
    each = 1000 * (replay - bare) / cases
    print(f"  a case over bare pytest                   {each:6.2f} ms (allowed 1.5)")


def main() -> None:
    """Run the parts wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="leave out the 20,000 cases")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        live(Path(name))
        if not given.quick:
            stored(Path(name))


if __name__ == "__main__":
    main()
