"""Lists and objects that stand as text in a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.dataset.text_literals import read_literal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["CT", "US"]', ["CT", "US"]),
        ("['CT', 'US']", ["CT", "US"]),
        ("('CT', 'US')", ["CT", "US"]),
        ("['CT' 'US' 'MRI' 'Film']", ["CT", "US", "MRI", "Film"]),
        ("['CT of the\n chest'\n 'US']", ["CT of the\n chest", "US"]),
        ("array(['CT', 'US'], dtype=object)", ["CT", "US"]),
        ("{'A': 'CT', 'B': \"Crohn's\"}", {"A": "CT", "B": "Crohn's"}),
        ("{'A': 'Crohn\\'s', 'B': 'a\\\\b'}", {"A": "Crohn's", "B": "a\\b"}),
        ("{1: 'CT', 2: 'US'}", {1: "CT", 2: "US"}),
        (
            "{'text': array(['CT', 'US'], dtype=object), 'label': array(['A', 'B'], dtype=object)}",
            {"text": ["CT", "US"], "label": ["A", "B"]},
        ),
        ("[{'key': 'A', 'value': 'CT'} {'key': 'B', 'value': 'US'}]",
         [{"key": "A", "value": "CT"}, {"key": "B", "value": "US"}]),
        ("[1 2.5 -3]", [1, 2.5, -3]),
        ("['5 \\xb5g', '5 mg']", ["5 µg", "5 mg"]),
        ("['50\\% dose', 'x']", ["50\\% dose", "x"]),
        ("['CT', None, nan, True]", ["CT", None, None, True]),
        ('["CT", NaN]', ["CT", None]),
    ],
)  # fmt: skip
def test_a_list_or_object_is_read_as_python_or_numpy_write_it(text: str, value: object) -> None:
    assert read_literal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "CT or US",
        "[CT, US]",
        "['CT', 'US'",
        "['CT', 'US'] or none",
        "(A) CT (B) US",
        "[1] Smith et al.",
        "{'A': 'x', 'A': 'y'}",
        "__import__('os')",
        "['a'.upper()]",
        "array_of('x')",
        "[" * 1000,
        "[" * 1000 + "]" * 1000,
        "",
    ],
)
def test_any_other_text_stays_what_it_is(text: str) -> None:
    assert read_literal(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]))))
def test_what_python_writes_of_texts_is_read_back(texts: list[str]) -> None:
    assert read_literal(repr(texts)) == texts
