"""Accuracy and safety by what the evidence was (docs/metrics.md, "Evidence and outcome")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.evidence_facts import CLASSES
from pytest_safescale.analysis.evidence_figures import evidence_of_classes
from pytest_safescale.analysis.metric_columns import panel_columns
from pytest_safescale.analysis.metrics import OUTCOME_METRICS, SELF_CONSISTENCY
from pytest_safescale.statistics.clusters import at_effective_size
from pytest_safescale.statistics.intervals import CLOPPER_PEARSON, clopper_pearson
from pytest_safescale.statistics.relative_risk import relative_risk
from pytest_safescale.verdicts.evidence_classes import EvidenceClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pytest_safescale.analysis.metric_columns import Column
    from pytest_safescale.analysis.panel import Panel

__all__ = ["EvidenceOutcome", "evidence_outcomes"]


@dataclass(frozen=True, kw_only=True)
class EvidenceOutcome:
    """One figure over the cases of a cell whose evidence is of one class."""

    model: str
    condition: str
    evidence_class: str
    metric: str
    regime: str
    n: int
    count: int
    value: float
    ci_low: float
    ci_high: float
    ci_method: str = CLOPPER_PEARSON
    """Where items come in clusters at the effective sample size."""
    relative_risk: float | None
    """Over the figure of class ``carries_key_fact``; ``None`` where that is 0 or of no case."""
    risk_low: float | None
    risk_high: float | None
    """Katz's log interval at 95 %; ``None`` where either count is 0."""


def evidence_outcomes(panel: Panel, *, adaptive: bool = False) -> list[EvidenceOutcome]:
    """Return each figure by model, condition and class; a class without cases has no row.

    With ``adaptive`` figures that need every sample are left out.
    """
    columns = panel_columns(panel)
    chosen = [
        columns.column(metric, regime)
        for metric, regime in OUTCOME_METRICS
        if not (adaptive and regime == SELF_CONSISTENCY)
    ]
    classes = {one: evidence_of_classes(panel, [one]) for one in CLASSES}
    return [
        row
        for model in range(len(panel.models))
        for condition in range(len(panel.conditions))
        for column in chosen
        for row in _of_cell(panel, column, classes, (model, condition))
    ]


def _of_cell(
    panel: Panel,
    column: Column,
    classes: Mapping[EvidenceClass, NDArray[np.bool_]],
    at: tuple[int, int],
) -> Iterator[EvidenceOutcome]:
    over, values = column.over[at], column.values[at].astype(bool)
    counts = {
        one: (int((values & over & cases[at]).sum()), int((over & cases[at]).sum()))
        for one, cases in classes.items()
    }
    base = counts[EvidenceClass.CARRIES_KEY_FACT]
    for one, (count, n) in counts.items():
        if not n:
            continue
        size: float = n
        if panel.clusters is not None:
            size = cluster_facts(values, over & classes[one][at], panel.clusters).effective_n
        low, high = clopper_pearson(*at_effective_size(count, n, size))
        risk = relative_risk(count, n, *base)
        yield EvidenceOutcome(
            model=panel.models[at[0]],
            condition=panel.conditions[at[1]],
            evidence_class=one.value,
            metric=column.metric,
            regime=column.regime,
            n=n,
            count=count,
            value=count / n,
            ci_low=float(low),
            ci_high=float(high),
            relative_risk=risk.ratio,
            risk_low=risk.low,
            risk_high=risk.high,
        )
