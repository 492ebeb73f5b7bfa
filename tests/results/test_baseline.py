"""An earlier run as a later one holds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_safescale.results.baseline import read_baseline
from tests.report.folders import make_folder
from tests.report.made_records import Shape

if TYPE_CHECKING:
    from pathlib import Path


def test_how_replies_of_more_than_a_letter_began_is_kept(tmp_path: Path) -> None:
    shape = Shape(items=3, models=("m",), conditions=("closed_book",), samples=0, errors=False)
    folder = make_folder(tmp_path, shape)
    path = folder / "cases.jsonl"
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    replies = [records[0]["greedy"]["letter"], "B, because " + "x" * 400, "  \n"]
    for record, reply in zip(records, replies, strict=True):
        record["greedy"]["text"] = reply
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    said = read_baseline(folder).said
    assert list(said) == [("m", "closed_book", "item-1")]
    (told,) = said.values()
    assert told.startswith("B, because xxx")
    assert len(told) <= 300
