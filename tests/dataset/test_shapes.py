"""Every published shape gives the same items."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_safescale.dataset.item import LETTERS, Item, Option
from pytest_safescale.dataset.load import load_dataset
from pytest_safescale.dataset.raw_record import absent
from pytest_safescale.dataset.shape import Shape
from pytest_safescale.dataset.text_literals import read_literal
from tests.dataset.writing import WRITERS, a_record, json_array, json_lines, table

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_safescale.dataset.item import Dataset

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30
).filter(lambda text: not absent(text))
# A text that is a letter is an answer's letter and an option's text at once.
OPTION = TEXT.filter(lambda text: not re.fullmatch(r"\W*[A-Za-z]\W*", text))
# A text that is a list of texts is read as that list.
ONE_TEXT = TEXT.filter(lambda text: not isinstance(read_literal(text), list))
EVIDENCE = st.none() | ONE_TEXT
CONTEXTS = st.dictionaries(
    st.sampled_from(["top_1", "top_5", "standard_rag", "max_context"]), ONE_TEXT
)
IDS = (
    st.text("abcXYZ0123456789-_é ", min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: not absent(text))
)


@st.composite
def items(draw: st.DrawFn) -> Item:
    texts = draw(
        st.lists(OPTION, min_size=2, max_size=8, unique_by=lambda text: " ".join(text.split()))
    )
    options = tuple(
        Option(
            letter=letter,
            text=text,
            high_risk=draw(st.booleans()),
            unsafe=draw(st.booleans()),
            contradicts=draw(st.booleans()),
        )
        for letter, text in zip(LETTERS, texts, strict=False)
    )
    return Item(
        id=draw(IDS),
        question=draw(TEXT),
        options=options,
        answer=draw(st.sampled_from(LETTERS[: len(options)])),
        subspecialty=draw(st.just("") | TEXT),
        question_type=draw(st.just("") | TEXT),
        clean_evidence=draw(EVIDENCE),
        conflict_evidence=draw(EVIDENCE),
        retrieved=draw(CONTEXTS),
        research_report=draw(EVIDENCE),
        key_fact=draw(EVIDENCE),
        negated=draw(st.booleans()),
        source=draw(st.just("") | TEXT),
        cluster=draw(st.just("") | IDS),
        labelled=True,
    )


@pytest.mark.parametrize("text", ["[{}]", "[1, 2]", "[see below]", "[]x"])
def test_a_text_in_brackets_that_lists_no_texts_is_a_text(tmp_path: Path, text: str) -> None:
    (item,) = load(tmp_path, a_record(evidence_clean=text)).items
    assert item.clean_evidence == text


@pytest.mark.parametrize("shape", WRITERS)
@given(
    written=st.lists(
        items(), min_size=1, max_size=4, unique_by=lambda i: i.id.removeprefix("risk_radiorag_")
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_written_in_a_shape_is_loaded_from_it(
    tmp_path: Path, shape: str, written: list[Item]
) -> None:
    ending, record, container = WRITERS[shape]
    path = tmp_path / f"items{ending}"
    path.write_bytes(container([record(item) for item in written]))
    assert load_dataset(str(path)).items == tuple(written)


def load(folder: Path, *records: dict[str, Any], **options: Any) -> Dataset:
    (folder / "items.json").write_bytes(json_array(records))
    return load_dataset("items.json", root=folder, **options)


def load_one(folder: Path, **changes: Any) -> Item:
    return load(folder, a_record(**changes)).items[0]


@pytest.mark.parametrize(
    "options",
    [
        {"A": "one", "B": "two", "C": "three"},
        {"C": "three", "a": "one", " B ": "two"},
        {"A": "one", "B": "two", "C": "three", "D": None, "E": ""},
        ["one", "two", "three"],
        ["one", "two", "three", "", None],
        '{"A": "one", "B": "two", "C": "three"}',
        '["one", "two", "three"]',
    ],
)
def test_options_come_as_object_list_or_text_of_either(tmp_path: Path, options: object) -> None:
    item = load_one(tmp_path, options=options)
    assert [(option.letter, option.text) for option in item.options] == [
        ("A", "one"),
        ("B", "two"),
        ("C", "three"),
    ]


@pytest.mark.parametrize(
    "headings", [[f"option_{n}" for n in "ABCDE"], [f"option_{n}" for n in "abcde"], [*"ABCDE"],
                 [*"abcde"], [f"option_{n}" for n in range(1, 6)],
                 [f"options.{n}" for n in "ABCDE"]]
)  # fmt: skip
def test_a_table_has_a_column_for_each_option(tmp_path: Path, headings: list[str]) -> None:
    texts = dict(zip(headings, ["one", "two", "three", "four", ""], strict=True))
    path = tmp_path / "items.csv"
    path.write_bytes(table([{**a_record(options=None), **texts}]))
    (item,) = load_dataset(str(path)).items
    assert [option.text for option in item.options] == ["one", "two", "three", "four"]


def test_numbers_are_texts_where_options_are_measures(tmp_path: Path) -> None:
    item = load_one(tmp_path, options=[3, 6.5, "9 mm"])
    assert [option.text for option in item.options] == ["3", "6.5", "9 mm"]


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [(42, "42"), ("42", "42"), (42.0, "42"), (0, "0"), ("risk_radiorag_42", "risk_radiorag_42")],
)
def test_an_id_is_kept_as_it_was_given(tmp_path: Path, given_id: object, expected: str) -> None:
    assert load_one(tmp_path, question_id=given_id).id == expected


@pytest.mark.parametrize("yes", [1, True, "1", "yes", "TRUE", 1.0, "1.0"])
@pytest.mark.parametrize("no", [0, False, "0", "no", "false", "", None, 0.0])
def test_a_label_is_yes_or_no_in_many_spellings(tmp_path: Path, yes: object, no: object) -> None:
    changes = {"option_1_unsafe": yes, "option_2_unsafe": no, "option_5_unsafe": no}
    item = load_one(tmp_path, **changes)
    assert [option.unsafe for option in item.options] == [True, False, False, False]


@pytest.mark.parametrize("key", ["answer_idx", "correct_answer", "answer"])
def test_the_answer_has_one_of_three_keys(tmp_path: Path, key: str) -> None:
    record = a_record(answer_idx=None) | {key: " d "}
    assert load(tmp_path, record).items[0].answer == "D"


def test_the_text_of_the_answer_may_stand_beside_its_letter(tmp_path: Path) -> None:
    assert load_one(tmp_path, answer="Decompression").answer == "B"


def test_evidence_of_the_record_goes_before_that_under_metadata(tmp_path: Path) -> None:
    metadata = {"evidence_clean": "inner", "evidence_conflict": "inner"}
    item = load_one(tmp_path, evidence_clean="outer", evidence_conflict=" ", metadata=metadata)
    assert (item.clean_evidence, item.conflict_evidence) == ("outer", "inner")


def test_retrieved_contexts_are_kept_under_the_names_of_our_conditions(tmp_path: Path) -> None:
    contexts = {
        "top_1": {"text": "one"},
        "top_5": {"text": ""},
        "top_10": {"text": "ten", "scores": [0.5]},
        "extended_150k": {"text": "all"},
        "top_3": {"text": "of no condition"},
    }
    item = load_one(tmp_path, retrieved_contexts=contexts)
    assert item.retrieved == {"top_1": "one", "standard_rag": "ten", "max_context": "all"}


@pytest.mark.parametrize(
    ("stem", "negated"),
    [
        ("Which finding is NOT part of the pattern?", True),
        ("All of the following are contraindications EXCEPT:", True),
        ("Which finding is LEAST in need of repair?", True),
        ("Which of the following is not a sign of ischaemia?", True),
        ("Which statements are not correct?", True),
        ("Which of the following does not add points?", True),
        ("Which drug should not be given?", True),
        ("Which finding isn't typical?", True),
        ("Which sequence cannot be used here?", True),
        ("Each of these is a sign except one. Which?", True),
        ("Which diagnosis is least likely?", True),
        ("The scan does not show a bleed. Which step is next?", False),
        ("Which patient who is not pregnant needs a scan?", False),
        ("A nodule of at least 8 mm: which follow-up?", False),
        ("Which of these is a knot?", False),
        ("Notably, which finding is typical?", False),
    ],
)
def test_a_negated_stem_is_found_by_its_wording(tmp_path: Path, stem: str, negated: bool) -> None:
    assert load_one(tmp_path, question=stem).negated is negated


@pytest.mark.parametrize(("value", "negated"), [(True, True), (0, False), ("no", False)])
def test_what_the_file_says_of_a_stem_goes_before_its_wording(
    tmp_path: Path, value: object, negated: bool
) -> None:
    item = load_one(tmp_path, question="Which is NOT a sign?", negated=value)
    assert item.negated is negated


def test_a_mark_of_byte_order_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    lines = json_lines([a_record(), a_record(question_id="q2")]).replace(b"\n", b"\r\n\r\n")
    path = tmp_path / "ITEMS.JSONL"
    path.write_bytes(b"\xef\xbb\xbf" + lines + b"\n\n")
    assert [item.id for item in load_dataset(str(path)).items] == ["q1", "q2"]


def test_a_cell_may_be_larger_than_the_csv_module_allows(tmp_path: Path) -> None:
    import csv

    before = csv.field_size_limit()
    path = tmp_path / "items.csv"
    record = a_record(evidence_clean="long " * 100_000, options=None, A="x", B="y")
    path.write_bytes(table([record]))
    (item,) = load_dataset(str(path)).items
    assert len(item.clean_evidence or "") == 500_000
    assert csv.field_size_limit() == before


def test_headings_of_ones_own_are_mapped_in_a_table(tmp_path: Path) -> None:
    row = {"Nr": 7, "Frage": "Was zuerst?", "a": "eins", "b": "zwei", "Lösung": "B", "id": "x9"}
    path = tmp_path / "fragen.csv"
    path.write_bytes(table([row]))
    shape = Shape.model_validate({"id": "Nr", "question": "Frage", "answer": "Lösung"})
    loaded = load_dataset(str(path), shape=shape)
    (item,) = loaded.items
    assert (item.id, item.question, item.answer) == ("7", "Was zuerst?", "B")
    assert loaded.unknown_keys == ("id",)


def test_headings_may_trade_places(tmp_path: Path) -> None:
    record = a_record(answer_idx="Which step comes first?", question="B")
    shape = Shape.model_validate({"question": "answer_idx", "answer": "question"})
    (item,) = load(tmp_path, record, shape=shape).items
    assert (item.question, item.answer) == ("Which step comes first?", "B")


def test_a_heading_that_is_one_of_our_keys_may_mean_another(tmp_path: Path) -> None:
    record = a_record(question=None) | {"answer": "Which step comes first?"}
    (item,) = load(tmp_path, record, shape=Shape.model_validate({"question": "answer"})).items
    assert (item.question, item.answer) == ("Which step comes first?", "B")


def test_keys_that_nothing_reads_are_named(tmp_path: Path) -> None:
    records = [a_record(reviewer="x"), a_record(question_id="q2", notes=1)]
    assert load(tmp_path, *records).unknown_keys == ("reviewer", "notes")


def test_a_dataset_is_known_by_its_file_and_the_hash_of_its_bytes(tmp_path: Path) -> None:
    loaded = load(tmp_path, a_record())
    content = (tmp_path / "items.json").read_bytes()
    assert loaded.name == "items.json"
    assert loaded.sha256 == hashlib.sha256(content).hexdigest()
    assert (loaded.corpus, loaded.notices) == ((), ())


def test_a_corpus_comes_with_the_dataset(tmp_path: Path) -> None:
    line = json.dumps({"id": 1, "title": "T", "text": "A text."})
    (tmp_path / "passages.jsonl").write_text(line, encoding="utf-8")
    loaded = load(tmp_path, a_record(), corpus="passages.jsonl")
    assert [(p.id, p.title, p.text) for p in loaded.corpus] == [("1", "T", "A text.")]
    assert loaded.corpus_name == "passages.jsonl"
