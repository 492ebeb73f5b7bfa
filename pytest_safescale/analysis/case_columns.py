"""The answers of cases in columns: letters as numbers, each case a place in every column."""

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.analysis.evidence_facts import NO_EVIDENCE
from pytest_safescale.analysis.layer_facts import NO_FACTS, with_capacity
from pytest_safescale.analysis.numbering import Numbering
from pytest_safescale.analysis.panel_arrays import ABSENT, ERRORED, NULL, CaseValues, padded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers

__all__ = ["MEASURED", "ZERO_WITHOUT_CASE", "CaseAnswers", "CaseColumns"]

NO_VALUES: Mapping[str, Mapping[str, float | None]] = MappingProxyType({})
MEASURED = {"latency": "latency_s", "option_confidence": "option_confidence", "outside": "outside"}
"""What is a number of each case, NaN where there is none: the fields by their columns."""
ZERO_WITHOUT_CASE = (
    *("drawn", "unread", "first_unread", "probed"),
    *("samples_unread", "wanted", "stopped_early"),
)
_AT_ONCE = 256
"""How many cases wait until they are put into columns."""


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


class CaseColumns:
    """Gathers the answers of cases, in little memory."""

    def __init__(self) -> None:
        self._waiting: list[CaseAnswers] = []
        self._places_by_name = tuple(Numbering[str]() for _ in range(3))
        self._at = tuple(array("i") for _ in self._places_by_name)
        self._codes = Numbering[str | None]({None: NULL})
        names = ("greedy", "first", "fallback", "turns", *ZERO_WITHOUT_CASE)
        self._columns = {name: array("i") for name in names}
        self._measured = {name: array("d") for name in MEASURED}
        self._samples = array("i")
        self._steps = array("i")
        self._custom: defaultdict[tuple[str, str], CaseValues] = defaultdict(CaseValues)
        self._layer_scores: defaultdict[str, CaseValues] = defaultdict(CaseValues)
        self._layers: defaultdict[str, CaseValues] = defaultdict(CaseValues)
        self._evidence: defaultdict[str, CaseValues] = defaultdict(CaseValues)

    def add(self, case: CaseAnswers) -> None:
        """Take a case in."""
        self._waiting.append(case)
        if len(self._waiting) == _AT_ONCE:
            self._take()

    def names(self) -> tuple[tuple[str, ...], ...]:
        """Return the models, conditions and items of the cases, in the order they came in."""
        self._take()
        models, conditions, items = map(tuple, self._places_by_name)
        return models, conditions, items

    def letters(self) -> list[str]:
        """Return the letters that were given."""
        self._take()
        return [letter for letter in self._codes if letter is not None]

    def cells(self) -> tuple[NDArray[np.int64], ...]:
        """Return the (cases,) places of each case's model, condition and item in ``names``."""
        self._take()
        return tuple(np.array(axis, dtype=np.int64) for axis in self._at)

    def by_case(
        self,
        shape: tuple[int, int, int],
        cell: tuple[NDArray[np.int64], ...],
        codes: Mapping[str | None, int],
    ) -> dict[str, Any]:
        """Return the columns of a panel: arrays of ``shape``, each case at its ``cell``.

        ``codes`` is the code of each letter.
        """
        final = np.array([codes[letter] for letter in self._codes], dtype=np.int16)
        columns = {name: np.array(column) for name, column in self._columns.items()}
        spread = {
            "samples": padded(final[np.array(self._samples, dtype=np.int64)], columns["drawn"]),
            "steps": padded(final[np.array(self._steps, dtype=np.int64)], columns["turns"]),
            "greedy": np.where(columns["greedy"] < 0, ERRORED, final[columns["greedy"]]),
            "fallback": final[columns["fallback"]],
            "first": np.where(
                columns["first"] < 0, ABSENT, final[np.maximum(columns["first"], NULL)]
            ),
            **{name: np.array(values) for name, values in self._measured.items()},
            **{name: columns[name] for name in ZERO_WITHOUT_CASE},
        }
        nothing = dict.fromkeys(ZERO_WITHOUT_CASE, 0)
        empty = {**nothing, "fallback": NULL, **dict.fromkeys(MEASURED, np.nan)}
        arrays: dict[str, Numbers] = {}
        for name, values in spread.items():
            kind = np.float64 if name in MEASURED else np.int16
            arrays[name] = np.full((*shape, *values.shape[1:]), empty.get(name, ABSENT), dtype=kind)
            arrays[name][cell] = values
        own = {key: self._custom[key].placed(shape, cell) for key in sorted(self._custom)}
        scores = {key: found.placed(shape, cell) for key, found in self._layer_scores.items()}
        facts = {name: found.placed(shape, cell) for name, found in self._layers.items()}
        seen = {name: found.placed(shape, cell) for name, found in self._evidence.items()}
        named = {"custom": own, "layer_scores": scores, "layers": with_capacity(facts)}
        return {**arrays, **named, "evidence": seen}

    def _take(self) -> None:
        """Put the cases that wait into columns, many at once: each step has its price."""
        cases, self._waiting = self._waiting, []
        if not cases:
            return
        self._take_further(cases, len(self._at[0]))
        given: dict[str, Any] = dict(
            zip(CaseAnswers._fields, zip(*cases, strict=True), strict=True)
        )
        for column, places, name in zip(
            self._at, self._places_by_name, ("model", "condition", "item_id"), strict=True
        ):
            column.extend([places[value] for value in given[name]])
        code = self._codes.__getitem__
        given["samples"] = samples = [() if case.samples_error else case.samples for case in cases]
        numbers = {
            **given,
            "greedy": [ERRORED if case.error else code(case.letter) for case in cases],
            "first": [code(case.first) if case.several_turns else ABSENT for case in cases],
            "fallback": map(code, given["fallback"]),
            "turns": map(len, given["steps"]),
            "drawn": [ERRORED if case.samples_error else len(case.samples) for case in cases],
            "wanted": [
                len(drawn) if case.wanted is None else case.wanted
                for case, drawn in zip(cases, samples, strict=True)
            ],
        }
        for name, column in self._columns.items():
            column.extend(numbers[name])
        for name, field in MEASURED.items():
            self._measured[name].extend(np.nan if one is None else one for one in given[field])
        self._samples.extend(map(code, chain.from_iterable(samples)))
        self._steps.extend(map(code, chain.from_iterable(given["steps"])))

    def _take_further(self, cases: Sequence[CaseAnswers], first: int) -> None:
        """Note what few cases have; ``first`` is the number of the first of them."""
        for number, case in enumerate(cases, first):
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
