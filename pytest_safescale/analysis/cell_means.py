"""The means of a metric in a grid of cells, resampled together, and what is linear in them.

Definitions: docs/metrics.md, "Cells and weighted sums".

A slope, a difference of two conditions or a mean over models is a weighted sum of the cells'
means. As all cells are resampled by the same items, so is the sum, and its interval keeps an
item's models and conditions together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.calibration import BINS, bin_gaps, errors_of_bins
from pytest_safescale.statistics.intervals import (
    RESAMPLES,
    SEED,
    resampled_cell_means,
    resampled_parts,
    summarise,
)
from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.metric_columns import Calibrated, Column
    from pytest_safescale.statistics.arrays import Numbers
    from pytest_safescale.statistics.intervals import Resampled

__all__ = ["CellMeans", "calibration_cells", "cell_means"]


@dataclass(frozen=True, kw_only=True)
class CellMeans:
    """One metric in a grid of cells."""

    metric: str
    regime: str
    points: NDArray[np.float64]
    """(rows, columns) float64, in units of the metric; NaN over no cases."""
    draw: Callable[[], NDArray[np.float64]]
    """Gives ``resampled``."""

    @cached_property
    def resampled(self) -> NDArray[np.float64]:
        """(resamples, rows, columns) float64; NaN where a resample holds no case.

        Drawn when first asked for: of most grids no sum is told.
        """
        return self.draw()

    def let_go(self) -> None:
        """Keep the resamples no longer, which are the most that an analysis holds."""
        vars(self).pop("resampled", None)

    def weighted(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], Resampled]:
        """Return the weighted sums of the cells, (sums,), float64, and their bootstrap summary.

        ``weights`` is (sums, rows, columns), float64. A sum is NaN unless every cell that has a
        weight other than 0 exists.
        """
        flat = weights.reshape(len(weights), -1)
        points = _sums(self.points.reshape(1, -1), flat)[0]
        found = summarise(_sums(self.resampled.reshape(len(self.resampled), -1), flat), points)
        return points, found

    def minus(self, other: CellMeans) -> CellMeans:
        """Return this grid less another of its shape, cell by cell and resample by resample."""
        return CellMeans(
            metric=self.metric,
            regime=self.regime,
            points=self.points - other.points,
            draw=lambda: self.resampled - other.resampled,
        )


def _sums(cells: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (rows, sums) for cells (rows, cells) and weights (sums, cells); NaN as in weighted."""
    known = np.isfinite(cells)
    if known.all():
        return product(cells, weights.T)
    sums = product(np.where(known, cells, 0.0), weights.T)
    lacking = product(~known, (weights != 0).T)
    return np.where(lacking > 0, np.nan, sums)


def cell_means(
    column: Column, *, codes: NDArray[np.int64] | None = None, seed: int = SEED
) -> CellMeans:
    """Return the means of a column's cells; its axes are (rows, columns, items).

    Every item, or with ``codes`` (items,) every cluster, is resampled, whether or not it is a case
    of this metric.
    """
    rows, columns, items = column.over.shape
    n = column.over.sum(axis=2)
    total = np.where(column.over, column.values, 0.0).sum(axis=2)
    flat = (rows * columns, items)

    def draw() -> NDArray[np.float64]:
        values, over = column.values.reshape(flat), column.over.reshape(flat)
        means = resampled_cell_means(values, over, codes=codes, seed=seed)
        return means.reshape(len(means), rows, columns)

    return CellMeans(
        metric=column.metric,
        regime=column.regime,
        points=np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0),
        draw=draw,
    )


def calibration_cells(
    one: Calibrated, *, codes: NDArray[np.int64] | None = None, seed: int = SEED
) -> tuple[CellMeans, CellMeans]:
    """Return the expected and the maximum calibration error in every cell, (models, conditions)."""
    models, conditions, items = one.over.shape
    gaps, cases = (
        np.moveaxis(part, -1, 2).reshape(models * conditions * BINS, items)
        for part in bin_gaps(one.confidence, one.correct, one.over)
    )
    shape = (models, conditions, BINS)
    points = _errors(gaps.sum(axis=1).reshape(shape), cases.sum(axis=1).reshape(shape))

    @cache
    def drawn() -> Sequence[NDArray[np.float64]]:
        parts = (
            resampled_parts(one, codes=codes, seed=seed, together=BINS) for one in (gaps, cases)
        )
        found = [
            _errors(*(sums.reshape(RESAMPLES, -1, BINS) for _, sums in of_cells))
            for of_cells in zip(*parts, strict=True)
        ]
        return [
            np.concatenate(of_name, axis=1).reshape(RESAMPLES, *shape[:-1])
            for of_name in zip(*found, strict=True)
        ]

    draws = (lambda: drawn()[0]), (lambda: drawn()[1])
    expected, largest = (
        CellMeans(metric=name, regime=one.regime, points=of_name, draw=draw)
        for name, of_name, draw in zip(one.metrics, points, draws, strict=True)
    )
    return expected, largest


def _errors(
    gaps: NDArray[np.float64], cases: Numbers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the expected and maximum error, each (...), float64, of sums in bins, (..., 10)."""
    return errors_of_bins(gaps, cases, cases.sum(axis=-1))
