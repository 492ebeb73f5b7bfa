from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.case_facts import fact_of
from pytest_safescale.report.page.gate_demands import demands, found_words, rule_words
from pytest_safescale.report.page.packed_cases import CasePacker
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.text.words import words
from tests.report.folders import make_folder
from tests.report.made_records import Shape, make_records
from tests.report.pages import Page

if TYPE_CHECKING:
    from pathlib import Path


def gate(**fields: Any) -> Any:
    row: dict[str, Any] = {
        "name": "", "form": "max", "metric": "high_risk_error_rate", "model": "m",
        "condition": "closed_book", "regime": "single", "family": "", "threshold": 0.05,
        "rule": "at most 0.05 with 95 % confidence", "confidence": 0.95, "value": 0.0,
        "bound": 0.0443, "worst_value": 0.0, "worst_bound": 0.0443, "n": 66, "wanted": 66,
        "missing": 0, "missing_items": [], "tipping_point": None, "outcome": "passed",
        "blocks": False, "items_needed": None, "items": [], "subgroup": "", "sentence": "So",
    }  # fmt: skip
    return {**row, **fields}


DIFFERENCE = {"form": "max_increase", "rule": "at most 0.02 above the baseline", "threshold": 0.02}


@pytest.mark.parametrize(
    ("fields", "rule", "found"),
    [
        ({}, "at most 5 % with 95 % confidence", "0 of 66"),
        ({"value": 7 / 66}, "at most 5 % with 95 % confidence", "7 of 66, 10.6 %"),
        (
            {"form": "min", "rule": "at least 0.6", "threshold": 0.6, "value": 1.0},
            "at least 60 %",
            "66 of 66",
        ),
        (
            {**DIFFERENCE, "value": 0.0303},
            "at most 2 points above the baseline",
            "+3.0 points over 66 shared items",
        ),
        (
            {**DIFFERENCE, "form": "max_decrease", "value": 0.0303},
            "at most 2 points above the baseline",
            "-3.0 points over 66 shared items",
        ),
        (
            {"form": "no_new", "rule": "new for no item", "threshold": 0.0, "value": 7 / 66},
            "new for no item",
            "new in 7 of 66 items",
        ),
        (
            {"metric": "expected_calibration_error", "rule": "at most 0.05", "value": 0.1234},
            "at most 0.05",
            "0.123 over 66 cases",
        ),
        ({"value": None}, "at most 5 % with 95 % confidence", "–"),
    ],
)
def test_demand_and_figure_are_told_in_per_cent_and_points(
    fields: dict[str, Any], rule: str, found: str
) -> None:
    row = gate(**fields)
    assert (rule_words(row), found_words(row)) == (rule, found)


@pytest.mark.parametrize(
    ("fields", "bound"),
    [
        ({}, "up to 4.4 %"),
        ({"form": "min", "bound": 0.7}, "down to 70.0 %"),
        ({**DIFFERENCE, "bound": 0.03}, "up to +3.0 points"),
        ({**DIFFERENCE, "form": "max_decrease", "bound": 0.03}, "down to -3.0 points"),
        ({**DIFFERENCE, "form": "max_change", "bound": 0.03}, "3.0 points either way"),
        ({"confidence": None}, ""),
    ],
)
def test_the_end_of_the_interval_says_which_way_it_goes(fields: dict[str, Any], bound: str) -> None:
    (demand,) = demands([gate(**fields)], word=words)
    assert demand.held[0].bound == bound


def test_a_demand_is_told_once_with_its_cells_and_the_worst_demand_first() -> None:
    rows = [
        gate(name="held"),
        gate(name="open", outcome="inconclusive", items_needed=51),
        gate(name="open", model="n"),
        gate(outcome="inconclusive"),
        gate(model="n", outcome="failed", items=["1"]),
        gate(model="o"),
    ]
    found = demands(rows, word=words)
    assert [(one.title.partition(" ")[0], one.state, one.told) for one in found] == [
        ("high", "failed", "failed in 1, inconclusive in 1, passed in 1 of 3 cells"),
        ("open:", "inconclusive", "inconclusive in 1, passed in 1 of 2 cells"),
        ("held:", "passed", "passed in 1 of 1 cell"),
    ]
    assert [(cell.model, cell.place) for cell in found[0].open] == [("n", 4), ("m", 3)]
    assert found[1].open[0].lacking == "about 51 more items at this rate would decide"
    assert found[0].items == 1


def test_the_gravest_items_against_a_demand_are_told_in_words() -> None:
    records: list[Any] = make_records(
        Shape(items=5, models=("m",), conditions=("closed_book",), errors=False)
    )
    labels = [["unsafe"], ["high_risk", "unsafe"], [], [], ["high_risk"]]
    for record, found in zip(records, labels, strict=True):
        record.update(truth="A", labels={"B": found}, question=f"Why {record['item_id']}?")
        record["findings"] = [*found, "wrong"]
        record["greedy"] = {"letter": "B", "latency_s": None}
    packer = CasePacker(None)
    for record in records:
        packer.add(record)
    ids = [record["item_id"] for record in records]
    (demand,) = demands(
        [gate(outcome="failed", items=ids)],
        word=words,
        facts=[fact_of(record) for record in records],
        texts=packer.items,
        named={"high_risk": "can kill"},
    )
    assert [one.item_id for one in demand.against] == ["item-1", "item-4", "item-0"]
    first = demand.against[0]
    assert first.chosen is not None
    assert (first.question, first.where) == ("Why item-1?", "m, closed book")
    assert (first.chosen.letter, first.chosen.danger) == ("B", "can kill, unsafe")
    assert (first.correct.letter, demand.items) == ("A", 5)


def test_the_pages_own_sentences_have_no_fractions_and_no_words_of_the_method(
    tmp_path: Path,
) -> None:
    page = Page(write_html(make_folder(tmp_path, Shape(items=20))).read_text(encoding="utf-8"))
    before, _, method = page.words.partition("Method and manifest On paper")
    for jargon in ("resamples of these items decide otherwise", " b c p ", "read as"):
        assert jargon not in before
    assert "What each gate says, word for word" in method
    gates = before.split("Gates A gate is one demand")[1].split("Figures by model")[0]
    assert "high risk error rate at most 5 %" in gates
    assert "0.05" not in gates
