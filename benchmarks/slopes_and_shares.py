"""How often intervals of slopes and of shares of variance cover what is true of the models.

    python -m benchmarks.slopes_and_shares

Slopes: 2,000 panels of 4, 8 or 20 models, whose level differs from model to model (for size) or
whose slope does (for passages), beside an interval that takes every cell for a figure of its own.
Shares: 200 panels of 12 models in 3 families under 4 conditions, 60 or 200 items with two answers
in common, by the percentiles of resampled items, and of models and items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from pytest_safescale.statistics.regression import half_width_of_slope, slope_weights
from pytest_safescale.statistics.variance import SOURCES, variance_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPETITIONS = 2000
SEED = 1
PASSAGES = np.log10([1.0, 5.0, 10.0])
CONDITIONS = 10
FAMILIES = 3
MODELS = 12
SHARE_PANELS = 200
RESAMPLES = 200


def covers(models: int, axis: int, *, uneven: bool = False) -> tuple[float, float]:
    """Return how often an interval over models, and one over cells, covers a slope of 0.

    With ``uneven`` the smaller models scatter up to three times as far.
    """
    generator, held = np.random.default_rng(SEED), np.zeros(2)
    columns = CONDITIONS if axis == 0 else len(PASSAGES)
    scale = np.broadcast_to(
        np.linspace(0.0, 2.0, models)[:, None] if axis == 0 else PASSAGES, (models, columns)
    )
    used = np.ones(scale.shape, dtype=bool)
    weights = slope_weights(scale, used, axis)
    assert weights is not None
    spread = np.linspace(3.0 if uneven else 1.0, 1.0, models)[:, None]
    for _ in range(REPETITIONS):
        own = generator.normal(0.0, 0.1, (models, 1)) * spread
        points = generator.normal(0.0, 0.03, scale.shape) + generator.normal(0.0, 0.1, (1, columns))
        points = points + (own if axis == 0 else own * scale)
        if axis == 1:  # conditions would pass for a slope that all models have
            points = own * scale + generator.normal(0.0, 0.03, scale.shape)
        slope = float((weights * points).sum())
        half = half_width_of_slope(points, weights, used, slope, axis=axis, models=range(models))
        assert half is not None
        held += abs(slope) <= half, abs(slope) <= _half_width_over_cells(points, weights, axis)
    return float(held[0] / REPETITIONS), float(held[1] / REPETITIONS)


def _half_width_over_cells(
    points: NDArray[np.float64], weights: NDArray[np.float64], axis: int
) -> float:
    deviations = points - points.mean(axis=axis, keepdims=True)
    inverse = (weights**2).sum()
    residuals = deviations - (weights * points).sum() * weights / inverse
    freedom = points.size - points.shape[1 - axis] - 1
    variance = (residuals**2).sum() / freedom
    return float(stdtrit(freedom, 0.975) * np.sqrt(variance * inverse))


def shares(items: int) -> dict[str, NDArray[np.float64]]:
    """Return, by source: mean share, the true one, and how often two intervals cover it."""
    generator = np.random.default_rng(SEED)
    families = np.repeat(np.arange(FAMILIES), MODELS // FAMILIES)
    names = [str(family) for family in np.repeat(families, 4)]
    conditions = [str(column) for column in np.tile(np.arange(4), MODELS)]
    nothing = np.zeros((1, len(names)))
    told = np.zeros((len(SOURCES), 4))
    for _ in range(SHARE_PANELS):
        rates = 0.2 + generator.normal(0, 0.04, (1, 4)) + generator.normal(0, 0.04, (MODELS, 1))
        rates = np.clip(rates + generator.normal(0, 0.04, (FAMILIES, 1))[families], 0.01, 0.9)
        truth = variance_split(rates.ravel(), nothing, names, conditions)
        # Half of each answer's luck is the item's, the same for all models.
        luck = np.where(
            generator.random((1, 4, items)) < 0.5,
            generator.random((1, 1, items)),
            generator.random((MODELS, 4, items)),
        )
        found = (luck < rates[..., None]).reshape(len(names), items).astype(np.float64)
        told += _one(found, truth, names, conditions, generator)
    return dict(zip(SOURCES, told / SHARE_PANELS, strict=True))


def _one(
    found: NDArray[np.float64],
    truth: NDArray[np.float64],
    names: list[str],
    conditions: list[str],
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    items, nothing = found.shape[1], np.zeros((1, len(names)))
    drawn = generator.multinomial(items, np.full(items, 1 / items), RESAMPLES) / items
    resampled = drawn @ found.T
    share = variance_split(
        found.mean(axis=1), resampled - resampled.mean(axis=0), names, conditions
    )
    over_items, over_both = [], []
    for row in resampled:
        over_items.append(variance_split(row, nothing, names, conditions))
        at = np.concatenate(
            [4 * model + np.arange(4) for model in generator.integers(0, MODELS, MODELS)]
        )
        chosen = [names[place] for place in at], [conditions[place] for place in at]
        over_both.append(variance_split(row[at], nothing, *chosen))
    covered = [
        (np.nanpercentile(one, 2.5, axis=0) <= truth)
        & (truth <= np.nanpercentile(one, 97.5, axis=0))
        for one in (over_items, over_both)
    ]
    return np.stack([share, truth, *covered], axis=1).astype(np.float64)


def main() -> None:
    """Print coverage by number of models, and of shares by number of items."""
    for axis, what in ((0, "size"), (1, "passages")):
        for models in (4, 8, 20):
            for uneven in (False, True):
                ours, over_cells = covers(models, axis, uneven=uneven)
                print(
                    f"{what:9} {models:3} models{', uneven' if uneven else '':8} "
                    f"covers {100 * ours:5.1f} %, over cells {100 * over_cells:5.1f} %"
                )
    for items in (60, 200):
        for source, (share, truth, over_items, over_both) in shares(items).items():
            print(
                f"{items:5} items {source:12} share {share:.3f}, true {truth:.3f}; "
                f"covered by items {100 * over_items:5.1f} %, "
                f"by models and items {100 * over_both:5.1f} %"
            )


if __name__ == "__main__":
    main()
