"""A record whose line is put together of parts is written as it would be in one go."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from pytest_safescale.results.written_record import Part, WrittenRecord, members
from pytest_safescale.text.escaping import json_line

texts = st.text(st.characters(), max_size=12)
"""Of any character, halves of surrogate pairs and what is not seen among them."""
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
parts = st.lists(st.dictionaries(texts, values, min_size=1, max_size=3), min_size=1, max_size=4)


def joined(several: list[dict[str, Any]]) -> dict[str, Any]:
    return {f"{n}{key}": value for n, part in enumerate(several) for key, value in part.items()}


@given(parts)
def test_members_of_parts_are_those_of_the_whole(several: list[dict[str, Any]]) -> None:
    apart = [
        Part.of({f"{n}{key}": value for key, value in part.items()})
        for n, part in enumerate(several)
    ]
    assert ", ".join(part.members for part in apart) == members(joined(several))


@given(parts, texts)
def test_a_line_names_the_run_whether_its_members_are_written_or_not(
    several: list[dict[str, Any]], run_id: str
) -> None:
    record = cast("Any", joined(several))
    expected = json_line({**record, "run_id": run_id})
    assert WrittenRecord(record).line(run_id) == expected
    assert WrittenRecord(record, members(record)).line(run_id) == expected


def test_a_record_of_another_run_names_this_one_where_it_named_that() -> None:
    record = cast("Any", {"run_id": "old", "model": "m"})
    assert WrittenRecord(record).line("new") == '{"run_id": "new", "model": "m"}'
