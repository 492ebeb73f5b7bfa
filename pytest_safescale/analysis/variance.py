"""What figures vary with: condition, model family, both or neither.

Definitions: docs/metrics.md, "Variance split".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.intervals import BOOTSTRAP, summarise
from pytest_safescale.statistics.variance import SOURCES, variance_split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.cell_means import CellMeans
    from pytest_safescale.analysis.scaling import ScalingData

__all__ = ["VarianceShare", "variance_shares"]


@dataclass(frozen=True, kw_only=True)
class VarianceShare:
    """The part of a metric's variance over cells that one source explains."""

    dimension: str
    """What the conditions are: ``condition`` for all of them, ``context_length`` or
    ``retrieval_depth`` for those that vary it, ``samples`` for numbers of samples."""
    metric: str
    regime: str
    source: str
    """``condition``, ``family``, ``interaction`` or ``residual``."""
    share: float
    """Of the total sum of squares."""
    ci_low: float | None
    ci_high: float | None
    ci_method: str = BOOTSTRAP
    """Over items."""
    n: int
    """Model-level values."""


def variance_shares(data: ScalingData) -> list[VarianceShare]:
    """Return the split of every metric, over all conditions and over those of each dimension.

    Models without a stated family have no part in it; nor has a split over fewer than two model
    families or conditions, or of a metric that does not vary.
    """
    found: list[VarianceShare] = []
    everywhere = np.full((len(data.models), len(data.conditions)), True)
    scales = {
        "condition": everywhere,
        **{
            name: np.isfinite(scale)
            for name, scale in data.dimensions.items()
            if name != "parameters"
        },
    }
    for dimension, chosen in scales.items():
        for cells in data.cells:
            found += _shares(cells, dimension, chosen, data.model_families, data.conditions)
    levels = [str(level) for level in data.levels]
    for cells in data.prefixes:
        rows = np.repeat(data.model_families, len(data.conditions))
        chosen = np.full(cells.points.shape, True)
        found += _shares(cells, "samples", chosen, list(rows), levels)
    return found


def _shares(
    cells: CellMeans,
    dimension: str,
    chosen: NDArray[np.bool_],
    model_families: Sequence[str],
    conditions: Sequence[str],
) -> Iterator[VarianceShare]:
    stated = np.array([name != "" for name in model_families], dtype=bool)[:, None]
    rows, columns = np.nonzero(chosen & stated & np.isfinite(cells.points))
    of_model_family = [model_families[row] for row in rows.tolist()]
    of_condition = [conditions[column] for column in columns.tolist()]
    if len(set(of_model_family)) < 2 or len(set(of_condition)) < 2:
        return
    points = variance_split(cells.points[rows, columns], of_model_family, of_condition)
    if np.isnan(points).any():
        return
    resampled = variance_split(cells.resampled[:, rows, columns], of_model_family, of_condition)
    found = summarise(resampled, points)
    for place, source in enumerate(SOURCES):
        low, high = found.ends(place)
        yield VarianceShare(
            dimension=dimension,
            metric=cells.metric,
            regime=cells.regime,
            source=source,
            share=float(points[place]),
            ci_low=low,
            ci_high=high,
            n=len(rows),
        )
