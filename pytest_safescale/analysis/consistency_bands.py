"""Figures of the agreement of samples with what calibrated ones would show (docs/metrics.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_safescale.analysis.metrics import AGREEMENT_CALIBRATION, AGREEMENT_METRICS
from pytest_safescale.statistics.consistency import CalibratedRuns, band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metric_columns import PanelColumns
    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.analysis.panel import Panel

__all__ = ["with_bands"]


def with_bands(
    rows: Sequence[Metric], panel: Panel, columns: PanelColumns, *, seed: int
) -> list[Metric]:
    """Return the rows, those of the agreement in a cell with their consistency band."""
    one = columns.agreement
    if one is None:
        return list(rows)
    found: dict[tuple[str, str], CalibratedRuns] = {}
    for at, model in enumerate(panel.models):
        for place, condition in enumerate(panel.conditions):
            over = one.over[at, place]
            if over.any():
                shares = one.confidence[at, place][over]
                found[model, condition] = CalibratedRuns(shares, seed)
    return [_with_band(row, found.get((row.model, row.condition))) for row in rows]


def _with_band(row: Metric, runs: CalibratedRuns | None) -> Metric:
    if runs is None or row.value is None or row.metric not in AGREEMENT_METRICS:
        return row
    squared = row.metric == AGREEMENT_CALIBRATION
    low, high = band(runs.squared_errors if squared else runs.brier_scores)
    return replace(row, consistency_low=low, consistency_high=high)
