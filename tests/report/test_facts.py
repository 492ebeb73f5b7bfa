from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.report.facts import Fact, fact_of, items_of, lorenz, worst_share
from tests.report.folders import Shape, make_records


def _fact(item: str, *findings: str, outcome: str = "wrong", letter: str | None = "B") -> Fact:
    return Fact("m", "closed_book", item, "Chest", outcome, findings, letter, "A", None, False, ())


def test_the_lorenz_curve_and_its_gini_coefficient_by_hand() -> None:
    # Ascending 0 0 1 3 of 4: shares 0 0 1/4 1; area (0 + 0 + 0.25 + 1.25) / 8 = 0.1875.
    found = lorenz([3, 0, 1, 0])
    assert found is not None
    shares, gini = found
    assert shares == [0, 0, 0, 0.25, 1]
    assert gini == pytest.approx(1 - 2 * 0.1875)


def test_equal_counts_are_not_concentrated_and_no_findings_have_no_curve() -> None:
    found = lorenz([2, 2, 2])
    assert found is not None
    assert found[1] == pytest.approx(0)
    assert lorenz([0, 0]) is None


@pytest.mark.parametrize(
    ("share", "carried"),
    [
        (0.05, 5 / 10),  # 5 % of 11 items is rounded up to one
        (0.1, 8 / 10),  # 1.1 items are two
        (0.2, 9 / 10),  # 2.2 items are three
    ],
)
def test_the_share_of_the_worst_items_rounds_up(share: float, carried: float) -> None:
    assert worst_share([0, 5, 3, 1, 1, 0, 0, 0, 0, 0, 0], share) == pytest.approx(carried)


def test_the_gravest_items_come_first_and_failed_calls_do_not_count() -> None:
    facts = [
        _fact("mild", "wrong"),
        _fact("grave", "high_risk", "wrong"),
        _fact("failed", outcome="error"),
        _fact("unsafe", "unsafe", "wrong"),
        _fact("mild", "wrong", letter="C"),
        _fact("mild", "abstained", letter=None),
    ]
    items = items_of(facts)
    assert [item.item_id for item in items] == ["grave", "unsafe", "mild"]
    assert items[2].cases == 3
    assert items[2].wrong_letter == "B"  # one B, one C: the first by alphabet


def test_the_dangers_are_those_of_a_wrong_majority() -> None:
    record: dict[str, Any] = make_records(Shape(items=1, models=("m",), errors=False))[0]
    record.update(truth="A", labels={"A": ["unsafe"], "B": ["high_risk", "contradicts"]})
    record["samples"] = {"letters": [], "texts": [], "majority": "B", "confidence": 0.9}
    assert fact_of(record).dangers == ("high_risk", "contradiction")
    record["samples"]["majority"] = "A"
    assert fact_of(record).correct
    assert fact_of(record).dangers == ()
