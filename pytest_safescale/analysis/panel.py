"""A panel: every answer of every model under every condition, as arrays.

Axes are models, conditions and items; items are ordered by id as strings. Letters are small codes
in alphabetical order: 0 is NULL (an abstention or an unreadable answer), and a letter outside the
item's options has a code like any other, so that it is an answer of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.case_columns import (
    MEASURED,
    ZERO_WITHOUT_CASE,
    CaseAnswers,
    CaseColumns,
)
from pytest_safescale.analysis.panel_arrays import (
    ABSENT,
    ERRORED,
    NULL,
    any_label,
    by_item,
    cluster_codes,
    unreadable,
)
from pytest_safescale.analysis.panel_item import PanelItem
from pytest_safescale.dataset.item import PAPER_LETTERS
from pytest_safescale.verdicts.severity import DEFAULT_SEVERITY, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.dataset.votes import LabelRule

__all__ = [
    "ABSENT",
    "ERRORED",
    "NULL",
    "CaseAnswers",
    "Panel",
    "PanelBuilder",
    "PanelItem",
]


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


_BY_CASE = (*ZERO_WITHOUT_CASE, *MEASURED, "greedy", "samples", "steps", "fallback", "first")
_BY_NAME = ("custom", "layer_scores", "layers", "evidence")
_BY_ITEM = ("truth", "options", "flags", "in_set")


class PanelBuilder:
    """Gathers cases one by one, in little memory, and makes the panel of them."""

    def __init__(self) -> None:
        self._items: dict[str, PanelItem] = {}
        self._recorded: list[tuple[str, str]] = []
        self._cases = CaseColumns()

    def add_item(self, item: PanelItem) -> None:
        """Make an item known; one that no case names is no part of the panel."""
        self._items[item.id] = item

    def add_record(self, model: str, item_id: str) -> None:
        """Note that a model has a record of an item, even if it holds no condition."""
        self._recorded.append((model, item_id))

    def add(self, case: CaseAnswers) -> None:
        """Take a case in; its item must be made known before the panel is built."""
        self._cases.add(case)

    def build(
        self, *, labelled: bool | None = None, severity: Severity = DEFAULT_SEVERITY
    ) -> Panel:
        """Return the panel; ``labelled`` tells of a data set larger than what was asked."""
        models, conditions, ids = self._cases.names()
        models = tuple(dict.fromkeys((*models, *(model for model, _ in self._recorded))))
        ids = tuple(dict.fromkeys((*ids, *(item for _, item in self._recorded))))
        order = sorted(range(len(ids)), key=ids.__getitem__)
        items = tuple(self._items[ids[place]] for place in order)
        own = (letter for item in items for letter in (*item.letters, item.truth))
        alphabet = tuple(sorted({*PAPER_LETTERS, *self._cases.letters(), *own}))
        codes: dict[str | None, int] = {None: NULL}
        codes.update({letter: code for code, letter in enumerate(alphabet, 1)})
        of_model, of_condition, of_item = self._cases.cells()
        cell = (of_model, of_condition, np.argsort(np.array(order, dtype=np.int64))[of_item])
        cases = self._cases.by_case((len(models), len(conditions), len(items)), cell, codes)
        of_items = by_item(items, codes)
        return Panel(
            models=models,
            conditions=conditions,
            items=items,
            alphabet=alphabet,
            recorded=self._recorded_of(models, [item.id for item in items], cases["greedy"]),
            labelled=any_label(items) if labelled is None else labelled,
            severity=severity,
            **{**cases, **unreadable(cases, of_items["in_set"])},
            **of_items,
        )

    def _recorded_of(
        self, models: Sequence[str], items: Sequence[str], greedy: NDArray[np.int16]
    ) -> NDArray[np.bool_]:
        """Return (models, items) bool, whether there is a record.

        ``greedy`` is (models, conditions, items) codes.
        """
        recorded = np.asarray((greedy > ABSENT).any(axis=1))
        rows = {name: place for place, name in enumerate(models)}
        places = {name: place for place, name in enumerate(items)}
        for model, item in self._recorded:
            recorded[rows[model], places[item]] = True
        return recorded
