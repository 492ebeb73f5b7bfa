"""Cases of one item are found in a file without reading the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.results.record_lines import read_cases_of
from pytest_safescale.text.escaping import json_line
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = Shape(models=("m",), conditions=("closed_book",), items=3, samples=0)
NAMES = ("item", 'item "é\u2028"', "item-2")


def written(path: Path, *, ascii_only: bool) -> Path:
    records = [
        {**record, "item_id": name, "question": "item"}
        for record, name in zip(make_records(SHAPE), NAMES, strict=True)
    ]
    write = json.dumps if ascii_only else json_line
    path.write_text("".join(f"{write(record)}\n" for record in records), encoding="utf-8")
    return path


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_the_cases_of_an_item_are_those_of_its_id(
    tmp_path: Path, name: str, ascii_only: bool
) -> None:
    path = written(tmp_path / "cases.jsonl", ascii_only=ascii_only)
    assert [record["item_id"] for record in read_cases_of(path, name)] == [name]


def test_a_damaged_line_of_another_item_is_none_of_its_business(tmp_path: Path) -> None:
    path = written(tmp_path / "cases.jsonl", ascii_only=True)
    path.write_text(path.read_text() + '{"item_id": "other"\n')
    assert len(list(read_cases_of(path, "item-2"))) == 1
    with pytest.raises(DatasetError, match=r"cases\.jsonl, line 4, is not JSON"):
        list(read_cases_of(path, "other"))
