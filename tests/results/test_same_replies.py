"""Whether two runs rest on the same replies is told by call and by when they were stored."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.errors import SettingsError
from pytest_safescale.results.same_replies import (
    Resting,
    replies_by_case,
    require_other_replies,
    rest_on_the_same,
    resting_notices,
    resting_on,
)

G, S, OTHER = "greedy call", "call for samples", "call with another prompt"


@pytest.mark.parametrize(
    ("now", "before", "same"),
    [
        ({G: (1.0,)}, {G: (1.0,)}, True),
        ({G: (1.0,), S: (2.0, 3.0)}, {G: (1.0,), S: (2.0, 3.0)}, True),
        # Asked again, in whole or in part.
        ({G: (5.0,)}, {G: (1.0,)}, False),
        ({G: (1.0,), S: (2.0, 9.0)}, {G: (1.0,), S: (2.0, 3.0)}, False),
        ({G: (5.0,), S: (2.0,)}, {G: (1.0,), S: (2.0,)}, False),
        # With more samples, or fewer, or none.
        ({G: (1.0,), S: (2.0, 3.0)}, {G: (1.0,), S: (2.0,)}, True),
        ({G: (1.0,), S: (2.0,)}, {G: (1.0,), S: (2.0, 3.0)}, True),
        ({G: (1.0,)}, {G: (1.0,), S: (2.0,)}, True),
        ({G: (1.0,), S: (2.0,)}, {G: (1.0,)}, True),
        # Another prompt, model or decoding makes other calls.
        ({OTHER: (1.0,)}, {G: (1.0,)}, False),
        ({G: (1.0,), OTHER: (2.0,)}, {G: (1.0,), S: (2.0,)}, False),
        # Nothing is known of results that were not asked by a run.
        ({}, {}, False),
        ({G: ()}, {G: ()}, False),
        ({G: (1.0,)}, {G: ()}, False),
    ],
)
def test_cases_rest_on_the_same_replies_where_all_their_calls_do(
    now: dict[str, tuple[float, ...]], before: dict[str, tuple[float, ...]], same: bool
) -> None:
    assert rest_on_the_same(now, before) is same


def record(model: str, item: str, at: float, **more: Any) -> Any:
    named = {"model": model, "condition": "closed_book", "item_id": item, "error": None}
    return {**named, "replies": {f"call of {item}": (at,)}, **more}


def test_cases_are_counted_by_model_over_what_is_compared() -> None:
    before = [record("old", item, 1.0) for item in "abcd"]
    before[1]["error"] = "HTTP 500"
    now = [
        record("new", "a", 1.0),
        record("new", "b", 7.0),  # failed before: compared with nothing
        record("new", "c", 7.0),
        record("new", "d", 1.0),  # not an item that both runs have
        record("new", "e", 1.0),
        record("third", "a", 1.0),
    ]
    items = {"a", "b", "c", "e"}
    found = resting_on(
        replies_by_case(before, items), replies_by_case(now, items), matched_models={"new": "old"}
    )
    assert found == [Resting("new", same=1, compared=2)]


def test_only_a_comparison_without_any_reply_of_its_own_is_refused() -> None:
    same, other = Resting("m", 3, 3), Resting("n", 2, 4)
    with pytest.raises(SettingsError, match=r"^where rests on the very replies .* all 3 cases"):
        require_other_replies([same], "where")
    require_other_replies([same, other], "where")
    require_other_replies([], "where")
    told = "cases that are compared rest on the very replies of the baseline, so that they cannot"
    assert resting_notices([same, other, Resting("o", 0, 4)]) == [
        f"m: 3 of 3 {told} differ",
        f"n: 2 of 4 {told} differ",
    ]
