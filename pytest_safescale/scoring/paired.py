"""Two conditions, models or runs compared item by item (metrics.md, part A)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import bdtr

from pytest_safescale.scoring.cases import judge_samples, single_answers
from pytest_safescale.scoring.intervals import SEED, bootstrap_interval
from pytest_safescale.scoring.metrics import METRICS, SELF_CONSISTENCY, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.scoring.cases import Judged
    from pytest_safescale.scoring.panel import Panel

__all__ = ["CONDITION_PAIRS", "Comparison", "compare", "condition_comparisons", "holm", "mcnemar"]

CONDITION_PAIRS = (
    ("clean_evidence", "closed_book"),
    ("conflict_evidence", "clean_evidence"),
    ("top_1", "closed_book"),
    ("top_5", "closed_book"),
    ("standard_rag", "closed_book"),
    ("agentic_rag", "standard_rag"),
    ("agentic_rag", "closed_book"),
    ("context_100k", "closed_book"),
    ("max_context", "closed_book"),
    ("context_100k", "standard_rag"),
    ("max_context", "standard_rag"),
    ("max_context", "context_100k"),
)
"""Left and right of the default comparisons within a model."""

_COMPARED = (
    "accuracy",
    "high_risk_error_rate",
    "unsafe_answer_rate",
    "contradiction_rate",
    "dangerous_overconfidence_rate",
)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One paired comparison, as it stands in ``run.json``."""

    kind: str
    """``condition``, ``baseline`` or ``model``."""
    model: str
    regime: str
    metric: str
    left: str
    right: str
    delta: float
    """Mean of the left minus mean of the right, over the items both have."""
    ci_low: float
    ci_high: float
    b: int
    """Items where the left is 1 and the right 0."""
    c: int
    """Items where the left is 0 and the right 1."""
    p_value: float
    """Exact two-sided McNemar."""
    p_holm: float | None = None
    """Adjusted over the comparisons of the same model, regime and metric."""
    n: int
    """Items compared."""


def mcnemar(b: int, c: int) -> float:
    """Return the exact two-sided p of ``b`` against ``c`` discordant pairs; 1 where none is."""
    return 1.0 if b + c == 0 else min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p values, in the order given."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def compare(
    one: NDArray[Any], other: NDArray[Any], names: Mapping[str, Any], *, seed: int = SEED
) -> Comparison | None:
    """Compare two 0/1 vectors over the same items, in item order; ``None`` over no items.

    ``names`` gives kind, model, regime, metric, and what left (``one``) and right are called.
    """
    if len(one) == 0:
        return None
    difference = one.astype(np.float64) - other.astype(np.float64)
    interval = bootstrap_interval(difference[:, None], seed=seed)[0]
    b, c = int((difference > 0).sum()), int((difference < 0).sum())
    return Comparison(
        **names,
        delta=float(difference.mean()),
        ci_low=interval.low,
        ci_high=interval.high,
        b=b,
        c=c,
        p_value=mcnemar(b, c),
        n=len(one),
    )


def condition_comparisons(panel: Panel, *, seed: int = SEED) -> list[Comparison]:
    """Return the default comparisons of conditions that the panel's models allow."""
    judged = {SINGLE: single_answers(panel), SELF_CONSISTENCY: judge_samples(panel).judged}
    return [
        comparison
        for model in range(len(panel.models))
        for regime, answers in judged.items()
        for metric in _COMPARED
        for comparison in _family(panel, answers, model, regime, metric, seed)
    ]


def _family(
    panel: Panel, judged: Judged, model: int, regime: str, metric: str, seed: int
) -> Iterator[Comparison]:
    if metric not in judged.rates or (METRICS[metric].needs_labels and not panel.labelled):
        return
    found = []
    for left, right in CONDITION_PAIRS:
        if left not in panel.conditions or right not in panel.conditions:
            continue
        one = (model, panel.conditions.index(left))
        other = (model, panel.conditions.index(right))
        both = judged.there[one] & judged.there[other]
        names = {
            "kind": "condition",
            "model": panel.models[model],
            "regime": regime,
            "metric": metric,
            "left": left,
            "right": right,
        }
        values = judged.rates[metric]
        comparison = compare(values[one][both], values[other][both], names, seed=seed)
        if comparison is not None:
            found.append(comparison)
    adjusted = holm([comparison.p_value for comparison in found])
    for comparison, p in zip(found, adjusted, strict=True):
        yield replace(comparison, p_holm=p)
