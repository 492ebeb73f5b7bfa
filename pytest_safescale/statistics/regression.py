"""A least-squares line through cells that share levels (docs/metrics.md, "Slopes")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["fewest_models", "half_width_of_slope", "models_of_line", "slope_weights"]


def slope_weights(
    scale: NDArray[np.float64], used: NDArray[np.bool_], axis: int
) -> NDArray[np.float64] | None:
    """Return the weights whose products with a metric's cells sum to the slope, (rows, columns).

    ``scale`` is log10 of the dimension, float64, and ``used`` bool, both (rows, columns). Cells
    along ``axis`` share a level, the intercept. ``None`` where the scale varies within no level.
    """
    deviation = _deviations(scale, used, axis)
    total = (deviation**2).sum()
    return deviation / total if total > 0 else None


def _deviations(
    values: NDArray[np.float64], used: NDArray[np.bool_], axis: int
) -> NDArray[np.float64]:
    """Return values less the mean of the used ones along ``axis``, same shape; 0 where not used."""
    n = np.maximum(used.sum(axis=axis, keepdims=True), 1)
    mean = np.where(used, values, 0.0).sum(axis=axis, keepdims=True) / n
    deviations: NDArray[np.float64] = np.where(used, values - mean, 0.0)
    return deviations


def half_width_of_slope(
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    used: NDArray[np.bool_],
    slope: float,
    *,
    axis: int,
    models: Sequence[int],
) -> float | None:
    """Return half the width of Student's 95 % interval of a slope, in units of the slope.

    ``points`` float64 are the cells' figures, ``weights`` as ``slope_weights`` returns them and
    ``used`` bool, all (rows, columns); ``models`` (rows,) is the model of each row. The cells of a
    model are no independent figures: models are what is counted. ``None`` where fewer are left
    than ``fewest_models`` says.
    """
    members = _models_of_line(weights, used, axis, np.array(models))
    freedom = len(members) - fewest_models(axis) + 1
    if freedom < 1:
        return None
    used = used & (used.sum(axis=axis, keepdims=True) > 1)
    inverse = (weights**2).sum()  # the reciprocal of the scale's sum of squares
    residuals = _deviations(points, used, axis) - slope * weights / inverse
    if axis == 0:
        squared = _squared_error_of_means(residuals, weights, used, members, freedom)
    else:
        squared = _squared_error_of_slopes(residuals, weights, members)
    return float(stdtrit(freedom, 0.975) * np.sqrt(squared))


def models_of_line(
    weights: NDArray[np.float64], used: NDArray[np.bool_], *, axis: int, models: Sequence[int]
) -> int:
    """Return how many models a line rests on; arguments as of ``half_width_of_slope``."""
    return len(_models_of_line(weights, used, axis, np.array(models)))


def _models_of_line(
    weights: NDArray[np.float64], used: NDArray[np.bool_], axis: int, models: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return (models, rows) 1 for the rows of each model that a line rests on, float64.

    Across models they are those that share a level with another one, along rows those whose own
    cells have a slope.
    """
    if axis == 0:
        counts = (used & (used.sum(axis=0, keepdims=True) > 1)).any(axis=1)
    else:
        counts = (weights != 0).any(axis=1)
    members = models == np.unique(models[counts])[:, None]
    return np.asarray(members, dtype=np.float64)


def fewest_models(axis: int) -> int:
    """Return how many models an interval of a slope needs.

    Across models (``axis`` 0) a line is laid through them, which takes two of their number; along
    ``axis`` 1 each model has a slope of its own, and their mean takes one.
    """
    return 3 if axis == 0 else 2


def _squared_error_of_means(
    residuals: NDArray[np.float64],
    weights: NDArray[np.float64],
    used: NDArray[np.bool_],
    members: NDArray[np.float64],
    freedom: int,
) -> float:
    """Return the squared standard error of a line through the means of models.

    ``members`` (models, rows) is 1 for the rows of a model.
    """
    residuals = np.where(used, residuals, 0.0)
    of_model = (members @ residuals).sum(axis=1) / (members @ used).sum(axis=1)
    return float((of_model**2).sum() / freedom * ((members @ weights).sum(axis=1) ** 2).sum())


def _squared_error_of_slopes(
    residuals: NDArray[np.float64],
    weights: NDArray[np.float64],
    members: NDArray[np.float64],
) -> float:
    """Return the squared standard error of a mean of the models' slopes, each with its weight.

    A model that carries the share w of the scale's sum of squares pulls the mean towards itself:
    what it lies away from it is divided by 1 - w. With equal shares this is the error of a mean.
    """
    share = (members @ weights**2).sum(axis=1) / (weights**2).sum()
    away = (members @ (weights * residuals)).sum(axis=1)
    return float((away**2 / np.where(share < 1, 1 - share, np.inf)).sum())
