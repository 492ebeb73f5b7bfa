"""The sheets that raters label options on."""

from __future__ import annotations

import csv
import io
from typing import Any

from pytest_safescale.dataset.item import Dataset, Item, Label, Option
from pytest_safescale.dataset.label_sheets import DEFINITIONS, HEADINGS, line_mark, sheet_text


def an_item(id_: str = "q1", texts: str = "abcd", **more: Any) -> Item:
    options = tuple(
        Option(letter=letter, text=text) for letter, text in zip("ABCDEFGH", texts, strict=False)
    )
    given: dict[str, Any] = {"question": "Which?", "answer": "B", **more}
    return Item(id=id_, options=options, **given)


def a_dataset(*items: Item) -> Dataset:
    return Dataset(name="items.csv", sha256="5a" * 32, items=items)


def rows(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))


def lines(text: str) -> list[dict[str, str]]:
    read = rows(text)
    start = read.index(list(HEADINGS))
    return [dict(zip(HEADINGS, row, strict=True)) for row in read[start + 1 :]]


def test_the_first_rows_define_every_label_and_name_the_data_set() -> None:
    first = rows(sheet_text(a_dataset(an_item()), 2, seed=7))[:5]
    assert {row[0]: row[1] for row in first[1:4]} == {k.value: v for k, v in DEFINITIONS.items()}
    assert first[4] == ["data set", "items.csv", "sha256", "5a" * 32, "rater 2", "seed 7"]


def test_each_option_has_a_line_with_empty_cells_for_its_labels() -> None:
    dataset = a_dataset(an_item(clean_evidence="It is b."), an_item("q2", "xy"))
    found = lines(sheet_text(dataset, 1, seed=42))
    assert sorted((line["item"], line["letter"], line["option"]) for line in found) == [
        *(("q1", letter, letter.lower()) for letter in "ABCD"),
        ("q2", "A", "x"),
        ("q2", "B", "y"),
    ]
    assert {line["question"] for line in found} == {"Which?"}
    assert [line["evidence"] for line in found] == ["It is b."] * 4 + [""] * 2
    assert {line[label.value] for line in found for label in Label} == {""}


def test_what_is_correct_and_labelled_does_not_show() -> None:
    option = Option(letter="A", text="a", high_risk=True)
    item = an_item()
    other = item.model_copy(update={"answer": "C", "options": (option, *item.options[1:])})
    texts = {sheet_text(a_dataset(one), 1, seed=42) for one in (item, other)}
    assert len(texts) == 1


def test_options_are_shuffled_by_seed_and_rater_and_nothing_else() -> None:
    dataset = a_dataset(*(an_item(f"q{n}", "abcdefgh") for n in range(20)))

    def orders(rater: int, seed: int) -> list[str]:
        found = "".join(line["letter"] for line in lines(sheet_text(dataset, rater, seed=seed)))
        return [found[at : at + 8] for at in range(0, len(found), 8)]

    first = orders(1, 42)
    assert first == orders(1, 42)
    assert all(sorted(order) == list("ABCDEFGH") for order in first)
    assert len(set(first)) > 10
    for other in (orders(2, 42), orders(1, 43)):
        assert sum(one == two for one, two in zip(first, other, strict=True)) < 3


def test_marks_tell_every_option_of_every_item_apart_and_are_no_numbers() -> None:
    items = [an_item(), an_item("q2"), an_item(question="What?"), an_item(texts="abce")]
    marks = {line_mark(item, letter) for item in items for letter in "ABCD"}
    assert len(marks) == 16
    assert all(mark[0] == "o" and len(mark) == 13 for mark in marks)
    labelled = items[0].model_copy(update={"answer": "A", "clean_evidence": "New."})
    assert line_mark(labelled, "A") == line_mark(items[0], "A")


def test_no_cell_is_a_formula_and_none_is_longer_than_spreadsheets_take() -> None:
    item = an_item("=1+1", ["=cmd()", "-5 mm"], clean_evidence="e" * 40_000)  # type: ignore[arg-type]
    text = sheet_text(a_dataset(item), 1, seed=42)
    found = sorted(lines(text), key=lambda line: line["letter"])
    assert [line["option"] for line in found] == ["'=cmd()", "'-5 mm"]
    assert found[0]["item"] == "'=1+1"
    assert found[0]["evidence"] == "e" * 32_000 + " […]"


def test_lines_end_as_spreadsheets_write_them_and_texts_may_have_several() -> None:
    text = sheet_text(a_dataset(an_item(question="One;\nTwo, three?")), 1, seed=42, separator=";")
    assert text.count("\r\n") == 5 + 1 + 4
    assert rows(text, ";")[-1][2] == "One;\nTwo, three?"
