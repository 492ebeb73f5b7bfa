"""The means of a metric in a grid of cells, resampled together, and what is linear in them.

A slope, a difference of two conditions or a mean over models is a weighted sum of the cells'
means. As all cells are resampled by the same items, so is the sum, and its interval keeps an
item's models and conditions together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.scoring.calibration import BINS, bin_gaps, errors_of_bins
from pytest_safescale.scoring.intervals import (
    RESAMPLES,
    SEED,
    resampled_cell_means,
    resampled_sums,
    summarise,
)
from pytest_safescale.scoring.metrics import SELF_CONSISTENCY
from pytest_safescale.scoring.products import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.scoring.columns import CaseFigures, Column
    from pytest_safescale.scoring.intervals import Resampled

__all__ = ["CellMeans", "calibration_cells", "cell_means"]


@dataclass(frozen=True, kw_only=True)
class CellMeans:
    """One metric in a grid of cells."""

    metric: str
    regime: str
    points: NDArray[Any]
    """(rows, columns); NaN over no cases."""
    resampled: NDArray[Any]
    """(resamples, rows, columns); NaN where a resample holds no case."""

    def weighted(self, weights: NDArray[Any]) -> tuple[NDArray[Any], Resampled]:
        """Return the sums with ``weights`` (sums, rows, columns), and their resamples.

        A sum exists only where every cell with a weight does.
        """
        flat = weights.reshape(len(weights), -1)
        points = _sums(self.points.reshape(1, -1), flat)[0]
        found = summarise(_sums(self.resampled.reshape(len(self.resampled), -1), flat), points)
        return points, found

    def minus(self, other: CellMeans) -> CellMeans:
        """Return the differences, cell by cell and resample by resample."""
        return CellMeans(
            metric=self.metric,
            regime=self.regime,
            points=self.points - other.points,
            resampled=self.resampled - other.resampled,
        )


def _sums(cells: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    known = np.isfinite(cells)
    sums = product(np.where(known, cells, 0.0), weights.T)
    if known.all():
        return sums
    lacking = product(~known, (weights != 0).T)
    return np.where(lacking > 0, np.nan, sums)


def cell_means(column: Column, *, seed: int = SEED) -> CellMeans:
    """Return the means of a column's cells: rows are its first axis, columns its second.

    Every item is resampled, whether or not it is a case of this metric.
    """
    rows, columns, items = column.over.shape
    n = column.over.sum(axis=2)
    total = np.where(column.over, column.values, 0.0).sum(axis=2)
    flat = (rows * columns, items)
    resampled = resampled_cell_means(
        column.values.reshape(flat), column.over.reshape(flat), seed=seed
    )
    return CellMeans(
        metric=column.metric,
        regime=column.regime,
        points=np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0),
        resampled=resampled.reshape(len(resampled), rows, columns),
    )


def calibration_cells(figures: CaseFigures, *, seed: int = SEED) -> tuple[CellMeans, CellMeans]:
    """Return the expected and the maximum calibration error in every cell."""
    rows, columns, items = figures.sampled.shape
    gaps, cases = (
        np.moveaxis(part, -1, 2).reshape(rows * columns * BINS, items)
        for part in bin_gaps(figures.confidence, figures.correct, figures.sampled)
    )
    shape = (rows, columns, BINS)
    points = _errors(gaps.sum(axis=1).reshape(shape), cases.sum(axis=1).reshape(shape))
    resampled = _errors(
        resampled_sums(gaps, seed=seed).reshape(RESAMPLES, *shape),
        resampled_sums(cases, seed=seed).reshape(RESAMPLES, *shape),
    )
    expected, largest = (
        CellMeans(metric=name, regime=SELF_CONSISTENCY, points=points[at], resampled=resampled[at])
        for at, name in enumerate(("expected_calibration_error", "maximum_calibration_error"))
    )
    return expected, largest


def _errors(gaps: NDArray[Any], cases: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return errors_of_bins(gaps, cases, cases.sum(axis=-1))
