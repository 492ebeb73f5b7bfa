"""The file that configures runs is found from a folder upwards, and is one alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import SettingsError
from pytest_safescale.settings.configuration import (
    absolute_paths,
    find_configuration,
    readable_configurations,
)

if TYPE_CHECKING:
    from pathlib import Path

OWN = ("safescale.toml", "samples = 3\n")
SHARED = ("pyproject.toml", "[tool.safescale]\nsamples = 3\n")
OTHERS = ("pyproject.toml", "[tool.ruff]\nline-length = 100\n")


def write(folder: Path, file: tuple[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file[0]
    path.write_text(file[1], encoding="utf-8")
    return path.resolve()


@pytest.mark.parametrize("file", [OWN, SHARED])
@pytest.mark.parametrize("start", [".", "sub", "sub/deeper"])
def test_it_is_found_at_or_above_the_start(
    tmp_path: Path, file: tuple[str, str], start: str
) -> None:
    path = write(tmp_path, file)
    (tmp_path / "sub" / "deeper").mkdir(parents=True)
    found = find_configuration(tmp_path / start)
    assert (found.path, found.folder) == (path, path.parent)
    assert found.values == {"samples": 3}


def test_the_nearest_counts_and_a_file_of_other_tools_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, SHARED)
    nearer = write(tmp_path / "sub", OWN)
    write(tmp_path / "sub" / "deeper", OTHERS)
    assert find_configuration(tmp_path / "sub" / "deeper").path == nearer


def test_without_any_the_start_stands_for_it(tmp_path: Path) -> None:
    write(tmp_path, OTHERS)
    found = find_configuration(tmp_path)
    assert (found.path, found.folder, dict(found.values)) == (None, tmp_path, {})


def test_two_files_of_one_folder_are_refused_and_named(tmp_path: Path) -> None:
    own, shared = write(tmp_path, OWN), write(tmp_path, SHARED)
    with pytest.raises(SettingsError) as refused:
        find_configuration(tmp_path)
    assert f"found {own} and [tool.safescale] in {shared}; allowed: one" in str(refused.value)


def test_two_places_are_refused_and_named_unless_they_are_one(tmp_path: Path) -> None:
    here, there = write(tmp_path / "here", OWN), write(tmp_path / "there", SHARED)
    with pytest.raises(SettingsError) as refused:
        find_configuration(here.parent, there.parent)
    assert f"found {here} and {there}; allowed: one" in str(refused.value)
    (here.parent / "tests").mkdir()
    (tmp_path / "link").symlink_to(here.parent, target_is_directory=True)
    places = (here.parent / "tests", tmp_path / "link", tmp_path)
    assert find_configuration(here.parent, *places).path == here


def test_a_place_of_the_tests_is_taken_where_the_start_has_none(tmp_path: Path) -> None:
    there = write(tmp_path / "there", SHARED)
    (tmp_path / "here").mkdir()
    assert find_configuration(tmp_path / "here", there.parent).path == there


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (("safescale.toml", "[tool.safescale.models.m]\n"), "allowed: their names without"),
        (("safescale.toml", "samples"), "is not TOML"),
        (("pyproject.toml", "tool.safescale = 3"), "tool.safescale in .* is 3; allowed: a table"),
        (("pyproject.toml", "[tool"), "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(
    tmp_path: Path, file: tuple[str, str], told: str
) -> None:
    write(tmp_path, file)
    with pytest.raises(SettingsError, match=told):
        find_configuration(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "is_path"),
    [
        ("dataset", "items.json", True),
        ("dataset", "sample", False),
        ("dataset", "sample.json", True),
        ("dataset", "hf:owner/name", False),
        ("gates", "default", False),
        ("gates", "none", False),
        ("gates", "default.toml", True),
        ("report", "out", True),
        ("baseline", "before/run.json", True),
        ("model", "lexical", False),
        ("samples", 3, False),
        ("gates", [{"metric": "accuracy"}], False),
        ("store", None, False),
    ],
)
def test_paths_are_taken_from_the_folder_they_were_written_for(
    tmp_path: Path, name: str, value: object, is_path: bool
) -> None:
    wanted = str(tmp_path / str(value)) if is_path else value
    assert absolute_paths({name: value}, tmp_path) == {name: wanted}


@pytest.mark.parametrize(
    ("files", "selects"),
    [
        ([("safescale.toml", "suite = 'radsafe200'\n")], True),
        ([("pyproject.toml", "[tool.safescale]\nsuite = ['radsafe200']\n")], True),
        ([OWN, ("pyproject.toml", "[tool.safescale]\nsuite = 'radsafe200'\n")], True),
        ([OWN, SHARED], False),
        ([OTHERS], False),
        ([("safescale.toml", "suite")], False),
        ([], False),
    ],
)
def test_a_suite_is_selected_by_any_file_that_may_be_meant_and_can_be_read(
    tmp_path: Path, files: list[tuple[str, str]], selects: bool
) -> None:
    for file in files:
        write(tmp_path, file)
    (tmp_path / "sub").mkdir()
    found = readable_configurations(tmp_path / "sub", tmp_path)
    assert any(values.get("suite") for values in found) is selects
