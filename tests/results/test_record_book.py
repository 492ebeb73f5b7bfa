"""A run keeps of its cases counts and columns: what a record brought is let go once it is in."""

from __future__ import annotations

import json
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.results.record_book import RecordBook
from tests.report.made_records import Shape, make_records

if TYPE_CHECKING:
    from pytest_safescale.results.manifest_counts import CaseCounts

SHAPE = Shape(models=("one", "two"), conditions=("closed_book", "clean_evidence"), items=6)


class Part(dict[str, Any]):
    """An object of JSON whose end can be seen."""


def parted(value: Any, seen: list[weakref.ref[Part]]) -> Any:
    """Return plain data anew, each object of it one whose end can be seen."""
    if isinstance(value, dict):
        part = Part({key: parted(one, seen) for key, one in value.items()})
        seen.append(weakref.ref(part))
        return part
    return [parted(one, seen) for one in value] if isinstance(value, list) else value


def call(key: str, *stored_at: float, **more: Any) -> dict[str, Any]:
    took = {"prompt_tokens": 5, "completion_tokens": 2, "estimated_tokens": 1, "money": 0.5}
    kept = {"replies": len(stored_at), "from_store": {"2026-01-02": 1}, "stored_at": stored_at}
    return {"key": key, **kept, **took, "served": [["served", "print"]], **more}


def record(item: str, **more: Any) -> Any:
    return {**make_records(Shape(models=("m",), items=1))[0], "item_id": item, "calls": [], **more}


def test_no_part_of_a_record_outlives_it_but_what_the_item_says_of_its_options() -> None:
    book, alive = RecordBook(), []
    for made in make_records(SHAPE):
        seen: list[weakref.ref[Part]] = []
        book.add(parted(json.loads(json.dumps({"calls": [call("k", 1.0)], **made})), seen))
        alive.append(sum(part() is not None for part in seen))
    assert len(alive) == len(book) == 24
    # Of each item the labels of its options stay, as they came last.
    assert set(alive) <= {0, 1}


def test_a_case_that_comes_again_is_counted_once() -> None:
    book, (first, second) = RecordBook(), (record("1"), record("2"))
    assert [book.add(one) for one in (first, second, first)] == [True, True, False]
    assert len(book) == sum(book.recorded.values()) == 2
    assert book.has("m", "closed_book", "2")
    assert not book.has("m", "clean_evidence", "2")


def test_a_call_behind_two_cases_is_counted_once_and_told_of_both() -> None:
    book = RecordBook()
    book.add(record("1", calls=[call("a", 1.0), call("b", 2.0, 3.0)]))
    book.add(record("2", calls=[call("b", 2.0, 3.0), call("c", 4.0, model="reader")]))
    assert book.behind_figures() == {
        "replies": 4,
        "tokens": {"prompt_tokens": 15, "completion_tokens": 6, "estimated_tokens": 3},
        "money": 1.5,
    }
    assert book.from_store() == {"2026-01-02": 3}
    assert book.tokens_of("m")["prompt_tokens"] == 10
    assert book.tokens_of("reader")["prompt_tokens"] == 5
    assert book.tokens_of("nobody")["prompt_tokens"] == 0
    assert book.served_as("m") == [{"model": "served", "fingerprint": "print"}]
    times = {
        case[2]: {key: list(stored) for key, stored in calls.items()}
        for case, calls in book.replies_by_case({"1", "2"}).items()
    }
    assert times == {"1": {"a": [1.0], "b": [2.0, 3.0]}, "2": {"b": [2.0, 3.0], "c": [4.0]}}


def test_replies_are_told_of_cases_that_count_alone() -> None:
    book = RecordBook()
    for name, error in (("1", None), ("2", "HTTP 500"), ("3", None)):
        book.add(record(name, error=error, calls=[call(name, 1.0)]))
    assert {case[2] for case in book.replies_by_case({"1", "2"})} == {"1"}


def test_the_reason_of_the_first_case_by_name_tells_what_samples_lack() -> None:
    book = RecordBook()
    cases: CaseCounts = {}
    for name, why in (("3", "third"), ("1", "first"), ("2", "second"), ("4", None)):
        book.add(record(name, samples=None, samples_error=why))
    book.note_lacks(cases)
    assert cases["lacking_samples"] == {"cases": 3, "reason": "first"}


@pytest.mark.parametrize(("failed", "why"), [(1, None), (2, "the first: HTTP 0")])
def test_a_run_is_unanswered_where_every_case_failed(failed: int, why: str | None) -> None:
    book = RecordBook()
    for number in range(2):
        book.add(record(str(number), error=f"HTTP {number}" if number < failed else None))
    assert book.errors == failed
    assert (book.unanswered is None) if why is None else str(book.unanswered).endswith(why)
