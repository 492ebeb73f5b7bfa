"""The slope of each metric on the logarithm of what is scaled.

A slope is the least-squares change for a tenfold. Over several conditions (for model size) or
models (for context length, depth and samples) each has a level of its own, so that a hard
condition or a weak model does not pass for an effect of scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

from pytest_safescale.scoring.intervals import BOOTSTRAP
from pytest_safescale.scoring.scaling import EVERY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from pytest_safescale.scoring.cell_means import CellMeans
    from pytest_safescale.scoring.intervals import Resampled
    from pytest_safescale.scoring.scaling import ScalingData

__all__ = ["Slope", "slope_weights", "slopes"]


@dataclass(frozen=True, kw_only=True)
class Slope:
    """The change of a metric for a tenfold of one dimension."""

    dimension: str
    """``parameters``, ``context_length``, ``retrieval_depth`` or ``samples``."""
    metric: str
    regime: str
    family: str
    """``*`` over all models."""
    condition: str
    """``*`` over all conditions."""
    slope: float
    ci_low: float | None
    ci_high: float | None
    ci_method: str = BOOTSTRAP
    """Over items: what other items would give for these models."""
    scatter_low: float | None = None
    scatter_high: float | None = None
    """Student's t at 95 %, from the scatter of the cells about the line: what other models would
    give. ``None`` where no degree of freedom is left."""
    cells: int
    """Figures the line is laid through."""


class _Group(NamedTuple):
    """Cells that one line is laid through."""

    family: str
    condition: str
    chosen: NDArray[Any]
    """(rows, columns)."""


class _Line(NamedTuple):
    """Where a line's cells are, and what makes its slope of them."""

    group: _Group
    weights: NDArray[Any]
    used: NDArray[Any]


def slopes(data: ScalingData) -> list[Slope]:
    """Return every slope that the data allow: two different sizes, lengths, depths or numbers."""
    found: list[Slope] = []
    for dimension, scale in data.dimensions.items():
        # For size, a condition is a column with a level of its own; else a model is such a row.
        axis = 0 if dimension == "parameters" else 1
        groups = list(_groups(data, by_condition=axis == 0))
        for cells in data.cells:
            found += _slopes(cells, dimension, np.log10(scale), axis, groups)
    for cells in data.prefixes:
        scale = np.broadcast_to(np.array(data.levels, dtype=np.float64), cells.points.shape)
        found += _slopes(cells, "samples", np.log10(scale), 1, list(_prefix_groups(data)))
    return found


def slope_weights(scale: NDArray[Any], used: NDArray[Any], axis: int) -> NDArray[Any] | None:
    """Return the weights (rows, columns) whose sum with a metric's cells is the slope.

    Along ``axis`` lie the cells that share a level. ``None`` where nothing varies.
    """
    deviation = _deviations(scale, used, axis)
    total = (deviation**2).sum()
    return deviation / total if total > 0 else None


def _deviations(values: NDArray[Any], used: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return values less the mean of the used ones along the axis; 0 where not used."""
    n = np.maximum(used.sum(axis=axis, keepdims=True), 1)
    mean = np.where(used, values, 0.0).sum(axis=axis, keepdims=True) / n
    deviations: NDArray[Any] = np.where(used, values - mean, 0.0)
    return deviations


def _groups(data: ScalingData, *, by_condition: bool) -> Iterator[_Group]:
    families = np.array(data.families)
    columns = np.arange(len(data.conditions))
    for family in _names(data):
        rows = np.full(len(families), True) if family == EVERY else families == family
        yield _Group(family, EVERY, np.outer(rows, np.full(len(columns), True)))
        for place, condition in enumerate(data.conditions if by_condition else ()):
            yield _Group(family, condition, np.outer(rows, columns == place))


def _prefix_groups(data: ScalingData) -> Iterator[_Group]:
    """Give the same for rows of models x conditions and columns of numbers of samples."""
    for group in _groups(data, by_condition=True):
        cells = group.chosen.reshape(-1, 1)
        yield group._replace(chosen=np.broadcast_to(cells, (len(cells), len(data.levels))))


def _names(data: ScalingData) -> list[str]:
    return [EVERY, *dict.fromkeys(family for family in data.families if family)]


def _slopes(
    cells: CellMeans, dimension: str, scale: NDArray[Any], axis: int, groups: Sequence[_Group]
) -> Iterator[Slope]:
    known = np.isfinite(scale) & np.isfinite(cells.points)
    lines = []
    for group in groups:
        used = known & group.chosen
        weights = slope_weights(scale, used, axis)
        if weights is not None:
            lines.append(_Line(group, weights, used))
    if not lines:
        return
    points, found = cells.weighted(np.stack([line.weights for line in lines]))
    for place, line in enumerate(lines):
        yield _slope(cells, dimension, axis, line, float(points[place]), found, place)


def _slope(
    cells: CellMeans,
    dimension: str,
    axis: int,
    line: _Line,
    slope: float,
    found: Resampled,
    place: int,
) -> Slope:
    low, high = found.ends(place)
    half = _scatter(cells.points, line, slope, axis)
    return Slope(
        dimension=dimension,
        metric=cells.metric,
        regime=cells.regime,
        family=line.group.family,
        condition=line.group.condition,
        slope=slope,
        ci_low=low,
        ci_high=high,
        scatter_low=None if half is None else slope - half,
        scatter_high=None if half is None else slope + half,
        cells=int(line.used.sum()),
    )


def _scatter(points: NDArray[Any], line: _Line, slope: float, axis: int) -> float | None:
    """Return half the width of Student's interval of the slope."""
    inverse = (line.weights**2).sum()  # the reciprocal of the scale's sum of squares
    levels = int(line.used.any(axis=axis).sum())
    freedom = int(line.used.sum()) - levels - 1
    if freedom < 1:
        return None
    residuals = _deviations(points, line.used, axis) - slope * line.weights / inverse
    variance = (residuals**2).sum() / freedom
    return float(stdtrit(freedom, 0.975) * np.sqrt(variance * inverse))
