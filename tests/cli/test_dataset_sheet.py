"""``safescale dataset sheet``: what it writes, says and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.cli.command import main
from tests.dataset.writing import a_record, json_lines

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "items.jsonl").write_bytes(json_lines([a_record(), a_record(question_id="q2")]))
    return tmp_path


SHEET = ("dataset", "sheet", "items.jsonl")


def test_a_sheet_is_written_for_each_rater_and_what_comes_next_is_said(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main([*SHEET, "--raters=3", "--out=my sheets", "--seed=5"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:4] == [
        *(f"wrote my sheets/r{rater}.csv" for rater in (1, 2, 3)),
        "2 items, 8 lines a sheet, seed 5",
    ]
    assert told[-1].startswith("then: safescale dataset agree 'my sheets/r1.csv' 'my sheets/r2")
    assert told[-1].endswith("--items items.jsonl")
    contents = [(folder / "my sheets" / f"r{n}.csv").read_bytes() for n in (1, 2, 3)]
    assert all(content.startswith(b"\xef\xbb\xbfhow to,") for content in contents)
    assert len(set(contents)) == 3


def test_semicolons_stand_between_cells_where_they_are_wanted(folder: Path) -> None:
    assert main([*SHEET, "--raters=2", "--separator=semicolon"]) == 0
    assert "line;item;question" in (folder / "r1.csv").read_text("utf-8")


def test_a_sheet_that_is_there_is_kept_and_none_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "r2.csv").write_text("filled in")
    assert main([*SHEET, "--raters=3"]) == 4
    assert "found r2.csv, and nothing was written" in capsys.readouterr().err
    assert (folder / "r2.csv").read_text() == "filled in"
    assert not (folder / "r1.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--raters=1"], "--raters: found 1; allowed: 2 to 99"),
        (["--raters=two"], "argument --raters: invalid int value"),
        (["--raters=2", "--seed=-1"], "--safescale-seed: found '-1'"),
        (["--raters=2", "--out=items.jsonl"], "--out: items.jsonl/r1.csv cannot be written"),
        (["--raters=2", "--shape=none"], "allowed: radsafe200, medqa"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert main([*SHEET, *arguments]) == 4
    (told,) = capsys.readouterr().err.splitlines()
    assert expected in told


def test_the_seed_of_the_configuration_is_taken_where_none_is_given(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "safescale.toml").write_text("seed = 9\n")
    assert main([*SHEET, "--raters=2"]) == 0
    assert "seed 9" in capsys.readouterr().out
