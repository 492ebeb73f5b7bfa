"""From judged cases to rows of figures, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.scoring.calibration import calibration_errors
from pytest_safescale.scoring.cases import judge_samples, single_answers
from pytest_safescale.scoring.intervals import (
    BOOTSTRAP,
    SEED,
    bootstrap_interval,
    clopper_pearson,
    intervals_of,
    resample_weights,
)
from pytest_safescale.scoring.metrics import (
    MEAN_OVER_MODELS,
    METRICS,
    SELF_CONSISTENCY,
    SINGLE,
    Metric,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.scoring.cases import Judged, Sampled
    from pytest_safescale.scoring.panel import Panel

__all__ = ["all_metrics"]


@dataclass(frozen=True, kw_only=True)
class _Column:
    """One metric over all cases: values, and the cases they are taken over."""

    metric: str
    regime: str
    values: NDArray[Any]
    """(models, conditions, items)."""
    over: NDArray[Any]
    """(models, conditions, items) which cases count."""
    spread: str = "resampled"
    """``resampled``, or of the cases: ``sample`` (divisor n - 1) or ``population``."""


def all_metrics(panel: Panel, *, seed: int = SEED) -> list[Metric]:
    """Return every figure of a panel: by model, condition and regime, then the mean over models."""
    sampled = judge_samples(panel)
    columns = [*_single_columns(panel), *_sampled_columns(sampled)]
    if not panel.labelled:
        columns = [_unknown(column) for column in columns]
    rows = [
        row
        for model in range(len(panel.models))
        for condition in range(len(panel.conditions))
        for row in _cell(panel, columns, sampled, model, condition, seed)
    ]
    if len(panel.models) > 1:
        rows += _means_over_models(panel, columns, seed)
    return rows


def _single_columns(panel: Panel) -> Iterator[_Column]:
    judged = single_answers(panel)
    yield from _rates(judged, SINGLE)
    measured = judged.there & np.isfinite(panel.latency)
    yield _Column(
        metric="mean_latency_s",
        regime=SINGLE,
        values=np.where(measured, panel.latency, 0.0),
        over=measured,
        spread="population",
    )


def _rates(judged: Judged, regime: str) -> Iterator[_Column]:
    for metric, values in judged.rates.items():
        yield _Column(metric=metric, regime=regime, values=values, over=judged.there)
    errored = judged.asked & ~judged.there
    yield _Column(metric="error_rate", regime=regime, values=errored, over=judged.asked)


def _sampled_columns(sampled: Sampled) -> Iterator[_Column]:
    judged = sampled.judged
    yield from _rates(judged, SELF_CONSISTENCY)
    for metric, values in sampled.means.items():
        yield _Column(metric=metric, regime=SELF_CONSISTENCY, values=values, over=judged.there)
    correct = judged.rates["accuracy"]
    for metric, over in {
        "mean_confidence": judged.there,
        "mean_confidence_correct": correct,
        "mean_confidence_incorrect": judged.there & ~correct,
        "mean_confidence_high_risk": judged.rates["high_risk_error_rate"],
        "mean_confidence_unsafe": judged.rates["unsafe_answer_rate"],
    }.items():
        yield _Column(
            metric=metric,
            regime=SELF_CONSISTENCY,
            values=sampled.confidence,
            over=over,
            spread="sample",
        )


def _unknown(column: _Column) -> _Column:
    if not METRICS[column.metric].needs_labels:
        return column
    nothing = np.zeros_like(column.over)
    return _Column(metric=column.metric, regime=column.regime, values=column.values, over=nothing)


def _cell(
    panel: Panel,
    columns: list[_Column],
    sampled: Sampled,
    model: int,
    condition: int,
    seed: int,
) -> Iterator[Metric]:
    at = (model, condition)
    names: dict[str, Any] = {"model": panel.models[model], "condition": panel.conditions[condition]}
    if not any(column.over[at].any() for column in columns):
        return
    for column, chosen in _by_cases(columns, at):
        intervals = bootstrap_interval(chosen, seed=seed) if len(chosen) else None
        for position, part in enumerate(column):
            values = chosen[:, position]
            interval = intervals[position] if intervals else None
            yield _row(names, part, values, interval)
    yield from _calibration(names, sampled, at)


def _by_cases(
    columns: list[_Column], at: tuple[int, int]
) -> Iterator[tuple[list[_Column], NDArray[Any]]]:
    """Group columns taken over the same cases: they share their resamples."""
    groups: dict[bytes, list[_Column]] = {}
    for column in columns:
        groups.setdefault(np.packbits(column.over[at]).tobytes(), []).append(column)
    for group in groups.values():
        chosen = group[0].over[at]
        stacked = [column.values[at][chosen].astype(np.float64) for column in group]
        yield group, np.stack(stacked, axis=1)


def _row(names: dict[str, Any], column: _Column, values: NDArray[Any], interval: Any) -> Metric:
    n = len(values)
    common: dict[str, Any] = {**names, "regime": column.regime, "metric": column.metric, "n": n}
    if n == 0:
        return Metric(**common, value=None)
    value = float(values.mean())
    exact: dict[str, Any] = {}
    if METRICS[column.metric].is_rate:
        count = int(values.sum())
        low, high = clopper_pearson(count, n)
        exact = {"count": count, "exact_low": low, "exact_high": high}
    return Metric(
        **common,
        value=value,
        # Rounding may put the mean of the resamples a hair beyond the value itself.
        ci_low=min(interval.low, value) if interval.low - value < 1e-12 else interval.low,
        ci_high=max(interval.high, value) if value - interval.high < 1e-12 else interval.high,
        ci_method=BOOTSTRAP,
        std=_spread(column.spread, values, interval.std),
        **exact,
    )


def _spread(kind: str, values: NDArray[Any], resampled: float) -> float:
    if kind == "population":
        return float(values.std())
    if kind == "sample":
        return float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return resampled


def _calibration(names: dict[str, Any], sampled: Sampled, at: tuple[int, int]) -> Iterator[Metric]:
    over = sampled.judged.there[at]
    errors = calibration_errors(
        sampled.confidence[at][over], sampled.judged.rates["accuracy"][at][over]
    )
    for metric, value in zip(
        ("expected_calibration_error", "maximum_calibration_error"), errors, strict=True
    ):
        yield Metric(
            **names, regime=SELF_CONSISTENCY, metric=metric, value=value, n=int(over.sum())
        )


def _means_over_models(panel: Panel, columns: list[_Column], seed: int) -> Iterator[Metric]:
    """Resample items, all models of an item together."""
    weights = resample_weights(len(panel.items), seed=seed)
    for condition, name in enumerate(panel.conditions):
        for column in columns:
            over = column.over[:, condition].astype(np.float64)
            values = np.where(column.over[:, condition], column.values[:, condition], 0.0)
            shown = over.sum(axis=1) > 0
            row: dict[str, Any] = {
                "model": MEAN_OVER_MODELS,
                "condition": name,
                "regime": column.regime,
                "metric": column.metric,
                "n": int(over.any(axis=0).sum()),
            }
            if not shown.any():
                yield Metric(**row, value=None)
                continue
            value = float((values.sum(axis=1)[shown] / over.sum(axis=1)[shown]).mean())
            interval = intervals_of(_resampled_means(weights, values[shown], over[shown]))[0]
            yield Metric(
                **row,
                value=value,
                ci_low=interval.low,
                ci_high=interval.high,
                ci_method=BOOTSTRAP,
                std=interval.std,
            )


def _resampled_means(
    weights: NDArray[Any], values: NDArray[Any], over: NDArray[Any]
) -> NDArray[Any]:
    """Return the resampled means of the models' figures, (resamples, 1)."""
    sums, cases = weights @ values.T, weights @ over.T
    # A model none of whose cases was drawn has no figure in that resample.
    drawn = cases > 0
    figures = np.divide(sums, cases, out=np.zeros_like(sums), where=drawn)
    models = drawn.sum(axis=1)
    means: NDArray[Any] = figures[models > 0].sum(axis=1) / models[models > 0]
    return means[:, None]
