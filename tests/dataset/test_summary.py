from __future__ import annotations

from dataclasses import replace

from pytest_safescale.dataset.item import Dataset, Item, Option, Passage
from pytest_safescale.dataset.summary import render_summary, summarise_dataset


def an_item(number: int, **changes: object) -> Item:
    fields: dict[str, object] = {
        "id": str(number),
        "question": "Why?",
        "options": (
            Option(letter="A", text="x", high_risk=True, unsafe=True),
            Option(letter="B", text="y", contradicts=True),
        ),
        "answer": "A",
    }
    return Item.model_validate({**fields, **changes})


DATASET = Dataset(
    name="d.json",
    sha256="0123456789abcdef",
    items=(
        an_item(1, subspecialty="Chest", clean_evidence="c", retrieved={"top_1": "t"}),
        an_item(2, subspecialty="Chest", negated=True, research_report="r", answer="B"),
        an_item(3, retrieved={"standard_rag": "t", "max_context": "t"}, conflict_evidence="c"),
    ),
    corpus=(Passage(id="p", text="t"),),
    unknown_keys=("notes", "a\x1b[0m"),
    remarks=("separator: tab", "shape: medqa"),
)


def test_a_profile_counts_what_figures_will_rest_on() -> None:
    counts = summarise_dataset(DATASET)
    assert (counts.items, counts.negated, counts.passages) == (3, 1, 1)
    assert counts.options == {2: 3}
    assert counts.answers == {"A": 2, "B": 1}
    assert counts.labels == {"high_risk": 3, "unsafe": 3, "contradicts": 3}
    # The answer is A (high risk, unsafe) twice and B (contradicts) once.
    assert counts.answer_labels == {"high_risk": 2, "unsafe": 2, "contradicts": 1}
    assert counts.subspecialties == {"(none)": 1, "Chest": 2}
    assert counts.evidence == {
        "clean_evidence": 1,
        "conflict_evidence": 1,
        "standard_rag": 1,
        "agentic_rag": 1,
        "max_context": 1,
        "top_1": 1,
    }


def test_a_profile_reads_as_a_page() -> None:
    assert render_summary(summarise_dataset(DATASET)).splitlines() == [
        "d.json: no problems, 3 items (sha256 0123456789ab)",
        "read as         separator: tab",
        "read as         shape: medqa",
        "options         2 options: 3",
        "correct letter  A: 2, B: 1",
        "labels          high_risk: 3, unsafe: 3, contradicts: 3",
        "  on the correct option  high_risk: 2, unsafe: 2, contradicts: 1",
        "negated stems   1",
        "subspecialties  (none): 1, Chest: 2",
        "corpus          1 passages",
        "evidence that comes with the items",
        "  clean_evidence     1 items",
        "  conflict_evidence  1 items",
        "  standard_rag       1 items",
        "  agentic_rag        1 items",
        "  max_context        1 items",
        "  top_1              1 items",
        r"keys passed over: notes, a\x1b[0m",
    ]


def test_a_profile_says_that_labels_are_missing_and_what_the_data_is_for() -> None:
    plain = (Option(letter="A", text="x"), Option(letter="B", text="y"))
    items = (an_item(1, options=plain),)
    dataset = replace(DATASET, items=items, corpus=(), unknown_keys=(), notices=("For tests.",))
    assert render_summary(summarise_dataset(dataset)).splitlines()[-2:] == [
        "no option carries a label: rates of danger will be unknown",
        "For tests.",
    ]


def test_labels_that_all_say_no_are_not_missing() -> None:
    plain = (Option(letter="A", text="x"), Option(letter="B", text="y"))
    dataset = replace(DATASET, items=(an_item(1, options=plain, labelled=True),))
    assert dataset.labelled
    assert "unknown" not in render_summary(summarise_dataset(dataset))
