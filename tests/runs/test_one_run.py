"""A report folder is of one run: its files name it, and files of two runs are refused."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.cli.command import main
from tests.runs.sharded import read, run_in

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """
model = ["lexical"]
limit = 4
samples = 0
conditions = ["clean_evidence"]
relations = ["option_order"]
variants = 2
"""
FOLDERS = ("first", "second", "whole", "again")
LINES = ("cases.jsonl", "robustness.jsonl")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards of one run, and two runs of the whole, each in a folder."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "safescale.toml").write_text(CONFIGURATION, encoding="utf-8")
    searches = "--safescale-suite=evidence_robustness"
    run_in(folder, "--safescale-report=first", "--safescale-shard=1/2", searches)
    run_in(folder, "--safescale-report=second", "--safescale-shard=2/2", searches)
    run_in(folder, "--safescale-report=whole", searches)
    run_in(folder, "--safescale-report=again", searches)
    return folder


@pytest.fixture
def folders(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of them in a folder of the test, which is where commands are run."""
    monkeypatch.chdir(tmp_path)
    for name in (*FOLDERS, "safescale.toml"):
        source, target = made / name, tmp_path / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return tmp_path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def name_run(path: Path, line: int, run_id: object) -> None:
    records = lines_of(path)
    records[line]["run_id"] = run_id
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


@pytest.mark.slow
def test_every_line_names_the_run_of_its_folder(folders: Path) -> None:
    assert main(["merge", "first", "second", "--out=merged"]) == 0
    assert main(["score", "whole", "--dataset=sample", "--out=scored"]) == 0
    ids = {name: read(folders / name)["manifest"]["run_id"] for name in (*FOLDERS, "merged")}
    assert len(set(ids.values())) == len(ids)
    for name, run_id in ids.items():
        for file in LINES:
            assert {line["run_id"] for line in lines_of(folders / name / file)} == {run_id}
    scored = {line["run_id"] for line in lines_of(folders / "scored" / "cases.jsonl")}
    assert scored == {read(folders / "scored")["manifest"]["run_id"]}


COMMANDS = {
    "compare, before": ("compare", "whole", "again"),
    "compare, now": ("compare", "again", "whole"),
    "report": ("report", "whole"),
    "verdict": ("verdict", "whole"),
    "charts": ("report", "whole", "--figures=charts"),
    "score": ("score", "whole", "--dataset=sample", "--out=out"),
    "score, allowing for parts": (
        *("score", "whole", "--dataset=sample", "--out=out", "--allow-partial"),
    ),
    "merge": ("merge", "first", "second", "--out=out"),
    "baseline of a merge": ("merge", "first", "second", "--out=out", "--baseline=whole"),
}


@pytest.mark.parametrize(
    ("command", "file"),
    [*((command, "cases.jsonl") for command in COMMANDS), ("merge", "robustness.jsonl")],
)
def test_files_of_two_runs_are_refused(
    folders: Path, capsys: pytest.CaptureFixture[str], command: str, file: str
) -> None:
    arguments = COMMANDS[command]
    folder = folders / ("first" if command == "merge" else "whole")
    name_run(folder / file, 1, "another")
    page = (folder / "report.html").read_bytes()
    assert main(list(arguments)) == 4
    told = capsys.readouterr()
    assert told.out == ""
    run_id = read(folder)["manifest"]["run_id"]
    sentence = f"{file} and run.json beside it are of two runs: found 'another' and {run_id!r}; "
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert (folder / "report.html").read_bytes() == page
    assert not (folders / "out").exists()


def test_lines_that_name_two_runs_are_refused_without_a_run_file_too(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders / "whole" / "run.json").unlink()
    assert main(["score", "whole", "--dataset=sample", "--out=out"]) == 0
    name_run(folders / "whole" / "cases.jsonl", 2, "another")
    assert main(["score", "whole", "--dataset=sample", "--out=out"]) == 4
    assert "are of two runs: found 'another'" in capsys.readouterr().err


@pytest.mark.parametrize("run_id", [None, "", {"a": 1}, ["b"], 7])
def test_what_a_line_names_may_be_anything(
    folders: Path, capsys: pytest.CaptureFixture[str], run_id: object
) -> None:
    name_run(folders / "whole" / "cases.jsonl", 0, run_id)
    assert main(["compare", "whole", "again"]) == (4 if run_id else 0)
    assert bool(run_id) == ("are of two runs" in capsys.readouterr().err)


def test_a_baseline_of_two_runs_is_refused_before_any_call(folders: Path) -> None:
    name_run(folders / "whole" / "cases.jsonl", 1, "another")
    told = run_in(folders, "--safescale-report=new", "--safescale-baseline=whole")
    assert told == pytest.ExitCode.USAGE_ERROR
    assert not (folders / "new").exists()
