"""A panel: every answer of every model under every condition, as arrays.

Axes are models, conditions and items; items are ordered by id as strings. Letters are small codes
in alphabetical order: 0 is NULL (an abstention or an unreadable answer), and a letter outside the
item's options has a code like any other, so that it is an answer of its own.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.analysis.evidence_facts import NO_EVIDENCE
from pytest_safescale.analysis.layer_facts import NO_FACTS, with_capacity
from pytest_safescale.analysis.panel_arrays import (
    ABSENT,
    NULL,
    CaseValues,
    any_label,
    by_item,
    cluster_codes,
    padded,
    unreadable,
)
from pytest_safescale.analysis.panel_item import PanelItem
from pytest_safescale.dataset.item import PAPER_LETTERS
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.dataset.votes import LabelRule
    from pytest_safescale.statistics.arrays import Numbers

__all__ = [
    "ABSENT",
    "ERRORED",
    "NULL",
    "CaseAnswers",
    "Panel",
    "PanelBuilder",
    "PanelItem",
]

ERRORED = -1
NO_VALUES: Mapping[str, Mapping[str, float | None]] = MappingProxyType({})


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
    unread: bool = False
    """Whether the single answer is unreadable; one of a letter the item lacks always is."""
    samples_unread: int = 0
    """How many samples are unreadable; those of a letter the item lacks always are."""
    wanted: int | None = None
    """How many samples the case was to have; ``None`` for as many as it has."""
    stopped_early: bool = False
    """Whether the samples that are not there could change nothing that adaptive sampling holds."""
    probed: bool = False
    """Whether the single answer was asked for with the probabilities of the options."""
    option_confidence: float | None = None
    """The confidence by those probabilities; ``None`` where they are not known."""
    outside: float | None = None
    """The probability outside the item's letters, known where that is."""
    latency_s: float | None = None
    first: str | None = None
    """The letter of the first turn's reply, where there were more turns."""
    several_turns: bool = False
    first_unread: bool = False
    """Whether the first turn's reply is unreadable."""
    steps: Sequence[str | None] = ()
    """What an agent leaned to at its earlier steps, in order."""
    fallback: str | None = None
    """What the release takes for the majority where there are no checked samples."""
    custom: Mapping[str, Mapping[str, float | None]] = NO_VALUES
    """Values of the user's own metrics, by decoding mode and name; ``None`` excludes the case."""
    layer_scores: Mapping[str, float] = MappingProxyType({})
    """How sure each of the model's layers was that has such a number, by the layer's name."""
    layers: Mapping[str, float] = NO_FACTS
    """Of a model with layers, by the names of ``layer_facts``."""
    evidence: Mapping[str, float] = NO_EVIDENCE
    """Of a case with retrieved evidence, by the names of ``evidence_facts``."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Answers as codes; see the module for their meaning."""

    models: tuple[str, ...]
    conditions: tuple[str, ...]
    items: tuple[PanelItem, ...]
    alphabet: tuple[str, ...]
    """The letter of each code from 1 on, in alphabetical order."""
    truth: NDArray[np.int16]
    """(items,) codes."""
    options: NDArray[np.int16]
    """(items,) number of options; 5 where it is unknown."""
    flags: NDArray[np.bool_]
    """(items, codes, 3) labels of wrong options; never set for the correct one."""
    in_set: NDArray[np.bool_]
    """(items, codes) whether the item has an option of that letter."""
    greedy: NDArray[np.int16]
    """(models, conditions, items) codes, ERRORED or ABSENT."""
    samples: NDArray[np.int16]
    """(models, conditions, items, most samples) codes, padded with ABSENT."""
    drawn: NDArray[np.int16]
    """(models, conditions, items) number of samples; ERRORED where drawing failed."""
    unread: NDArray[np.bool_]
    """(models, conditions, items) whether the single answer is unreadable."""
    samples_unread: NDArray[np.int64]
    """(models, conditions, items) how many of the samples drawn are unreadable."""
    wanted: NDArray[np.int16]
    """(models, conditions, items) samples the case was to have."""
    stopped_early: NDArray[np.bool_]
    """(models, conditions, items) whether adaptive sampling stopped before some of them."""
    latency: NDArray[np.float64]
    """(models, conditions, items) seconds, NaN where not measured."""
    probed: NDArray[np.bool_]
    """(models, conditions, items) whether option probabilities were asked for."""
    option_confidence: NDArray[np.float64]
    """(models, conditions, items) the confidence by option probabilities, NaN where unknown."""
    outside: NDArray[np.float64]
    """(models, conditions, items) the probability outside the item's letters, NaN likewise."""
    first: NDArray[np.int16]
    """(models, conditions, items) codes of the first turn's reply; ABSENT where it is the last."""
    first_unread: NDArray[np.bool_]
    """(models, conditions, items) whether that is unreadable."""
    steps: NDArray[np.int16]
    """(models, conditions, items, most steps) codes of the agent's turns, padded with ABSENT."""
    fallback: NDArray[np.int16]
    """(models, conditions, items) codes; read by the release's definitions alone."""
    recorded: NDArray[np.bool_]
    """(models, items) whether the model has a record of the item, under whatever condition."""
    labelled: bool
    """Whether anything is said of labels, a no included; else there are no rates of danger."""
    severity: Severity = DEFAULT_SEVERITY
    """How bad answers are whose option does not say so itself."""
    custom: Mapping[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)
    """By decoding mode and name of a user's own metric: (models, conditions, items) its values,
    NaN where it leaves a case out."""
    layer_scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """By the name of a layer: (models, conditions, items) how sure it was, NaN where unknown."""
    layers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """By the names of ``layer_facts``: (models, conditions, items), NaN for models without any."""
    evidence: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """By the names of ``evidence_facts``: (models, conditions, items), NaN where not known."""

    @cached_property
    def clusters(self) -> NDArray[np.int64] | None:
        """(items,) number of each item's cluster; ``None`` where no two items share one."""
        return cluster_codes([item.cluster for item in self.items])

    @property
    def exists(self) -> NDArray[np.bool_]:
        """(models, conditions, items) bool, whether there is such a case, errored ones included."""
        there: NDArray[np.bool_] = self.greedy > ABSENT
        return there

    @property
    def samples_lacking(self) -> NDArray[np.bool_]:
        """(models, conditions, items) bool, whether samples are not there that were to be."""
        lacking = (self.drawn < self.wanted) & ~self.stopped_early & (self.drawn != ERRORED)
        return np.asarray(lacking)

    @property
    def voted(self) -> bool:
        """Whether a rater's vote stands behind a label, so that labels depend on a rule."""
        return any(item.votes for item in self.items)

    def labelled_by(self, rule: LabelRule) -> Panel:
        """Return the panel with the labels that a rule makes of votes."""
        items = tuple(item.labelled_by(rule) for item in self.items)
        codes: dict[str | None, int] = {None: NULL}
        codes.update({letter: code for code, letter in enumerate(self.alphabet, 1)})
        flags = by_item(items, codes)["flags"]
        return replace(self, items=items, flags=flags, labelled=any_label(items))

    def in_order(self, models: Sequence[str], conditions: Sequence[str]) -> Panel:
        """Return the panel in the order of these names; what they do not name stands last."""
        return self.of_models(_by_place(self.models, models)).of_conditions(
            _by_place(self.conditions, conditions)
        )

    def of_models(self, names: Sequence[str]) -> Panel:
        """Return the panel of these models alone, in this order; KeyError for a stranger."""
        if tuple(names) == self.models:
            return self
        places = {name: place for place, name in enumerate(self.models)}
        at = [places[name] for name in names]
        chosen = {name: getattr(self, name)[at] for name in (*_BY_CASE, "recorded")}
        for name in _BY_NAME:
            chosen[name] = {key: values[at] for key, values in getattr(self, name).items()}
        return replace(self, models=tuple(names), **chosen)

    def of_conditions(self, names: Sequence[str]) -> Panel:
        """Return the panel of these conditions alone, in this order; KeyError for a stranger."""
        if tuple(names) == self.conditions:
            return self
        places = {name: place for place, name in enumerate(self.conditions)}
        at = [places[name] for name in names]
        chosen = {name: getattr(self, name)[:, at] for name in _BY_CASE}
        for name in _BY_NAME:
            chosen[name] = {key: values[:, at] for key, values in getattr(self, name).items()}
        return replace(self, conditions=tuple(names), **chosen)

    def of_items(self, ids: Sequence[str]) -> Panel:
        """Return the panel of these items alone, ordered by id; KeyError for a stranger."""
        places = {item.id: place for place, item in enumerate(self.items)}
        at = sorted(places[name] for name in ids)
        chosen = {name: getattr(self, name)[:, :, at] for name in _BY_CASE}
        chosen |= {name: getattr(self, name)[at] for name in _BY_ITEM}
        chosen["recorded"] = self.recorded[:, at]
        for name in _BY_NAME:
            chosen[name] = {key: values[:, :, at] for key, values in getattr(self, name).items()}
        return replace(self, items=tuple(self.items[place] for place in at), **chosen)


def _by_place(names: Sequence[str], order: Sequence[str]) -> list[str]:
    places = {name: place for place, name in enumerate(order)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


_OF_SAMPLES = ("samples_unread", "wanted", "stopped_early")
_MEASURED = ("latency", "option_confidence", "outside")
"""What is a number of each case, NaN where there is none."""
_BY_CASE = (
    *("greedy", "samples", "drawn", "steps", "fallback", "unread", "probed"),
    *("first", "first_unread"),
    *_MEASURED,
    *_OF_SAMPLES,
)
_ZERO_WITHOUT_CASE = ("drawn", "unread", "first_unread", "probed", *_OF_SAMPLES)
_BY_NAME = ("custom", "layer_scores", "layers", "evidence")
_BY_ITEM = ("truth", "options", "flags", "in_set")


class PanelBuilder:
    """Gathers cases one by one, in little memory, and makes the panel of them."""

    def __init__(self) -> None:
        self._items: dict[str, PanelItem] = {}
        self._places_by_name: tuple[dict[str, int], ...] = ({}, {}, {})
        self._codes: dict[str | None, int] = {None: NULL}
        self._at = tuple(array("i") for _ in self._places_by_name)
        self._recorded = (array("i"), array("i"))
        names = ("greedy", "first", "fallback", "turns", *_ZERO_WITHOUT_CASE)
        self._columns = {name: array("i") for name in names}
        self._measured = {name: array("d") for name in _MEASURED}
        self._samples = array("i")
        self._steps = array("i")
        self._custom: defaultdict[tuple[str, str], CaseValues] = defaultdict(CaseValues)
        self._layer_scores: defaultdict[str, CaseValues] = defaultdict(CaseValues)
        self._layers: defaultdict[str, CaseValues] = defaultdict(CaseValues)
        self._evidence: defaultdict[str, CaseValues] = defaultdict(CaseValues)

    def add_item(self, item: PanelItem) -> None:
        """Make an item known; one that no case names is no part of the panel."""
        self._items[item.id] = item

    def add_record(self, model: str, item_id: str) -> None:
        """Note that a model has a record of an item, even if it holds no condition."""
        self._recorded[0].append(self._place(0, model))
        self._recorded[1].append(self._place(2, item_id))

    def add(self, case: CaseAnswers) -> None:
        """Take a case in; its item must be made known before the panel is built."""
        number = len(self._at[0])
        for axis, name in enumerate((case.model, case.condition, case.item_id)):
            self._at[axis].append(self._place(axis, name))
        samples = () if case.samples_error else case.samples
        for regime, values in case.custom.items():
            for name, value in values.items():
                if value is not None:
                    self._custom[regime, name].add(number, value)
        for name, score in case.layer_scores.items():
            self._layer_scores[name].add(number, score)
        for name, fact in case.layers.items():
            self._layers[name].add(number, fact)
        for name, fact in case.evidence.items():
            self._evidence[name].add(number, fact)
        columns = self._columns
        columns["greedy"].append(ERRORED if case.error else self._code(case.letter))
        columns["drawn"].append(ERRORED if case.samples_error else len(samples))
        columns["fallback"].append(self._code(case.fallback))
        columns["turns"].append(len(case.steps))
        columns["first"].append(self._code(case.first) if case.several_turns else ABSENT)
        columns["first_unread"].append(case.first_unread)
        columns["unread"].append(case.unread)
        columns["samples_unread"].append(case.samples_unread)
        columns["wanted"].append(len(samples) if case.wanted is None else case.wanted)
        columns["stopped_early"].append(case.stopped_early)
        columns["probed"].append(case.probed)
        measured = (case.latency_s, case.option_confidence, case.outside)
        for name, value in zip(_MEASURED, measured, strict=True):
            self._measured[name].append(np.nan if value is None else value)
        self._samples.extend(self._coded(samples))
        self._steps.extend(self._coded(case.steps))

    def build(
        self, *, labelled: bool | None = None, severity: Severity = DEFAULT_SEVERITY
    ) -> Panel:
        """Return the panel; ``labelled`` tells of a data set larger than what was asked."""
        models, conditions, ids = (tuple(names) for names in self._places_by_name)
        order = sorted(range(len(ids)), key=ids.__getitem__)
        items = tuple(self._items[ids[place]] for place in order)
        letters = (letter for letter in self._codes if letter is not None)
        own = (letter for item in items for letter in (*item.letters, item.truth))
        given = {*PAPER_LETTERS, *letters, *own}
        alphabet = tuple(sorted(given))
        codes: dict[str | None, int] = {None: NULL}
        codes.update({letter: code for code, letter in enumerate(alphabet, 1)})
        rank = np.argsort(np.array(order, dtype=np.int64))
        final = np.array([codes[letter] for letter in self._codes], dtype=np.int16)
        cases = self._by_case((len(models), len(conditions), len(ids)), rank, final)
        of_items = by_item(items, codes)
        return Panel(
            models=models,
            conditions=conditions,
            items=items,
            alphabet=alphabet,
            labelled=any_label(items) if labelled is None else labelled,
            severity=severity,
            **{**cases, **unreadable(cases, of_items["in_set"])},
            **of_items,
        )

    def _place(self, axis: int, name: str) -> int:
        names = self._places_by_name[axis]
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
        self, shape: tuple[int, int, int], rank: NDArray[np.int64], final: NDArray[np.int16]
    ) -> dict[str, Any]:
        models, conditions, items = (np.array(axis, dtype=np.int64) for axis in self._at)
        cell = (models, conditions, rank[items])
        columns = {name: np.array(column) for name, column in self._columns.items()}
        recorded = np.zeros((shape[0], shape[2]), dtype=bool)
        of, lines = (np.array(axis, dtype=np.int64) for axis in self._recorded)
        recorded[of, rank[lines]] = True
        recorded[cell[0], cell[2]] = True
        spread = {
            "samples": padded(final[np.array(self._samples, dtype=np.int64)], columns["drawn"]),
            "steps": padded(final[np.array(self._steps, dtype=np.int64)], columns["turns"]),
            "greedy": np.where(columns["greedy"] < 0, ERRORED, final[columns["greedy"]]),
            "fallback": final[columns["fallback"]],
            "first": np.where(
                columns["first"] < 0, ABSENT, final[np.maximum(columns["first"], NULL)]
            ),
            **{name: np.array(values) for name, values in self._measured.items()},
            **{name: columns[name] for name in _ZERO_WITHOUT_CASE},
        }
        nothing = dict.fromkeys(_ZERO_WITHOUT_CASE, 0)
        empty = {**nothing, "fallback": NULL, **dict.fromkeys(_MEASURED, np.nan)}
        arrays: dict[str, Numbers] = {"recorded": recorded}
        for name, values in spread.items():
            kind = np.float64 if name in _MEASURED else np.int16
            arrays[name] = np.full((*shape, *values.shape[1:]), empty.get(name, ABSENT), dtype=kind)
            arrays[name][cell] = values
        own = {key: self._custom[key].placed(shape, cell) for key in sorted(self._custom)}
        scores = {key: found.placed(shape, cell) for key, found in self._layer_scores.items()}
        facts = {name: found.placed(shape, cell) for name, found in self._layers.items()}
        seen = {name: found.placed(shape, cell) for name, found in self._evidence.items()}
        named = {"custom": own, "layer_scores": scores, "layers": with_capacity(facts)}
        return {**arrays, **named, "evidence": seen}
