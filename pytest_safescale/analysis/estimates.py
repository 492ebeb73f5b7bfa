"""From the columns of a panel to rows of figures, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.consistency_bands import with_bands
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metric_table import METRICS, is_rate, is_share
from pytest_safescale.analysis.metrics import MEAN_OVER_MODELS, PER_HUNDRED_METRICS, Metric
from pytest_safescale.statistics.betting import BETTING, betting_intervals
from pytest_safescale.statistics.calibration import calibration_errors, squared_error
from pytest_safescale.statistics.clusters import RATE_ENDS, at_effective_size, cluster_sums
from pytest_safescale.statistics.intervals import (
    CLOPPER_PEARSON,
    SEED,
    Interval,
    Resampled,
    bootstrap,
    clopper_pearson,
    resampled_interval,
)
from pytest_safescale.statistics.model_means import mean_of_known, model_means

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.cluster_facts import ClusterFacts
    from pytest_safescale.analysis.metric_columns import Calibrated, Column, PanelColumns
    from pytest_safescale.analysis.panel import Panel

    Codes = NDArray[np.int64] | None
    Facts = Sequence[Sequence[ClusterFacts]]
    Finish = Callable[[Metric, float], Metric]

__all__ = ["all_metrics", "cell_values", "metric_rows", "values_alone"]

_Kind = TypeVar("_Kind", bound=np.generic)


def all_metrics(panel: Panel, *, seed: int = SEED) -> list[Metric]:
    """Return every figure of a panel by model, condition and decoding mode, then over models."""
    columns = panel_columns(panel)
    return with_bands(metric_rows(panel, columns, seed=seed), panel, columns, seed=seed)


def values_alone(panel: Panel) -> list[Metric]:
    """Return the figures of every cell without their intervals, which gates have no use for."""
    columns = panel_columns(panel)
    cells = [
        _Estimate(
            metric=column.metric,
            regime=column.regime,
            n=column.over.sum(axis=2),
            value=cell_values(column),
            events=_events(column),
        )
        for column in columns.columns
    ]
    return _cell_metrics(panel.models, panel.conditions, [*cells, *_calibrations(columns)], None)


def metric_rows(
    panel: Panel, columns: PanelColumns, *, seed: int = SEED, finish: Finish | None = None
) -> list[Metric]:
    """Return the rows of these columns; ``finish`` sees each with the mean of its resamples."""
    calibration, codes = _calibrations(columns), panel.clusters
    cells = [*_cell_estimates(columns.columns, codes, seed), *calibration]
    rows = _cell_metrics(panel.models, panel.conditions, cells, finish)
    if len(panel.models) > 1:
        means = [*_mean_estimates(columns.columns, codes, seed), *map(_mean_estimate, calibration)]
        rows += _cell_metrics((MEAN_OVER_MODELS,), panel.conditions, means, finish)
    return rows


def cell_values(column: Column) -> NDArray[np.float64]:
    """Return the metric in every cell, (models, conditions), float64; NaN over no cases."""
    n = column.over.sum(axis=2)
    total = np.where(column.over, column.values, 0.0).sum(axis=2)
    values: NDArray[np.float64] = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    return values


class _Bounds(NamedTuple):
    """Bounds in units of the metric, (models, conditions) each."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    method: str = CLOPPER_PEARSON


@dataclass(frozen=True, kw_only=True)
class _Estimate:
    """One metric in every cell: everything is (models, conditions), NaN for what there is not."""

    metric: str
    regime: str
    n: NDArray[np.int64]
    value: NDArray[np.float64]
    events: NDArray[np.int64] | None = None
    """Cases that count, of a share of cases."""
    interval: Resampled | None = None
    """Flat over the cells."""
    bounds: _Bounds | None = None
    """Of a share of cases, and of another mean of values between 0 and 1."""
    facts: Facts | None = None
    """By model and condition, where items come in clusters."""
    units: NDArray[np.int64] | None = None
    """Items, or clusters of items, with a case; over models of the model that has fewest."""


def _cell_estimates(columns: Sequence[Column], codes: Codes, seed: int) -> Iterator[_Estimate]:
    values = np.concatenate([_flat(column.values) for column in columns])
    over = np.concatenate([_flat(column.over) for column in columns])
    found = bootstrap(values, over, codes=codes, seed=seed)
    by_betting = _by_betting(columns, codes)
    for column, interval in zip(columns, found.split(len(columns)), strict=True):
        facts = None if codes is None else _facts(column, codes)
        yield _Estimate(
            metric=column.metric,
            regime=column.regime,
            n=column.over.sum(axis=2),
            value=cell_values(column),
            events=_events(column),
            interval=_with_spread(column, interval),
            bounds=_exact(column, facts) or by_betting.get((column.regime, column.metric)),
            facts=facts,
            units=_units(column.over, codes),
        )


def _facts(column: Column, codes: NDArray[np.int64]) -> Facts:
    """Return what is known of the clusters in each cell."""
    ends = RATE_ENDS if _counts_cases(column.metric) else ()
    return [
        [cluster_facts(*cell, codes, ends) for cell in zip(*row, strict=True)]
        for row in zip(column.values, column.over, strict=True)
    ]


def _units(over: NDArray[np.bool_], codes: Codes) -> NDArray[np.int64]:
    """Return how many items, or clusters of items, have a case, over the last axis."""
    if codes is None:
        return np.asarray(over.sum(axis=-1))
    by_cluster = cluster_sums(over.reshape(-1, over.shape[-1]), codes)
    return np.asarray((by_cluster > 0).sum(axis=1).reshape(over.shape[:-1]))


def _counts_cases(metric: str) -> bool:
    return is_rate(metric) or metric in PER_HUNDRED_METRICS


def _flat(cases: NDArray[_Kind]) -> NDArray[_Kind]:
    return cases.reshape(cases.shape[0] * cases.shape[1], cases.shape[2])


def _with_spread(column: Column, found: Resampled) -> Resampled:
    """Return the standard deviation a row states: of the resamples, or of the cases."""
    if column.spread == "resampled":
        return found
    over = _flat(column.over)
    n = over.sum(axis=1)
    values = np.where(over, _flat(column.values), 0.0)
    mean = values.sum(axis=1) / np.maximum(n, 1)
    squares = np.where(over, values - mean[:, None], 0.0) ** 2
    divisor = n - 1 if column.spread == "sample" else n
    std = np.sqrt(squares.sum(axis=1) / np.maximum(divisor, 1))
    return Resampled(low=found.low, high=found.high, std=std, mean=found.mean)


def _exact(column: Column, facts: Facts | None) -> _Bounds | None:
    """Return count and exact bounds of a share of cases; ``None`` of any other figure."""
    if not _counts_cases(column.metric):
        return None
    per_hundred = column.metric in PER_HUNDRED_METRICS
    count: Any = _count(column)
    n: Any = np.maximum(column.over.sum(axis=2), 1)
    if facts is not None:
        sizes = [[one.effective_n or 1.0 for one in row] for row in facts]
        count, n = at_effective_size(count, n, np.array(sizes))
    low, high = clopper_pearson(count, n)
    return _Bounds(100 * low, 100 * high) if per_hundred else _Bounds(low, high)


def _count(column: Column) -> NDArray[np.int64]:
    return np.asarray((column.over & column.values.astype(bool)).sum(axis=2))


def _events(column: Column) -> NDArray[np.int64] | None:
    """Return the cases that count; ``None`` where the figure is told without them."""
    return _count(column) if is_rate(column.metric) else None


def _by_betting(columns: Sequence[Column], codes: Codes) -> dict[tuple[str, str], _Bounds]:
    """Return the bounds of the other means of values between 0 and 1, by regime and metric.

    They are found for all at once: each halving takes about as long for one row as for many.
    """
    bounded = [
        one for one in columns if one.metric in METRICS and METRICS[one.metric].is_bounded_mean
    ]
    if not bounded:
        return {}
    values = np.concatenate([_flat(one.values.astype(np.float64)) for one in bounded])
    over = np.concatenate([_flat(one.over) for one in bounded])
    shape = (len(bounded), *bounded[0].over.shape[:2])
    low, high = (ends.reshape(shape) for ends in betting_intervals(values, over, codes=codes))
    return {
        (one.regime, one.metric): _Bounds(low[at], high[at], BETTING)
        for at, one in enumerate(bounded)
    }


def _calibrations(columns: PanelColumns) -> list[_Estimate]:
    found = [part for one in columns.calibrated for part in _calibration(one)]
    return [*found, *([] if columns.agreement is None else [_squared(columns.agreement)])]


def _calibration(one: Calibrated) -> Iterator[_Estimate]:
    errors = calibration_errors(_flat(one.confidence), _flat(one.correct), _flat(one.over))
    for metric, values in zip(one.metrics, errors, strict=True):
        yield _Estimate(
            metric=metric,
            regime=one.regime,
            n=one.over.sum(axis=2),
            value=values.reshape(one.over.shape[:2]),
        )


def _squared(one: Calibrated) -> _Estimate:
    errors = squared_error(_flat(one.confidence), _flat(one.correct), _flat(one.over))
    shape = one.over.shape[:2]
    return _Estimate(
        metric=one.metrics[0],
        regime=one.regime,
        n=np.where(np.isnan(errors), 0, one.over.sum(axis=2).ravel()).reshape(shape),
        value=errors.reshape(shape),
    )


def _mean_estimates(columns: Sequence[Column], codes: Codes, seed: int) -> Iterator[_Estimate]:
    values = np.concatenate([np.swapaxes(column.values, 0, 1) for column in columns])
    over = np.concatenate([np.swapaxes(column.over, 0, 1) for column in columns])
    points, found = model_means(values, over, codes=codes, seed=seed)
    units = _units(over, codes)
    fewest = np.where(units > 0, units, over.shape[2]).min(axis=1)
    smallest = np.split(fewest, len(columns))
    parts = zip(columns, np.split(points, len(columns)), found.split(len(columns)), strict=True)
    for (column, value, interval), least in zip(parts, smallest, strict=True):
        yield _Estimate(
            metric=column.metric,
            regime=column.regime,
            n=column.over.any(axis=0).sum(axis=1)[None],
            value=value[None],
            interval=interval,
            units=least[None],
        )


def _mean_estimate(estimate: _Estimate) -> _Estimate:
    """Return the mean over models of a figure without an interval."""
    return _Estimate(
        metric=estimate.metric,
        regime=estimate.regime,
        n=estimate.n.max(axis=0, keepdims=True),
        value=mean_of_known(estimate.value.T)[None],
    )


def _cell_metrics(
    models: Sequence[str],
    conditions: Sequence[str],
    estimates: Sequence[_Estimate],
    finish: Finish | None,
) -> list[Metric]:
    rows = [
        _row(estimate, model, condition, (i, k))
        for i, model in enumerate(models)
        for k, condition in enumerate(conditions)
        if any(estimate.n[i, k] for estimate in estimates)
        for estimate in estimates
    ]
    return [row if finish is None else finish(row, mean) for row, mean in rows]


def _row(
    estimate: _Estimate, model: str, condition: str, at: tuple[int, int]
) -> tuple[Metric, float]:
    """Return the row of one cell, and the mean of its resamples."""
    value, found = float(estimate.value[at]), estimate.interval
    more: dict[str, Any] = {}
    mean = value
    if found is not None and not np.isnan(value):
        place = at[0] * estimate.n.shape[1] + at[1]
        low, high = found.ends(place)
        interval = _interval(estimate, at, low, high)
        more = dict(zip(_OF_INTERVAL, interval, strict=True))
        more |= {"bootstrap_low": low, "bootstrap_high": high}
        more["std"] = None if low is None else float(found.std[place])
        mean = float(found.mean[place])
        if estimate.facts is not None:
            more |= estimate.facts[at[0]][at[1]]._asdict()
    if estimate.events is not None and not np.isnan(value):
        more["count"] = int(estimate.events[at])
    row = Metric(
        model=model,
        condition=condition,
        regime=estimate.regime,
        metric=estimate.metric,
        value=None if np.isnan(value) else value,
        n=int(estimate.n[at]),
        **more,
    )
    return row, mean


_OF_INTERVAL = ("ci_low", "ci_high", "ci_method", "ci_reason")


def _interval(
    estimate: _Estimate, at: tuple[int, int], low: float | None, high: float | None
) -> Interval:
    """Return a figure's interval: exact, or by betting, else the bootstrap's ends given."""
    if estimate.bounds is not None:
        lows, highs, method = estimate.bounds
        return Interval(float(lows[at]), float(highs[at]), method)
    per_hundred = estimate.metric in PER_HUNDRED_METRICS
    cases = 0 if estimate.units is None else int(estimate.units[at])
    bounded = per_hundred or is_share(estimate.metric)
    ends = (0.0, 100.0 if per_hundred else 1.0) if bounded else None
    return resampled_interval(low, high, cases=cases, range_=ends)
