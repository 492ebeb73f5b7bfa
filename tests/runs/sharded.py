"""Runs whose shards are made as on machines of their own, and joined."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from pytest_safescale.packaged import data_folder
from pytest_safescale.results.case_record import cell_of

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = data_folder("fixtures") / "sample"


def data_of(folder: Path, items: int) -> str:
    """Write the first items of the sample as a data set of their own; return its keys."""
    every = json.loads((SAMPLE / "items.json").read_text(encoding="utf-8"))
    (folder / "items.json").write_text(json.dumps(every[:items]), encoding="utf-8")
    return f'dataset = "items.json"\ncorpus = "{SAMPLE / "corpus.jsonl"}"\n'


def run_in(folder: Path, *arguments: str) -> int:
    """Run the suite in the folder; each run has its own store, as on machines of their own."""
    name = arguments[0].rpartition("=")[2]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return pytest.main(
            [
                *("-q", "-p", "no:cacheprovider", "--safescale-suite=radsafe200"),
                *(f"--safescale-store={name}.sqlite", *arguments),
            ]
        )


def read(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["merge", *arguments]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def figures(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every figure but how long replies took."""
    return [row for row in report["metrics"] if row["metric"] != "mean_latency_s"]


def cases(folder: Path) -> list[tuple[object, ...]]:
    records = map(json.loads, (folder / "cases.jsonl").read_text("utf-8").splitlines())
    return [
        (
            *(cell_of(one), one["item_id"], one["outcome"], one["findings"], one["prompt_sha256"]),
            *(one["greedy"]["letter"], one["samples"]["letters"]),
        )
        for one in records
    ]
