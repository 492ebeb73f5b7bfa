"""How much is done for something, in calls of the package's functions: no clock is read."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_safescale
from pytest_safescale.runs.run import prepare_run
from pytest_safescale.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.runs.run import Run

__all__ = ["calls_by_name", "calls_of_ours", "run_of_cases", "write_items"]

OURS = str(Path(pytest_safescale.__file__).parent)


def calls_of_ours(do: Callable[[], Any]) -> tuple[Any, int]:
    """Return what is done, and how many functions of the package this thread has called for it."""
    done, calls = calls_by_name(do)
    return done, calls.total()


def calls_by_name(do: Callable[[], Any]) -> tuple[Any, Counter[str]]:
    """Return the same with the calls of each function; ``<listcomp>`` and its kin are some too."""
    calls: Counter[str] = Counter()

    def seen(frame: Any, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            calls[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        return do(), calls
    finally:
        sys.setprofile(before)


def write_items(path: Path, count: int) -> Path:
    """Write a data set of so many items, each with one dangerous option."""
    items = [
        {
            "question_id": str(number),
            "question": f"Question {number}: which holds?",
            "options": {letter: f"choice {letter} of {number}" for letter in "ABCD"},
            "answer_idx": "B",
            "option_1_high_risk": 1,
        }
        for number in range(count)
    ]
    path.write_text(json.dumps(items), encoding="utf-8")
    return path


def run_of_cases(folder: Path, count: int) -> Run:
    """Return a run of so many cases of a simulated model, single answers alone."""
    write_items(folder / "items.json", count)
    settings = Settings(
        model=("simulated:paper",),
        conditions=("closed_book",),
        samples=0,
        dataset=str(folder / "items.json"),
        store=folder / "store.sqlite",
    )
    return prepare_run(settings, root=folder)
