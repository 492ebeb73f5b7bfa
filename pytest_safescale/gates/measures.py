"""A figure as a function of how often each item counts, so that it can be taken of resamples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.scoring.calibration import bin_gaps, errors_of_bins
from pytest_safescale.scoring.products import product

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.gates.evidence import Answers

__all__ = ["Measure", "measure_of", "measure_of_count", "measure_of_events"]

_CALIBRATION = ("expected_calibration_error", "maximum_calibration_error")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One metric in one cell, item by item."""

    ids: tuple[str, ...]
    """The items that were asked there; empty where it is not known which they are."""
    values: NDArray[Any]
    """(items,) or, of calibration errors, (items, 10): the gap in each bin."""
    over: NDArray[Any]
    """(items,) which items the metric is taken over; (items, 10) by bin."""
    calibration: int | None = None
    """Which of the two calibration errors it is; ``None`` for a mean."""

    @property
    def items(self) -> int:
        """How many items there are to resample."""
        return len(self.values)

    @property
    def counted(self) -> NDArray[Any]:
        """(items,) which items are cases of the metric."""
        return self.over if self.calibration is None else np.asarray(self.over.any(axis=1))

    @property
    def n(self) -> int:
        """Cases of the metric."""
        return int(self.counted.sum())

    @property
    def once(self) -> NDArray[Any]:
        """(1, items) of ones: every item once."""
        return np.ones((1, self.items))

    def at(self, ids: Sequence[str]) -> Measure:
        """Return the measure of these items alone, in this order; KeyError for a stranger."""
        places = {name: place for place, name in enumerate(self.ids)}
        at = [places[name] for name in ids]
        return replace(self, ids=tuple(ids), values=self.values[at], over=self.over[at])

    def sums(self, weights: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return (rows,) sums and numbers of cases for (rows, items) weights."""
        columns = np.stack([np.where(self.over, self.values, 0), self.over], axis=1)
        found = product(weights, columns)
        return found[:, 0], found[:, 1]

    def value(self, weights: NDArray[Any]) -> NDArray[Any]:
        """Return the (rows,) figures for (rows, items) weights; NaN over no cases."""
        if self.calibration is None:
            sums, n = self.sums(weights)
            return np.asarray(np.divide(sums, n, out=np.full_like(sums, np.nan), where=n > 0))
        gaps, cases = product(weights, self.values), product(weights, self.over)
        found = errors_of_bins(gaps, cases, cases.sum(axis=1))
        return np.asarray(found[self.calibration])

    def of_each(self) -> NDArray[Any]:
        """Return (items,) what each item adds; the absolute gap for calibration errors."""
        if self.calibration is None:
            return np.asarray(self.values, dtype=np.float64)
        return np.asarray(np.abs(self.values.sum(axis=1)))


def measure_of(answers: Answers, cell: tuple[str, str], metric: str, regime: str) -> Measure | None:
    """Return the metric in a (model, condition); ``None`` where it is not taken case by case."""
    at = answers.place(cell)
    if at is None:
        return None
    figures, there = answers.figures, answers.panel.exists[at]
    ids = tuple(
        item.id for item, is_there in zip(answers.panel.items, there, strict=True) if is_there
    )
    if metric in _CALIBRATION:
        columns = (figures.confidence, figures.correct, figures.sampled)
        gaps, member = bin_gaps(*(values[at][there] for values in columns))
        kind = _CALIBRATION.index(metric)
        return Measure(ids=ids, values=gaps, over=member, calibration=kind)
    try:
        column = figures.column(metric, regime)
    except KeyError:
        return None
    return Measure(ids=ids, values=column.values[at][there], over=column.over[at][there])


def measure_of_count(count: int, n: int) -> Measure:
    """Return a rate of which nothing is known but how many of ``n`` cases count."""
    return Measure(ids=(), values=np.arange(n) < count, over=np.ones(n, dtype=bool))


def measure_of_events(events: Mapping[str, bool]) -> Measure:
    """Return a rate of which it is known what each case is, by its id."""
    values = np.array(list(events.values()), dtype=bool)
    return Measure(ids=tuple(events), values=values, over=np.ones(len(values), dtype=bool))
