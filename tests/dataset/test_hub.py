"""Data sets of the hub, from a module of the library's shape that serves a local folder."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.errors import DatasetError
from tests.dataset.published import parquet_bytes
from tests.dataset.writing import a_record, json_array, json_lines

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

    @staticmethod
    def metadata_load(path: Path) -> dict[str, Any] | None:
        """As the library's: the card's front matter, None where it has none."""
        _, *parts = path.read_text("utf-8").split("---\n")
        return YAML(typ="safe").load(parts[0]) if parts else None


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


def write(folder: Path, *names: str) -> None:
    """Write one item to each file, whose id is the file's name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        record = a_record(question_id=name)
        if name.endswith(".parquet"):
            path.write_bytes(parquet_bytes(record))
        else:
            path.write_bytes(json_lines([record]))


BY_FOLDER = (
    "anatomy/test-00000-of-00001.parquet",
    "anatomy/dev-00000-of-00001.parquet",
    "clinical_knowledge/test-00000-of-00001.parquet",
)
BY_SPLIT = ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet",
            "data/validation-00000-of-00001.parquet")  # fmt: skip
BY_NAME = ("train.jsonl", "dev.jsonl", "extra/notes.jsonl")


@pytest.mark.parametrize(
    ("files", "parts", "read"),
    [
        (BY_FOLDER, "anatomy:test", BY_FOLDER[:1]),
        (BY_FOLDER, "anatomy:validation", BY_FOLDER[1:2]),
        (BY_FOLDER, "anatomy:dev", BY_FOLDER[1:2]),
        (BY_FOLDER, "clinical_knowledge", BY_FOLDER[2:]),
        (BY_SPLIT, "train", BY_SPLIT[:2]),
        (BY_SPLIT, "validation", BY_SPLIT[2:]),
        (BY_NAME, "dev", BY_NAME[1:2]),
        (BY_NAME, "extra/notes.jsonl", BY_NAME[2:]),
    ],
)
def test_configuration_and_split_are_named_as_the_files_are(
    main: Path, files: tuple[str, ...], parts: str, read: tuple[str, ...]
) -> None:
    write(main, *files)
    loaded = load_dataset(f"hf:owner/name:{parts}")
    assert tuple(item.id for item in loaded.items) == read
    assert loaded.name == f"hf:owner/name:{parts}"


CARD = """---
license: mit
configs:
- config_name: MM
  data_files:
  - split: dev
    path: "MM/dev.jsonl"
- config_name: Text
  data_files:
  - split: dev
    path: Text/dev.jsonl
  - split: test
    path: [Text/test*.jsonl]
---
# A card
"""


@pytest.mark.parametrize(
    ("parts", "read"),
    [("Text:test", "Text/test.jsonl"), ("Text:dev", "Text/dev.jsonl"), ("MM", "MM/dev.jsonl"),
     ("test", "Text/test.jsonl")],
)  # fmt: skip
def test_the_card_of_a_data_set_says_what_its_parts_are(main: Path, parts: str, read: str) -> None:
    (main / "README.md").write_text(CARD, encoding="utf-8")
    write(main, "MM/dev.jsonl", "Text/dev.jsonl", "Text/test.jsonl")
    assert [item.id for item in load_dataset(f"hf:owner/name:{parts}").items] == [read]


def test_a_revision_goes_behind_the_parts(main: Path) -> None:
    write(main.parent / "v1.0", *BY_FOLDER)
    loaded = load_dataset("hf:owner/name:anatomy:test@v1.0")
    assert [item.id for item in loaded.items] == ["anatomy/test-00000-of-00001.parquet"]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ("", "several parts; allowed: hf:owner/name[:config][:split][@revision], one of "
             "anatomy:dev, anatomy:test, clinical_knowledge:test"),
        (":anatomy", "several parts"),
        (":test", "several parts"),
        (":virology", "no such part; allowed: "),
        (":anatomy:train", "no such part; allowed: "),
    ],
)  # fmt: skip
def test_of_several_parts_none_is_guessed(main: Path, parts: str, found: str) -> None:
    write(main, *BY_FOLDER)
    with pytest.raises(DatasetError) as caught:
        load_dataset(f"hf:owner/name{parts}")
    assert f"found {found}" in str(caught.value)


@pytest.mark.usefixtures("main")
def test_a_hub_that_cannot_be_reached_is_told() -> None:
    with pytest.raises(DatasetError, match="hf:owner/absent cannot be fetched: ConnectionError"):
        load_dataset("hf:owner/absent")


def test_a_file_of_the_hub_that_may_not_be_fetched_is_told(main: Path) -> None:
    (main / "items.json").write_bytes(json_array([a_record()]))
    with pytest.raises(DatasetError, match="hf:owner/gated cannot be fetched: PermissionError"):
        load_dataset("hf:owner/gated")


@pytest.mark.parametrize(
    "ref",
    ["hf:", "hf:name", "hf:owner/name@", "hf:o/n/x", "hf:../../etc@x y", "hf:o/n:a:b:c", "hf:o/n:"],
)
def test_a_name_of_another_form_is_refused_before_anything_is_asked(ref: str) -> None:
    with pytest.raises(DatasetError, match=r"allowed: hf:owner/name\[:config\]\[:split\]\[@rev"):
        load_dataset(ref)


def test_without_the_extra_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(DatasetError, match=r'pip install "pytest-safescale\[hf\]"'):
        load_dataset("hf:owner/name")
