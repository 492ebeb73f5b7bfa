"""``safescale score`` in a folder with a data set, and what its report says."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from pytest_safescale.cli.command import main
from pytest_safescale.results.record_lines import CASES
from tests.dataset.writing import json_array, merged
from tests.published.result_files import item

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go into the folder, write a data set of three items of four options there, and return it."""
    monkeypatch.chdir(folder)
    items = json_array([merged(item(name)) for name in "123"])
    (folder / "items.json").write_bytes(items)
    return folder


def score(*more: str, results: str = "results", data: str = "items.json") -> int:
    """Score results into the folder ``report``; return the exit code."""
    return main(["score", results, f"--dataset={data}", "--out=report", *more])


def run_file(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content


def figures(folder: Path, model: str = "m", condition: str = "closed_book") -> dict[str, Any]:
    """Return value and number of cases of each figure of a cell, by "regime metric"."""
    return {
        f"{row['regime']} {row['metric']}": (row["value"], row["n"])
        for row in run_file(folder)["metrics"]
        if (row["model"], row["condition"]) == (model, condition)
    }


def sayings(folder: Path) -> list[str]:
    """Return what each output says beside its figures."""
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        table = [row["partial"] for row in csv.DictReader(file)]
    assert len(set(table)) == 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    cases = [json.loads(one) for one in (folder / CASES).read_text(encoding="utf-8").splitlines()]
    return [
        "a partial table" if table[0] == "True" else "",
        "a partial page" if "only a part of the results could be scored" in page else "",
        "partial cases" if all(case.get("partial") for case in cases) else "",
        *run_file(folder)["manifest"]["notices"],
        (folder / "summary.md").read_text(encoding="utf-8"),
    ]
