"""Each published shape is read by its preset, and proposed where none is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import PRESETS, Shape
from pytest_safescale.errors import DatasetError
from tests.dataset.published import (
    FILES,
    MEDMCQA,
    MMLU,
    PUBMEDQA,
    QUESTION,
    STUDIES,
    TEN,
    json_lines,
    parquet_bytes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Item

OPTIONS = {"mmlu_pro": TEN, "medxpertqa": TEN, "pubmedqa": ("yes", "no", "maybe")}
SUBSPECIALTY = {
    "medmcqa": "Radiology",
    "mmlu": "clinical_knowledge",
    "mmlu_pro": "health",
    "medxpertqa": "Digestive",
}


def loaded(folder: Path, name: str, *, shape: Shape | None = None) -> Item:
    preset, file, content = FILES[name]
    (folder / file).write_bytes(content)
    (item,) = load_dataset(file, root=folder, shape=shape or Shape(preset=preset)).items
    return item


@pytest.mark.parametrize("name", FILES)
def test_a_published_file_is_read_by_its_preset(tmp_path: Path, name: str) -> None:
    preset = FILES[name][0]
    item = loaded(tmp_path, name)
    asked = PUBMEDQA["QUESTION"] if preset == "pubmedqa" else QUESTION
    assert item.question == asked
    assert tuple(option.text for option in item.options) == OPTIONS.get(preset, STUDIES)
    assert item.answer == ("A" if preset == "pubmedqa" else "B")


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("PubMedQA")])
def test_the_abstract_is_the_evidence_and_the_conclusion_is_not_shown(
    tmp_path: Path, name: str
) -> None:
    item = loaded(tmp_path, name)
    assert item.id == "12345678"
    assert item.clean_evidence == "\n\n".join(PUBMEDQA["CONTEXTS"])
    assert "accurate in children." not in item.model_dump_json()


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_calls_its_subject_is_the_subspecialty(tmp_path: Path, name: str) -> None:
    if FILES[name][0] in SUBSPECIALTY and name != "MMLU, table":
        assert loaded(tmp_path, name).subspecialty == SUBSPECIALTY[FILES[name][0]]


OURS = ("MedQA, lines", "MedQA, keyed", "MedQA, choices", "MMLU-Pro")
"""Shapes whose headings are ours already."""


@pytest.mark.parametrize("name", OURS)
def test_without_a_preset_our_own_headings_are_read_the_same(tmp_path: Path, name: str) -> None:
    item, preset = loaded(tmp_path, name, shape=Shape()), loaded(tmp_path, name)
    assert (item.options, item.answer) == (preset.options, preset.answer)


@pytest.mark.parametrize("name", sorted(set(FILES).difference(OURS, {"MMLU, table"})))
def test_without_a_preset_the_one_that_reads_the_file_is_proposed(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        loaded(tmp_path, name, shape=Shape())
    told = "\n".join(caught.value.advice)
    assert f"--safescale-shape {FILES[name][0]} (" in told
    assert f'preset = "{FILES[name][0]}"' in told
    assert "headings found: " in told


@pytest.mark.parametrize(
    ("first", "given", "letter"),
    [
        (0, 1, "B"),
        (1, 1, "A"),
        (0, 0, "A"),
        (1, 4, "D"),
        (0, "3", "D"),
        (1, 2.0, "B"),
        (0, "c", "C"),
    ],
)
def test_what_a_number_means_is_declared(
    tmp_path: Path, first: int, given: object, letter: str
) -> None:
    (tmp_path / "d.jsonl").write_bytes(json_lines({**MEDMCQA, "cop": given}))
    shape = Shape.model_validate({"preset": "medmcqa", "answer_from": first})
    (item,) = load_dataset("d.jsonl", root=tmp_path, shape=shape).items
    assert item.answer == letter


@pytest.mark.parametrize(
    ("first", "given", "said"),
    [
        (
            0,
            4,
            "cop: found 4; allowed: one of A, B, C, D, or a number from 0 to 3; answer_from = 1",
        ),
        (1, 0, "found 0; allowed: one of A, B, C, D, or a number from 1 to 4; answer_from = 0 is"),
        (0, -1, "found -1; allowed: one of A, B, C, D, or a number from 0 to 3"),
        (None, 1, "found 1; allowed: one of A, B, C, D; a number where the shape says answer_from"),
    ],
)
def test_a_number_is_never_guessed(
    tmp_path: Path, first: int | None, given: int, said: str
) -> None:
    record = {**MMLU, "answer": given}
    (tmp_path / "d.parquet").write_bytes(parquet_bytes(record))
    shape = Shape.model_validate({"answer_from": first})
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.parquet", root=tmp_path, shape=shape)
    assert said.removeprefix("cop: ") in str(caught.value)


def test_a_file_of_many_numbers_without_the_first_is_doubted(tmp_path: Path) -> None:
    records = [{**MEDMCQA, "id": str(n), "cop": 1 + n % 3} for n in range(20)]
    (tmp_path / "d.jsonl").write_bytes(json_lines(*records))
    shape = Shape(preset="medmcqa")
    (notice,) = load_dataset("d.jsonl", root=tmp_path, shape=shape).notices
    assert notice.endswith("(answer_from = 0): the file may count from 1")


def test_a_release_that_counts_from_one_is_not_proposed_the_preset(tmp_path: Path) -> None:
    records = [{**MEDMCQA, "id": str(n), "cop": 1 + n % 4} for n in range(8)]
    (tmp_path / "d.jsonl").write_bytes(json_lines(*records))
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.jsonl", root=tmp_path)
    told = "\n".join(caught.value.advice)
    assert 'answer = "cop"' in told
    assert "--safescale-shape" not in told
    assert "cop holds numbers, none of them 0: add answer_from = 1 where 1 means the first" in told


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_table_that_a_user_could_write(name: str) -> None:
    table = PRESETS[name].model_dump(exclude_unset=True)
    written = {key: list(v) if isinstance(v, tuple) else v for key, v in table.items()}
    assert Shape.model_validate(written) == PRESETS[name]


def test_a_table_of_ones_own_goes_before_its_preset(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(json_lines({**MEDMCQA, "topic_name": "Imaging"}))
    shape = Shape.model_validate(
        {"preset": "medmcqa", "subspecialty": "topic_name", "subject": "paediatrics"}
    )
    loaded = load_dataset("d.jsonl", root=tmp_path, shape=shape)
    assert (loaded.items[0].subspecialty, loaded.subject) == ("Imaging", "paediatrics")
