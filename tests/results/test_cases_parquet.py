"""The cases as a Parquet file: what the table of cases has, in typed columns and row groups."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale import load_run
from pytest_safescale.cli.command import main
from pytest_safescale.dataset.parquet import check_parquet
from pytest_safescale.errors import SettingsError
from pytest_safescale.results import cases_parquet
from tests.report.folders import make_folder
from tests.report.made_records import Shape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

parquet = pytest.importorskip("pyarrow.parquet")
SMALL = Shape(items=3, models=("m", "n"), conditions=("closed_book",), extras=False, samples=2)


def test_the_file_has_the_rows_of_the_table_in_groups_that_fit_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cases_parquet, "GROUP", 4)
    report = make_folder(tmp_path / "report", SMALL)
    out = tmp_path / "c.parquet"
    assert main(["export", str(report), "--format", "parquet", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    file = parquet.ParquetFile(out)
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [4, 2]
    rows = load_run(report).cases("rows")
    for found, row in zip(file.read().to_pylist(), rows, strict=True):
        assert {name: plain(cell, row[name]) for name, cell in found.items()} == row
    types = {field.name: str(field.type) for field in file.schema_arrow}
    assert types["correct"] == "bool"
    assert types["confidence"] == "double"
    assert types["replies"] == "int64"
    assert types["reply"] == "string"
    assert types["findings"].startswith("list<")


def plain(cell: Any, told: Any) -> Any:
    return json.loads(cell) if isinstance(cell, str) and isinstance(told, dict) else cell


@pytest.mark.parametrize(
    ("out", "said"),
    [("c.csv", "allowed: a name that ends in .parquet"), ("report", "which is there")],
)
def test_another_place_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    out: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_folder(tmp_path / "report", SMALL)
    assert main(["export", "report", "--format", "parquet", "--out", out]) == 4
    assert said in capsys.readouterr().err


def test_the_extra_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "pytest_safescale.dataset.parquet.find_spec",
        lambda name: None if name == "pyarrow" else find(name),
    )
    with pytest.raises(
        SettingsError, match=r'^--x needs: pip install "pytest-safescale\[parquet\]"'
    ):
        check_parquet("--x")


@pytest.mark.slow
def test_a_run_writes_it_beside_the_lines_and_takes_it_away_with_them(
    pytester: pytest.Pytester, run_pytest: Callable[..., pytest.RunResult]
) -> None:
    run = (
        "--safescale-suite=radsafe200", "--safescale-model=simulated:paper", "--safescale-limit=2",
        "--safescale-conditions=closed_book", "--safescale-samples=0", "-q",
    )  # fmt: skip
    folder = pytester.path / "safescale-report"
    run_pytest(*run, "--safescale-cases=parquet")
    rows = parquet.read_table(folder / "cases.parquet").to_pylist()
    lines = (folder / "cases.jsonl").read_text("utf-8").splitlines()
    assert [row["item_id"] for row in rows] == [json.loads(line)["item_id"] for line in lines]
    assert {row["nature"] for row in rows} == {"simulated"}
    run_pytest(*run)
    assert not (folder / "cases.parquet").exists()
