"""Which model has which item under which condition, and where they differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_safescale.cells import split_condition
from pytest_safescale.dataset.record_to_item import normal_id
from pytest_safescale.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pytest_safescale.dataset.item import Item
    from pytest_safescale.dataset.raw_record import RawRecord
    from pytest_safescale.published.line_parts import ResultsFormat

__all__ = ["ResultGrid"]

_MOST_NAMED = 10
"""How many ids a message names."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One item of one model."""

    file: str
    place: str
    """Empty where every condition has a line of its own."""
    conditions: set[str] = field(default_factory=set)


class ResultGrid:
    """Learns of every case, and tells at the end what is not there."""

    def __init__(self) -> None:
        self._lines_by_model: defaultdict[str, dict[str, _Row]] = defaultdict(dict)

    def has_line(self, model: str, item_id: str) -> bool:
        """Say whether the model has a line of this item already."""
        return item_id in self._lines_by_model[model]

    def add_line(self, model: str, item_id: str, line: RawRecord) -> None:
        """Take in a line that holds every condition of an item."""
        self._lines_by_model[model][item_id] = _Row(file=line.file, place=line.place)

    def add(self, model: str, condition: str, item_id: str, line: RawRecord) -> bool:
        """Take in a case; ``False`` where it is there already."""
        rows = self._lines_by_model[model]
        if item_id not in rows:
            rows[item_id] = _Row(file=line.file, place="")
        known = rows[item_id].conditions
        if condition in known:
            return False
        known.add(condition)
        return True

    def problems(self, results_format: ResultsFormat) -> list[Problem]:
        """Return what some models have and others lack, items first."""
        items = sorted({item_id for rows in self._lines_by_model.values() for item_id in rows})
        found = []
        for model, rows in self._lines_by_model.items():
            if lacking := [item_id for item_id in items if item_id not in rows]:
                file = next((row.file for row in rows.values()), model)
                what = f"no {model} answers to {_listed('item', lacking)}"
                found.append(_problem(file, "", what, "the items other models have"))
        return found + self._without_condition(items, results_format)

    def _without_condition(
        self, items: Iterable[str], results_format: ResultsFormat
    ) -> list[Problem]:
        everywhere = self._conditions(
            row.conditions for rows in self._lines_by_model.values() for row in rows.values()
        )
        of_item = {
            item_id: self._conditions(
                rows[item_id].conditions
                for rows in self._lines_by_model.values()
                if item_id in rows
            )
            for item_id in items
        }
        found = []
        for model, rows in self._lines_by_model.items():
            own = self._conditions(row.conditions for row in rows.values())
            file = next((row.file for row in rows.values()), model)
            found += [
                _problem(file, "", f"no case of {model} under {name}", "every condition of others")
                for name in everywhere
                if name not in own
            ]
            for item_id, row in rows.items():
                wanted = own if self._is_alone(row) else self._shared(own, of_item[item_id])
                lacking = [name for name in wanted if name not in row.conditions]
                item = results_format.items.get(normal_id(item_id))
                lacking = [name for name in lacking if not _has_none(item, name)]
                if lacking:
                    where = f"{row.place}, item {item_id}" if row.place else f"item {item_id}"
                    what = f"no {_listed('condition', lacking)} of {model}"
                    found.append(_problem(row.file, where, what, "every condition of others"))
        return found

    def _is_alone(self, row: _Row) -> bool:
        """Say whether no other model can tell that the item does not have the condition."""
        return len(self._lines_by_model) == 1 and bool(row.place)

    @staticmethod
    def _shared(own: Collection[str], others: Collection[str]) -> list[str]:
        return [name for name in own if name in others]

    @staticmethod
    def _conditions(sets: Iterable[set[str]]) -> dict[str, None]:
        return dict.fromkeys(sorted(set().union(*sets)))

    def remarks(self, results_format: ResultsFormat) -> list[str]:
        """Say where results and data set differ without a fault of either."""
        told = {item_id for rows in self._lines_by_model.values() for item_id in rows}
        known = {item.id for item in results_format.dataset.items}
        lines = []
        if unasked := known - told:
            lines.append(
                f"the results hold {len(known) - len(unasked)} of the {len(known)} items "
                f"of {results_format.dataset.name}"
            )
        if other := sorted(
            asked.id
            for match, asked in results_format.asked.items()
            if match in results_format.items and results_format.items[match].answer != asked.truth
        ):
            lines.append(
                "the results state another correct letter than the data set and are followed: "
                + _listed("item", other)
            )
        return lines


def _has_none(item: Item | None, condition: str) -> bool:
    """Say whether the data set shows that an item does not have a condition."""
    if item is None:
        return False
    condition, _ = split_condition(condition)
    evidence = {
        "clean_evidence": item.clean_evidence,
        "conflict_evidence": item.conflict_evidence,
    }
    return condition in evidence and evidence[condition] is None


def _listed(word: str, names: Collection[str]) -> str:
    some = list(names)[:_MOST_NAMED]
    more = f" and {len(names) - len(some)} more" if len(names) > len(some) else ""
    return f"{word}{'' if len(names) == 1 else 's'} {', '.join(some)}{more}"


def _problem(file: str, where: str, found: str, allowed: str) -> Problem:
    return Problem(file=file, where=where, field="", found=found, allowed=allowed)
