from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.view.folders import ReportFolders
from tests.view.folders import change, make_directory

if TYPE_CHECKING:
    from pathlib import Path


def test_runs_are_found_below_the_directory_the_last_to_end_first(made: Path) -> None:
    runs = ReportFolders(directory=made).look().runs
    assert [run.name for run in runs] == ["may/new", "other", "may/old"]
    assert [run.models for run in runs] == [["m-2"], ["m-1"], ["m-1"]]
    assert [run.has_page for run in runs] == [True, False, False]


def test_what_cannot_be_read_is_told_with_the_reason(made: Path) -> None:
    told = dict(ReportFolders(directory=made).look().unreadable)
    assert list(told) == ["begun", "damaged", "half"]
    assert told["begun"] == "No verdict: this run ended before its first case."
    assert told["damaged"].startswith(f"{made}/damaged/run.json is not JSON: ")
    assert told["half"].startswith("this run has not come to its end")


@pytest.mark.parametrize(
    ("key", "told"), [("dataset", "names no data set"), ("gates", "has no 'blocks'")]
)
def test_a_run_json_that_lacks_what_a_page_needs_is_told(key: str, told: str, copied: Path) -> None:
    change(
        copied / "other",
        lambda run: run.update(gates=[{}]) if key == "gates" else run["manifest"].pop(key),
    )
    look = ReportFolders(directory=copied).look()
    assert told in dict(look.unreadable)["other"]


def test_a_run_is_read_anew_where_it_changed_and_goes_with_its_folder(copied: Path) -> None:
    folders = ReportFolders(directory=copied)
    first = {run.name: run for run in folders.look().runs}
    change(copied / "other", lambda run: run["manifest"].update(end="2030-01-01T00:00:00"))
    (copied / "may" / "old" / "run.json").unlink()
    look = folders.look()
    assert [run.name for run in look.runs] == ["other", "may/new"]
    assert look.run("may/new") is first["may/new"]
    assert "may/old" in dict(look.unreadable)


def test_no_file_outside_the_directory_is_opened(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    make_directory(outside)
    (inside / "run").mkdir(parents=True)
    (inside / "linked").symlink_to(outside)
    (inside / "run" / "run.json").symlink_to(outside / "other" / "run.json")
    (inside / ".hidden").mkdir()
    (inside / ".hidden" / "run.json").write_text("{}")
    folders = ReportFolders(directory=inside.resolve())
    look = folders.look()
    assert (look.runs, look.outside) == ([], ["linked"])
    assert [one.name for one in look.unreadable] == ["run"]
    assert "run.json is a link that leads out of" in look.unreadable[0].reason
    with pytest.raises(DatasetError, match="leads out of"):
        folders.file("run", "../../outside/other/run.json")


def test_a_link_within_the_directory_shows_no_run_twice(copied: Path) -> None:
    (copied / "latest").symlink_to(copied / "may")
    look = ReportFolders(directory=copied).look()
    assert len(look.runs) == 3
    assert look.outside == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_that_nobody_writes_to_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    os.mkfifo(tmp_path / "run" / "run.json")
    look = ReportFolders(directory=tmp_path.resolve()).look()
    assert [one.name for one in look.unreadable] == ["run"]
