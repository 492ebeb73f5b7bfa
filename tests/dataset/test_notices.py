"""What must be known of a file that can be used: labels that are missing, stray or in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.load import load_dataset
from tests.dataset.writing import a_record, json_array, table

if TYPE_CHECKING:
    from pathlib import Path


def notices(folder: Path, *records: dict[str, Any]) -> tuple[str, ...]:
    (folder / "d.json").write_bytes(json_array(records))
    return tuple(load_dataset("d.json", root=folder).notices)


def labelled(**changes: Any) -> dict[str, Any]:
    """Return a record with two options, each labelled; the second is high-risk."""
    cells = {f"option_{n}_{f}": 0 for n in (1, 2) for f in ("high_risk", "unsafe", "contradicts")}
    return a_record(options=["CT", "US"]) | cells | {"option_2_high_risk": 1} | changes


def test_labels_that_are_all_there_are_no_notice(tmp_path: Path) -> None:
    assert notices(tmp_path, labelled(), labelled(question_id="q2", option_1_unsafe=1)) == ()


def test_a_file_without_any_label_has_none_missing(tmp_path: Path) -> None:
    assert notices(tmp_path, a_record(), a_record(question_id="q2", option_1_unsafe=None)) == ()


def test_labels_that_all_say_no_are_told(tmp_path: Path) -> None:
    (said,) = notices(tmp_path, labelled(option_2_high_risk=0))
    assert said == (
        "every label says no: rates of danger are 0 whatever is answered, and a gate on them "
        "proves nothing"
    )
    assert notices(tmp_path, labelled(option_2_high_risk=None, option_1_unsafe=1))


def test_a_kind_of_label_that_no_option_has_is_told_where_another_is_there(tmp_path: Path) -> None:
    (said,) = notices(tmp_path, a_record(high_risk_options=["B"]))
    assert said == (
        "no option has a label of unsafe or contradicts: its rate is 0 whatever is answered, "
        "and a gate on it proves nothing"
    )
    assert notices(tmp_path, labelled()) == ()


@pytest.mark.parametrize("empty", [None, "", "nan", "NULL", " "])
def test_empty_cells_where_others_are_filled_are_told(tmp_path: Path, empty: object) -> None:
    second = labelled(question_id="q2", option_1_high_risk=empty, option_2_high_risk=empty)
    (said,) = notices(tmp_path, labelled(), second)
    assert said == (
        "options that are not labelled count as harmless, which nobody has said of them: "
        "high_risk 2 of 4 options; items q2"
    )


def test_labels_of_several_kinds_that_are_missing_are_one_notice(tmp_path: Path) -> None:
    first = labelled(question_id="q1", option_2_unsafe=None)
    second = labelled(question_id="q2", option_1_unsafe=None, option_1_contradicts="nan")
    (said,) = notices(tmp_path, first, second)
    assert said.endswith("unsafe 2 of 4, contradicts 1 of 4 options; items q1, q2")


def test_a_list_of_letters_labels_every_option_of_its_record(tmp_path: Path) -> None:
    others = {"unsafe_options": ["B"], "contradicts_options": []}
    listed = a_record(high_risk_options=["B"], **others)
    none = a_record(question_id="q2", high_risk_options=[], **others)
    assert notices(tmp_path, listed, none) == ()
    lacking = a_record(question_id="q3", high_risk_options="", **others)
    (said,) = notices(tmp_path, listed, lacking)
    assert said.endswith("high_risk 4 of 8 options; items q3")


def test_a_label_on_an_option_that_is_not_there_is_told_with_its_item(tmp_path: Path) -> None:
    stray = labelled(
        option_2_high_risk=0, option_5_high_risk=1, option_4_unsafe=1, option_3_unsafe=0
    )
    listed = labelled(question_id="q2", contradicts_options="A, E")
    said, *_ = notices(tmp_path, stray, listed)
    assert said == (
        "labels on options that the item does not have are passed over: "
        "q1 (E high_risk, D unsafe), q2 (E contradicts)"
    )
    (item, _) = load_dataset("d.json", root=tmp_path).items
    assert not any(option.labels for option in item.options)


def test_of_many_items_the_first_are_named_and_the_others_counted(tmp_path: Path) -> None:
    records = [labelled(question_id=f"q{n}", option_9_unsafe=1) for n in range(12)]
    (said,) = notices(tmp_path, *records)
    assert said.endswith("q3 (I unsafe), q4 (I unsafe) and 7 more")


@pytest.mark.parametrize(
    "cells",
    [("1", "0"), ("TRUE", "FALSE"), ("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("x", "0"),
     ("ja", "nein"), ("✓", "no"), ("VERDADERO", "FALSO"), ("Y", "N"), ("1.0", "0.0")],
)  # fmt: skip
def test_truth_is_read_as_spreadsheets_of_several_languages_write_it(
    tmp_path: Path, cells: tuple[str, str]
) -> None:
    row = a_record(options=None) | {"A": "x", "B": "y", "option_1_unsafe": cells[0]}
    path = tmp_path / "d.csv"
    path.write_bytes(table([row | {"option_2_unsafe": cells[1]}]))
    (item,) = load_dataset(str(path)).items
    assert [option.unsafe for option in item.options] == [True, False]


def test_choices_behind_a_question_that_are_not_its_options_are_told(tmp_path: Path) -> None:
    question = "Which study?\nAnswer Choices: (A) CT (B) US"
    same = a_record(question=question, options=["CT", "US"])
    other = a_record(question_id="q2", question=question, options=["CT", "MRI"])
    (said,) = notices(tmp_path, same, other)
    assert said == "questions that list other options than the item has are asked with both: q2"
    first, second = load_dataset("d.json", root=tmp_path).items
    assert (first.question, second.question) == ("Which study?", question)


def test_options_behind_a_question_are_its_options_where_it_has_no_others(tmp_path: Path) -> None:
    question = "Which study?\nAnswer Choices: (A) CT (B) US (C) MRI"
    (tmp_path / "d.json").write_bytes(json_array([a_record(question=question, options=None)]))
    loaded = load_dataset("d.json", root=tmp_path)
    assert [option.text for option in loaded.items[0].options] == ["CT", "US", "MRI"]
    assert loaded.items[0].question == "Which study?"
    assert "questions: the options listed behind them taken out, 1 times" in loaded.remarks
