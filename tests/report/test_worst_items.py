from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_safescale.report.page.case_facts import fact_of, items_of
from pytest_safescale.report.page.packed_cases import CasePacker
from pytest_safescale.report.page.run_page import write_html
from pytest_safescale.report.page.worst_items import WorstItem, danger_words, worst_items
from tests.report.folders import make_folder
from tests.report.made_records import Shape, make_records
from tests.report.pages import Page

if TYPE_CHECKING:
    from pathlib import Path

LABELS = {"B": ["contradicts", "high_risk", "unsafe"], "C": ["unsafe"]}


def _case(model: str, letter: str, *findings: str, majority: str | None = None) -> Any:
    record: Any = make_records(Shape(items=1, models=(model,), errors=False))[0]
    record.update(item_id="7", truth="A", labels=LABELS, findings=list(findings), question="Why?")
    record["options"] = {"A": "Wait", "B": "Cut", "C": "Send home", "D": "Ask"}
    record["greedy"] = {"letter": letter, "latency_s": None}
    record["samples"] = {"letters": [], "texts": [], "majority": majority, "confidence": 0.9}
    return record


@pytest.fixture
def item() -> WorstItem:
    records = [
        _case("m", "C", "unsafe", "wrong"),
        _case("n", "C", "unsafe", "wrong"),
        _case("o", "B", "high_risk", "unsafe", "contradiction", "wrong"),
        _case("p", "A", "overconfident", majority="B"),
        _case("q", "D", "wrong"),
    ]
    packer = CasePacker(None)
    for record in records:
        packer.add(record)
    items = items_of([fact_of(record) for record in records])
    (found,) = worst_items(items, packer.items, {"unsafe": "never event"})
    return found


def test_a_worst_item_tells_question_chosen_options_their_danger_and_what_is_correct(
    item: WorstItem,
) -> None:
    assert (item.question, item.cases) == ("Why?", 5)
    assert (item.correct.letter, item.correct.text) == ("A", "Wait")
    told = [
        (one.option.text, one.option.danger, one.told(item.cases), one.where) for one in item.chosen
    ]
    assert told == [
        (
            "Cut",
            "high risk, never event, contradicts the evidence",
            "in 1 of 5 cases; the samples are sure of it in 1",
            "o: closed book; p: closed book",
        ),
        ("Send home", "never event", "in 2 of 5 cases", "m: closed book; n: closed book"),
        ("Ask", "", "in 1 of 5 cases", "q: closed book"),
    ]


@pytest.mark.parametrize(
    ("labels", "named", "told"),
    [
        ([], {}, ""),
        (["contradicts"], {}, "contradicts the evidence"),
        (["contradicts"], {"contradicts": "off guideline"}, "off guideline"),
        (["unsafe", "high_risk"], {"high_risk": "can kill"}, "can kill, unsafe"),
    ],
)
def test_dangers_are_told_the_gravest_first_in_the_words_of_the_data(
    labels: list[str], named: dict[str, str], told: str
) -> None:
    assert danger_words(labels, named) == told


def test_the_page_tells_the_worst_items_in_words(tmp_path: Path) -> None:
    page = Page(write_html(make_folder(tmp_path, Shape(items=9))).read_text(encoding="utf-8"))
    worst = page.words.split("Worst items By how bad")[1].split(" Cases ")[0]
    assert worst.count("Question ") == worst.count(" Correct ") == 9
    assert "The next 3 items" in worst
    assert "Chosen in " in worst
    assert "high risk, unsafe Option" not in worst
