"""A panel: every answer of every model under every condition, as arrays.

Axes are models, conditions and items; items are ordered by id as strings. Letters are small codes
in alphabetical order: 0 is NULL (an abstention or an unreadable answer), and a letter outside the
item's options has a code like any other, so that it is a ballot of its own.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.items.item import LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray


__all__ = [
    "ABSENT",
    "ERRORED",
    "FLAGS",
    "NULL",
    "CaseAnswers",
    "Panel",
    "PanelBuilder",
    "PanelItem",
    "case_of_record",
    "item_of_record",
    "panel_from_records",
]

NULL = 0
ERRORED = -1
ABSENT = -2
FLAGS = ("high_risk", "unsafe", "contradicts")
NO_VALUES: Mapping[str, Mapping[str, float | None]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class PanelItem:
    """What the figures need to know of an item."""

    id: str
    truth: str
    letters: str
    """Empty for an item that is not in the data set: its options and labels are unknown."""
    labels: Mapping[str, Sequence[str]]
    """The labels that are set, by letter."""
    content: str = ""
    """A hash of everything the item says; empty where none is recorded."""


class CaseAnswers(NamedTuple):
    """The answers to one case, as letters; ``None`` is an answer without one."""

    model: str
    condition: str
    item_id: str
    letter: str | None = None
    error: bool = False
    """Whether there is no single answer."""
    samples: Sequence[str | None] = ()
    samples_error: bool = False
    """Whether there are no samples although some were wanted."""
    latency_s: float | None = None
    steps: Sequence[str | None] = ()
    """What an agent leaned to at its earlier steps, in order."""
    fallback: str | None = None
    """What the release takes for the majority where there are no checked samples."""
    custom: Mapping[str, Mapping[str, float | None]] = NO_VALUES
    """Values of the user's own metrics, by regime and name; ``None`` leaves the case out."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Answers as codes; see the module for their meaning."""

    models: tuple[str, ...]
    conditions: tuple[str, ...]
    items: tuple[PanelItem, ...]
    alphabet: tuple[str, ...]
    """The letter of each code from 1 on, in alphabetical order."""
    truth: NDArray[Any]
    """(items,) codes."""
    options: NDArray[Any]
    """(items,) number of options; 5 where it is unknown."""
    flags: NDArray[Any]
    """(items, codes, 3) labels of wrong options; never set for the correct one."""
    in_set: NDArray[Any]
    """(items, codes) whether the item has an option of that letter."""
    greedy: NDArray[Any]
    """(models, conditions, items) codes, ERRORED or ABSENT."""
    samples: NDArray[Any]
    """(models, conditions, items, most samples) codes, padded with ABSENT."""
    drawn: NDArray[Any]
    """(models, conditions, items) number of samples; ERRORED where drawing failed."""
    latency: NDArray[Any]
    """(models, conditions, items) seconds, NaN where not measured."""
    steps: NDArray[Any]
    """(models, conditions, items, most steps) codes of the agent's turns, padded with ABSENT."""
    fallback: NDArray[Any]
    """(models, conditions, items) codes; read by the release's definitions alone."""
    recorded: NDArray[Any]
    """(models, items) whether the model has a record of the item, under whatever condition."""
    labelled: bool
    """Whether any item carries a label; without one there are no rates of danger."""
    custom: Mapping[tuple[str, str], NDArray[Any]] = field(default_factory=dict)
    """By regime and name of a metric of the user's own: (models, conditions, items) its values,
    NaN where it leaves a case out."""

    @property
    def exists(self) -> NDArray[Any]:
        """(models, conditions, items) whether there is such a case, errored ones included."""
        there: NDArray[Any] = self.greedy > ABSENT
        return there

    def of_models(self, names: Sequence[str]) -> Panel:
        """Return the panel of these models alone, in this order; KeyError for a stranger."""
        places = {name: place for place, name in enumerate(self.models)}
        at = [places[name] for name in names]
        chosen = {name: getattr(self, name)[at] for name in (*_BY_CASE, "recorded")}
        chosen["custom"] = {key: values[at] for key, values in self.custom.items()}
        return replace(self, models=tuple(names), **chosen)

    def of_items(self, ids: Sequence[str]) -> Panel:
        """Return the panel of these items alone, ordered by id; KeyError for a stranger."""
        places = {item.id: place for place, item in enumerate(self.items)}
        at = sorted(places[name] for name in ids)
        chosen = {name: getattr(self, name)[:, :, at] for name in _BY_CASE}
        chosen |= {name: getattr(self, name)[at] for name in _BY_ITEM}
        chosen["recorded"] = self.recorded[:, at]
        chosen["custom"] = {key: values[:, :, at] for key, values in self.custom.items()}
        return replace(self, items=tuple(self.items[place] for place in at), **chosen)


_BY_CASE = ("greedy", "samples", "drawn", "latency", "steps", "fallback")
_BY_ITEM = ("truth", "options", "flags", "in_set")


class PanelBuilder:
    """Gathers cases one by one, in little memory, and makes the panel of them."""

    def __init__(self) -> None:
        self._items: dict[str, PanelItem] = {}
        self._names: tuple[dict[str, int], ...] = ({}, {}, {})
        self._codes: dict[str | None, int] = {None: NULL}
        self._at: list[tuple[int, int, int]] = []
        self._recorded: list[tuple[int, int]] = []
        self._columns = {name: array("i") for name in ("greedy", "drawn", "fallback", "turns")}
        self._latency = array("d")
        self._samples = array("i")
        self._steps = array("i")
        self._custom: defaultdict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)

    def add_item(self, item: PanelItem) -> None:
        """Make an item known; one that no case names is no part of the panel."""
        self._items[item.id] = item

    def add_record(self, model: str, item_id: str) -> None:
        """Note that a model has a record of an item, even if it holds no condition."""
        self._recorded.append((self._place(0, model), self._place(2, item_id)))

    def add(self, case: CaseAnswers) -> None:
        """Take a case in; its item must be made known before the panel is built."""
        place = (self._place(0, case.model), self._place(1, case.condition))
        self._at.append((*place, self._place(2, case.item_id)))
        samples = () if case.samples_error else case.samples
        for regime, values in case.custom.items():
            for name, value in values.items():
                if value is not None:
                    self._custom[regime, name].append((len(self._at) - 1, value))
        columns = self._columns
        columns["greedy"].append(ERRORED if case.error else self._code(case.letter))
        columns["drawn"].append(ERRORED if case.samples_error else len(samples))
        columns["fallback"].append(self._code(case.fallback))
        columns["turns"].append(len(case.steps))
        self._latency.append(np.nan if case.latency_s is None else case.latency_s)
        self._samples.extend(self._coded(samples))
        self._steps.extend(self._coded(case.steps))

    def build(self, *, labelled: bool | None = None) -> Panel:
        """Return the panel; ``labelled`` tells of a data set larger than what was asked."""
        models, conditions, ids = (tuple(names) for names in self._names)
        order = sorted(range(len(ids)), key=ids.__getitem__)
        items = tuple(self._items[ids[place]] for place in order)
        letters = (letter for letter in self._codes if letter is not None)
        given = {*LETTERS, *letters, *(item.truth for item in items)}
        alphabet = tuple(sorted(given))
        codes: dict[str | None, int] = {None: NULL}
        codes.update({letter: code for code, letter in enumerate(alphabet, 1)})
        rank = np.argsort(np.array(order, dtype=np.int64))
        final = np.array([codes[letter] for letter in self._codes], dtype=np.int16)
        return Panel(
            models=models,
            conditions=conditions,
            items=items,
            alphabet=alphabet,
            labelled=_any_label(items) if labelled is None else labelled,
            **self._by_case((len(models), len(conditions), len(ids)), rank, final),
            **_by_item(items, codes),
        )

    def _place(self, axis: int, name: str) -> int:
        names = self._names[axis]
        return names.setdefault(name, len(names))

    def _code(self, letter: str | None) -> int:
        return self._codes.setdefault(letter, len(self._codes))

    def _coded(self, letters: Sequence[str | None]) -> list[int]:
        codes = self._codes
        try:
            return [codes[letter] for letter in letters]
        except KeyError:  # a letter that comes for the first time
            return list(map(self._code, letters))

    def _by_case(
        self, shape: tuple[int, int, int], rank: NDArray[Any], final: NDArray[Any]
    ) -> dict[str, Any]:
        at = np.array(self._at, dtype=np.int64).reshape(-1, 3)
        cell = (at[:, 0], at[:, 1], rank[at[:, 2]])
        columns = {name: np.array(column) for name, column in self._columns.items()}
        recorded = np.zeros((shape[0], shape[2]), dtype=bool)
        lines = np.array(self._recorded, dtype=np.int64).reshape(-1, 2)
        recorded[lines[:, 0], rank[lines[:, 1]]] = True
        recorded[cell[0], cell[2]] = True
        spread = {
            "samples": _padded(final[np.array(self._samples, dtype=np.int64)], columns["drawn"]),
            "steps": _padded(final[np.array(self._steps, dtype=np.int64)], columns["turns"]),
            "greedy": np.where(columns["greedy"] < 0, ERRORED, final[columns["greedy"]]),
            "fallback": final[columns["fallback"]],
            "drawn": columns["drawn"],
            "latency": np.array(self._latency),
        }
        empty = {"drawn": 0, "fallback": NULL, "latency": np.nan}
        arrays: dict[str, NDArray[Any]] = {"recorded": recorded}
        for name, values in spread.items():
            kind = np.float64 if name == "latency" else np.int16
            arrays[name] = np.full((*shape, *values.shape[1:]), empty.get(name, ABSENT), dtype=kind)
            arrays[name][cell] = values
        own = {key: _placed(shape, cell, pairs) for key, pairs in sorted(self._custom.items())}
        return {**arrays, "custom": own}


def _placed(
    shape: tuple[int, ...], cell: tuple[NDArray[Any], ...], pairs: Sequence[tuple[int, float]]
) -> NDArray[Any]:
    """Return an array of the values given with the number of their case; NaN elsewhere."""
    values = np.full(shape, np.nan)
    cases = [case for case, _ in pairs]
    values[tuple(axis[cases] for axis in cell)] = [value for _, value in pairs]
    return values


def _padded(flat: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    """Return (cases, longest) of codes laid end to end, padded with ABSENT."""
    width = int(lengths.max(initial=0))
    rows = np.full((len(lengths), width), ABSENT, dtype=np.int16)
    rows[np.arange(width) < lengths[:, None]] = flat
    return rows


def _any_label(items: Iterable[PanelItem]) -> bool:
    return any(labels for item in items for labels in item.labels.values())


def _by_item(items: Sequence[PanelItem], codes: Mapping[str | None, int]) -> dict[str, Any]:
    flags = np.zeros((len(items), len(codes), len(FLAGS)), dtype=bool)
    in_set = np.zeros((len(items), len(codes)), dtype=bool)
    for index, item in enumerate(items):
        in_set[index, [codes[letter] for letter in item.letters]] = True
        for letter, labels in item.labels.items():
            # A correct answer is never a safety error, even if its option carries a label.
            if letter in item.letters and letter != item.truth:
                flags[index, codes[letter]] = [name in labels for name in FLAGS]
    options = [len(item.letters) or len(LETTERS) for item in items]
    return {
        "flags": flags,
        "in_set": in_set,
        "truth": np.array([codes[item.truth] for item in items], dtype=np.int16),
        "options": np.array(options, dtype=np.int16),
    }


def panel_from_records(
    records: Iterable[Mapping[str, Any]], *, labelled: bool | None = None
) -> Panel:
    """Return the panel of case records (lines of ``cases.jsonl``); one record per case."""
    builder = PanelBuilder()
    for record in records:
        builder.add_item(item_of_record(record))
        builder.add(case_of_record(record))
    return builder.build(labelled=labelled)


def item_of_record(record: Mapping[str, Any]) -> PanelItem:
    """Return the item of a line of ``cases.jsonl``."""
    return PanelItem(
        id=record["item_id"],
        truth=record["truth"],
        letters="".join(sorted(record["options"])),
        labels=record["labels"],
        content=record.get("item_sha256") or "",
    )


def case_of_record(record: Mapping[str, Any]) -> CaseAnswers:
    """Return the answers of a line of ``cases.jsonl``."""
    single, several = record["greedy"], record["samples"]
    return CaseAnswers(
        model=record["model"],
        condition=record["condition"],
        item_id=record["item_id"],
        letter=single and single["letter"],
        error=record["error"] is not None or single is None,
        samples=several["letters"] if several else (),
        samples_error=record["samples_error"] is not None,
        latency_s=single and single["latency_s"],
        steps=[step["letter"] for step in record.get("trace") or ()],
        fallback=record.get("fallback"),
        custom=record.get("custom") or NO_VALUES,
    )
