"""Time, memory and bytes of a run as large as the paper's panel, from files of requests to figures.

Plants the replies of 34 models to 10 conditions and 200 items, one answer and 20 samples each: 1.4
million, each about 150 characters long, made up by this script; no model answered anything. Every
step is the command that users call, in a process of its own:

    export      safescale requests export: what the run needs and the store lacks
    import      safescale requests import: the planted results into the store
    info        safescale store info: replies and bytes
    look-ups    1,000 calls found in the store, beside 1,000 in a store of 1,000 calls
    replay      pytest --safescale-replay: every case judged, the report written
    merge       safescale store merge: the store into a new one
    score       safescale score: the report's cases scored anew

Run: ``python -m benchmarks.store_size [MODELS] [STEPS]`` in a checkout: 34 models unless told, and
``store`` for the steps up to merge alone. It takes 3 GB of disk.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.score_panel import ITEMS, MODELS, SAMPLES, synthetic_items
from pytest_safescale.calls.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONDITIONS = ("closed_book", "clean_evidence", "conflict_evidence", "top_1", "top_5")
PROFILES = ("plain", "terse")
"""With each condition: ten cells of a model, each of which asks one question of an item."""
PASSAGES = 60
WORDS = ("finding", "margin", "contrast", "density", "signal", "volume", "series", "target")
PROGRAM = "import sys; from pytest_safescale.cli.command import main; sys.exit(main())"
LOOK_UPS = 1000


def write_project(folder: Path, models: int) -> list[str]:
    """Write data, corpus and configuration; return the names of the models."""
    items = synthetic_items(ITEMS)
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    passages = [
        {"id": f"p{number}", "text": " ".join(random.Random(number).choices(WORDS, k=30))}
        for number in range(PASSAGES)
    ]
    lines = "".join(f"{json.dumps(passage)}\n" for passage in passages)
    (folder / "corpus.jsonl").write_text(lines, encoding="utf-8")
    names = [f"planted-{number:02d}" for number in range(models)]
    tables = "".join(
        f'\n[models.{name}]\nprovider = "openai"\nmodel = "{name}"\n'
        'base_url = "http://127.0.0.1:9/v1"\nprice_in = 1.0\nprice_out = 2.0\n'
        for name in names
    )
    settings = (
        f'model = {json.dumps(names)}\ndataset = "items.json"\ncorpus = "corpus.jsonl"\n'
        f"conditions = {json.dumps(CONDITIONS)}\nprofiles = {json.dumps(PROFILES)}\n"
        f'samples = {SAMPLES}\nstore = "store.sqlite"\n'
    )
    tables += '\n[prompts.terse]\nsystem = "Answer with a letter."\n'
    (folder / "safescale.toml").write_text(settings + tables, encoding="utf-8")
    return names


def plant(requests: Sequence[Path], results: Path) -> int:
    """Write a made-up result of each request, shuffled within each thousand; return the replies."""
    draw, replies = random.Random(7), 0
    with results.open("w", encoding="utf-8") as out:
        for path in requests:
            with path.open(encoding="utf-8") as lines:
                some: list[str] = []
                for line in lines:
                    result, count = planted_result(json.loads(line), draw)
                    some.append(json.dumps(result))
                    replies += count
                    if len(some) == 1000:
                        _write_shuffled(out, some, draw)
                _write_shuffled(out, some, draw)
    return replies


def _write_shuffled(out: Any, some: list[str], draw: random.Random) -> None:
    draw.shuffle(some)
    out.writelines(f"{line}\n" for line in some)
    some.clear()


def planted_result(line: dict[str, Any], draw: random.Random) -> tuple[dict[str, Any], int]:
    """Return what answers a request, and how many replies it holds."""
    body = line["body"]
    count = body.get("n", 1)
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": planted_text(draw)},
            "finish_reason": "stop",
        }
        for index in range(count)
    ]
    answer = {
        "model": f"{body['model']}-2026-11",
        "system_fingerprint": "fp_0123456789",
        "choices": choices,
        "usage": {"prompt_tokens": draw.randint(80, 900), "completion_tokens": 38 * count},
    }
    response = {"status_code": 200, "body": answer}
    return {"custom_id": line["custom_id"], "response": response, "error": None}, count


def planted_text(draw: random.Random) -> str:
    """Return a reply of about 150 characters."""
    why = " ".join(draw.choices(WORDS, k=draw.randint(10, 26)))
    return f"The answer is {draw.choice('ABCD')}. {why}."


def timed(folder: Path, *command: str) -> tuple[str, str]:
    """Run a command in the folder; return what it prints, and seconds and peak memory in words."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "SAFESCALE_API_KEY": "none"},
    ) as process:
        assert process.stdout is not None
        told = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(told)
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    cpu = used.ru_utime + used.ru_stime
    seconds = time.perf_counter() - start
    return told, f"{seconds:8.1f} s ({cpu:.1f} s of a core)  {kilobytes / 1024:6.0f} MiB at most"


def look_ups(store: Path) -> float:
    """Return the median microseconds of finding a call, over a thousand drawn from a store."""
    with Store(store, read_only=True) as opened:
        known = [row.call for row in _single_answers(opened)]
        calls = random.Random(3).choices(known, k=LOOK_UPS)
        taken = []
        for call in calls:
            start = time.perf_counter()
            opened.get([(call, (0,))])
            taken.append(time.perf_counter() - start)
    return median(taken) * 1e6


def small_store(store: Path, small: Path) -> Path:
    """Return a store of the first thousand single answers of another."""
    with Store(store, read_only=True) as whole, Store(small) as few:
        few.take_in([row for row, _ in zip(_single_answers(whole), range(LOOK_UPS), strict=False)])
    return small


def _single_answers(store: Store) -> Iterator[Any]:
    return (row for row in store.replies.each() if row is not None and row.sample == 0)


def main() -> None:
    """Print the figures."""
    models = int(sys.argv[1]) if len(sys.argv) > 1 else MODELS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_project(folder, models)
        cases = models * len(CONDITIONS) * len(PROFILES) * ITEMS
        print(f"planted panel: {cases:,} cases, {cases * (SAMPLES + 1):,} replies", flush=True)
        command = ("-c", PROGRAM)
        _, taken = timed(folder, *command, "requests", "export", "--out", "requests.jsonl")
        files = sorted(folder.glob("requests*.jsonl"))
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"export    {taken}  {len(files)} files, {size:.0f} MB", flush=True)
        results = folder / "results.jsonl"
        replies = plant(files, results)
        _, taken = timed(folder, *command, "requests", "import", "results.jsonl")
        size = results.stat().st_size / 1e6
        print(f"import    {taken}  {replies:,} replies of {size:.0f} MB", flush=True)
        results.unlink()
        told, taken = timed(folder, *command, "store", "info", "store.sqlite")
        print(f"info      {taken}", *told.splitlines()[:2], sep="\n          ", flush=True)
        whole, few = folder / "store.sqlite", small_store(folder / "store.sqlite", folder / "few")
        print(
            f"look-up   {look_ups(whole):.0f} us in the whole, {look_ups(few):.0f} us in a store "
            f"of {LOOK_UPS:,} calls",
            flush=True,
        )
        _, taken = timed(folder, *command, "store", "merge", "store.sqlite", "--into", "c.sqlite")
        print(f"merge     {taken}", flush=True)
        if "store" in sys.argv[2:]:
            return
        pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--safescale-suite=radsafe200")
        _, taken = timed(folder, *pytest, "--safescale-replay", "--safescale-report=report")
        size = (folder / "report" / "cases.jsonl").stat().st_size / 1e6
        print(f"replay    {taken}  cases.jsonl {size:.0f} MB", flush=True)
        _, taken = timed(
            folder, *command, "score", "report", "--dataset", "items.json", "--out", "scored"
        )
        print(f"score     {taken}", flush=True)


if __name__ == "__main__":
    main()
