"""What searches for counterexamples came to, item by item, and what is missing of them.

An item is an event where any of its variants is one. Variants that failed or nobody can read, and
searches that were not made, could have been events; an item with an event that is certain is one
whatever they had been.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.analysis.robustness import COUNT_OF_EVENT, POOLED_OVER
from pytest_safescale.analysis.search_counts import unread_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.analysis.search_counts import Event, SearchCounts

    Cell = tuple[str, str]
    Key = tuple[str, str, str, str]

__all__ = ["SearchedItem", "Searches"]


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


@dataclass(frozen=True, kw_only=True)
class Searches:
    """The searches of a run, with those that were to be made."""

    records: Sequence[SearchCounts] = ()
    """Lines of ``robustness.jsonl``, each pair of case and relation once."""
    relations: Sequence[str] = ()
    """The relations that every case is put to in a cell that is searched at all."""
    cases: Mapping[Cell, Sequence[str]] = field(default_factory=dict)
    """The items that the run has a case of, by cell."""

    @cached_property
    def items(self) -> dict[Key, list[SearchedItem]]:
        """Return what each item is, by (model, condition, metric, family); ``""`` for all."""
        kinds = {record["relation"]: record for record in self.records}
        found: dict[Key, list[SearchedItem]] = {}
        for cell, made in self._by_cell().items():
            relations = list(dict.fromkeys([*self.relations, *kinds]))
            for metric in COUNT_OF_EVENT:
                pooled = [one for one in relations if _is_pooled(kinds.get(one), metric)]
                for family, chosen in {"": pooled, **{one: [one] for one in relations}}.items():
                    items = list(self._of_cell(cell, made, metric, chosen))
                    if any(item.counted for item in items):
                        found[cell[0], cell[1], metric, family] = items
        return found

    @cached_property
    def unmade(self) -> dict[tuple[str, str, str], int]:
        """Return how many searches were not made, by (model, condition, family)."""
        return {
            (cell[0], cell[1], family): missing
            for cell, made in self._by_cell().items()
            for family in ("", *self.relations)
            if (missing := self._unmade(cell, made, [family] if family else self.relations))
        }

    def _unmade(
        self, cell: Cell, made: Mapping[tuple[str, str], SearchCounts], relations: Iterable[str]
    ) -> int:
        items = self.cases.get(cell, ())
        return sum((item, one) not in made for item in items for one in relations)

    def _by_cell(self) -> dict[Cell, dict[tuple[str, str], SearchCounts]]:
        cells: defaultdict[Cell, dict[tuple[str, str], SearchCounts]] = defaultdict(dict)
        for record in self.records:
            place = (record["item_id"], record["relation"])
            cells[record["model"], record["condition"]][place] = record
        return cells

    def _of_cell(
        self,
        cell: Cell,
        made: Mapping[tuple[str, str], SearchCounts],
        metric: str,
        relations: Sequence[str],
    ) -> Iterable[SearchedItem]:
        names = sorted({*self.cases.get(cell, ()), *(item for item, _ in made)})
        expected = set(self.relations)
        for name in names:
            parts = [
                _search(name, made.get((name, one)), COUNT_OF_EVENT[metric])
                for one in relations
                if one in expected or (name, one) in made
            ]
            item = _together(name, [part for part in parts if part is not None])
            if item.may:
                yield item


def _is_pooled(kind: SearchCounts | None, metric: str) -> bool:
    """Say whether a relation counts over all families; one that was never tried may do so."""
    needed = POOLED_OVER.get(metric)
    return needed is None or kind is None or bool(kind[needed])


def _search(name: str, record: SearchCounts | None, count: Event) -> SearchedItem | None:
    """Return what one search makes of an item; ``None`` where its relation says nothing of it."""
    if record is None:
        return _unknown(name, Lack.NOT_ASKED)
    if record["lack"] is not None:
        # Nobody knows what the relation says of an item that was not answered.
        return None if record["error"] is None else _unknown(name, Lack.FAILED)
    events = record[count]
    if events is None:
        return None
    unread = record.get("unread", 0)
    event, certain = events > 0, events > unread_events(record, count)
    missing = bool(record["errors"] or unread)
    # Where nothing can be read the item's own answer may be what cannot.
    must = certain or record["errors"] > 0 or record["tried"] > unread
    return SearchedItem(
        id=name,
        event=event,
        counted=record["tried"] > 0,
        certain=certain,
        possible=certain or missing,
        may=record["tried"] + record["errors"] > 0,
        must=must and record["tried"] + record["errors"] > 0,
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


def _together(name: str, parts: Sequence[SearchedItem]) -> SearchedItem:
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
