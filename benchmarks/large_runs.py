"""Memory and time of what a run does with its cases, and of pytest with as many empty tests.

Synthetic records (34 models, 6 conditions, one answer and 20 samples; nothing in them was answered
by a model) go the way of a run's: into its counts and columns and into cases.jsonl as they come,
then into figures, files and the page. Each size has a process of its own; so has bare pytest. The
work of asking is not in it: `python -m benchmarks` has whole commands.

    python -m benchmarks.large_runs [--cases 2000 10000 20000 68000] [--characters 0 400]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.report.folder import ReportFolder
from pytest_safescale.results.record_book import RecordBook
from pytest_safescale.runs.conclude import assess
from tests.report.folders import make_manifest
from tests.report.made_records import SIX, Shape, make_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_safescale.results.case_record import CaseRecord

MODELS, SAMPLES = 34, 20
SIZES, CHARACTERS = (2_000, 10_000, 20_000, 68_000), (0, 400)
MEBI = 1024 * (1024 if sys.platform == "darwin" else 1)


def shape_of(cases: int, characters: int) -> Shape:
    """Return the shape of about so many cases, each reply of so many characters and its letter."""
    models = tuple(f"model-{number:02}" for number in range(MODELS))
    items = max(1, round(cases / (MODELS * len(SIX))))
    return Shape(models=models, items=items, samples=SAMPLES, reply_characters=characters)


def records_of(shape: Shape) -> Iterator[CaseRecord]:
    """Give the records, those of one model after the other: no more are in memory at once."""
    for number, model in enumerate(shape.models):
        yield from make_records(replace(shape, models=(model,), seed=number))


def peak() -> int:
    """Return the most memory that this process has had, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBI)


def of_records(shape: Shape, out: Path) -> dict[str, float]:
    """Return seconds and peaks of what a run does with its cases."""
    book, folder, at_start = RecordBook(), ReportFolder(out, run_id="synthetic"), peak()
    spent = 0.0
    for record in records_of(shape):
        start = time.perf_counter()
        book.add(record)
        folder.add(record)
        spent += time.perf_counter() - start
    came, start = peak(), time.perf_counter()
    manifest: Any = {**make_manifest(shape, book.errors), "ensembles": [], "run_id": "synthetic"}
    manifest["decoding"]["adaptive"] = False
    complete = Completeness(expected=book.recorded, recorded=book.recorded)
    conclusion = assess(book, manifest, completeness=complete, gates=())
    figures, judged, start = time.perf_counter() - start, peak(), time.perf_counter()
    folder.finish(conclusion)
    return {
        "cases": len(book),
        "megabytes": round((out / "cases.jsonl").stat().st_size / 1e6),
        "start": at_start,
        "came": came,
        "judged": judged,
        "written": peak(),
        "each_ms": round(1000 * spent / len(book), 3),
        "figures_s": round(figures, 1),
        "files_s": round(time.perf_counter() - start, 1),
    }


def of_pytest(cases: int, folder: Path) -> int:
    """Return the peak of bare pytest over so many empty tests, in MiB."""
    (folder / "test_bare.py").write_text(
        f"import pytest\n@pytest.mark.parametrize('n', range({cases}))\ndef test_it(n): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bare.py"]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MEBI)


def measured(cases: int, characters: int) -> dict[str, float]:
    """Return what a process of its own says of one size; 0 characters tell of bare pytest too."""
    with tempfile.TemporaryDirectory() as name:
        # Pytest first: a child begins as a copy of its parent, whose peak would be its own.
        bare = {} if characters else {"pytest": of_pytest(cases, Path(name))}
        return {**bare, **of_records(shape_of(cases, characters), Path(name) / "report")}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, nargs="+", default=SIZES)
    parser.add_argument("--characters", type=int, nargs="+", default=CHARACTERS)
    parser.add_argument("--one", action="store_true", help="measure in this process, print JSON")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.cases[0], given.characters[0])))
        return
    for characters in given.characters:
        for cases in given.cases:
            command = [sys.executable, "-m", "benchmarks.large_runs", "--one"]
            command += ["--cases", str(cases), "--characters", str(characters)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(f"replies of {characters} characters:", told.strip(), flush=True)


if __name__ == "__main__":
    main()
