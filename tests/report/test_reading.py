from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.report.reading import read_cases, read_run
from tests.report.folders import Shape, make_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_is_read_back(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, Shape(items=2))
    run = read_run(folder)
    assert run.models == ["small", "large", "huge"]
    assert run.ensembles == ["ensemble:three"]
    assert run.average == "*"
    assert run.conditions[0] == "closed_book"
    assert len(list(read_cases(folder))) == 3 * 6 * 2


def test_the_only_model_stands_for_the_mean(tmp_path: Path) -> None:
    run = read_run(make_folder(tmp_path, Shape(items=2, models=("one",), extras=False)))
    assert run.average == "one"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("[]", "is no report: allowed is an object with a manifest"),
    ],
)
def test_what_is_no_report_is_named(tmp_path: Path, content: str | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(DatasetError, match=complaint):
        read_run(tmp_path)


def test_a_broken_line_of_cases_is_named(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text('{"a": 1}\n\n{broken\n')
    with pytest.raises(DatasetError, match=r"line 3, is not JSON"):
        list(read_cases(tmp_path))


def test_a_folder_without_cases_has_none(tmp_path: Path) -> None:
    assert list(read_cases(tmp_path)) == []
