"""Condition and prompt profile apart in files, and together inside."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.cells import base_profile, cell_condition, id_part, split_condition
from pytest_safescale.results.profile_rows import apart, together

ROWS = {
    "metrics": [{"model": "m", "condition": "closed_book/verify", "value": 0.5}],
    "gates": [{"metric": "accuracy", "condition": "closed_book", "model": "m"}],
    "comparisons": [
        {"kind": "condition", "left": "a/verify", "right": "b/verify", "condition": None},
        {"kind": "profile", "left": "verify", "right": "plain", "condition": "a/verify"},
        {"kind": "baseline", "left": "this run", "right": "baseline", "condition": "a"},
    ],
    "analyses": {"concentration": {"findings": [{"condition": "*", "gini": 0.1}]}},
}


def test_what_was_taken_apart_is_together_again() -> None:
    assert together(apart(ROWS)) == ROWS


def test_each_row_with_a_condition_tells_its_profile_beside_it() -> None:
    found = apart(ROWS)
    assert found["metrics"] == [
        {"model": "m", "condition": "closed_book", "profile": "verify", "value": 0.5}
    ]
    assert list(found["metrics"][0]) == ["model", "condition", "profile", "value"]
    assert found["gates"][0]["profile"] == "plain"
    between, profiles, runs = found["comparisons"]
    assert (between["left"], between["right"], between["profile"]) == ("a", "b", "verify")
    assert (profiles["left"], profiles["condition"], profiles["profile"]) == (
        "verify",
        "a",
        "verify",
    )
    assert (runs["left"], runs["profile"]) == ("this run", "plain")
    assert found["analyses"] == ROWS["analyses"]


@pytest.mark.parametrize("row", [{"condition": 3}, {"condition": None}, {"profile": 3}, {}, []])
def test_what_names_no_condition_stays_as_it_is(row: Any) -> None:
    assert apart(row) == row
    assert together(row) == row


def test_a_name_of_both_is_split_where_it_was_joined() -> None:
    assert cell_condition("x") == "x"
    assert split_condition("x") == ("x", "plain")
    assert split_condition(cell_condition("x", "verify")) == ("x", "verify")
    assert id_part("x/verify") == "x-verify"
    assert [base_profile(names) for names in ([], ["a", "b"], ["a", "plain"])] == [
        "plain",
        "a",
        "plain",
    ]
