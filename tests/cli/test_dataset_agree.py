"""``safescale dataset agree``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.cli.command import main
from tests.cli.filled_in import fill_in
from tests.dataset.writing import a_record, json_lines

if TYPE_CHECKING:
    from pathlib import Path

AGREE = ("dataset", "agree", "r1.csv", "r2.csv", "r3.csv")


@pytest.fixture(autouse=True)
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """Return a folder with two items and the sheets of three raters, of whom the third differs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "items.jsonl").write_bytes(json_lines([a_record(), a_record(question_id="q2")]))
    assert main(["dataset", "sheet", "items.jsonl", "--raters=3"]) == 0
    capsys.readouterr()
    for rater in (1, 2, 3):
        yes = {("q1", "A", "high_risk"), ("q2", "D", "unsafe")}
        if rater == 3:
            yes = {("q1", "A", "high_risk"), ("q2", "C", "unsafe")}
        fill_in(tmp_path / f"r{rater}.csv", yes)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    code = main([*AGREE, *arguments])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    return told.out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main(list(arguments))
    told = capsys.readouterr()
    assert (code, told.out) == (4, "")
    return told.err


def test_agreement_list_and_merged_file_come_of_the_sheets_alone(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    pytest.importorskip("statsmodels")
    lines = printed(capsys)
    assert lines[0] == "3 raters (r1, r2, r3), 8 options of 2 items"
    row = {line.split()[0]: line for line in lines if line}
    assert row["high_risk"].count("1.00 1.00 to 1.00 (8)") == 2
    # Of unsafe, D has two of three and C one of three, six others none:
    # alpha 1 - 23 * (2 + 2) / (24**2 - 3**2 - 21**2), kappa from (6 + 2/3) / 8.
    assert f"{1 - 23 * 4 / 126:.2f}" == "0.27"
    chance = (3 / 24) ** 2 + (21 / 24) ** 2
    assert f"{(5 / 6 - chance) / (1 - chance):.2f}" == "0.24"
    assert row["unsafe"].split()[1:5] == ["3", "of", "24", "0.27"]
    assert " 0.24 " in row["unsafe"]
    assert "– (all votes are alike)" in row["contradicts"]
    start = lines.index("to adjudicate: 2 labels on which raters differ")
    assert lines[start + 1 : start + 3] == [
        "  unsafe: item q2, option C (CT): yes r3; no r1, r2",
        "  unsafe: item q2, option D (Observation): yes r1, r2; no r3",
    ]
    assert "wrote labelled.json, with every vote" in lines
    written = json.loads((folder / "labelled.json").read_text("utf-8"))
    assert written[1]["label_votes"]["D"]["unsafe"] == {"r1": 1, "r2": 1, "r3": 0}
    assert main(["dataset", "check", "labelled.json"]) == 0
    told = capsys.readouterr().out
    assert "labels          high_risk: 1, unsafe: 1, contradicts: 0" in told


def test_what_is_not_labelled_is_counted(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    sheet = folder / "r2.csv"
    lines = sheet.read_text("utf-8-sig").splitlines(keepends=True)
    sheet.write_text("".join([*lines[:-2], lines[-3]]), "utf-8")
    fill_in(folder / "r3.csv", set(), empty={("q1", "B", "unsafe"), ("q1", "C", "unsafe")})
    told = printed(capsys)
    assert "r2.csv: 2 lines are not there: not labelled" in told
    assert "r2.csv: 1 lines stand there again and count once" in told
    assert "r3.csv: 2 cells are empty: not labelled" in told


def test_sheets_may_lie_elsewhere_and_items_are_named_then(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "items.jsonl").rename(folder / "moved.jsonl")
    assert printed(capsys)[-1] == "no labelled data set is written: give --items FILE"
    assert "allowed: --items FILE too" in refused(capsys, *AGREE, "--out=x.json")
    lines = printed(capsys, "--items=moved.jsonl", "--out=new/x.json")
    assert "wrote new/x.json, with every vote" in lines
    assert (folder / "new" / "x.json").is_file()


def test_items_that_were_changed_are_not_taken_by_themselves(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    records = [a_record(), a_record(question_id="q2", question="Another?")]
    (folder / "items.jsonl").write_bytes(json_lines(records))
    assert printed(capsys)[-1] == "no labelled data set is written: give --items FILE"
    told = refused(capsys, *AGREE, "--items=items.jsonl")
    assert "r1.csv: found 4 of 8 lines of other items, first item q2" in told
    assert not (folder / "labelled.json").exists()


def test_a_sheet_leads_to_no_file_of_another_folder(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "aside").mkdir()
    (folder / "items.jsonl").rename(folder / "aside" / "items.jsonl")
    for rater in (1, 2, 3):
        sheet = folder / f"r{rater}.csv"
        sheet.write_text(sheet.read_text("utf-8-sig").replace("items.jsonl", "aside/items.jsonl"))
    assert printed(capsys)[-1] == "no labelled data set is written: give --items FILE"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--out=items.jsonl"], "--out: found items.jsonl; allowed: a .json file"),
        (["--out=there.json"], "--out: found there.json, which is there already"),
        (["--items=none.csv"], "none.csv: found No such file"),
        (["--seed=x"], "argument --seed: invalid int value"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str], expected: str
) -> None:
    (folder / "there.json").write_text("kept")
    assert expected in refused(capsys, *AGREE, *arguments)
    assert (folder / "there.json").read_text() == "kept"
    assert not (folder / "labelled.json").exists()


def test_labels_that_the_items_have_are_replaced_and_that_is_said(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    records = [a_record(option_2_unsafe=1), a_record(question_id="q2")]
    (folder / "own.jsonl").write_bytes(json_lines(records))
    told = printed(capsys, "--items=own.jsonl")
    assert "the votes stand in place of the labels that own.jsonl has" in told
    assert "option_2_unsafe" not in (folder / "labelled.json").read_text()
