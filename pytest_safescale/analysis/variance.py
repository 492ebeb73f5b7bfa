"""What figures vary with: condition, model family, both, neither, or the items alone.

Definitions: docs/metrics.md, "Variance split".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.variance import SOURCES, variance_split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.cell_means import CellMeans
    from pytest_safescale.analysis.scaling import ScalingData

__all__ = ["NO_INTERVAL", "VarianceShare", "variance_shares"]

NO_INTERVAL = (
    "resampling of items, or of models and items, covers shares of variance too seldom "
    "(docs/statistics.md)"
)
"""Why a share has no interval."""


@dataclass(frozen=True, kw_only=True)
class VarianceShare:
    """The part of a metric's variance over cells that one source explains."""

    dimension: str
    """What the conditions are: ``condition`` for all of them, ``context_length`` or
    ``retrieval_depth`` for those that vary it, ``samples`` for numbers of samples."""
    metric: str
    regime: str
    source: str
    """``condition``, ``family``, ``interaction``, ``residual`` (the models of a family) or
    ``noise`` (what other items alone would change)."""
    share: float
    """Of the total sum of squares."""
    ci_low: None = None
    ci_high: None = None
    ci_reason: str = NO_INTERVAL
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
        cells.let_go()
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
    points, resampled = cells.points[rows, columns], cells.resampled[:, rows, columns]
    known = resampled[np.isfinite(resampled).all(axis=1)]
    if not len(known):
        return
    shares = variance_split(points, known - known.mean(axis=0), of_model_family, of_condition)
    if np.isnan(shares).any():
        return
    for source, share in zip(SOURCES, shares.tolist(), strict=True):
        yield VarianceShare(
            dimension=dimension,
            metric=cells.metric,
            regime=cells.regime,
            source=source,
            share=share,
            n=len(rows),
        )
