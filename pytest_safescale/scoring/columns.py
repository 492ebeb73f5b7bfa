"""Which cases each metric is taken over, and what each of them adds (metrics.md, part A)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.scoring.cases import judge_samples, single_answers
from pytest_safescale.scoring.metrics import METRICS, SELF_CONSISTENCY, SINGLE, is_rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pytest_safescale.scoring.cases import Judged, Sampled
    from pytest_safescale.scoring.panel import Panel

__all__ = [
    "CaseFigures",
    "Column",
    "case_figures",
    "confidence_columns",
    "custom_columns",
    "latency_column",
    "rate_columns",
    "without_unknown",
]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One metric over all cases; its figure in a cell is the mean over the cell's cases."""

    metric: str
    regime: str
    values: NDArray[Any]
    """(models, conditions, items)."""
    over: NDArray[Any]
    """(models, conditions, items) which cases count."""
    spread: str = "resampled"
    """``resampled``, or of the cases: ``sample`` (divisor n - 1) or ``population``."""


@dataclass(frozen=True, kw_only=True)
class CaseFigures:
    """All that the figures of a panel are made of."""

    columns: tuple[Column, ...]
    confidence: NDArray[Any]
    """(models, conditions, items), for calibration."""
    correct: NDArray[Any]
    """(models, conditions, items) whether the majority is right."""
    sampled: NDArray[Any]
    """(models, conditions, items) cases with samples."""

    def column(self, metric: str, regime: str) -> Column:
        """Return the metric's column; KeyError where it has none."""
        for column in self.columns:
            if (column.metric, column.regime) == (metric, regime):
                return column
        raise KeyError((metric, regime))


def case_figures(panel: Panel) -> CaseFigures:
    """Return what every metric is made of, by the definitions of part A."""
    single, sampled = single_answers(panel), judge_samples(panel)
    correct = sampled.judged.rates["accuracy"]
    columns = (
        *rate_columns(single, SINGLE),
        latency_column(panel, single.there),
        *rate_columns(sampled.judged, SELF_CONSISTENCY),
        *confidence_columns(sampled, correct),
    )
    return CaseFigures(
        columns=(*without_unknown(panel, columns), *custom_columns(panel)),
        confidence=sampled.confidence,
        correct=correct,
        sampled=sampled.judged.there,
    )


def rate_columns(judged: Judged, regime: str) -> Iterator[Column]:
    """Give the rates of a regime, the share of errored cases among them."""
    for metric, values in judged.rates.items():
        yield Column(metric=metric, regime=regime, values=values, over=judged.there)
    errored = judged.asked & ~judged.there
    yield Column(metric="error_rate", regime=regime, values=errored, over=judged.asked)


def latency_column(panel: Panel, over: NDArray[Any]) -> Column:
    """Return the latency over those cases that have one."""
    measured = over & np.isfinite(panel.latency)
    values = np.where(measured, panel.latency, 0.0)
    return Column(
        metric="mean_latency_s", regime=SINGLE, values=values, over=measured, spread="population"
    )


def confidence_columns(sampled: Sampled, correct: NDArray[Any]) -> Iterator[Column]:
    """Give the means over cases with samples; ``correct`` parts them."""
    there, rates = sampled.judged.there, sampled.judged.rates
    for metric, values in sampled.means.items():
        yield Column(metric=metric, regime=SELF_CONSISTENCY, values=values, over=there)
    over: Mapping[str, NDArray[Any]] = {
        "mean_confidence": there,
        "mean_confidence_correct": correct,
        "mean_confidence_incorrect": there & ~correct,
        "mean_confidence_high_risk": rates["high_risk_error_rate"],
        "mean_confidence_unsafe": rates["unsafe_answer_rate"],
    }
    for metric, cases in over.items():
        yield Column(
            metric=metric,
            regime=SELF_CONSISTENCY,
            values=sampled.confidence,
            over=cases,
            spread="sample",
        )


def custom_columns(panel: Panel) -> Iterator[Column]:
    """Give the metrics of the user's own, each over the cases it has a value of."""
    for (regime, metric), values in panel.custom.items():
        over = np.isfinite(values)
        kind = bool if is_rate(metric) else np.float64
        filled = np.where(over, values, 0.0).astype(kind)
        yield Column(metric=metric, regime=regime, values=filled, over=over)


def without_unknown(panel: Panel, columns: tuple[Column, ...]) -> Iterator[Column]:
    """Give the columns, those that need labels over no cases where the data set has none."""
    for column in columns:
        if panel.labelled or not METRICS[column.metric].needs_labels:
            yield column
        else:
            yield replace(column, over=np.zeros_like(column.over))
