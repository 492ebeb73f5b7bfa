"""The measure of a metric in a cell: from a panel, a vote, searches, or a count alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.completion_ranges import Span
from pytest_safescale.analysis.metrics import AGREEMENT_CALIBRATION, SELF_CONSISTENCY
from pytest_safescale.analysis.vote_ranges import voted_cases
from pytest_safescale.gates.calibration_measure import CalibrationMeasure, ErrorKind
from pytest_safescale.gates.measures import MeanOfCases
from pytest_safescale.statistics.calibration import bin_gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.metric_columns import Calibrated
    from pytest_safescale.analysis.search_events import SearchedItem
    from pytest_safescale.gates.inputs import Answers
    from pytest_safescale.gates.measures import Measure

    Cell = tuple[str, str]

__all__ = [
    "measure_of",
    "measure_of_consistency",
    "measure_of_count",
    "measure_of_searches",
    "measure_of_vote",
]


def measure_of(answers: Answers, cell: Cell, metric: str, regime: str) -> Measure | None:
    """Return the metric in a (model, condition); ``None`` where it is not taken case by case."""
    at = answers.place(cell)
    if at is None:
        return None
    spans, columns = answers.spans(at), answers.columns
    there = spans.there
    lacks = tuple(spans.lacks(regime, metric))
    named: dict[str, Any] = {"ids": _ids(answers, there), "lacks": lacks}
    agreement = () if columns.agreement is None else (columns.agreement,)
    for one in (*columns.calibrated, *agreement):
        if metric in one.metrics:
            by_samples = one.regime == SELF_CONSISTENCY
            missing = spans.open_samples if by_samples else spans.open_probabilities
            return _calibration(one, at, there, metric, **named, missing=missing)
    try:
        column = columns.column(metric, regime)
    except KeyError:
        return None
    return MeanOfCases(
        **named,
        values=column.values[at][there],
        over=column.over[at][there],
        span=spans.of(column),
    )


def _calibration(
    one: Calibrated, at: tuple[int, int], there: NDArray[np.bool_], metric: str, **named: Any
) -> CalibrationMeasure:
    """Return a calibration error of the cases that are there in a cell."""
    over = one.over[at][there]
    gaps, member = bin_gaps(one.confidence[at][there], one.correct[at][there], over)
    kind = ErrorKind.SQUARED
    if metric != AGREEMENT_CALIBRATION:
        kind = (ErrorKind.EXPECTED, ErrorKind.MAXIMUM)[one.metrics.index(metric)]
    return CalibrationMeasure(**named, gaps=gaps, member=member, over=over, kind=kind)


def measure_of_consistency(answers: Answers, at: tuple[int, int], alike: float) -> MeanOfCases:
    """Return which cases have at least that share of their samples alike."""
    spans, panel = answers.spans(at), answers.panel
    there = spans.there
    low, high = (end >= alike for end in spans.agreement)
    over = panel.drawn[at][there] > 1
    must = over | spans.open_samples
    return MeanOfCases(
        ids=_ids(answers, there),
        lacks=tuple(spans.lacks(SELF_CONSISTENCY)),
        values=answers.sampled.agreement[at][there] >= alike,
        over=over,
        span=Span.between(low, high, may=must, must=must),
    )


def measure_of_vote(
    answers: Answers, members: Sequence[str], condition: str, metric: str
) -> MeanOfCases | None:
    """Return a metric of an ensemble's vote; ``None`` where a member or the metric is not there."""
    panel = answers.panel
    if condition not in panel.conditions or not set(members).issubset(panel.models):
        return None
    cases = voted_cases(panel.of_models(members), panel.conditions.index(condition), metric)
    return None if cases is None else MeanOfCases(**vars(cases))


def measure_of_count(count: int, n: int) -> MeanOfCases:
    """Return a rate of which nothing is known but how many of ``n`` cases count."""
    return MeanOfCases(ids=(), values=np.arange(n) < count, over=np.ones(n, dtype=bool))


def measure_of_searches(items: Sequence[SearchedItem]) -> MeanOfCases:
    """Return a rate of which it is known what each item's searches came to."""

    def column(name: str) -> NDArray[np.bool_]:
        return np.array([getattr(item, name) for item in items], dtype=bool)

    return MeanOfCases(
        ids=tuple(item.id for item in items),
        lacks=tuple(item.lack for item in items),
        values=column("event"),
        over=column("counted"),
        span=Span.between(
            column("certain"), column("possible"), may=column("may"), must=column("must")
        ),
    )


def _ids(answers: Answers, there: NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(answers.panel.items[place].id for place in np.flatnonzero(there))
