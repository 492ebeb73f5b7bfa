"""What the plan says of clusters and subgroups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.runs.outlook_of_items import item_sentences
from tests.conditions.fakes import an_item

if TYPE_CHECKING:
    from pytest_safescale.dataset.item import Item


def _items(**fields: list[str]) -> list[Item]:
    names = list(fields)
    rows = zip(*fields.values(), strict=True)
    return [
        an_item(id=str(place), **dict(zip(names, row, strict=True)))
        for place, row in enumerate(rows)
    ]


def _told(items: list[Item], *gates: dict[str, Any]) -> str:
    return " ".join(" ".join(item_sentences(items, parse_gates(gates, "here"))).split())


def test_clusters_are_told_with_what_they_may_be_worth() -> None:
    told = _told(_items(cluster=["a", "a", "a", "b", "", ""]))
    # (6 items)^2 over 9 + 1 + 1 + 1.
    assert "Items come in 4 clusters, up to 3 items in one" in told
    assert "6 items would say as much as 3." in told
    assert "needs 30 clusters to pass" in told
    assert item_sentences(_items(cluster=["a", "b", ""]), []) == []


def test_a_gate_by_subgroup_says_which_have_too_few_items() -> None:
    items = _items(subspecialty=["chest"] * 100 + ["bone"] * 30 + [""] * 5)
    gate = {"metric": "unsafe_answer_rate", "max": 0.1, "by": "subspecialty"}
    plain, sure = _told(items, gate), _told(items, {**gate, "confidence": 0.95})
    assert "3 subgroups of 5 to 100 items; it takes 10 in each" in plain
    assert plain.endswith("too few have (none) (5)")
    # 0.9^39 is the first power below 0.05 / 3.
    assert "it takes 39 in each, and too few have (none) (5), bone (30)" in sure
    enough = _items(subspecialty=["chest"] * 40 + ["bone"] * 50)
    assert _told(enough, {**gate, "confidence": 0.95}).endswith("each of which is enough")
