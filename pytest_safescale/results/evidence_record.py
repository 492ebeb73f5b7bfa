"""What a case was shown, and what that was for its item: a part of a line of ``cases.jsonl``."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

__all__ = ["EvidenceFacts", "EvidenceRecord", "ReadingFacts"]


class ReadingFacts(TypedDict):
    """What an agent read and used: ``ReadingFinding``, which says what the figures mean."""

    fact_turn: int | None
    danger_turn: int | None
    reported: bool
    repeated: int
    unused: list[str]


class EvidenceFacts(TypedDict):
    """What the passages of a case were: ``EvidenceFinding``, which says what they mean."""

    evidence_class: str
    """A value of ``EvidenceClass``."""
    passages: int
    fact_at: int | None
    carries: bool
    badly_placed: bool
    dangerous: list[str]
    dangerous_passages: int
    reading: NotRequired[ReadingFacts]
    """Of an agent alone."""


class EvidenceRecord(TypedDict):
    """What the condition showed."""

    text: str
    """The first 20,000 characters."""
    characters: int
    """Of the whole text."""
    passages: list[str]
    """Ids of the chunks in it."""
    unmatched: NotRequired[int]
    """Searches no word of which stands in the corpus."""
    facts: NotRequired[EvidenceFacts]
    """What it was for the item, where it was retrieved."""
