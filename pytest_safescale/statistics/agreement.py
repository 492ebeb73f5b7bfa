"""How far raters agree beyond chance (docs/metrics.md, "Agreement of raters").

Fleiss' kappa is computed by statsmodels. Krippendorff's alpha is written here: the library of that
name is under the GPL, irrCAC asks for one version of SciPy alone, simpledorff has had no release
since 2020, and NLTK's takes no arrays, of which an interval needs a thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pytest_safescale.statistics.intervals import SEED, resample_indices, resampled_sums, summarise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Agreed", "fleiss_kappa", "krippendorff_alpha"]


class Agreed(NamedTuple):
    """A coefficient of agreement: 1 for full agreement, 0 for as much as chance gives."""

    value: float | None
    """``None`` where it does not exist: nothing was rated twice, or all votes are alike."""
    low: float | None
    high: float | None
    """95 %, percentiles of resampled items; ``None`` for fewer than two items."""
    units: int
    """What was rated, as far as it counts."""


def krippendorff_alpha(
    counts: NDArray[np.integer], items: NDArray[np.integer], *, seed: int = SEED
) -> Agreed:
    """Return Krippendorff's alpha for nominal ratings, some of which may be missing.

    ``counts`` is (units, values), int: how many raters gave a unit each value. ``items`` is
    (units,), int: which item each unit belongs to; items are resampled whole. Units with fewer than
    two ratings do not count. Source: Krippendorff, Computing Krippendorff's Alpha-Reliability,
    2011, section E.
    """
    paired = counts.sum(axis=1) >= 2
    counts, items = counts[paired], items[paired]
    ratings = counts.sum(axis=1)
    disagreeing = (ratings**2 - (counts**2).sum(axis=1)) / (ratings - 1)
    places, at = np.unique(items, return_inverse=True)
    by_item = np.zeros((counts.shape[1] + 1, len(places)))
    for row, values in enumerate((disagreeing, *counts.T)):
        np.add.at(by_item[row], at, values)
    point = _alpha(by_item.sum(axis=1)[None, :])
    return _agreed(point, lambda: _alpha(resampled_sums(by_item, seed=seed)), len(places), len(at))


def fleiss_kappa(
    counts: NDArray[np.integer], items: NDArray[np.integer], *, seed: int = SEED
) -> Agreed:
    """Return Fleiss' kappa over the units that every rater rated.

    Shapes as in ``krippendorff_alpha``; the number of raters is the most that rated a unit. Raises
    ImportError without statsmodels (extra ``labels``). Source: Fleiss, Measuring nominal scale
    agreement among many raters, Psychological Bulletin 76, 1971.
    """
    from statsmodels.stats import inter_rater

    ratings = counts.sum(axis=1)
    full = ratings == max(2, int(ratings.max(initial=0)))
    counts, items = counts[full], items[full]
    places = np.unique(items)
    rows = [counts[items == place] for place in places]

    def kappa(*tables: NDArray[np.integer]) -> float:
        # Where all votes are alike it is 0 / 0, which does not exist.
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(inter_rater.fleiss_kappa(np.concatenate(tables)))

    def resampled() -> NDArray[np.float64]:
        drawn = resample_indices(len(rows), seed=seed)
        return np.array([kappa(*(rows[place] for place in some)) for some in drawn])

    point = np.array([kappa(counts) if len(counts) else np.nan])
    return _agreed(point, resampled, len(places), len(counts))


def _alpha(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return alpha of (n, 1 + values) sums: of disagreement, and of the ratings of each value."""
    values = sums[:, 1:]
    ratings = values.sum(axis=1)
    expected = ratings**2 - (values**2).sum(axis=1)
    share = np.divide(
        sums[:, 0] * (ratings - 1), expected, out=np.full(len(sums), np.nan), where=expected > 0
    )
    return np.asarray(1 - share)


def _agreed(
    point: NDArray[np.float64], resampled: Callable[[], NDArray[np.float64]], items: int, units: int
) -> Agreed:
    if not np.isfinite(point[0]):
        return Agreed(None, None, None, units)
    if items < 2:
        return Agreed(float(point[0]), None, None, units)
    low, high = summarise(resampled()[:, None], point).ends(0)
    return Agreed(float(point[0]), low, high, units)
