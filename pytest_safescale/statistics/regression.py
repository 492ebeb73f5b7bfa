"""A least-squares line through cells that share levels (docs/metrics.md, "Slopes")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["half_width_of_slope", "slope_weights"]


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
) -> float | None:
    """Return half the width of Student's 95 % interval of a slope, in units of the slope.

    ``points`` float64 are the cells' figures, ``weights`` as ``slope_weights`` returns them and
    ``used`` bool, all (rows, columns). ``None`` without a degree of freedom.
    """
    inverse = (weights**2).sum()  # the reciprocal of the scale's sum of squares
    levels = int(used.any(axis=axis).sum())
    freedom = int(used.sum()) - levels - 1
    if freedom < 1:
        return None
    residuals = _deviations(points, used, axis) - slope * weights / inverse
    variance = (residuals**2).sum() / freedom
    return float(stdtrit(freedom, 0.975) * np.sqrt(variance * inverse))
