"""A gate's own criterion on cases that nobody has answered yet: what plans are reckoned with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.metrics import EXCESS_FLIPS, PER_HUNDRED_METRICS
from pytest_safescale.gates.criteria.bounded_mean import (
    BoundedDifferenceCriterion,
    BoundedMeanCriterion,
)
from pytest_safescale.gates.criteria.build import limit_of
from pytest_safescale.gates.criteria.difference import (
    DifferenceCriterion,
    ExcessCriterion,
    RateDifferenceCriterion,
)
from pytest_safescale.gates.criteria.equivalence import EquivalenceCriterion
from pytest_safescale.gates.criteria.threshold import RateCriterion, ValueCriterion
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.measures import MeanOfCases

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.criteria.criterion import Criterion
    from pytest_safescale.gates.spec import Gate

__all__ = ["has_range", "is_paired", "is_planned_rate", "planned_criterion"]


_OF_COUNTED_CASES = (
    CriterionKind.MIN_CASE_CONSISTENCY,
    CriterionKind.NO_NEW,
    CriterionKind.CERTIFIED,
    CriterionKind.MAX_EXCESS_SHARE,
)


def is_paired(gate: Gate) -> bool:
    """Say whether a case is an item in two places, which moves one way, the other, or not."""
    return gate.kind.is_difference or gate.metric == EXCESS_FLIPS


def is_planned_rate(gate: Gate) -> bool:
    """Say whether a case counts or does not, or moves by a whole case."""
    if gate.kind in _OF_COUNTED_CASES or gate.metric == EXCESS_FLIPS:
        return True
    return gate.spec is None or gate.spec.is_rate


def has_range(gate: Gate) -> bool:
    """Say whether the gate's figure is made of cases with values between 0 and 1."""
    if is_planned_rate(gate):
        return True
    spec = gate.spec
    return spec is not None and spec.is_bounded_mean and gate.metric not in PER_HUNDRED_METRICS


def planned_criterion(
    gate: Gate, values: NDArray[np.float64], codes: NDArray[np.int64] | None = None
) -> Criterion:
    """Return the criterion on (cases,) values; of a paired one they are moves to the limited side.

    ``codes`` (cases,) are their clusters. Only of gates whose figure ``has_range`` and whose bound
    is not resampled.
    """
    ids = tuple(map(str, range(len(values))))
    everywhere = np.ones(len(values), dtype=bool)
    measure = MeanOfCases(ids=ids, values=values, over=everywhere, codes=codes)
    if gate.kind is CriterionKind.MAX_CHANGE:
        opposite = MeanOfCases(ids=ids, values=-values, over=everywhere, codes=codes)
        up, down = (
            _difference(gate, one, rising=rising)
            for one, rising in ((measure, True), (opposite, False))
        )
        return EquivalenceCriterion(**limit_of(gate), up=up, down=down)
    if gate.kind.is_difference:
        return _difference(gate, measure, rising=gate.kind is CriterionKind.MAX_INCREASE)
    if gate.metric == EXCESS_FLIPS:
        return ExcessCriterion(**limit_of(gate), measure=measure)
    if is_planned_rate(gate):
        return RateCriterion(**limit_of(gate), measure=measure)
    if gate.confidence is not None:
        return BoundedMeanCriterion(**limit_of(gate), measure=measure)
    value = float(np.mean(values))
    return ValueCriterion(**limit_of(gate), value_counted=value, cases=len(values), measure=measure)


def _difference(gate: Gate, measure: MeanOfCases, *, rising: bool) -> DifferenceCriterion:
    names: dict[str, Any] = {**limit_of(gate), "rising": rising, "other": gate.against_words}
    if is_planned_rate(gate):
        return RateDifferenceCriterion(**names, measure=measure)
    return BoundedDifferenceCriterion(**names, measure=measure)
