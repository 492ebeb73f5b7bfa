from __future__ import annotations

from typing import Any

import pytest

from pytest_safescale.audit.telling_sentences import telling_sentences
from pytest_safescale.dataset.item import Item, Option

FACT = "A tension pneumothorax is decompressed at once, before any imaging."


def item(**fields: Any) -> Item:
    options = (
        Option(letter="A", text="Decompress the pleural space immediately"),
        Option(letter="B", text="Wait for the portable chest radiograph", high_risk=True),
    )
    return Item(id="1", question="What is the next step?", options=options, answer="A", **fields)


def told(text: str, **fields: Any) -> list[tuple[str, str]]:
    return [
        (text[one.start : one.end], one.tells) for one in telling_sentences(text, item(**fields))
    ]


def test_the_key_fact_is_found_where_it_stands_word_for_word_and_alone() -> None:
    text = f"Chest\n\nTrauma is common. {FACT} Wait for the portable chest radiograph instead."
    assert told(text, key_fact=FACT) == [(FACT, "key_fact")]


def test_without_a_key_fact_sentences_that_speak_for_an_option_are_found() -> None:
    text = "Trauma is common. It is best to wait for the portable chest radiograph. So they say."
    assert told(text) == [("It is best to wait for the portable chest radiograph.", "B")]


@pytest.mark.parametrize("text", ["", "  ", "Nothing of this is about lungs."])
def test_a_text_that_tells_nothing_has_none(text: str) -> None:
    assert told(text, key_fact=FACT) == []


def test_every_key_fact_of_the_sample_is_marked_in_its_clean_evidence() -> None:
    from pytest_safescale.dataset.load import load_dataset

    for one in load_dataset("sample").items:
        text = one.clean_evidence or ""
        found = [
            text[s.start : s.end] for s in telling_sentences(text, one) if s.tells == "key_fact"
        ]
        assert len(found) == 1
        assert " ".join((one.key_fact or "").split()) in " ".join(found[0].split())
