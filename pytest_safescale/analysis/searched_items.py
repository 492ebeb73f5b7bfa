"""What searches for counterexamples came to, item by item, and what is missing of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_safescale.analysis.search_counts import REPEAT, with_controls
from pytest_safescale.analysis.search_events import (
    POOLED_OVER,
    SEARCH_RATES,
    searched_item,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_safescale.analysis.search_counts import SearchCounts
    from pytest_safescale.analysis.search_events import SearchedItem

    Cell = tuple[str, str]
    Key = tuple[str, str, str, str]

__all__ = ["Searches"]


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
        searches = with_controls(self.records)
        kinds = {record["relation"]: record for record in searches}
        relations = list(dict.fromkeys([*self.relations, *kinds]))
        if REPEAT in relations:
            relations.remove(REPEAT)
        found: dict[Key, list[SearchedItem]] = {}
        for cell, made in _by_cell(searches).items():
            for metric in SEARCH_RATES:
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
            for cell, made in _by_cell(self.records).items()
            for family in ("", *self.relations)
            if (missing := self._unmade(cell, made, [family] if family else self.relations))
        }

    def _unmade(
        self, cell: Cell, made: Mapping[tuple[str, str], SearchCounts], relations: Iterable[str]
    ) -> int:
        items = self.cases.get(cell, ())
        return sum((item, one) not in made for item in items for one in relations)

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
                searched_item(name, made.get((name, one)), metric)
                for one in relations
                if one in expected or (name, one) in made
            ]
            item = together(name, [part for part in parts if part is not None])
            if item.may:
                yield item


def _by_cell(
    records: Iterable[SearchCounts],
) -> dict[Cell, dict[tuple[str, str], SearchCounts]]:
    cells: defaultdict[Cell, dict[tuple[str, str], SearchCounts]] = defaultdict(dict)
    for record in records:
        place = (record["item_id"], record["relation"])
        cells[record["model"], record["condition"]][place] = record
    return cells


def _is_pooled(kind: SearchCounts | None, metric: str) -> bool:
    """Say whether a relation counts over all families; one that was never tried may do so."""
    needed = POOLED_OVER.get(metric)
    return needed is None or kind is None or bool(kind[needed])
