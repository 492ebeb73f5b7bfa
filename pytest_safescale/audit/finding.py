"""What the audit says of one place of the corpus, or of an item that nothing there serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Finding", "Place"]


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
    """One thing that is wrong with the corpus, found by a rule."""

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
    by: str = "rules"
    """Who says so."""

    def record(self) -> dict[str, Any]:
        """Return the finding as plain JSON data: every key always there, places as objects."""
        return {
            "finding": self.finding,
            "kind": self.kind,
            "sentence": self.sentence,
            "place": None if self.place is None else vars(self.place),
            "other": None if self.other is None else vars(self.other),
            "item": self.item,
            "by": self.by,
        }
