"""The mean of the models' figures, resampled by items (docs/metrics.md, "Mean over models")."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.clusters import codes_at
from pytest_safescale.statistics.intervals import (
    SEED,
    bootstrap,
    joined,
    resampled_cell_means,
    summarise,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.statistics.arrays import Numbers
    from pytest_safescale.statistics.intervals import Resampled

__all__ = ["mean_of_known", "model_means"]


def model_means(
    values: Numbers,
    over: NDArray[np.bool_],
    *,
    codes: NDArray[np.int64] | None = None,
    seed: int = SEED,
) -> tuple[NDArray[np.float64], Resampled]:
    """Return the mean over models of each figure, (figures,), float64, and its bootstrap summary.

    ``values`` (any real dtype) and ``over`` (bool) are (figures, models, items). A model without a
    case has no part in a mean; where none has one the mean is NaN. Items that any model has are
    resampled, each with all its models; with ``codes``, (items,), their clusters are.
    """
    n = over.sum(axis=2)
    total = np.where(over, values, 0.0).sum(axis=2)
    cells = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    points = mean_of_known(cells)
    some = np.asarray(over.any(axis=1))
    # Where all models have the same cases, an item's mean over models is resampled like a case.
    same = (over == some[:, np.newaxis]).all(axis=2)
    alike = np.asarray((same | (n == 0)).all(axis=1, keepdims=True))
    shown = np.maximum((n > 0).sum(axis=1, keepdims=True), 1)
    averages = np.where(over, values, 0.0).sum(axis=1) / shown
    found = bootstrap(averages, some & alike, codes=codes, seed=seed)
    ragged = np.flatnonzero(~alike)
    return points, _with_ragged(found, ragged, values, over, points, codes, seed)


def mean_of_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the last axis of what is not NaN, float64; NaN where all is NaN."""
    known = np.isfinite(values)
    n = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    mean: NDArray[np.float64] = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    return mean


def _with_ragged(
    found: Resampled,
    ragged: NDArray[np.intp],
    values: Numbers,
    over: NDArray[np.bool_],
    points: NDArray[np.float64],
    codes: NDArray[np.int64] | None,
    seed: int,
) -> Resampled:
    """Return the summary with the figures at ``ragged`` filled in: their models differ in cases.

    ``ragged`` (k,) are places of figures; ``values`` and ``over`` as in ``model_means``; ``points``
    (figures,) are the means.
    """
    groups: dict[bytes, list[int]] = defaultdict(list)
    for place in ragged:
        groups[np.packbits(over[place].any(axis=0)).tobytes()].append(int(place))
    for places in groups.values():
        items = np.flatnonzero(over[places[0]].any(axis=0))
        shape = (len(places) * over.shape[1], len(items))
        means = resampled_cell_means(
            values[places][..., items].reshape(shape),
            over[places][..., items].reshape(shape),
            codes=codes_at(codes, items),
            seed=seed,
        )
        by_model = means.reshape(len(means), len(places), over.shape[1])
        found = joined(found, summarise(mean_of_known(by_model), points[places]), places)
    return found
