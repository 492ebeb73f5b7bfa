"""What the figures of a panel are set against: size, context length, depth and samples.

Definitions: docs/metrics.md, "Cells and weighted sums" and docs/metrics.md, "Slopes".

Everything here is linear in the means of cells (``cell_means.py``); the slopes, the split of
variance and the decoupling table are made from one ``ScalingData``, so that they share resamples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.cell_means import CellMeans, calibration_cells, cell_means
from pytest_safescale.analysis.judged_cases import answer_counts, judge_answers, majority_codes
from pytest_safescale.analysis.metric_columns import Column, panel_columns, without_unknown
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel

__all__ = [
    "CONTEXT_TOKENS",
    "EVERY",
    "RETRIEVED",
    "ModelFacts",
    "ScalingData",
    "scaling_data",
]

EVERY = "*"
"""Stands for all model families or all conditions."""

RETRIEVED: Mapping[str, int] = MappingProxyType({"top_1": 1, "top_5": 5, "standard_rag": 10})
"""Passages by condition."""

CONTEXT_TOKENS: Mapping[str, int] = MappingProxyType(
    {"context_4k": 4_000, "context_32k": 32_000, "context_100k": 100_000}
)
"""Length by condition; that of ``max_context`` is the model's window."""

_FEWEST_SAMPLES = 2
_LEVELS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What the configuration states of a model."""

    parameters_b: float | None = None
    """In billions."""
    model_family: str = ""
    context_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScalingData:
    """The means of every metric in every cell, and what the cells are set against."""

    models: Sequence[str]
    conditions: Sequence[str]
    model_families: Sequence[str]
    """Of each model; empty where none is stated."""
    cells: Sequence[CellMeans]
    """One for each metric and decoding mode; rows are models, columns conditions."""
    dimensions: Mapping[str, NDArray[np.float64]]
    """``parameters`` (in billions), ``context_length`` (tokens), ``retrieval_depth`` (passages):
    (models, conditions), float64, NaN where a cell has none."""
    prefixes: Sequence[CellMeans]
    """Majorities of the first samples; rows are models x conditions, columns numbers of samples.
    None where cases drew different numbers, as adaptive sampling does."""
    levels: Sequence[int]
    """The numbers of samples."""

    def find(self, metric: str, regime: str) -> CellMeans | None:
        """Return the metric's cells, ``None`` where it has none."""
        named = (part for part in self.cells if (part.metric, part.regime) == (metric, regime))
        return next(named, None)


def scaling_data(
    panel: Panel,
    facts: Mapping[str, ModelFacts],
    *,
    adaptive: bool = False,
    seed: int = SEED,
) -> ScalingData:
    """Return the cells of a panel with what is known of its models.

    All items with a case are resampled together, whatever metric, model and condition. With
    ``adaptive``, where sampling may have stopped early, numbers of samples are no dimension.
    """
    asked = np.flatnonzero(panel.exists.any(axis=(0, 1)))
    panel = panel.of_items([panel.items[place].id for place in asked])
    columns = panel_columns(panel)
    # Without samples half of the columns have no case, and nothing to resample.
    cells = [
        cell_means(column, codes=panel.clusters, seed=seed)
        for column in columns.columns
        if column.over.any()
    ]
    for one in columns.calibrated:
        if one.over.any():
            cells += calibration_cells(one, codes=panel.clusters, seed=seed)
    known = [facts.get(model, ModelFacts()) for model in panel.models]
    prefixes, levels = ([], []) if adaptive else _prefixes(panel, seed)
    return ScalingData(
        models=panel.models,
        conditions=panel.conditions,
        model_families=[fact.model_family for fact in known],
        cells=cells,
        dimensions=_dimensions(panel.conditions, known),
        prefixes=prefixes,
        levels=levels,
    )


def _dimensions(
    conditions: Sequence[str], known: Sequence[ModelFacts]
) -> dict[str, NDArray[np.float64]]:
    sizes = _numbers([fact.parameters_b for fact in known])
    windows = _numbers([fact.context_tokens for fact in known])
    shape = (len(known), len(conditions))
    lengths = np.broadcast_to(_numbers(map(CONTEXT_TOKENS.get, conditions)), shape).copy()
    for place, condition in enumerate(conditions):
        if condition == "max_context":
            lengths[:, place] = windows
    return {
        "parameters": np.broadcast_to(sizes[:, None], shape),
        "context_length": lengths,
        "retrieval_depth": np.broadcast_to(_numbers(map(RETRIEVED.get, conditions)), shape),
    }


def _numbers(values: Any) -> NDArray[np.float64]:
    """Return (values,), float64; NaN for ``None``."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _prefixes(panel: Panel, seed: int) -> tuple[list[CellMeans], list[int]]:
    drawn = panel.drawn[panel.drawn > 0]
    if len(drawn) == 0:
        return [], []
    # The usual number; the few cases with fewer samples, for a call failed, are excluded.
    numbers, cases = np.unique(drawn, return_counts=True)
    most = int(numbers[cases == cases.max()].max())
    if most < _FEWEST_SAMPLES:
        return [], []
    levels = [*(level for level in _LEVELS if level < most), most]
    columns = without_unknown(panel, tuple(_prefix_columns(panel, levels)))
    return [cell_means(column, codes=panel.clusters, seed=seed) for column in columns], levels


def _prefix_columns(panel: Panel, levels: Sequence[int]) -> Iterator[Column]:
    """Give the rates of the majority of the first samples, by their number."""
    there = panel.drawn >= levels[-1]
    judged = []
    for level in levels:
        first = replace(panel, samples=panel.samples[..., :level])
        codes = majority_codes(answer_counts(first))
        judged.append(judge_answers(first, codes, there=there, asked=there))
    shape = (there.shape[0] * there.shape[1], len(levels), there.shape[2])
    over = np.broadcast_to(there[:, :, None], (*there.shape[:2], *shape[1:])).reshape(shape)
    for metric in judged[0].rates:
        values = np.stack([part.rates[metric] for part in judged], axis=2).reshape(shape)
        yield Column(metric=metric, regime=SELF_CONSISTENCY, values=values, over=over)
