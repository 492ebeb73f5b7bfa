"""What figures vary with: condition, model family, both, or neither (metrics.md, part A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.scoring.intervals import BOOTSTRAP, summarise
from pytest_safescale.scoring.products import product

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.scoring.cell_means import CellMeans
    from pytest_safescale.scoring.scaling import ScalingData

__all__ = ["VarianceShare", "variance_shares", "variance_split"]

_ROUNDING = 1e-24
SOURCES = ("condition", "family", "interaction", "residual")


@dataclass(frozen=True, kw_only=True)
class VarianceShare:
    """The part of a metric's variance over (family, condition) cells that one source explains."""

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


def variance_split(
    values: NDArray[Any], families: Sequence[str], conditions: Sequence[str]
) -> NDArray[Any]:
    """Return the shares (..., 4) of condition, family, interaction and residual.

    ``values`` is (..., n), one for each of n pairs of family and condition; NaN where nothing
    varies.
    """
    pairs = [f"{f}\n{c}" for f, c in zip(families, conditions, strict=True)]
    cells, first = _members(pairs)
    sums = product(values.reshape(-1, len(cells)), cells).reshape(*values.shape[:-1], -1)
    n = cells.sum(axis=0)
    mean = values.mean(axis=-1, keepdims=True)
    total = ((values - mean) ** 2).sum(axis=-1)
    between = _between(sums, n, mean)
    # What a family or a condition sums to is the sum of its cells.
    family, condition = (
        _between(sums @ member, n @ member, mean)
        for names in (families, conditions)
        for member in [_members([names[place] for place in first])[0]]
    )
    interaction = np.maximum(0.0, between - family - condition)
    parts = np.stack([condition, family, interaction, total - between], axis=-1)
    # Values that are all alike differ from their mean by rounding, and that is no variance.
    some = np.where(total > _ROUNDING * (values**2).sum(axis=-1), total, np.nan)
    return parts / some[..., None]


def _members(labels: Sequence[str]) -> tuple[NDArray[Any], list[int]]:
    """Return which label is in which group, (labels, groups), and where each group begins."""
    _, first, group = np.unique(np.array(labels), return_index=True, return_inverse=True)
    return (group[:, None] == np.arange(len(first))).astype(np.float64), first.tolist()


def _between(sums: NDArray[Any], n: NDArray[Any], mean: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of squares between groups: n_g (mean_g - mean)^2, summed."""
    squares: NDArray[Any] = (n * (sums / n - mean) ** 2).sum(axis=-1)
    return squares


def variance_shares(data: ScalingData) -> list[VarianceShare]:
    """Return the split of every metric, over all conditions and over those of each dimension.

    Models without a family have no part in it; nor has a split over fewer than two families or
    conditions, or of a metric that does not vary.
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
            found += _shares(cells, dimension, chosen, data.families, data.conditions)
    levels = [str(level) for level in data.levels]
    for cells in data.prefixes:
        rows = np.repeat(data.families, len(data.conditions))
        chosen = np.full(cells.points.shape, True)
        found += _shares(cells, "samples", chosen, list(rows), levels)
    return found


def _shares(
    cells: CellMeans,
    dimension: str,
    chosen: NDArray[Any],
    families: Sequence[str],
    conditions: Sequence[str],
) -> Iterator[VarianceShare]:
    stated = np.array([family != "" for family in families], dtype=bool)[:, None]
    rows, columns = np.nonzero(chosen & stated & np.isfinite(cells.points))
    of_family = [families[row] for row in rows.tolist()]
    of_condition = [conditions[column] for column in columns.tolist()]
    if len(set(of_family)) < 2 or len(set(of_condition)) < 2:
        return
    points = variance_split(cells.points[rows, columns], of_family, of_condition)
    if np.isnan(points).any():
        return
    resampled = variance_split(cells.resampled[:, rows, columns], of_family, of_condition)
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
