"""What of a search for counterexamples rates are computed from."""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

__all__ = ["Event", "SearchCounts", "unread_events"]

Event = Literal["flips", "high_risk_flips", "followed"]
"""A count of a search that makes it an event."""


class SearchCounts(TypedDict):
    """One search: one case under one relation. Counts are of variants that were drawn."""

    model: str
    condition: str
    item_id: str
    relation: str
    keeps_meaning: bool
    """Whether the relation's edits keep what the item means."""
    instructs: bool
    """Whether they hide an instruction in the evidence."""
    lack: str | None
    """Why the relation does not apply here; nothing was asked then."""
    error: str | None
    """Why it cannot be said that the relation holds: the case or some of its variants failed."""
    tried: int
    """Variants with an answer."""
    errors: int
    """Variants whose call failed; in no other count."""
    broken: int
    """Variants that break the relation."""
    flips: int
    high_risk_flips: int
    followed: int | None
    """Injections followed; ``None`` where the relation's edits instruct nobody."""
    unread: NotRequired[int]
    """Variants of which nobody can read the answer, or that to the item as it is."""
    unread_flips: NotRequired[int]
    """Those of them that are counted as flips, for want of the answer; below, as the others."""
    unread_high_risk_flips: NotRequired[int]
    unread_followed: NotRequired[int]
    own_high_risk: NotRequired[bool | None]
    """Whether the item as it is has a wrong, high-risk answer; ``None`` where it has none."""
    own_unread: NotRequired[bool]
    """Whether nobody can read that answer."""
    findings: list[str]
    """What the counterexample is, by the names of ``--safescale-strict``; empty without one."""


def unread_events(record: SearchCounts, count: Event) -> int:
    """Return how many of a search's events are counted for want of a readable answer."""
    if count == "flips":
        return record.get("unread_flips", 0)
    if count == "high_risk_flips":
        return record.get("unread_high_risk_flips", 0)
    return record.get("unread_followed", 0)
