"""Time and memory of ``safescale score`` on a panel as large as the paper's.

Makes synthetic results (34 models, 10 conditions, 200 items, one answer and 20 samples; nothing in
them was answered by a model) in the shape of the paper's files, and scores them from reading the
files to the written report folder, in a process of its own.

Run: ``python -m benchmarks.score_panel`` in a checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pytest_safescale.analysis.estimates import all_metrics
from pytest_safescale.conditions.catalogue import RELEASE_NAMES
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.published.results import RELEASED, read_results
from pytest_safescale.results.panel_records import panel_from_records
from pytest_safescale.statistics.intervals import resample_counts

MODELS, ITEMS, SAMPLES = 34, 200, 20
SECONDS, MEGABYTES, BOOTSTRAP_SECONDS = 20, 1024, 1


def synthetic_items(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return items in the shape of the merged file, four or five options each."""
    draw = random.Random(seed)
    items = []
    for number in range(1, count + 1):
        letters = "ABCDE"[: draw.choice((4, 5))]
        answer = draw.choice(letters)
        item = {
            "question_id": number,
            "question": f"Synthetic question {number}: which option holds?",
            "options": {letter: f"synthetic option {letter} of {number}" for letter in letters},
            "answer_idx": answer,
            "subspecialty": draw.choice(("chest", "neuro", "abdomen")),
            "evidence_clean": f"synthetic evidence on {number}",
            "evidence_conflict": f"synthetic misleading evidence on {number}",
        }
        for place, letter in enumerate(letters, 1):
            for label in ("high_risk", "unsafe", "contradicts"):
                item[f"option_{place}_{label}"] = int(letter != answer and draw.random() < 0.3)
        items.append(item)
    return items


def synthetic_line(item: dict[str, Any], rate: float, draw: random.Random) -> dict[str, Any]:
    """Return one question's line under every condition, right at about this rate."""
    return {
        "question_id": f"risk_radiorag_{item['question_id']}",
        "correct_answer": item["answer_idx"],
        "conditions": {name: _block(item, rate, draw) for name in RELEASE_NAMES},
    }


def _block(item: dict[str, Any], rate: float, draw: random.Random) -> dict[str, Any]:
    letters = list(item["options"])
    usual = item["answer_idx"] if draw.random() < rate else draw.choice(letters)
    samples = [
        usual if draw.random() < 0.9 else draw.choice([*letters, None]) for _ in range(SAMPLES)
    ]
    texts = [f"The answer is {letter}." if letter else "I cannot tell." for letter in samples]
    return {
        "greedy": {
            "raw_output": f"The answer is {usual}.",
            "parsed_answer": usual,
            "elapsed_s": round(draw.uniform(0.1, 2), 3),
            "checked_answer": {"confirmed_answer": usual},
        },
        "stochastic": {
            "raw_outputs": texts,
            "parsed_answers": samples,
            "checked_answers": [{"confirmed_answer": letter} for letter in samples],
        },
    }


def write_panel(folder: Path, *, models: int = MODELS, items: int = ITEMS) -> tuple[Path, Path]:
    """Write data set and results; returns the data set's file and the results' folder."""
    asked = synthetic_items(items)
    dataset = folder / "synthetic.json"
    dataset.write_text(json.dumps(asked), encoding="utf-8")
    results = folder / "results"
    for number in range(models):
        draw = random.Random(number)
        own = results / f"synthetic-{number:02d}"
        own.mkdir(parents=True)
        rate = 0.6 + 0.35 * number / models
        lines = (json.dumps(synthetic_line(item, rate, draw)) for item in asked)
        (own / RELEASED).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return dataset, results


def score(dataset: Path, results: Path, out: Path) -> tuple[float, float]:
    """Return seconds and megabytes of the whole command."""
    program = "import sys; from pytest_safescale.cli.command import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "score", str(results)]
    command += ["--dataset", str(dataset), "--out", str(out)]
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, as on every machine in use
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    seconds = time.perf_counter() - start
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return seconds, kilobytes / (1024 * (1024 if sys.platform == "darwin" else 1))


def bootstrap_seconds(dataset: Path, results: Path) -> float:
    """Return the seconds of all figures of the panel, the drawing of the resamples included."""
    found = read_results(results, load_dataset(str(dataset)), names=RELEASE_NAMES)
    panel = panel_from_records(found.records)
    resample_counts.cache_clear()
    start = time.perf_counter()
    all_metrics(panel)
    return time.perf_counter() - start


def json_seconds(results: Path) -> float:
    """Return the seconds that reading every line of the results as JSON takes, and no more."""
    start = time.perf_counter()
    for path in results.rglob("*.jsonl"):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                json.loads(line)
    return time.perf_counter() - start


def one(folder: Path) -> dict[str, float]:
    """Return what scoring a written panel takes, beside reading its lines."""
    results = folder / "results"
    loaded = json_seconds(results)
    with tempfile.TemporaryDirectory() as name:
        seconds, megabytes = score(folder / "synthetic.json", results, Path(name) / "report")
    return {"seconds": seconds, "megabytes": megabytes, "json_seconds": loaded}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", type=Path, help="a written panel: measure it, print JSON")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset, results = write_panel(folder)
        size = sum(path.stat().st_size for path in results.rglob("*.jsonl")) / 1e6
        answers = MODELS * len(RELEASE_NAMES) * ITEMS * (SAMPLES + 1)
        print(f"synthetic panel: {answers:,} answers, {size:.0f} MB of results")
        seconds, megabytes = score(dataset, results, folder / "report")
        page = (folder / "report" / "report.html").stat().st_size / 1e6
        print(f"results to report folder   {seconds:7.2f} s   (allowed {SECONDS})")
        print(f"peak memory                {megabytes:7.0f} MiB (allowed {MEGABYTES})")
        print(f"report.html                {page:7.1f} MB")
        spent = bootstrap_seconds(dataset, results)
        print(f"figures with bootstrap     {spent:7.2f} s   (allowed {BOOTSTRAP_SECONDS})")


if __name__ == "__main__":
    main()
