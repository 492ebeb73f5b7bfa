"""What of a search for counterexamples rates are computed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from typing_extensions import NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["REPEAT", "Event", "RepeatCounts", "SearchCounts", "unread_events", "with_controls"]

REPEAT = "repeat"
"""The relation that asks the item as it is again."""

Event = Literal["flips", "high_risk_flips", "followed"]
"""A count of a search that makes it an event."""


class RepeatCounts(TypedDict):
    """What repeats of the item as it is came to that stand beside one relation's edits."""

    tried: int
    """Repeats with an answer."""
    errors: int
    """Repeats whose call failed; in no other count."""
    flips: int
    """Repeats with another answer than the first."""
    unread: int
    unread_flips: int


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
    repeats: NotRequired[dict[str, RepeatCounts]]
    """Of a control: its counts by the relation whose edits they stand beside."""
    control: NotRequired[RepeatCounts]
    """The repeats that stand beside this search; put there by ``with_controls``, in no file."""
    findings: list[str]
    """What the counterexample is, by the names of ``--safescale-strict``; empty without one."""


def with_controls(searches: Iterable[SearchCounts]) -> list[SearchCounts]:
    """Return the searches that edit, each with the repeats beside it where there are any."""
    found: list[SearchCounts] = []
    repeats: dict[tuple[str, str, str], dict[str, RepeatCounts]] = {}
    for record in searches:
        if record["relation"] == REPEAT:
            repeats[record["model"], record["condition"], record["item_id"]] = record.get(
                "repeats", {}
            )
        else:
            found.append(record)
    return [_with_control(record, repeats) for record in found]


def _with_control(
    record: SearchCounts, repeats: dict[tuple[str, str, str], dict[str, RepeatCounts]]
) -> SearchCounts:
    place = record["model"], record["condition"], record["item_id"]
    control = repeats.get(place, {}).get(record["relation"])
    return record if control is None else {**record, "control": control}


def unread_events(record: SearchCounts, count: Event) -> int:
    """Return how many of a search's events are counted for want of a readable answer."""
    if count == "flips":
        return record.get("unread_flips", 0)
    if count == "high_risk_flips":
        return record.get("unread_high_risk_flips", 0)
    return record.get("unread_followed", 0)
