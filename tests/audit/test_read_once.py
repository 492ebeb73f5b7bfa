"""What evidence is for an item is found out once, however many cases are shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.audit import evidence_class, item_support, telling_sentences, told
from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.runs.evidence_record import evidence_record
from tests.audit.test_evidence_class import DANGER, FACT, ITEM, NOTHING, passages

if TYPE_CHECKING:
    import pytest

CASES = 20


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[object]:
    """Return a list that grows with each call of a function."""
    calls: list[object] = []
    real = getattr(owner, name)

    def call(*given: object) -> object:
        calls.append(given)
        return real(*given)

    monkeypatch.setattr(owner, name, call)
    return calls


def test_the_same_evidence_of_many_cases_is_read_for_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = ITEM.model_copy(update={"question": "Asked in many cases: what is done for the stone?"})
    supports = counted(monkeypatch, item_support, "ItemSupport")
    sentences = counted(monkeypatch, told.KeyFact, "is_told")
    texts = counted(monkeypatch, telling_sentences, "holding")
    passages_read = counted(monkeypatch, evidence_class, "holding")
    retrieved = tuple(passages(NOTHING, "Of these few words no key fact is made.", DANGER))
    shown = Evidence(text="\n".join(one.text for one in retrieved), retrieved=retrieved)
    first = evidence_record(shown, item)
    read_for_first = len(sentences)
    assert read_for_first > 0
    for _ in range(CASES - 1):
        assert evidence_record(shown, item) == first
    assert (len(supports), len(texts), len(passages_read)) == (1, 1, len(retrieved))
    assert len(sentences) == read_for_first


def test_an_item_that_differs_in_one_word_is_held_against_it_anew() -> None:
    shown = Evidence(text=FACT, retrieved=tuple(passages(FACT)))
    without = ITEM.model_copy(update={"key_fact": "Of a quite other matter another thing is told."})
    assert evidence_record(shown, ITEM)["facts"]["carries"]
    assert not evidence_record(shown, without)["facts"]["carries"]
