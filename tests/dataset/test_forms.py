"""Options, answers, ids and empty cells in the forms that files have them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.errors import DatasetError
from tests.dataset.writing import a_record, json_array, table

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Dataset, Item


def loaded(folder: Path, *records: dict[str, Any], shape: Shape | None = None) -> Dataset:
    (folder / "d.json").write_bytes(json_array(records))
    return load_dataset("d.json", root=folder, shape=shape)


def tabled(folder: Path, *rows: dict[str, Any], shape: Shape | None = None) -> Dataset:
    (folder / "d.csv").write_bytes(table(rows))
    return load_dataset("d.csv", root=folder, shape=shape)


def texts(item: Item) -> list[str]:
    return [option.text for option in item.options]


OPTIONS = {
    "an object": {"A": "CT", "B": "US", "C": "MRI"},
    "an object of other keys": {"(a)": "CT", "b.": "US", "Option C": "MRI"},
    "an object of column names": {"option_a": "CT", "option_b": "US", "option_c": "MRI"},
    "an object from 1": {"1": "CT", "2": "US", "3": "MRI"},
    "an object from 0": {"2": "MRI", "0": "CT", "1": "US"},
    "a list": ["CT", "US", "MRI"],
    "a list with letters": ["A) CT", "B) US", "C) MRI"],
    "an object with letters": {"A": "(A) CT", "B": "(B) US", "C": "(C) MRI"},
    "letter and content": [
        {"letter": "B", "content": "US"},
        {"letter": "A", "content": "CT"},
        {"letter": "C", "content": "MRI"},
    ],
    "key and value": [{"key": k, "value": v} for k, v in (("A", "CT"), ("B", "US"), ("C", "MRI"))],
    "label and text": [{"label": n, "text": v} for n, v in enumerate(("CT", "US", "MRI"), 1)],
    "texts alone": [{"text": "CT"}, {"text": "US"}, {"text": "MRI"}],
    "one pair each": [{"A": "CT"}, {"B": "US"}, {"C": "MRI"}],
    "two lists": {"text": ["CT", "US", "MRI"], "label": ["A", "B", "C"]},
    "lettered lines": "A. CT\nB. US\nC. MRI",
    "lettered text": "(A) CT (B) US (C) MRI",
    "a Python list": "['CT', 'US', 'MRI']",
    "a numpy list": "['CT' 'US' 'MRI']",
    "a Python object": "{'A': 'CT', 'B': 'US', 'C': 'MRI'}",
    "JSON text": '{"A": "CT", "B": "US", "C": "MRI"}',
}  # fmt: skip


@pytest.mark.parametrize("form", OPTIONS)
def test_options_are_read_in_every_form(tmp_path: Path, form: str) -> None:
    (item,) = loaded(tmp_path, a_record(options=OPTIONS[form], answer_idx="B")).items
    assert texts(item) == ["CT", "US", "MRI"]


@pytest.mark.parametrize(
    ("pattern", "headings"),
    [
        ("op{letter}", ("opa", "opb", "opc")),
        ("choice_{letter}", ("choice_A", "choice_B", "choice_C")),
        ("ending{index}", ("ending0", "ending1", "ending2")),
        ("Antwort {letter}", ("Antwort A", "Antwort B", "Antwort C")),
        ("R{number} (texte)", ("R1 (texte)", "R2 (texte)", "R3 (texte)")),
    ],
)
def test_a_pattern_names_a_column_for_each_option(
    tmp_path: Path, pattern: str, headings: tuple[str, ...]
) -> None:
    row = a_record(options=None) | dict(zip(headings, ("CT", "US", "MRI"), strict=True))
    (item,) = tabled(tmp_path, row, shape=Shape(options=(pattern,))).items
    assert texts(item) == ["CT", "US", "MRI"]


@pytest.mark.parametrize("n", [2, 6, 10, 26])
def test_an_item_has_up_to_26_options(tmp_path: Path, n: int) -> None:
    record = a_record(options=[f"option {k}" for k in range(n)], answer_idx=chr(64 + n))
    record |= {f"option_{n}_unsafe": 1, f"option_{n + 1}_unsafe": 0}
    (item,) = loaded(tmp_path, record).items
    assert (len(item.options), item.answer) == (n, chr(64 + n))
    assert [option.letter for option in item.options if option.unsafe] == [chr(64 + n)]


@pytest.mark.parametrize(
    "answer",
    ["B", "b", "(B)", "[B]", "B.", "B)", "b:", "Option B", "option B.", "Answer: B", "B. US",
     "(B) US", "B) us.", "B: US", "US", "us", " US ", ["B"], ["US"], "['B']"],
)  # fmt: skip
def test_an_answer_is_a_letter_or_an_options_text(tmp_path: Path, answer: object) -> None:
    (item,) = loaded(tmp_path, a_record(options=["CT", "US"], answer_idx=answer)).items
    assert item.answer == "B"


@pytest.mark.parametrize(
    ("options", "answer", "letter"),
    [
        (["AA", "Aa", "aa"], "Aa", "B"),
        (["5 mGy", "5 MGy"], "5 MGy", "B"),
        (["10", "20", "40"], "40", "C"),
        ([10, 20, 40], 40, "C"),
        (["No", "Yes", "Maybe"], "yes", "B"),
        ([True, False], False, "B"),
        (["Take aspirin", "A fracture"], "A fracture", "B"),
        (["CT", "US", "Both", "None"], "None", "D"),
        ({"1": "x", "2": "y"}, 2, "B"),
        ({"0": "x", "1": "y"}, "1", "B"),
    ],
)
def test_what_an_answer_names_is_told_by_the_options(
    tmp_path: Path, options: object, answer: object, letter: str
) -> None:
    record = a_record(options=options, answer_idx=None) | {"answer": answer}
    assert loaded(tmp_path, record).items[0].answer == letter


@pytest.mark.parametrize(
    ("keys", "letter"),
    [
        ({"answer_idx": "B", "answer": "US"}, "B"),
        ({"answer_idx": "B", "answer": "It needs no radiation."}, "B"),
        ({"answer_idx": None, "correct_answer": "b", "answer": "US"}, "B"),
    ],
)
def test_several_keys_of_the_answer_agree(
    tmp_path: Path, keys: dict[str, str], letter: str
) -> None:
    record = a_record(options=["CT", "US"], answer_idx=None)
    record |= {key: value for key, value in keys.items() if value is not None}
    assert loaded(tmp_path, record).items[0].answer == letter


def test_several_keys_of_the_answer_that_differ_are_refused(tmp_path: Path) -> None:
    record = a_record(options=["CT", "US"], answer_idx="B") | {"answer": "CT"}
    with pytest.raises(DatasetError, match="allowed: one letter under all of these keys"):
        loaded(tmp_path, record)


BLOOD = ["O", "A", "B", "AB"]


@pytest.mark.parametrize(
    ("others", "letter"), [(("B", "d"), "A"), (("US", "CT"), "B"), (("US", "B"), None), ((), None)]
)
def test_a_letter_that_is_another_options_text_is_what_the_files_other_answers_are(
    tmp_path: Path, others: tuple[str, ...], letter: str | None
) -> None:
    rows = [(BLOOD, "A"), *((["CT", "US", "MRI", "Film"], other) for other in others)]
    records = [
        a_record(question_id=f"q{n}", options=options, answer_idx=None) | {"answer": answer}
        for n, (options, answer) in enumerate(rows)
    ]
    if letter is None:
        with pytest.raises(DatasetError, match="as letter and as text it means A and B"):
            loaded(tmp_path, *records)
    else:
        assert loaded(tmp_path, *records).items[0].answer == letter


EMPTY = ["nan", "NaN", "NULL", "null", "None", "<NA>", "N/A", "", " "]


@pytest.mark.parametrize("word", EMPTY)
def test_a_word_for_an_empty_cell_is_no_text(tmp_path: Path, word: str) -> None:
    row = a_record(options=None) | {"A": "CT", "B": "US", "C": word}
    row |= {"evidence_clean": word, "subspecialty": word, "option_1_unsafe": word, "negated": word}
    (item,) = tabled(tmp_path, row).items
    assert texts(item) == ["CT", "US"]
    assert (item.clean_evidence, item.subspecialty, item.negated) == (None, "", False)
    assert not item.options[0].unsafe


def test_a_number_that_is_none_is_an_empty_cell(tmp_path: Path) -> None:
    record = a_record(evidence_clean=float("nan"), option_1_unsafe=float("nan"))
    (item,) = loaded(tmp_path, record).items
    assert item.clean_evidence is None


def test_an_option_called_none_stays_an_option(tmp_path: Path) -> None:
    first = a_record(options=None) | {"A": "CT", "B": "US", "C": "None", "D": "Both"}
    last = a_record(options=None, question_id="q2") | {"A": "CT", "B": "US", "C": "x", "D": "None"}
    items = tabled(tmp_path, first, last).items
    assert [texts(item) for item in items] == [
        ["CT", "US", "None", "Both"],
        ["CT", "US", "x", "None"],
    ]
    (listed,) = loaded(tmp_path, a_record(options=["CT", "US", "None"])).items
    assert texts(listed) == ["CT", "US", "None"]


def test_a_last_option_called_none_is_empty_where_the_file_writes_empty_cells_so(
    tmp_path: Path,
) -> None:
    five = a_record(options=None) | {"A": "a", "B": "b", "C": "c", "source": "None"}
    four = {**five, "question_id": "q2", "C": "None"}
    loaded = tabled(tmp_path, five, four)
    assert [len(item.options) for item in loaded.items] == [3, 2]
    assert loaded.notices == ("last options written None are read as empty cells: q2",)


def test_a_record_without_an_id_has_one_that_stays_with_its_content(tmp_path: Path) -> None:
    records = [a_record(question_id=None, question=f"Which {n}?") for n in range(3)]
    first = [item.id for item in loaded(tmp_path, *records).items]
    assert len(set(first)) == 3
    again = [item.id for item in loaded(tmp_path, *reversed(records)).items]
    assert again == first[::-1]
    keyed = [{**record, "answer_idx": "A", "notes": "x"} for record in records]
    assert [item.id for item in loaded(tmp_path, *keyed).items] == first


def test_the_same_question_without_ids_is_asked_each_time_and_told(tmp_path: Path) -> None:
    record = a_record(question_id=None)
    found = loaded(tmp_path, record, record)
    one, two = (item.id for item in found.items)
    assert two == f"{one}-2"
    assert found.notices == (f"questions that stand more than once are asked each time: {one}-2",)


@pytest.mark.parametrize(
    "content",
    [
        {"q1": a_record(question_id=None), "q2": a_record(question_id=None)},
        {"data": [a_record(), a_record(question_id="q2")], "version": "1.0"},
        {"rows": [{"row_idx": n, "row": a_record(question_id=f"q{n + 1}")} for n in range(2)]},
        {"id": ["q1", "q2"], "question": ["x", "y"], "A": ["a", "b"], "B": ["c", "d"],
         "answer": ["A", "B"]},
        {"id": {"0": "q1", "1": "q2"}, "question": {"0": "x", "1": "y"},
         "options": {"0": ["a", "b"], "1": ["c", "d"]}, "answer": {"0": "A", "1": "B"}},
        [a_record(), a_record(question_id="q2")],
    ],
)  # fmt: skip
def test_records_stand_in_an_array_or_an_object(tmp_path: Path, content: object) -> None:
    (tmp_path / "d.json").write_text(json.dumps(content), encoding="utf-8")
    assert [item.id for item in load_dataset("d.json", root=tmp_path).items] == ["q1", "q2"]


def test_lines_in_a_json_file_and_an_array_in_a_file_of_lines_are_read(tmp_path: Path) -> None:
    one, two = a_record(), a_record(question_id="q2")
    (tmp_path / "d.json").write_text(f"{json.dumps(one)}\n{json.dumps(two)}\n", encoding="utf-8")
    (tmp_path / "d.jsonl").write_bytes(json_array([one, two]))
    (tmp_path / "one.json").write_text(json.dumps(one), encoding="utf-8")
    read = {p.name: [i.id for i in load_dataset(str(p)).items] for p in tmp_path.iterdir()}
    assert read == {"d.json": ["q1", "q2"], "d.jsonl": ["q1", "q2"], "one.json": ["q1"]}


@pytest.mark.parametrize(
    ("separator", "name"),
    [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")],
)
@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_the_separator_is_found_and_named(
    tmp_path: Path, separator: str, name: str, ending: str
) -> None:
    lines = [["id", "question", "A", "B", "answer"], ["1", '"Which, or; what|how?"', "x", "y", "B"]]
    text = "\n".join(separator.join(line) for line in lines)
    (tmp_path / f"d.{ending}").write_text(text, encoding="utf-8")
    found = load_dataset(f"d.{ending}", root=tmp_path)
    assert found.items[0].question == "Which, or; what|how?"
    assert f"separator: {name}" in found.remarks


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_with_its_mark_is_read(tmp_path: Path, encoding: str) -> None:
    text = "id;question;A;B;answer\n1;Größe in µm?;x;y;B\n"
    (tmp_path / "d.csv").write_bytes(text.encode(encoding))
    assert load_dataset("d.csv", root=tmp_path).items[0].question == "Größe in µm?"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16-le"])
def test_another_encoding_is_declared(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "d.csv").write_bytes("id,question,A,B,answer\n1,Größe?,x,y,B\n".encode(encoding))
    found = load_dataset("d.csv", root=tmp_path, shape=Shape(encoding=encoding))
    assert found.items[0].question == "Größe?"


def test_evidence_may_be_a_list_of_paragraphs(tmp_path: Path) -> None:
    record = a_record(evidence_clean=["One.", "Two."], retrieved_contexts={"top_1": ["a", "b"]})
    (item,) = loaded(tmp_path, record).items
    assert (item.clean_evidence, item.retrieved) == ("One.\n\nTwo.", {"top_1": "a\n\nb"})


def test_a_parquet_file_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "d.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match=r'needs: pip install "pytest-safescale\[parquet\]"'):
        load_dataset("d.parquet", root=tmp_path)
