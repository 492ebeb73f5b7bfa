"""Kill a run with ``kill -9`` at a random moment, twenty times, and look at what it costs.

Ten times a worker is killed, ten times the whole run; each time the run is started again on the
same store. Counted by the server: no reply that was stored may be asked for again. The figures of
every resumed run must equal those of an undisturbed one.

Run: ``python -m benchmarks.kill_and_resume``. The model is a loopback server: simulated.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.servers import ChatServer

CASES = 200
IN_FLIGHT = 8
ITEM = {
    "options": {"A": "one", "B": "two", "C": "three", "D": "four"},
    "answer_idx": "B",
    "option_1_high_risk": 1,
}


def answer(payload: dict[str, Any]) -> str:
    """Answer by the question alone, so that figures can be compared."""
    question = payload["messages"][-1]["content"]
    return "ABBB"[sum(question.encode()) % 4]


def start(folder: Path, url: str) -> subprocess.Popen[bytes]:
    """Start the run in a session of its own."""
    arguments = [
        *("-m", "pytest", "-q", "-n2", "--safescale-suite=radsafe200"),
        *("--safescale-model=openai:m", "--safescale-dataset=items.json"),
        *("--safescale-conditions=closed_book,clean_evidence", "--safescale-samples=3"),
        *(f"--safescale-base-url={url}", f"--safescale-concurrency={IN_FLIGHT}"),
    ]
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "SAFESCALE_API_KEY": "none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def stored(folder: Path) -> int:
    """Return the number of replies in the store."""
    path = folder / ".safescale" / "store.sqlite"
    if not path.exists():
        return 0
    with sqlite3.connect(path, timeout=60) as db:
        try:
            count = int(db.execute("SELECT count(*) FROM replies").fetchone()[0])
        except sqlite3.OperationalError:
            count = 0
    db.close()
    return count


def figures(folder: Path) -> list[Any]:
    """Return the run's figures that do not depend on the clock."""
    run = json.loads((folder / "safescale-report" / "run.json").read_text())
    return [row for row in run["metrics"] if row["metric"] != "mean_latency_s"]


def disturbed(folder: Path, draw: random.Random, victim: str) -> tuple[int, int, list[Any]]:
    """Return calls wasted (asked although stored), replies stored at the kill, and the figures."""
    with ChatServer(answer, delay_s=0.1) as server:
        process = start(folder, server.url)
        time.sleep(draw.uniform(1.2, 5.0))
        if victim == "run":
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        else:
            found = subprocess.run(
                ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
            )
            if workers := found.stdout.split():
                os.kill(int(draw.choice(workers)), signal.SIGKILL)
            process.wait()
        kept = stored(folder)
        before = server.replies
        start(folder, server.url).wait()
        wanted = CASES // 2 * 2 * 4 - kept
        return server.replies - before - wanted, kept, figures(folder)


def main() -> None:
    """Print a line a kill, and the verdict."""
    items = [
        {**ITEM, "question_id": str(n), "question": f"Q{n}?", "evidence_clean": f"Fact {n}."}
        for n in range(CASES // 2)
    ]
    draw = random.Random(1)
    wrong = 0
    reference: list[Any] | None = None
    for number in range(21):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "items.json").write_text(json.dumps(items))
            if number == 0:
                with ChatServer(answer) as server:
                    start(folder, server.url).wait()
                reference = figures(folder)
                continue
            victim = ("worker", "run")[number % 2]
            wasted, kept, found = disturbed(folder, draw, victim)
            same = found == reference
            wrong += wasted > 0 or not same
            told = f"{kept:4} stored, {wasted} asked again, figures equal: {same}"
            print(f"{number:2} {victim:6} {told}")
    print(f"{20 - wrong} of 20 resumed runs asked for nothing stored and gave the same figures")


if __name__ == "__main__":
    main()
