"""Data sets of the hub, from a module of the library's shape that serves a local folder."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.errors import DatasetError
from pytest_safescale.items.load import load_dataset
from tests.items.writing import a_record, json_array, json_lines

if TYPE_CHECKING:
    from pathlib import Path


class LocalHub(ModuleType):
    """Serves ``folder/REVISION`` for every repository; ``owner/absent`` cannot be listed,
    and of ``owner/gated`` no file be fetched."""

    def __init__(self, folder: Path) -> None:
        super().__init__("huggingface_hub")
        self.folder = folder

    def list_repo_files(self, repo_id: str, *, repo_type: str, revision: str | None) -> list[str]:
        assert repo_type == "dataset"
        if repo_id == "owner/absent":
            raise ConnectionError("404")
        root = self.folder / (revision or "main")
        return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]

    def hf_hub_download(
        self, repo_id: str, filename: str, *, repo_type: str, revision: str | None
    ) -> str:
        assert repo_type == "dataset"
        if repo_id == "owner/gated":
            raise PermissionError("403")
        assert repo_id == "owner/name"
        return str(self.folder / (revision or "main") / filename)


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(sys.modules, "huggingface_hub", LocalHub(tmp_path))
    folder = tmp_path / "main"
    folder.mkdir()
    (folder / "README.md").write_text("A card.", encoding="utf-8")
    (folder / "dataset_infos.json").write_text("{}", encoding="utf-8")
    return folder


def test_the_one_file_of_items_is_loaded_under_the_name_it_was_asked_by(main: Path) -> None:
    (main / "data").mkdir()
    (main / "data" / "items.json").write_bytes(json_array([a_record()]))
    loaded = load_dataset("hf:owner/name")
    assert (loaded.name, len(loaded.items)) == ("hf:owner/name", 1)


def test_a_revision_is_asked_for(main: Path) -> None:
    (main / "items.json").write_bytes(json_array([a_record()]))
    old = main.parent / "v1.0"
    old.mkdir()
    (old / "items.jsonl").write_bytes(json_lines([a_record(question_id="old")]))
    loaded = load_dataset("hf:owner/name@v1.0")
    assert (loaded.name, loaded.items[0].id) == ("hf:owner/name@v1.0", "old")


def test_a_problem_in_a_file_of_the_hub_names_the_file(main: Path) -> None:
    (main / "items.json").write_bytes(json_array([a_record(answer_idx="Z")]))
    with pytest.raises(DatasetError, match=r"items\.json, record 1, item q1, answer_idx"):
        load_dataset("hf:owner/name")


@pytest.mark.usefixtures("main")
def test_a_repository_without_items_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"found no such file; allowed: one file ending in"):
        load_dataset("hf:owner/name")


def test_of_several_files_none_is_guessed(main: Path) -> None:
    for name in ("test.csv", "train.csv"):
        (main / name).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"found test\.csv, train\.csv; allowed: one file"):
        load_dataset("hf:owner/name")


@pytest.mark.usefixtures("main")
def test_a_hub_that_cannot_be_reached_is_told() -> None:
    with pytest.raises(DatasetError, match="hf:owner/absent cannot be fetched: ConnectionError"):
        load_dataset("hf:owner/absent")


def test_a_file_of_the_hub_that_may_not_be_fetched_is_told(main: Path) -> None:
    (main / "items.json").write_bytes(json_array([a_record()]))
    with pytest.raises(DatasetError, match="hf:owner/gated cannot be fetched: PermissionError"):
        load_dataset("hf:owner/gated")


@pytest.mark.parametrize(
    "ref", ["hf:", "hf:name", "hf:owner/name@", "hf:o/n/x", "hf:../../etc@x y"]
)
def test_a_name_of_another_form_is_refused_before_anything_is_asked(ref: str) -> None:
    with pytest.raises(DatasetError, match="allowed: hf:owner/name or hf:owner/name@revision"):
        load_dataset(ref)


def test_without_the_extra_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(DatasetError, match=r'pip install "pytest-safescale\[hf\]"'):
        load_dataset("hf:owner/name")
