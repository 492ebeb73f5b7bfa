"""The two-way split of a sum of squares (docs/metrics.md, "Variance split")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.matrix_product import product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["SOURCES", "variance_split"]

_ROUNDING = 1e-24
SOURCES = ("condition", "family", "interaction", "residual", "noise")
_SPLIT = 4
"""Sources of sums of squares; the last of SOURCES is taken out of them."""


def variance_split(
    values: NDArray[np.float64],
    noise: NDArray[np.float64],
    model_families: Sequence[str],
    conditions: Sequence[str],
) -> NDArray[np.float64]:
    """Return the shares of the total sum of squares, (5,), float64, in the order of SOURCES.

    ``values`` is (n,), float64: a model-level figure for each of n pairs of model family and
    condition, which ``model_families`` and ``conditions`` name. ``noise`` is (draws, n): how far
    other items would move each figure. What such moves alone would give is taken out of each
    source, down to 0, and becomes the noise. NaN where nothing varies.
    """
    found = _sums_of_squares(values[None], model_families, conditions)[0]
    by_noise = _sums_of_squares(noise, model_families, conditions).mean(axis=0)
    parts, total = np.maximum(found[:_SPLIT], 0.0), found[_SPLIT]
    # Values that are all alike differ from their mean by rounding, and that is no variance.
    if total <= _ROUNDING * (values**2).sum():
        return np.full(len(SOURCES), np.nan)
    taken = np.minimum(parts, by_noise[:_SPLIT].clip(0.0))
    return np.asarray(np.append(parts - taken, taken.sum()) / total, dtype=np.float64)


def _sums_of_squares(
    values: NDArray[np.float64], model_families: Sequence[str], conditions: Sequence[str]
) -> NDArray[np.float64]:
    """Return (rows, 5) the sums of squares of the four sources, and the total, for (rows, n)."""
    pairs = [f"{f}\n{c}" for f, c in zip(model_families, conditions, strict=True)]
    cells, first = _members(pairs)
    sums, n = product(values, cells), cells.sum(axis=0)
    mean = values.mean(axis=-1, keepdims=True)
    total = ((values - mean) ** 2).sum(axis=-1)
    between = _between(sums, n, mean)
    # What a model family or a condition sums to is the sum of its cells.
    model_family, condition = (
        _between(sums @ member, n @ member, mean)
        for names in (model_families, conditions)
        for member in [_members([names[place] for place in first])[0]]
    )
    interaction = between - model_family - condition
    return np.stack([condition, model_family, interaction, total - between, total], axis=-1)


def _members(labels: Sequence[str]) -> tuple[NDArray[np.float64], list[int]]:
    """Return membership as 0/1, (labels, groups), float64, and the first label of each group."""
    _, first, group = np.unique(np.array(labels), return_index=True, return_inverse=True)
    return (group[:, None] == np.arange(len(first))).astype(np.float64), first.tolist()


def _between(
    sums: NDArray[np.float64], n: NDArray[np.float64], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sum of squares between groups, (...): n_g (mean_g - mean)^2, summed over groups.

    ``sums`` is (..., groups), ``n`` (groups,) and ``mean``, of all values, (..., 1).
    """
    squares: NDArray[np.float64] = (n * (sums / n - mean) ** 2).sum(axis=-1)
    return squares
