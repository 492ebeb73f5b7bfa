"""Fifty small files as people have them: what is read of each, or why it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_safescale.dataset.corpus import load_passages
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Dataset

FILES = Path(__file__).parent / "files"

STUDY = ("CT", "US", "MRI", "Film")
DRUG = ("Aspirin", "Heparin", "None", "Both")
TWO = (("q1", STUDY, "B"), ("q2", DRUG, "A"))
ONE = (("q1", ("a", "b"), "A"),)
TEN = tuple("abcdefghij")

READ: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {
    "NaN_lab.csv": TWO,
    "ansdot.json": (("g", ("a", "b"), "B"),),
    "anslettertext.json": (("g", ("a", "b"), "B"),),
    "anslist.json": (("g", ("a", "b"), "B"),),
    "ansparen.json": (("g", ("a", "b"), "B"),),
    "anstext.json": (("m1", STUDY, "B"),),
    "bom_crlf.csv": TWO,
    "case.csv": ONE,
    "cr.csv": ONE,
    "crlf.jsonl": (("1", ("a", "b"), "A"), ("2", ("a", "b"), "A")),
    "de_items.json": (("de1", ("CT", "Ultraschall", "MRT"), "B"),),
    "digits.json": (("g", ("a", "b", "c"), "B"),),
    "genotype.json": (("d", ("AA", "Aa", "aa"), "B"),),
    "kv.json": (("m1", ("CT", "US"), "B"),),
    "medqa.json": (("m1", STUDY, "B"),),
    "mmlupro.json": (("70", TEN, "I"),),
    "nan.json": (("n1", ("a", "b"), "B"),),
    "nan_e.csv": TWO,
    "newlines.csv": TWO,
    "noid.json": (("q-c9e157052549", ("a", "b"), "B"),),
    "nprepr.csv": (("q1", STUDY, "B"),),
    "nul.csv": ONE,
    "numopts.json": (("n1", ("5", "10", "15.0", "20"), "B"),),
    "numopts2.json": (("n1", ("5", "10", "15.5", "true"), "B"),),
    "optcols.csv": ONE,
    "opttext.json": (("g", ("CT", "US", "MRI"), "B"),),
    "prefixed.json": (("g", ("CT", "US", "MRI"), "B"),),
    "pyrepr.csv": (("q1", ("CT", "Crohn's"), "B"),),
    "semicolon.csv": TWO,
    "sepline.csv": TWO,
    "tab.csv": TWO,
    "trailing.csv": ONE,
    "truefalse.csv": TWO,
    "u2028.jsonl": (("1", ("a", "b"), "A"),),
    "unit.json": (("d", ("5 mGy", "5 MGy", "5 Gy"), "A"),),
    "unnamed.csv": ONE,
    "utf16.csv": TWO,
    "wahr.csv": TWO,
    "x_label.csv": TWO,
    "zh_items.json": (
        ("zh1", ("腹部CT", "腹部超声", "磁共振", "腹部平片"), "B"),
        ("ja1", ("CT", "超音波検査", "MRI", "単純X線"), "B"),
    ),
}
SHAPED = {
    "medmcqa.json": ("medmcqa", "a-1", STUDY, "B"),
    "wrapped.json": ("medmcqa", "a-1", STUDY, "B"),
    "medqa.json": ("medqa", "m1", STUDY, "B"),
    "mmlu.json": ("mmlu", "q-0a434c491cf1", STUDY, "B"),
    "mmlupro.json": ("mmlu_pro", "70", TEN, "I"),
    "pubmedqa.json": ("pubmedqa", "0", ("yes", "no", "maybe"), "A"),
}
REFUSED = {
    "cp1252.csv": "line 2: found byte 0xf6; allowed: UTF-8 text, or the key encoding",
    "dupid.json": "record 1, item d, question_id: found 2 items of this id",
    "dupopt.json": "options.C: found 'None'; allowed: a text that differs from option B",
    "gap.json": "options.C: found ''; allowed: a text",
    "medmcqa.json": "the file reads as medmcqa, whose answers count from 0",
    "wrapped.json": "the file reads as medmcqa, whose answers count from 0",
    "mmlu.json": "the file reads as mmlu, whose answers count from 0",
    "pubmedqa.json": "the file reads as pubmedqa: give --safescale-shape pubmedqa",
}
CORPORA = ("de_corpus.jsonl", "zh_corpus.jsonl")


def read(loaded: Dataset) -> list[tuple[str, tuple[str, ...], str]]:
    return [(item.id, tuple(o.text for o in item.options), item.answer) for item in loaded.items]


def test_every_file_has_its_place_in_the_tables() -> None:
    known = {*READ, *SHAPED, *REFUSED, *CORPORA}
    assert known == {path.name for path in FILES.iterdir()}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_as_it_is_meant(name: str) -> None:
    assert read(load_dataset(name, root=FILES)) == list(READ[name])


@pytest.mark.parametrize("name", SHAPED)
def test_a_published_shape_is_read_by_its_preset(name: str) -> None:
    preset, *item = SHAPED[name]
    loaded = load_dataset(name, root=FILES, shape=Shape(preset=preset))
    assert read(loaded) == [tuple(item)]
    assert f"shape: {preset}" in loaded.remarks


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_meant_is_refused_with_the_way_on(name: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load_dataset(name, root=FILES)
    assert REFUSED[name] in str(caught.value)


def test_the_refused_encoding_can_be_declared() -> None:
    loaded = load_dataset("cp1252.csv", root=FILES, shape=Shape(encoding="cp1252"))
    assert loaded.items[0].question == "Which study first? Größe µ"
    assert loaded.remarks == ("encoding: cp1252", "separator: comma")


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_is_read_as_passages(name: str) -> None:
    assert len(load_passages(FILES / name)) == 13


@pytest.mark.parametrize(
    ("name", "flagged"),
    [
        ("bom_crlf.csv", "q1 A"),
        ("NaN_lab.csv", "q1 A"),
        ("truefalse.csv", "q1 A, q2 A"),
        ("wahr.csv", "q1 A, q2 A"),
        ("x_label.csv", "q1 A, q2 A"),
        ("semicolon.csv", "q1 A"),
    ],
)
def test_labels_are_read_however_the_cells_say_them(name: str, flagged: str) -> None:
    items = load_dataset(name, root=FILES).items
    found = [f"{item.id} {o.letter}" for item in items for o in item.options if o.high_risk]
    assert ", ".join(found) == flagged


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("semicolon.csv", "separator: semicolon"),
        ("sepline.csv", "separator: semicolon"),
        ("tab.csv", "separator: tab"),
        ("bom_crlf.csv", "separator: comma"),
        ("utf16.csv", "encoding: utf-16"),
        ("noid.json", "ids: made from question and options, 1 had none"),
    ],
)
def test_how_a_file_was_read_is_said(name: str, remark: str) -> None:
    assert remark in load_dataset(name, root=FILES).remarks


def test_the_byte_order_mark_and_separators_of_lines_are_no_part_of_a_text() -> None:
    (item,) = load_dataset("u2028.jsonl", root=FILES).items
    assert item.question == "Wh\u2028ich?\x85"
