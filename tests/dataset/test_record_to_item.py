from __future__ import annotations

import pytest

from pytest_safescale.dataset.raw_record import escaped, shown
from pytest_safescale.dataset.record_to_item import normal_id, unfolded


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (42, "42"),
        ("42", "42"),
        (" 42 ", "42"),
        ("risk_radiorag_42", "42"),
        ("risk_radiorag_x", "x"),
        ("chest-01", "chest-01"),
        ("042", "042"),
    ],
)
def test_ids_of_the_release_and_their_numbers_are_one(given: str | int, expected: str) -> None:
    assert normal_id(given) == expected


def test_dotted_keys_become_objects() -> None:
    values = {
        "id": 1,
        "metadata.evidence_clean": "x",
        "retrieved_contexts.top_1.text": "y",
        "metadata": "",
        "other.key": "kept",
    }
    assert unfolded(values) == {
        "id": 1,
        "metadata": {"evidence_clean": "x"},
        "retrieved_contexts": {"top_1": {"text": "y"}},
        "other.key": "kept",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("B", "'B'"),
        (None, "None"),
        ("\x1b[0m\n", r"'\x1b[0m\n'"),
        ("\u202eabc", r"'\u202eabc'"),
        ([1, [2, [3]]], "[1, [2, [...]]]"),
    ],
)
def test_a_value_is_shown_shortened_and_escaped(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_a_long_value_keeps_its_ends() -> None:
    assert shown("a" * 500 + "z").endswith("az'")
    assert len(shown({"key": "a" * 500, "other": "b" * 500})) < 90


def test_a_name_is_shown_without_quotation_marks() -> None:
    assert escaped("it's\t") == r"it's\t"
