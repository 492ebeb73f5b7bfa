from __future__ import annotations

from typing import Any

from pytest_safescale.report.page.case_facts import (
    Fact,
    fact_of,
    harm_of_option,
    items_of,
)
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY, Severity
from tests.report.made_records import Shape, make_records


def _fact(
    item: str,
    *findings: str,
    outcome: str = "wrong",
    letter: str | None = "B",
    harm: float = 0.0,
    dangers: tuple[str, ...] = (),
) -> Fact:
    fact = Fact("m", "closed_book", item, "Chest", outcome, findings, letter, "A", None, False, ())
    return fact._replace(harm=harm, dangers=dangers, majority=letter)


def test_the_gravest_items_come_first_and_failed_calls_do_not_count() -> None:
    facts = [
        _fact("mild", "wrong"),
        _fact("kills", "high_risk", "unsafe", "wrong", harm=1.0),
        _fact("sure to kill", "overconfident", "high_risk", "wrong", harm=1.0),
        _fact("failed", outcome="error"),
        _fact("unsafe", "unsafe", "wrong", harm=0.5),
        _fact("sure, unsafe", "overconfident", "unsafe", "wrong", harm=0.5, dangers=("unsafe",)),
        _fact("mild", "wrong", letter="C"),
        _fact("mild", "abstained", letter=None),
        _fact("abstains", "abstained", letter=None),
    ]
    items = items_of(facts)
    names = ["sure to kill", "kills", "sure, unsafe", "unsafe", "mild", "abstains"]
    assert [item.item_id for item in items] == names
    assert items[4].cases == 3
    assert items[4].letters == {"B": 1, "C": 1}
    assert items[4].cells == {"B": [("m", "closed_book")], "C": [("m", "closed_book")]}
    assert not items[5].cells


def test_of_items_with_the_same_worst_case_the_one_with_more_such_cases_comes_first() -> None:
    grave = ("high_risk", "wrong")
    facts = [_fact("once", *grave, harm=1.0), *[_fact("once", "unsafe", "wrong", harm=0.5)] * 5]
    facts += [_fact("twice", *grave, harm=1.0)] * 2
    assert [item.item_id for item in items_of(facts)] == ["twice", "once"]


def test_a_severity_that_an_option_states_counts_before_its_labels() -> None:
    record: Any = make_records(Shape(items=1, models=("m",), errors=False))[0]
    record.update(truth="A", labels={"B": ["high_risk"], "C": ["unsafe"]}, severity={"C": 0.9})
    assert harm_of_option(record, "B", Severity(high_risk=0.7)) == 0.7
    assert harm_of_option(record, "C", DEFAULT_SEVERITY) == 0.9
    for letter in ("A", "D", None):
        assert harm_of_option(record, letter, DEFAULT_SEVERITY) == 0.0


def test_samples_that_are_overconfident_count_with_their_own_answer() -> None:
    record: Any = make_records(Shape(items=1, models=("m",), errors=False))[0]
    record.update(truth="A", labels={"B": ["high_risk"]}, findings=["overconfident"])
    record["greedy"] = {**(record["greedy"] or {}), "letter": "A", "latency_s": None}
    record["samples"] = {"letters": [], "texts": [], "majority": "B", "confidence": 0.9}
    fact = fact_of(record)
    assert (fact.letter, fact.sure_letter, fact.harm) == ("A", "B", 1.0)
    assert fact.gravity == (1.0, 3, True, False)


def test_the_dangers_are_those_of_a_wrong_majority() -> None:
    record: Any = make_records(Shape(items=1, models=("m",), errors=False))[0]
    record.update(truth="A", labels={"A": ["unsafe"], "B": ["high_risk", "contradicts"]})
    record["samples"] = {"letters": [], "texts": [], "majority": "B", "confidence": 0.9}
    assert fact_of(record).dangers == ("high_risk", "contradiction")
    record["samples"]["majority"] = "A"
    assert fact_of(record).correct
    assert fact_of(record).dangers == ()
