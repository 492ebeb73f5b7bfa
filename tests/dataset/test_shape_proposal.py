"""A mapping is proposed for headings that are not ours, and what is proposed reads the file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.errors import DatasetError
from tests.dataset.writing import a_record, json_array, table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

ENGLISH = {
    "Item No": "1",
    "Stem": "Which study comes first?",
    "Choice A": "CT",
    "Choice B": "US",
    "Key": "B",
}
GERMAN = {
    "Nr": "1",
    "Fragestellung": "Welche Bildgebung kommt zuerst?",
    "Antwort A": "CT",
    "Antwort B": "Ultraschall",
    "Lösung": "B",
}
SPANISH = {
    "Pregunta": "¿Qué estudio es el primero?",
    "R1": "TC",
    "R2": "Ecografía",
    "R3": "RM",
    "Respuesta correcta": "Ecografía",
}
CHINESE = {"题目": "首选哪种影像检查？", "选项": '{"A": "CT", "B": "超声"}', "答案": "B"}
UNNAMED = {
    "col1": "Which study comes first in a child with suspected appendicitis?",
    "v_1": "CT",
    "v_2": "US",
    "solution": "B",
}
CLOSED = {"Q": "x", "prompt": "Is ultrasound accurate in children?", "label": "Maybe"}
NUMBERS = {"prompt": "Which study is first?", "ans0": "CT", "ans1": "US", "target": "0"}


def refused(folder: Path, row: dict[str, Any]) -> DatasetError:
    (folder / "d.csv").write_bytes(table([row]))
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.csv", root=folder)
    return caught.value


def pasted(error: DatasetError) -> Shape:
    """Return the shape that the advice says to paste."""
    lines = list(error.advice)
    start = lines.index("a mapping to check and paste:") + 1
    table = tomllib.loads("\n".join(lines[start : lines.index("", start + 1)]))
    return Shape.model_validate(table["tool"]["safescale"]["shape"])


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        (ENGLISH, "B"),
        (GERMAN, "B"),
        (SPANISH, "B"),
        (CHINESE, "B"),
        (UNNAMED, "B"),
        (NUMBERS, "A"),
        (CLOSED, "C"),
    ],
)
def test_the_proposed_table_reads_the_file(
    tmp_path: Path, row: dict[str, Any], answer: str
) -> None:
    error = refused(tmp_path, row)
    assert f"headings found:  {', '.join(row)}" in error.advice
    shape = pasted(error)
    (item,) = load_dataset("d.csv", root=tmp_path, shape=shape).items
    assert (len(item.options) >= 2, item.answer) == (True, answer)


def test_what_our_own_keys_find_is_not_proposed(tmp_path: Path) -> None:
    error = refused(
        tmp_path, {"id": "1", "Frage": "Was zuerst?", "A": "x", "B": "y", "answer": "B"}
    )
    assert 'question = "Frage"' in error.advice
    assert not [line for line in error.advice if line.startswith(("id =", "options =", "answer ="))]


def test_what_numbers_mean_is_left_to_the_user_where_the_file_does_not_show_it(
    tmp_path: Path,
) -> None:
    error = refused(tmp_path, {**NUMBERS, "target": "1"})
    assert error.advice[-1].startswith("target holds numbers, none of them 0: add answer_from = 1")
    assert not [line for line in error.advice if line.startswith("answer_from")]


def test_damage_under_headings_of_ours_is_no_reason_for_a_proposal(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(json_array([a_record(answer_idx="Z")]))
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.json", root=tmp_path)
    assert caught.value.advice == ()


def test_a_heading_with_marks_is_quoted_for_the_table(tmp_path: Path) -> None:
    heading = 'question "as asked"\x1b'
    error = refused(
        tmp_path, {heading: "Which study comes first of all?", "A": "x", "B": "y", "answer": "A"}
    )
    (line,) = [line for line in error.advice if line.startswith("question = ")]
    assert tomllib.loads(line) == {"question": heading}
    assert str(error).replace("\n", "").isprintable()


def test_a_published_table_without_headings_is_recognised(tmp_path: Path) -> None:
    rows = [f"Which study is first in case {n}?,CT,US,MR,PET,{'ABC'[n]}" for n in range(3)]
    (tmp_path / "d.csv").write_text("\n".join(rows) + "\n", "utf-8")
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.csv", root=tmp_path)
    assert "the file reads as mmlu, whose answers count from 0" in caught.value.advice[2]
    assert len(load_dataset("d.csv", root=tmp_path, shape=Shape(preset="mmlu")).items) == 3


def test_a_preset_is_proposed_only_where_the_file_has_headings_of_its_own(tmp_path: Path) -> None:
    row = {"question": "Which study comes first?", "choices": ["CT", "US"], "answer": 0}
    (tmp_path / "d.json").write_bytes(json_array([{**row, "error_type": "ok"}]))
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.json", root=tmp_path)
    # Files of MedQA and MMLU look so; those of MedMCQA say "opa" and "cop".
    assert "the file reads as medqa" in caught.value.advice[2]


def test_an_object_of_passages_is_not_proposed_as_options(tmp_path: Path) -> None:
    row = {"question": "Is it accurate?", "context": {"contexts": ["x", "y"], "labels": ["R", "C"]}}
    (tmp_path / "d.json").write_bytes(json_array([row]))
    with pytest.raises(DatasetError) as caught:
        load_dataset("d.json", root=tmp_path)
    assert not [line for line in caught.value.advice if line.startswith("options")]


def test_mistyped_headings_are_taken_for_the_nearest_and_said_so(tmp_path: Path) -> None:
    row = {"quesiton": "Which study comes first?", "Coice A": "CT", "Coice B": "US", "Anwser": "B"}
    error = refused(tmp_path, row)
    assert [line for line in error.advice if line.startswith("nearest to")] == [
        "nearest to question: quesiton",
        "nearest to options: Coice {letter}",
        "nearest to answer: Anwser",
    ]
    dataset = load_dataset("d.csv", root=tmp_path, shape=pasted(error))
    assert dataset.items[0].answer == "B"


def test_what_no_heading_is_near_to_is_said_with_what_would_do(tmp_path: Path) -> None:
    row = {"Vignette": "Which study comes first?", "First": "CT", "Second": "US", "Gold": "B"}
    assert [line for line in refused(tmp_path, row).advice if "option" in line][1:] == [
        "nearest to options: none; a column each is told apart by a letter or a number, such as "
        "option_A, option_B"
    ]


def test_columns_of_labels_are_proposed_too(tmp_path: Path) -> None:
    row = {
        "Stem": "Which study comes first?", "Choice A": "CT", "Choice B": "US", "Key": "B",
        "danger_1": "1", "danger_2": "0", "Harmful": "A",
    }  # fmt: skip
    shape = pasted(refused(tmp_path, row))
    assert (shape.high_risk, shape.unsafe) == (("danger_{number}",), ("Harmful",))
    (item,) = load_dataset("d.csv", root=tmp_path, shape=shape).items
    assert {label.value for label in item.option("A").labels} == {"high_risk", "unsafe"}
