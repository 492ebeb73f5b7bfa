"""What a case was shown, and what that was for its item: a part of a line of ``cases.jsonl``."""

from __future__ import annotations

from typing_extensions import NotRequired, TypedDict

__all__ = ["DecidingSentence", "EvidenceFacts", "EvidenceRecord", "ReadingFacts"]


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


class DecidingSentence(TypedDict):
    """A sentence of ``text`` that decides the item: ``TellingSentence``."""

    start: int
    end: int
    tells: str
    """``key_fact``, or the letters of the options that it speaks for."""


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
    deciding: NotRequired[list[DecidingSentence]]
    """The sentences that decide the item, as far as rules find some."""
    facts: NotRequired[EvidenceFacts]
    """What it was for the item, where it was retrieved."""
