"""What the audit says of one place of the corpus, or of an item that nothing there serves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["Finding", "Judgement", "Place"]


class Judgement(str, Enum):
    """What a model that is the auditor made of a finding or a wider candidate."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNREADABLE = "unreadable"
    """Its reply was not one of the two words that were asked for."""
    FAILED = "failed"
    """The call gave no reply."""
    INSTRUCTION = "instruction"
    """A passage speaks to a model, so that what the auditor says of it would count for nothing."""
    NOT_ASKED = "not_asked"
    """The calls or the money that may be spent were spent before."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the corpus a finding stands."""

    passage: str
    """The passage's id."""
    line: int
    """In the corpus file, from 1."""
    field: str = "text"
    """The key of the passage that holds the words."""
    words: str = ""
    """What the finding rests on, as it stands there: mostly one sentence."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with the corpus, found by a rule or by the auditor."""

    finding: str
    """One of ``FINDING_CLASSES`` (settings/audit_settings.py)."""
    kind: str
    """What it is within its class, such as ``number`` or ``side`` of a contradiction."""
    sentence: str
    """What is wrong, in one sentence of plain English."""
    place: Place | None = None
    """``None`` where nothing in the corpus is wrong but something is missing from it."""
    other: Place | None = None
    """The passage that it disagrees with, repeats or is replaced by."""
    item: str | None = None
    """The id of the item that it is about."""
    limit: str = ""
    """The words of ``place`` that limit it, of a passage that does not apply."""
    letter: str | None = None
    """The option of the item that it is about, where it is about one."""
    auditor: str = ""
    """The model that was to judge it; empty for none."""
    judgement: Judgement | None = None
    """What the auditor made of it; ``None`` where none was to judge it."""
    wider: bool = False
    """Whether the rules alone do not find it: they bring it to the auditor, and it is a finding
    where that confirms it."""

    @property
    def by(self) -> str:
        """Who says so: the rules, with what the auditor says of it, or the auditor alone.

        A judgement that could not be had changes nothing: the finding is the rules' own.
        """
        if self.wider:
            return self.auditor
        if self.judgement in (Judgement.CONFIRMED, Judgement.DENIED):
            return f"rules, {self.judgement.value} by {self.auditor}"
        return "rules"

    @property
    def denied(self) -> bool:
        """Whether the auditor says that it is none."""
        return self.judgement is Judgement.DENIED

    @property
    def unknown(self) -> bool:
        """Whether the auditor was to judge it, and no judgement could be had."""
        return self.judgement not in (None, Judgement.CONFIRMED, Judgement.DENIED)

    def record(self) -> dict[str, Any]:
        """Return the finding as plain JSON data: every key always there, places as objects."""
        return {
            "finding": self.finding,
            "kind": self.kind,
            "sentence": self.sentence,
            "place": None if self.place is None else vars(self.place),
            "other": None if self.other is None else vars(self.other),
            "item": self.item,
            "letter": self.letter,
            "by": self.by,
            "judgement": None if self.judgement is None else self.judgement.value,
        }
