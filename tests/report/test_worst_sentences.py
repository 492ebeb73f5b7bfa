"""The worst questions in sentences."""

from __future__ import annotations

import pytest

from pytest_safescale.report.page.worst_items import Chosen, OptionShown, WorstItem
from pytest_safescale.report.page.worst_sentences import question_words, worst_sentences

CUT = OptionShown("B", "Cut.", "never event, unsafe", grave=True, harm=1.0)
ASK = OptionShown("C", "", "", grave=False, harm=0.0)
WAIT = OptionShown("A", "Wait", "", grave=False, harm=0.0)


def worst(*chosen: Chosen, cases: int = 6) -> WorstItem:
    return WorstItem("7", "Chest", "What next?", cases, WAIT, chosen)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (
            worst(Chosen(CUT, 2, 1, "m: closed book, clean evidence")),
            [
                "Answered B, “Cut”.",
                "Labelled: never event, unsafe; severity 100 of 100.",
                "Right is A, “Wait”.",
                "Given in 2 of 6 cases; the samples are sure of it in 1 (m: closed book, clean "
                "evidence).",
            ],
        ),
        (
            worst(Chosen(ASK, 1, 0, "m: closed book"), Chosen(CUT, 0, 1, "n: x"), cases=1),
            [
                "Answered C.",
                "Labelled: no danger, only wrong.",
                "Right is A, “Wait”.",
                "Given in 1 of 1 case (m: closed book); 1 other wrong option too.",
            ],
        ),
        (
            worst(
                Chosen(CUT._replace(danger="", harm=0.25), 1, 0, "m: x"),
                Chosen(ASK, 1, 0, "m: y"),
                Chosen(ASK, 1, 0, "m: z"),
            ),
            [
                "Answered B, “Cut”.",
                "Labelled: no label; severity 25 of 100.",
                "Right is A, “Wait”.",
                "Given in 1 of 6 cases (m: x); 2 other wrong options too.",
            ],
        ),
    ],
)
def test_a_worst_question_says(item: WorstItem, told: list[str]) -> None:
    found = worst_sentences(item)
    assert (found.item_id, found.question) == ("7", "What next?")
    assert [found.answered, found.danger, found.right, found.given] == told


def test_a_long_question_keeps_its_beginning_and_what_it_asks() -> None:
    told = question_words("The patient " + "is ill and " * 100 + "what should be done next?")
    assert told.startswith("The patient is ill")
    assert told.endswith("what should be done next?")
    assert " … " in told
    assert len(told) < 430
    assert question_words("Short?") == "Short?"
