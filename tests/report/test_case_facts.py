from __future__ import annotations

from typing import Any

from pytest_safescale.report.page.case_facts import Fact, fact_of, items_of
from tests.report.made_records import Shape, make_records


def _fact(item: str, *findings: str, outcome: str = "wrong", letter: str | None = "B") -> Fact:
    return Fact("m", "closed_book", item, "Chest", outcome, findings, letter, "A", None, False, ())


def test_the_gravest_items_come_first_and_failed_calls_do_not_count() -> None:
    facts = [
        _fact("mild", "wrong"),
        _fact("grave", "high_risk", "wrong"),
        _fact("sure", "overconfident", "high_risk", "wrong"),
        _fact("failed", outcome="error"),
        _fact("unsafe", "unsafe", "wrong"),
        _fact("mild", "wrong", letter="C"),
        _fact("mild", "abstained", letter=None),
    ]
    items = items_of(facts)
    assert [item.item_id for item in items] == ["sure", "grave", "unsafe", "mild"]
    assert items[3].cases == 3
    assert items[3].wrong_letter == "B"  # one B, one C: the first by alphabet


def test_the_dangers_are_those_of_a_wrong_majority() -> None:
    record: Any = make_records(Shape(items=1, models=("m",), errors=False))[0]
    record.update(truth="A", labels={"A": ["unsafe"], "B": ["high_risk", "contradicts"]})
    record["samples"] = {"letters": [], "texts": [], "majority": "B", "confidence": 0.9}
    assert fact_of(record).dangers == ("high_risk", "contradiction")
    record["samples"]["majority"] = "A"
    assert fact_of(record).correct
    assert fact_of(record).dangers == ()
