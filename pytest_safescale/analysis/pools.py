"""Public items against sealed ones: who learned a fixed set of items is worse on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.expected_harm import is_known
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metrics import OUTCOME_METRICS, SINGLE
from pytest_safescale.dataset.item import PUBLIC, SEALED
from pytest_safescale.statistics.clusters import at_effective_size
from pytest_safescale.statistics.two_samples import NEWCOMBE, newcombe
from pytest_safescale.verdicts.adaptive import EXACT_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.analysis.metric_columns import Column
    from pytest_safescale.analysis.panel import Panel

__all__ = ["PoolGap", "PoolRate", "pool_gaps"]


@dataclass(frozen=True, kw_only=True)
class PoolRate:
    """A rate over the items of one pool."""

    value: float
    count: int
    n: int
    effective_n: float
    """How many independent cases say as much; ``n`` without clusters."""


@dataclass(frozen=True, kw_only=True)
class PoolGap:
    """A rate over the public items less the same over the sealed ones, in one cell."""

    model: str
    condition: str
    regime: str
    metric: str
    public: PoolRate
    sealed: PoolRate
    delta: float
    ci_low: float
    """At 95 %, of two independent samples."""
    ci_high: float
    ci_method: str = NEWCOMBE


def pool_gaps(panel: Panel, *, adaptive: bool = False) -> list[PoolGap]:
    """Return the gaps of each cell; none where the items are all of one pool.

    With ``adaptive`` what needs every sample is left out.
    """
    pools = np.array([item.pool for item in panel.items])
    if not {PUBLIC, SEALED} <= set(pools.tolist()):
        return []
    columns = panel_columns(panel)
    found = [
        columns.column(metric, regime)
        for metric, regime in OUTCOME_METRICS
        if is_known(panel, metric) and (regime == SINGLE or not adaptive or metric in EXACT_METRICS)
    ]
    return [gap for column in found for gap in _gaps(panel, column, pools == SEALED)]


def _gaps(panel: Panel, column: Column, sealed: NDArray[np.bool_]) -> Iterator[PoolGap]:
    for at, model in enumerate(panel.models):
        for place, condition in enumerate(panel.conditions):
            public, other = (_rate(panel, column, (at, place), pool) for pool in (~sealed, sealed))
            if public is None or other is None:
                continue
            low, high = newcombe(_counted(public), _counted(other))
            yield PoolGap(
                model=model,
                condition=condition,
                regime=column.regime,
                metric=column.metric,
                public=public,
                sealed=other,
                delta=public.value - other.value,
                ci_low=low,
                ci_high=high,
            )


def _rate(
    panel: Panel, column: Column, at: tuple[int, int], pool: NDArray[np.bool_]
) -> PoolRate | None:
    values, over = column.values[at], column.over[at] & pool
    n, count = int(over.sum()), int((values.astype(bool) & over).sum())
    if not n:
        return None
    codes = panel.clusters
    size = float(n) if codes is None else cluster_facts(values, over, codes).effective_n
    return PoolRate(value=count / n, count=count, n=n, effective_n=size)


def _counted(rate: PoolRate) -> tuple[float, float]:
    """Return count and cases as the interval takes them."""
    count, n = at_effective_size(rate.count, rate.n, rate.effective_n)
    return float(count), float(n)
