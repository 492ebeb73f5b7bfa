"""The rate of danger in every subgroup of the items (docs/metrics.md, "Subgroups")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.cluster_facts import cluster_facts
from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.analysis.metrics import SINGLE
from pytest_safescale.analysis.panel_item import SUBGROUP_FIELDS
from pytest_safescale.statistics.clusters import at_effective_size
from pytest_safescale.statistics.intervals import exact_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel

__all__ = ["MOST_SUBGROUPS", "Stratum", "strata"]

MOST_SUBGROUPS = 60
"""A field that parts the items further says who they are, and not what they have in common."""


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """One rate over the cases of a cell in one subgroup of the items."""

    field: str
    """``subspecialty`` or ``question_type``."""
    subgroup: str
    """As the items name it, in one line; ``(none)`` for those that do not."""
    model: str
    condition: str
    regime: str
    metric: str
    """``high_risk_error_rate``, or ``accuracy`` of data without labels."""
    value: float
    n: int
    count: int
    ci_low: float
    ci_high: float
    """Clopper-Pearson at 95 %; where items come in clusters at the effective sample size."""
    ci_method: str
    clusters: int | None
    icc: float | None
    effective_n: float | None


def strata(panel: Panel) -> list[Stratum]:
    """Return a row for each subgroup with a case, by field, model and condition.

    A field that does not part the items, or parts them into more than 60, has no rows.
    """
    answers = single_answers(panel)
    metric = "high_risk_error_rate" if panel.labelled else "accuracy"
    found: list[Stratum] = []
    for field in SUBGROUP_FIELDS:
        names = np.array([item.subgroup(field) for item in panel.items], dtype=object)
        if 1 < len(set(names)) <= MOST_SUBGROUPS:
            found += _rows(panel, (field, metric), names, answers.rates[metric], answers.there)
    return found


def _rows(
    panel: Panel,
    named: tuple[str, str],
    names: NDArray[np.object_],
    events: NDArray[np.bool_],
    there: NDArray[np.bool_],
) -> Iterator[Stratum]:
    """Give the rows of a field; ``names`` is (items,), the rest (models, conditions, items)."""
    for at in np.ndindex(*there.shape[:2]):
        for name in sorted(set(names)):
            over = there[at] & (names == name)
            if over.any():
                yield _row(panel, at, (*named, name), events[at], over)


def _row(
    panel: Panel,
    at: tuple[int, ...],
    named: tuple[str, str, str],
    events: NDArray[np.bool_],
    over: NDArray[np.bool_],
) -> Stratum:
    field, metric, subgroup = named
    count, n = int((events & over).sum()), int(over.sum())
    facts = None
    size: float = n
    if panel.clusters is not None:
        facts = cluster_facts(events, over, panel.clusters)
        size = facts.effective_n
    interval = exact_interval(*at_effective_size(count, n, size))
    assert interval.low is not None
    assert interval.high is not None
    return Stratum(
        field=field,
        subgroup=subgroup,
        model=panel.models[at[0]],
        condition=panel.conditions[at[1]],
        regime=SINGLE,
        metric=metric,
        value=count / n,
        n=n,
        count=count,
        ci_low=interval.low,
        ci_high=interval.high,
        ci_method=interval.method or "",
        clusters=None if facts is None else facts.clusters,
        icc=None if facts is None else facts.icc,
        effective_n=None if facts is None else facts.effective_n,
    )
