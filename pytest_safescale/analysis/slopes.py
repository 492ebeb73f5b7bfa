"""The slope of each metric on the logarithm of what is scaled (docs/metrics.md, "Slopes").

A slope is the least-squares change for a tenfold, in units of the metric. Over several conditions
(for model size) or models (for context length, depth and samples) each has a level of its own, so
that a hard condition or a weak model does not pass for an effect of scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.analysis.scaling import EVERY
from pytest_safescale.statistics.intervals import BOOTSTRAP
from pytest_safescale.statistics.regression import (
    fewest_models,
    half_width_of_slope,
    models_of_line,
    slope_weights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.cell_means import CellMeans
    from pytest_safescale.analysis.scaling import ScalingData
    from pytest_safescale.statistics.intervals import Resampled

__all__ = ["Slope", "slopes"]


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
    scatter_low: float | None
    scatter_high: float | None
    """The t interval over models: Student's t at 95 %, each model counting once: what other
    models would give. ``None`` where there are too few."""
    scatter_reason: str
    """Why there is no t interval; empty where there is one."""
    models: int
    """Models the line rests on."""
    cells: int
    """Figures the line is laid through."""


class _Group(NamedTuple):
    """Cells that one line is laid through."""

    model_family: str
    condition: str
    chosen: NDArray[np.bool_]
    """(rows, columns) bool."""


class _Line(NamedTuple):
    """Where a line's cells are, and what makes its slope of them."""

    group: _Group
    weights: NDArray[np.float64]
    """(rows, columns) float64, as ``slope_weights`` returns them."""
    used: NDArray[np.bool_]
    """(rows, columns) bool, the cells of the line."""
    models: Sequence[int]
    """(rows,) the model of each row."""


def slopes(data: ScalingData) -> list[Slope]:
    """Return every slope that the data allow: two different sizes, lengths, depths or numbers."""
    models = len(data.models)
    found: dict[str, list[Slope]] = {dimension: [] for dimension in (*data.dimensions, "samples")}
    for cells in data.cells:
        for dimension, scale in data.dimensions.items():
            # For size, a condition is a column with a level of its own; else a model is such a row.
            axis = 0 if dimension == "parameters" else 1
            groups = list(_groups(data, by_condition=axis == 0))
            found[dimension] += _slopes(
                cells, dimension, np.log10(scale), axis, groups, range(models)
            )
        cells.let_go()
    for cells in data.prefixes:
        scale = np.broadcast_to(np.array(data.levels, dtype=np.float64), cells.points.shape)
        rows = np.repeat(np.arange(models), len(data.conditions)).tolist()
        groups = list(_prefix_groups(data))
        found["samples"] += _slopes(cells, "samples", np.log10(scale), 1, groups, rows)
        cells.let_go()
    return [slope for of_dimension in found.values() for slope in of_dimension]


def _groups(data: ScalingData, *, by_condition: bool) -> Iterator[_Group]:
    model_families = np.array(data.model_families)
    columns = np.arange(len(data.conditions))
    for name in _model_family_choices(data):
        every = np.full(len(model_families), True)
        rows = every if name == EVERY else model_families == name
        yield _Group(name, EVERY, np.outer(rows, np.full(len(columns), True)))
        for place, condition in enumerate(data.conditions if by_condition else ()):
            yield _Group(name, condition, np.outer(rows, columns == place))


def _prefix_groups(data: ScalingData) -> Iterator[_Group]:
    """Give the same for rows of models x conditions and columns of numbers of samples."""
    for group in _groups(data, by_condition=True):
        cells = group.chosen.reshape(-1, 1)
        yield group._replace(chosen=np.broadcast_to(cells, (len(cells), len(data.levels))))


def _model_family_choices(data: ScalingData) -> list[str]:
    return [EVERY, *dict.fromkeys(name for name in data.model_families if name)]


def _slopes(
    cells: CellMeans,
    dimension: str,
    scale: NDArray[np.float64],
    axis: int,
    groups: Sequence[_Group],
    models: Sequence[int],
) -> Iterator[Slope]:
    known = np.isfinite(scale) & np.isfinite(cells.points)
    lines = []
    for group in groups:
        used = known & group.chosen
        weights = slope_weights(scale, used, axis)
        if weights is not None:
            lines.append(_Line(group, weights, used, models))
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
    half_t_interval = half_width_of_slope(
        cells.points, line.weights, line.used, slope, axis=axis, models=line.models
    )
    many = models_of_line(line.weights, line.used, axis=axis, models=line.models)
    return Slope(
        dimension=dimension,
        metric=cells.metric,
        regime=cells.regime,
        family=line.group.model_family,
        condition=line.group.condition,
        slope=slope,
        ci_low=low,
        ci_high=high,
        scatter_low=None if half_t_interval is None else slope - half_t_interval,
        scatter_high=None if half_t_interval is None else slope + half_t_interval,
        scatter_reason="" if half_t_interval is not None else _too_few(many, axis),
        models=many,
        cells=int(line.used.sum()),
    )


def _too_few(many: int, axis: int) -> str:
    told = "1 model" if many == 1 else f"{many} models"
    return f"{told}; an interval over models needs {fewest_models(axis)}"
