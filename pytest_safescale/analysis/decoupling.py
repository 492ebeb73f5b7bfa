"""The decoupling table: per scaling step, how far accuracy and how far safety moved.

The paper's claim (arXiv 2605.04039) is that the two do not move together; here is each step's
movement of both, with intervals over items.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.cell_means import CellMeans, cell_means
from pytest_safescale.analysis.comparisons import COMPARED
from pytest_safescale.analysis.ensembles import members_of, vote
from pytest_safescale.analysis.metric_columns import Column, panel_columns
from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.cells import base_profile, split_condition
from pytest_safescale.statistics.intervals import BOOTSTRAP, SEED, resampled_interval
from pytest_safescale.statistics.regression import slope_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.analysis.scaling import ScalingData

__all__ = ["MOVED", "Movement", "ensemble_movements", "movements", "profile_movements"]

MOVED = COMPARED
"""The metrics of the table: accuracy first, safety after it."""

STEPS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "evidence_quality": (
        ("closed_book", "clean_evidence"),
        ("clean_evidence", "conflict_evidence"),
    ),
    "retrieval": (
        ("closed_book", "standard_rag"),
        ("standard_rag", "agentic_rag"),
        ("clean_evidence", "standard_rag"),
    ),
    # The best passage repeated to the length of ten: length alone, then content at that length.
    "length_control": (("top_1", "padded_top_1"), ("padded_top_1", "standard_rag")),
}
"""Steps between two conditions, by dimension."""

LADDERS: Mapping[str, tuple[str, ...]] = {
    "retrieval_depth": ("top_1", "top_5", "standard_rag"),
    "context_length": (
        "closed_book",
        "context_4k",
        "context_32k",
        "context_100k",
        "max_context",
    ),
}
"""Conditions in rising order: the step is from the first to the last a run has."""


@dataclass(frozen=True, kw_only=True)
class Movement:
    """How far one metric moved with one step, on the mean over models."""

    dimension: str
    """``model_size``, ``context_length``, ``retrieval_depth``, ``retrieval``,
    ``evidence_quality``, ``length_control``, ``samples``, ``ensemble`` or ``prompt``."""
    step: str
    """From what to what, in words."""
    regime: str
    metric: str
    delta: float
    """After the step less before it."""
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None = BOOTSTRAP
    """Over items, all models and conditions of an item together; ``None`` without an interval."""
    ci_reason: str | None = None
    """Why there is no interval."""
    models: int
    """Models the mean is over."""


def movements(data: ScalingData) -> list[Movement]:
    """Return the table of a panel: one row for each step, decoding mode and metric it allows."""
    found: list[Movement] = []
    for regime in (SINGLE, SELF_CONSISTENCY):
        for metric in MOVED:
            cells = data.find(metric, regime)
            if cells is not None:
                found += _of_size(data, cells)
                found += _of_conditions(data, cells)
    found += _of_samples(data)
    return found


def ensemble_movements(
    panel: Panel, ensembles: Mapping[str, Sequence[str]], *, seed: int = SEED
) -> list[Movement]:
    """Return how far each ensemble's vote is from the mean of its members, over all conditions."""
    found: list[Movement] = []
    for name, models in ensembles.items():
        members = members_of(panel, name, models)
        step = f"the members of {name} to their vote"
        for cells in _vote_less_members(members, seed):
            weights = _average(np.isfinite(cells.points))
            found += _movement(cells, "ensemble", step, weights, len(members.models))
    return found


def profile_movements(data: ScalingData) -> list[Movement]:
    """Return how far each prompt profile is from the base one, over all models and conditions.

    ``data`` is of every profile: its conditions go with their profiles (``cells.py``).
    """
    named = [split_condition(name) for name in data.conditions]
    base = base_profile([profile for _, profile in named])
    found: list[Movement] = []
    for profile in dict.fromkeys(profile for _, profile in named if profile != base):
        pairs = [
            (named.index((condition, base)), place)
            for place, (condition, own) in enumerate(named)
            if own == profile and (condition, base) in named
        ]
        for metric in (*MOVED, "refusal_rate"):
            for regime in (SINGLE, SELF_CONSISTENCY):
                cells = data.find(metric, regime)
                if cells is not None:
                    found += _of_pairs(cells, "prompt", f"{base} to {profile}", pairs)
    return found


def _of_pairs(
    cells: CellMeans, dimension: str, step: str, pairs: Sequence[tuple[int, int]]
) -> Iterator[Movement]:
    """Give the mean movement over the models of all pairs of conditions, given by their places."""
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    both = np.isfinite(cells.points[:, before] + cells.points[:, after])
    if not both.any():
        return
    weights = np.zeros(cells.points.shape)
    share = both / both.sum()
    # Each condition stands in one pair, so that no place is written twice.
    weights[:, after] = share
    weights[:, before] = -share
    yield from _movement(cells, dimension, step, weights, int(both.any(axis=1).sum()))


def _of_size(data: ScalingData, cells: CellMeans) -> Iterator[Movement]:
    """Give the movement along the fitted line from the smallest to the largest model."""
    sizes = data.dimensions["parameters"]
    used = np.isfinite(sizes) & np.isfinite(cells.points)
    weights = slope_weights(np.log10(sizes), used, axis=0)
    if weights is None:
        return
    # A condition with one size says nothing of the line, nor of how far it reaches.
    used &= weights.any(axis=0)
    low, high = sizes[used].min(), sizes[used].max()
    step = f"{low:g} to {high:g} billion parameters"
    span = np.log10(high) - np.log10(low)
    yield from _movement(cells, "model_size", step, weights * span, _models(used))


def _of_conditions(data: ScalingData, cells: CellMeans) -> Iterator[Movement]:
    place = {condition: at for at, condition in enumerate(data.conditions)}
    for dimension, before, after in _condition_steps(data.conditions):
        both = np.isfinite(cells.points[:, place[before]] + cells.points[:, place[after]])
        if not both.any():
            continue
        weights = np.zeros(cells.points.shape)
        weights[both, place[after]] = 1 / both.sum()
        weights[both, place[before]] = -1 / both.sum()
        step = f"{before} to {after}"
        yield from _movement(cells, dimension, step, weights, int(both.sum()))


def _condition_steps(conditions: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for dimension, ladder in LADDERS.items():
        rungs = [name for name in ladder if name in conditions]
        if len(rungs) > 1:
            yield dimension, rungs[0], rungs[-1]
    for dimension, steps in STEPS.items():
        for before, after in steps:
            if before in conditions and after in conditions:
                yield dimension, before, after


def _of_samples(data: ScalingData) -> Iterator[Movement]:
    for metric in MOVED:
        single, several = data.find(metric, SINGLE), data.find(metric, SELF_CONSISTENCY)
        if single is not None and several is not None:
            cells = several.minus(single)
            known = np.isfinite(cells.points)
            step = "a single answer to the majority of samples"
            yield from _movement(cells, "samples", step, _average(known), _models(known))


def _average(known: NDArray[np.bool_]) -> NDArray[np.float64]:
    return known.astype(np.float64) / max(1, int(known.sum()))


def _models(used: NDArray[np.bool_]) -> int:
    return int(used.any(axis=1).sum())


def _movement(
    cells: CellMeans, dimension: str, step: str, weights: NDArray[np.float64], models: int
) -> Iterator[Movement]:
    if not weights.any():
        return
    points, found = cells.weighted(weights[None])
    low, high, method, reason = resampled_interval(*found.ends(0))
    yield Movement(
        dimension=dimension,
        step=step,
        regime=cells.regime,
        metric=cells.metric,
        delta=float(points[0]),
        ci_low=low,
        ci_high=high,
        ci_method=method,
        ci_reason=reason,
        models=models,
    )


def _vote_less_members(members: Panel, seed: int) -> Iterator[CellMeans]:
    """Give, for each metric, the vote less the mean of the members: one row of cells."""
    voted = vote(members)
    own = panel_columns(members)
    for metric in MOVED:
        regime = SINGLE if SINGLE in METRICS[metric].regimes else SELF_CONSISTENCY
        column = own.column(metric, regime)
        over = np.all(column.over, axis=0)
        said = voted.judged.rates.get(metric)
        if said is None:
            # Where a member gave no single answer there is no vote that could be dangerous.
            said, over = voted.dangerous, over & voted.confident
        values = said.astype(np.float64) - column.values.mean(axis=0)
        yield cell_means(
            Column(metric=metric, regime=regime, values=values[None], over=over[None]),
            codes=members.clusters,
            seed=seed,
        )
