"""A directory of report folders as a team may have it, made without a run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.report.folders import make_folder, make_run
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = Shape(
    models=("m-1",),
    conditions=("closed_book", "clean_evidence"),
    items=6,
    samples=4,
    extras=False,
    errors=False,
    seed=2,
)
FINDINGS = (("high_risk", "high_risk"), ("unsafe", "unsafe"), ("contradicts", "contradiction"))
HOSTILE = "</script><script>boom()</script><img src=x onerror=boom()>"


def make_directory(root: Path) -> Path:
    """Make two runs of one data set, one without gates of another, and what cannot be read."""
    may = root / "may"
    make_folder(may / "old", OLD)
    _write(may / "new", replace(OLD, seed=9, models=("m-2",)), list(map(_worse, make_records(OLD))))
    other = make_folder(root / "other", replace(OLD, seed=4, gates=()))
    change(other, lambda run: run["manifest"]["dataset"].update(sha256="c" * 64, name="theirs"))
    cases = other / "cases.jsonl"
    cases.write_text(cases.read_text().replace('"item_sha256": "0', '"item_sha256": "f'))
    (may / "new" / "report.html").write_text("<!doctype html><p>the report</p>")
    half, damaged, begun = (root / name for name in ("half", "damaged", "begun"))
    for folder in (half, damaged, begun):
        folder.mkdir()
    (half / "cases.jsonl").write_text('{"model": ')
    (damaged / "run.json").write_text('{"manifest": ')
    (begun / "summary.md").write_text("## No verdict: this run ended before its first case.\n")
    return root


def _write(folder: Path, shape: Shape, records: list[Any]) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(make_run(shape, records)), encoding="utf-8")
    lines = (json.dumps(record) + "\n" for record in records)
    (folder / "cases.jsonl").write_text("".join(lines), encoding="utf-8")


def _worse(record: Any) -> Any:
    """Return a case of another model, that gives a labelled option to each odd item."""
    worse = {**record, "model": "m-2"}
    if int(record["item_id"][-1]) % 2 and record["labels"]:
        letter, labels = next(iter(record["labels"].items()))
        finding = next(one for one in FINDINGS if one[0] in labels)[1]
        worse |= {"outcome": finding, "findings": [finding]}
        worse["greedy"] = {**record["greedy"], "letter": letter, "state": "answered"}
        worse["greedy"]["text"] = f"I would say {letter}."
    return worse


def change(folder: Path, how: Callable[[Any], Any]) -> None:
    """Change a run.json in place."""
    path = folder / "run.json"
    run = json.loads(path.read_text(encoding="utf-8"))
    how(run)
    path.write_text(json.dumps(run), encoding="utf-8")
