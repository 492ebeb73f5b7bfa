from __future__ import annotations

import asyncio

import pytest

from pytest_safescale.conditions.condition import Evidence
from pytest_safescale.conditions.from_item import (
    CLEAN_EVIDENCE,
    CLOSED_BOOK,
    CONFLICT_EVIDENCE,
    EvidenceCondition,
)
from pytest_safescale.errors import CallFailed, SettingsError
from tests.conditions.fakes import ScriptedResources, an_item

GUIDELINE = EvidenceCondition(
    name="guideline",
    summary="The guideline's sentence.",
    evidence=lambda item: item.source or None,
)


def test_closed_book_shows_nothing_and_lacks_nothing() -> None:
    assert CLOSED_BOOK.lacks(an_item(), corpus=False) is None
    assert asyncio.run(CLOSED_BOOK.gather(an_item(), ScriptedResources())) == Evidence()


@pytest.mark.parametrize(
    ("condition", "field", "lack"),
    [
        (CLEAN_EVIDENCE, "clean_evidence", "no clean evidence"),
        (CONFLICT_EVIDENCE, "conflict_evidence", "no conflict evidence"),
        (GUIDELINE, "source", "no guideline"),
    ],
)
def test_evidence_in_the_item_is_shown_and_its_lack_is_named(
    condition: EvidenceCondition, field: str, lack: str
) -> None:
    having, lacking = an_item(**{field: "A fact."}), an_item()
    assert condition.lacks(having, corpus=False) is None
    assert condition.lacks(lacking, corpus=True) == lack
    assert asyncio.run(condition.gather(having, ScriptedResources())).text == "A fact."
    with pytest.raises(CallFailed, match=f"item chest-01 has {lack}"):
        asyncio.run(condition.gather(lacking, ScriptedResources()))


@pytest.mark.parametrize("name", ["", "Upper", "with-dash", "1st", "two words"])
def test_a_condition_of_ones_own_needs_a_plain_name(name: str) -> None:
    with pytest.raises(SettingsError, match="allowed: lower-case letters, digits, underscores"):
        EvidenceCondition(name=name, summary="", evidence=lambda item: item.source)
