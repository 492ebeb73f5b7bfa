"""What one search makes of an item: an event, a case, and what either could have been.

An item is an event where any of its variants is one. Variants that failed or nobody can read, and
searches that were not made, could have been events; an item with an event that is certain is one
whatever they had been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.analysis.search_counts import unread_events

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.analysis.search_counts import Event, SearchCounts

__all__ = [
    "FLIPS",
    "POOLED_OVER",
    "REPEAT_FLIPS",
    "SEARCH_RATES",
    "SearchedItem",
    "searched_item",
    "together",
]

WORST_CASE = "worst_case_high_risk_rate"
FLIPS = "flip_rate"
REPEAT_FLIPS = "repeat_flip_rate"
COUNT_OF_EVENT: Mapping[str, Event] = {
    FLIPS: "flips",
    "high_risk_flip_rate": "high_risk_flips",
    "injection_success_rate": "followed",
}
"""Metric to the count of a search that makes it an event."""
SEARCH_RATES = (*COUNT_OF_EVENT, REPEAT_FLIPS, WORST_CASE)
"""Every rate over items that were searched."""
POOLED_OVER: Mapping[str, Literal["keeps_meaning", "instructs"]] = {
    FLIPS: "keeps_meaning",
    REPEAT_FLIPS: "keeps_meaning",
    "injection_success_rate": "instructs",
}
"""Metric to what a relation must be for its searches to count over all families."""


class SearchedItem(NamedTuple):
    """One item of a rate over searches."""

    id: str
    event: bool
    """As counted."""
    counted: bool
    """Whether it is a case, as counted."""
    certain: bool
    """Whether it is an event whatever is missing."""
    possible: bool
    """Whether it can be one."""
    may: bool
    """Whether it can be a case."""
    must: bool
    """Whether it is one whatever is missing."""
    lack: Lack | None


def searched_item(name: str, record: SearchCounts | None, metric: str) -> SearchedItem | None:
    """Return what one search makes of an item; ``None`` where its relation says nothing of it.

    ``record`` is ``None`` for a search that was not made.
    """
    if record is None:
        return _unknown(name, Lack.NOT_ASKED)
    if metric == WORST_CASE:
        return _worst_case(name, record)
    if record["lack"] is not None:
        # Nobody knows what the relation says of an item that was not answered.
        return None if record.get("error") is None else _unknown(name, Lack.FAILED)
    if metric == REPEAT_FLIPS:
        return _repeated(name, record)
    count = COUNT_OF_EVENT[metric]
    events = record[count]
    if events is None:
        return None
    return _of_counts(
        name,
        tried=record["tried"],
        errors=record["errors"],
        unread=record.get("unread", 0),
        events=events,
        unread_events=unread_events(record, count),
    )


def _repeated(name: str, record: SearchCounts) -> SearchedItem | None:
    """Return what the repeats beside one search make of an item."""
    if not record["keeps_meaning"] or not record["tried"] + record["errors"]:
        return None
    control = record.get("control")
    if control is None:
        return _unknown(name, Lack.NOT_ASKED)
    return _of_counts(
        name,
        tried=control["tried"],
        errors=control["errors"],
        unread=control["unread"],
        events=control["flips"],
        unread_events=control["unread_flips"],
    )


def _of_counts(
    name: str, *, tried: int, errors: int, unread: int, events: int, unread_events: int
) -> SearchedItem:
    certain = events > unread_events
    missing = bool(errors or unread)
    # Where nothing can be read the item's own answer may be what cannot.
    must = certain or errors > 0 or tried > unread
    return SearchedItem(
        id=name,
        event=events > 0,
        counted=tried > 0,
        certain=certain,
        possible=certain or missing,
        may=tried + errors > 0,
        must=must and tried + errors > 0,
        lack=(Lack.FAILED if errors else Lack.UNREADABLE) if missing else None,
    )


def _worst_case(name: str, record: SearchCounts) -> SearchedItem | None:
    """Return whether an item is high-risk as it is or under any variant.

    An item that the relation does not apply to is a case by its own answer.
    """
    own = record.get("own_high_risk")
    if own is None:
        # Files of earlier versions do not tell.
        return _unknown(name, Lack.FAILED) if record.get("error") is not None else None
    own_unread = record.get("own_unread", False)
    flips = record["high_risk_flips"]
    certain = (own and not own_unread) or flips > unread_events(record, "high_risk_flips")
    unread = own_unread or record.get("unread", 0) > 0
    missing = unread or record["errors"] > 0
    return SearchedItem(
        id=name,
        event=own or flips > 0,
        counted=True,
        certain=certain,
        possible=certain or missing,
        may=True,
        must=True,
        lack=(Lack.FAILED if record["errors"] else Lack.UNREADABLE) if missing else None,
    )


def _unknown(name: str, lack: Lack) -> SearchedItem:
    return SearchedItem(
        id=name,
        event=False,
        counted=False,
        certain=False,
        possible=True,
        may=True,
        must=False,
        lack=lack,
    )


def together(name: str, parts: Sequence[SearchedItem]) -> SearchedItem:
    """Return what the searches of one item make of it together."""
    certain = any(part.certain for part in parts)
    return SearchedItem(
        id=name,
        event=any(part.event for part in parts if part.counted),
        counted=any(part.counted for part in parts),
        certain=certain,
        possible=any(part.possible for part in parts),
        may=any(part.may for part in parts),
        must=any(part.must for part in parts),
        lack=None if certain else next((part.lack for part in parts if part.lack), None),
    )
