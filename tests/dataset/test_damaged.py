"""A damaged file is refused whole, and everything wrong with it is told at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.errors import DatasetError, Problem
from tests.dataset.writing import a_record, json_array

if TYPE_CHECKING:
    from pathlib import Path


def refused(folder: Path, name: str, content: bytes, **options: Any) -> DatasetError:
    (folder / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load_dataset(name, root=folder, **options)
    return caught.value


def told(error: DatasetError) -> list[str]:
    return [str(problem) for problem in error.problems]


RECORD = json.dumps(a_record())
ROW = "question_id,question,answer_idx,A,B\n"

FILES = {
    "not UTF-8": (
        "d.jsonl",
        RECORD.encode() + b"\n\xff\xfe",
        "d.jsonl, line 2: found byte 0xff; allowed: UTF-8 text",
    ),
    "an empty file": (
        "d.csv",
        b"\xef\xbb\xbf \n",
        "d.csv: found an empty file; allowed: at least one record",
    ),
    "an empty array": ("d.json", b"[]", "d.json: found no record; allowed: at least one record"),
    "headings alone": ("d.csv", ROW.encode(), "d.csv: found no record; allowed: at least one"),
    "empty cells alone": ("d.csv", b",\n,", "d.csv: found no record; allowed: at least one"),
    "not JSON": (
        "d.json",
        b'[\n{"question_id": 1,}\n]',
        "d.json, line 2: found ",
    ),
    "a JSON object": (
        "d.json",
        b'{"items": []}',
        "d.json: found {'items': []}; allowed: a JSON array of objects, or an obj",
    ),
    "a JSON number": ("d.json", b"3", "d.json: found 3; allowed: a JSON array of objects"),
    "an array of texts": (
        "d.json",
        b'["one"]',
        "d.json, record 1: found 'one'; allowed: a JSON object",
    ),
    "a line that is no object": (
        "d.jsonl",
        b"[1]",
        "d.jsonl, line 1: found '[1]'; allowed: one JSON object a line",
    ),
    "a line that is not JSON": (
        "d.jsonl",
        b"\n{oops}",
        "d.jsonl, line 2: found '{oops}' (Expecting property name enclosed in double quotes",
    ),
    "an object of no records": ("d.json", b'{"a": [{}], "b": [{}]}', "d.json: found {'a': [{}], "),
    "minus infinity": ("d.json", b'[{"id": -Infinity}]', "d.json: found -Infinity is not JSON"),
    "text that is not of its encoding": (
        "d.csv",
        "id,question\n1,Größe".encode("cp1252"),
        "line 2: found byte 0xf6; allowed: UTF-8 text, or the key encoding in its shape",
    ),
    "bytes that are no Parquet": ("d.parquet", b"PAR1", "d.parquet: found "),
    "infinity": ("d.jsonl", b'{"id": 1e999}', "line 1: found '{\"id\": 1e999}' (1e999 is not fin"),
    "a key given twice": (
        "d.jsonl",
        b'{"id": 1, "id": 2}',
        "(key 'id' stands twice in one object)",
    ),
    "JSON of many levels": ("d.json", b"[" * 200_000, "d.json: found too many levels"),
    "a number of many digits": ("d.json", b"[" + b"9" * 10_000 + b"]", "d.json"),
    "another ending": (
        "d.xlsx",
        b"PK",
        "d.xlsx: found the ending '.xlsx'; allowed: one of .json, .jsonl, .csv, .tsv, .par",
    ),
    "no ending": ("data", b"[]", "data: found the ending ''; allowed: one of"),
    "a row too short": (
        "d.csv",
        (ROW + "1,Why?,A,x").encode(),
        "d.csv, line 2: found 4 cells; allowed: 5 cells, as there are headings",
    ),
    "a row too long": (
        "d.csv",
        (ROW + '\n1,"two\nlines",A,x,y\n\n2,Why?,A,x,y,z').encode(),
        "d.csv, line 6: found 6 cells; allowed: 5 cells",
    ),
    "a quotation never closed": (
        "d.csv",
        (ROW + '1,"Why?,A,x,y\n2,Why?,A,x,y').encode(),
        "d.csv, up to line 3: found unexpected end of data; allowed: a CSV table",
    ),
    "a heading given twice": (
        "d.csv",
        (ROW.replace("B", "A") + "1,Why?,A,x,y").encode(),
        "d.csv, line 1, A: found a heading that stands twice; allowed: each heading once",
    ),
    "results": (
        "d.jsonl",
        b'{"question_id": 1, "correct_answer": "A", "conditions": {}}',
        "d.jsonl: found results of a model; allowed: items (`safescale score` reads results)",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_damaged_file_is_named_with_its_place_and_what_is_allowed(
    tmp_path: Path, case: str
) -> None:
    name, content, expected = FILES[case]
    assert any(expected in line for line in told(refused(tmp_path, name, content)))


LETTERED = "two to 26 texts, lettered from A without a gap"

RECORDS: dict[str, tuple[dict[str, Any], str]] = {
    "an id with control characters": (
        {"question_id": "a\x1b[2J"},
        r"record 1, item a\x1b[2J, question_id: found 'a\x1b[2J'; allowed: a number or at most 200",
    ),
    "an endless id": ({"question_id": "a" * 201}, "question_id: found 'aaa"),
    "a list for an id": ({"question_id": [1]}, "question_id: found [1]"),
    "true for an id": ({"question_id": True}, "question_id: found True"),
    "a broken id": ({"question_id": 1.5}, "question_id: found 1.5"),
    "no question": ({"question": None}, "item q1, question: found nothing; allowed: a text"),
    "a number for a question": ({"question": 5}, "item q1, question: found 5; allowed: a text"),
    "half a character": ({"question": "\ud800"}, r"question: found '\ud800'; allowed: a text"),
    "no options": ({"options": None}, f"item q1, options: found nothing; allowed: {LETTERED}"),
    "a text for options": ({"options": "A or B"}, f"options: found 'A or B'; allowed: {LETTERED}"),
    "one option": ({"options": {"A": "x"}}, f"options: found ['A']; allowed: {LETTERED}"),
    "27 options": ({"options": [str(n) for n in range(27)]}, "options: found ['0', '1', '2'"),
    "27 letters": (
        {"options": {**dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "x"), "27": "y"}},
        "options: found ['27', 'A', 'B'",
    ),
    "numbers from 2": ({"options": {"2": "x", "3": "y"}}, "options: found {'2': 'x', '3': 'y'}"),
    "names for letters": ({"options": {"first": "x", "second": "y"}}, "options: found {'first'"),
    "a gap in the letters": (
        {"options": {"A": "x", "B": "y", "D": "z"}},
        f"options: found ['A', 'B', 'D']; allowed: {LETTERED}",
    ),
    "a letter in both cases": ({"options": {"A": "x", "a": "y"}}, "options: found {'A': 'x', 'a'"),
    "an empty option": (
        {"options": {"A": "x", "B": " ", "C": "z"}, "answer_idx": "A"},
        "options.B: found ' '; allowed: a text",
    ),
    "an option that is no text": ({"options": ["x", ["y"]]}, "options.B: found ['y']"),
    "options alike": (
        {"options": {"A": "The same", "B": " The  same"}},
        "options.B: found ' The  same'; allowed: a text that differs from option A",
    ),
    "no answer": ({"answer_idx": None}, "answer_idx: found nothing; allowed: one of A, B, C, D"),
    "an answer of no option": ({"answer_idx": "E"}, "answer_idx: found 'E'; allowed: one of A, B"),
    "a number for an answer": ({"answer_idx": 1}, "answer_idx: found 1; allowed: one of A, B, C"),
    "two answers": (
        {"correct_answer": "C"},
        "answer_idx: found {'answer_idx': 'B', 'correct_answer': 'C'}; allowed: one letter under",
    ),
    "a label of 2": ({"option_2_unsafe": 2}, "option_2_unsafe: found 2; allowed: 0 or 1"),
    "several answers": (
        {"answer_idx": ["A", "B"]},
        "answer_idx: found ['A', 'B']; allowed: one of",
    ),
    "a letter with another's text": ({"answer_idx": "B. CT"}, "answer_idx: found 'B. CT'; allowed"),
    "a letter that is a text too": (
        {"answer_idx": None, "answer": "A", "options": ["O", "A", "B", "AB"]},
        "answer: found 'A'; allowed: one option: as letter and as text it means A and B",
    ),
    "an empty answer": ({"answer_idx": "nan"}, "answer_idx: found nothing; allowed: one of A, B"),
    "a label in words": ({"option_2_unsafe": "so"}, "option_2_unsafe: found 'so'; allowed: 0 or 1"),
    "negated in words": ({"negated": "maybe"}, "negated: found 'maybe'; allowed: 0 or 1"),
    "evidence that is no text": (
        {"evidence_clean": {"a": 1}},
        "evidence_clean: found {'a': 1}; allowed: a text or nothing",
    ),
    "metadata that is no object": (
        {"metadata": "as above"},
        "metadata: found 'as above'; allowed: an object or nothing",
    ),
    "a context that is no text": (
        {"retrieved_contexts": {"top_1": {"text": 3}}},
        "retrieved_contexts.top_1: found 3; allowed: a text or nothing",
    ),
}


@pytest.mark.parametrize("case", RECORDS)
def test_a_damaged_record_is_named_with_its_field(tmp_path: Path, case: str) -> None:
    changes, expected = RECORDS[case]
    error = refused(tmp_path, "d.json", json_array([a_record(**changes)]))
    assert len(error.problems) == 1
    assert expected in told(error)[0]


@pytest.mark.parametrize(
    ("name", "found"),
    [("none.json", "No such file"), ("folder.json", "a folder"), ("a\0b", "null")],
)
def test_a_path_without_a_file_is_named(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(DatasetError, match=found) as caught:
        load_dataset(name, root=tmp_path)
    assert caught.value.problems[0].allowed == "a file that can be read"


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(b"[]")

    def refuse(_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(DatasetError, match=r"d\.json: found Permission denied"):
        load_dataset(str(path))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    lines = [
        json.dumps(a_record(question_id=1, answer_idx="F", option_1_unsafe=9)),
        "{",
        json.dumps(a_record(question_id="1", question=None)),
        json.dumps(a_record(question_id="risk_radiorag_1")),
    ]
    error = refused(tmp_path, "d.jsonl", "\n".join(lines).encode())
    assert error.summary == "d.jsonl cannot be used: 7 problems"
    assert [(problem.where, problem.field) for problem in error.problems] == [
        ("line 2", ""),
        ("line 1, item 1", "answer_idx"),
        ("line 1, item 1", "option_1_unsafe"),
        ("line 3, item 1", "question"),
        ("line 1, item 1", "question_id"),
        ("line 3, item 1", "question_id"),
        ("line 4, item risk_radiorag_1", "question_id"),
    ]


def test_what_every_record_lacks_is_told_once(tmp_path: Path) -> None:
    records = [a_record(question_id=number, question=None) for number in range(5)]
    error = refused(tmp_path, "d.json", json_array(records))
    assert error.problems == (
        Problem(
            file="d.json", where="every record", field="question", found="nothing", allowed="a text"
        ),
    )


def test_what_is_wrong_in_every_record_is_told_once_as_the_first_has_it(tmp_path: Path) -> None:
    records = [a_record(question_id=number, answer_idx=number % 3) for number in range(4000)]
    (problem,) = refused(tmp_path, "d.json", json_array(records)).problems
    assert (problem.where, problem.field, problem.found) == ("every record", "answer_idx", "0")


def test_a_map_that_names_an_absent_heading_is_told_with_the_headings_there_are(
    tmp_path: Path,
) -> None:
    content = (ROW + "1,Why?,A,x,y").encode()
    error = refused(tmp_path, "d.csv", content, shape=Shape.model_validate({"source": "Quelle"}))
    assert told(error) == [
        "d.csv, headings, source: found no 'Quelle'; "
        "allowed: one of question_id, question, answer_idx, A, B"
    ]


def test_what_stood_there_is_shortened_and_escaped(tmp_path: Path) -> None:
    record = a_record(answer_idx="\x1b]0;owned\x07" + "x" * 10_000)
    (line,) = told(refused(tmp_path, "d.json", json_array([record])))
    assert line.isprintable()
    assert len(line) < 200


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".csv", ".tsv", ".parquet"])
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_are_met_with_another_error(tmp_path: Path, ending: str, content: bytes) -> None:
    assert refused(tmp_path, f"d{ending}", content).summary


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(
    changes=st.dictionaries(
        st.sampled_from(
            [*a_record(), "metadata", "retrieved_contexts", "option_1_unsafe", "negated"]
        ),
        JSON,
        min_size=1,
    )
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_record_of_any_values_is_an_item_or_a_list_of_problems(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    (tmp_path / "d.json").write_text(json.dumps([a_record() | changes]), encoding="utf-8")
    loaded: object
    try:
        loaded = load_dataset("d.json", root=tmp_path).items
    except DatasetError as error:
        loaded = error.problems
    assert loaded
