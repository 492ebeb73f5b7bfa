"""The page is written by a process of its own, or else by this one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.report import page_process
from pytest_safescale.report.page_process import PageProcess, write_page
from tests.report.folders import make_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "report")


@pytest.fixture
def no_page_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, *, figures: Path | None = None) -> None:
        raise AssertionError("the page was to be written by the other process")

    monkeypatch.setattr(page_process, "write_page", refuse)


@pytest.mark.usefixtures("no_page_here")
def test_the_other_process_writes_the_page_and_the_charts(folder: Path, tmp_path: Path) -> None:
    process = PageProcess()
    process.start()
    process.write(folder, figures=tmp_path / "figures")
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    assert list((tmp_path / "figures").glob("*.svg"))


def test_its_page_is_the_one_that_this_process_would_write(folder: Path) -> None:
    process = PageProcess()
    process.start()
    process.write(folder)
    other = (folder / "report.html").read_bytes()
    write_page(folder)
    assert (folder / "report.html").read_bytes() == other


@pytest.mark.parametrize("how", ["never started", "no interpreter", "died"])
def test_where_there_is_no_other_process_this_one_writes_the_page(
    folder: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = PageProcess()
    if how == "no interpreter":
        monkeypatch.setattr(sys, "executable", str(folder / "none"))
    if how == "died":
        monkeypatch.setattr(page_process, "_CHILD", "raise SystemExit(3)")
    if how != "never started":
        process.start()
    process.write(folder)
    assert (folder / "report.html").exists()


def test_a_process_that_is_not_wanted_ends_and_writes_nothing(folder: Path) -> None:
    process = PageProcess()
    process.start()
    child = process._child
    assert child is not None
    process.stop()
    assert child.returncode == 0
    assert not (folder / "report.html").exists()
    process.stop()
