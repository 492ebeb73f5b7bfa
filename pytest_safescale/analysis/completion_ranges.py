"""What each case of a cell can add to a metric, whatever its missing replies had been.

Failed and unreadable replies are missing (docs/metrics.md, "Missing replies"): each could have been
any option of the item, or an abstention. A case that lacks samples it was to have could have any
value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.counting_codes import allowed_answers, counting_codes
from pytest_safescale.analysis.evidence_figures import open_evidence
from pytest_safescale.analysis.expected_harm import harm_ends, is_known, severities
from pytest_safescale.analysis.judged_cases import answer_counts
from pytest_safescale.analysis.layer_ranges import SOMETIMES, highest_of, open_cases
from pytest_safescale.analysis.metric_table import METRICS, is_rate
from pytest_safescale.analysis.metrics import (
    CHANGE_METRICS,
    EVIDENCE_METRICS,
    EXPECTED_HARM,
    LAYER_METRICS,
    OPTION_METRICS,
    SINGLE,
)
from pytest_safescale.analysis.open_answers import OpenAnswers
from pytest_safescale.analysis.panel import ERRORED, NULL
from pytest_safescale.verdicts.labels import METRIC_OF_FLAG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.metric_columns import Column
    from pytest_safescale.analysis.open_answers import BoolEnds
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.statistics.arrays import Numbers

    Ends = tuple[Numbers, Numbers]

__all__ = ["CellSpans", "Lack", "Span", "span_of_unasked"]


class Lack(str, Enum):
    """Why a reply is missing."""

    FAILED = "failed"
    UNREADABLE = "unreadable"
    SAMPLES = "short of samples"
    PROBABILITIES = "without option probabilities"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, kw_only=True)
class Span:
    """The ends of what cases can add to a mean: (cases,) throughout."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    may: NDArray[np.bool_]
    """Whether it can be a case of the metric."""
    must: NDArray[np.bool_]
    """Whether it is one whatever the missing replies had been."""

    @classmethod
    def known(cls, values: Numbers, over: NDArray[np.bool_]) -> Span:
        """Return the span of cases of which nothing is missing; both arrays are (cases,)."""
        return cls.between(values, values, may=over, must=over)

    @classmethod
    def between(
        cls, low: Numbers, high: Numbers, *, may: NDArray[np.bool_], must: NDArray[np.bool_]
    ) -> Span:
        """Return the span with these ends, (cases,), which may be bools."""
        low, high = (np.asarray(end, dtype=np.float64) for end in (low, high))
        return cls(low=low, high=high, may=may, must=must)

    def at(self, places: Sequence[int]) -> Span:
        """Return the span of these cases alone."""
        return Span(**{name: values[places] for name, values in vars(self).items()})

    def closed(self, places: NDArray[np.int64], values: Numbers, over: NDArray[np.bool_]) -> Span:
        """Return the span with the cases at ``places`` known to be that; the rest is (cases,)."""
        parts = dict(vars(self))
        for name, known in (("low", values), ("high", values), ("may", over), ("must", over)):
            parts[name] = parts[name].copy()
            parts[name][places] = known[places]
        return Span(**parts)

    def and_also(self, other: Span) -> Span:
        """Return the span of these cases and further ones."""
        parts = vars(other)
        return Span(
            **{name: np.concatenate([own, parts[name]]) for name, own in vars(self).items()}
        )


@dataclass(frozen=True, kw_only=True)
class _Open:
    """What a metric comes to for cases with missing replies; (cases,) or one value for all."""

    cases: NDArray[np.bool_]
    """For which cases anything is open."""
    ends: tuple[Any, Any]
    may: Any = True
    must: Any = True


class CellSpans:
    """The cases of one cell, the errored ones included, in the order of their items."""

    def __init__(
        self, panel: Panel, at: tuple[int, int], there: NDArray[np.bool_] | None = None
    ) -> None:
        """``at`` are the places of model and condition, ``there`` (items,) some of its cases."""
        self.there = panel.exists[at] if there is None else there
        self._panel, self._at = panel, at
        self._failed = panel.greedy[at][self.there] == ERRORED
        self._unread = panel.unread[at][self.there]
        self._first_unread = panel.first_unread[at][self.there]
        self._lacking = panel.samples_lacking[at][self.there]
        self.without = (panel.drawn[at][self.there] == ERRORED) | self._lacking
        self._free = panel.samples_unread[at][self.there]

    def lacks(self, regime: str, metric: str = "") -> list[Lack | None]:
        """Return what each case is missing for figures of a mode; ``None`` where nothing.

        ``metric`` matters where it is one by option probabilities, or of further turns.
        """
        if regime == SINGLE:
            unread = self._unread
            if metric in CHANGE_METRICS:
                unread = unread | self._first_unread
            kinds = {Lack.UNREADABLE: unread, Lack.FAILED: self._failed}
            if metric in OPTION_METRICS:
                kinds = {Lack.PROBABILITIES: self._unknown, **kinds}
        else:
            kinds = {
                Lack.UNREADABLE: self._free > 0,
                Lack.SAMPLES: self._lacking,
                Lack.FAILED: self.without & ~self._lacking,
            }
        found: list[Lack | None] = [None] * len(self._failed)
        for kind, cases in kinds.items():
            for place in np.flatnonzero(cases):
                found[place] = kind
        return found

    def of(self, column: Column) -> Span:
        """Return the span of a metric; infinite where it has no range."""
        values = np.asarray(column.values[self._at][self.there], dtype=np.float64)
        over = column.over[self._at][self.there]
        known = Span.known(values, over)
        if not is_known(self._panel, column.metric):
            return known
        found = self._open(column)
        return known if found is None or not found.cases.any() else _opened(known, found)

    @cached_property
    def open_samples(self) -> NDArray[np.bool_]:
        """(cases,) bool, where samples are missing."""
        return np.asarray(self.without | (self._free > 0))

    @cached_property
    def _unknown(self) -> NDArray[np.bool_]:
        """(cases,) answers without the option probabilities that were asked for.

        A reply that declines names no option, and lacks nothing.
        """
        panel, at, there = self._panel, self._at, self.there
        codes = np.maximum(panel.greedy[at][there], NULL)
        answered = panel.in_set[np.flatnonzero(there), codes]
        unknown = np.isnan(panel.option_confidence[at][there])
        return np.asarray(panel.probed[at][there] & answered & unknown)

    @cached_property
    def open_probabilities(self) -> NDArray[np.bool_]:
        """(cases,) bool, where option probabilities are missing that were asked for."""
        missing = self._unknown | self._failed | self._unread
        return np.asarray(missing & self._panel.probed[self._at].any())

    @property
    def confidence(self) -> Ends:
        """(cases,) float64 each, the ends of the confidence."""
        return self._any_value(self.answers.confidence, (self._least_confidence, 1.0))

    @cached_property
    def _least_confidence(self) -> NDArray[np.float64]:
        """(cases,) that of all samples that are wanted, spread evenly; 0 where none is known to be.

        Where drawing would have stopped earlier, fewer samples differ less.
        """
        nothing = np.zeros_like(self.answers.counts)
        wanted = self._panel.wanted[self._at][self.there].astype(np.int64)
        return replace(self.answers, counts=nothing, free=wanted).confidence[0]

    @property
    def agreement(self) -> Ends:
        """(cases,) float64 each, the ends of the share of the answer given most often."""
        return self._any_value(self.answers.agreement, (0.0, 1.0))

    def _open(self, column: Column) -> _Open | None:
        if column.metric not in METRICS:
            return self._own(column)
        if column.regime == SINGLE:
            return self._single(column.metric)
        return self._sampled(column.metric)

    def _own(self, column: Column) -> _Open:
        """Return what is open of a user's own metric, which may leave any case out."""
        missing = self._failed | self._unread if column.regime == SINGLE else self.open_samples
        ends = (0.0, 1.0) if is_rate(column.metric) else (-np.inf, np.inf)
        return _Open(cases=missing, ends=ends, must=False)

    def _single(self, metric: str) -> _Open | None:
        if metric == "error_rate":
            return None
        if metric == "mean_latency_s":
            # An unreadable reply came, and is known to have taken so long.
            return _Open(cases=self._failed, ends=(0.0, np.inf), must=False)
        if metric == "unreadable_rate":
            return _Open(cases=self._failed, ends=(0.0, 1.0))
        if metric in OPTION_METRICS:
            return self._by_options(metric)
        if metric in LAYER_METRICS or metric in EVIDENCE_METRICS:
            return self._by_facts(metric)
        missing = self._failed | self._unread
        if metric in CHANGE_METRICS:
            missing |= self._first_unread
        codes = self._codes.get(metric)
        ends: tuple[Any, Any] = (0.0, 1.0 if codes is None else codes.any(axis=1))
        ends = self._harm_ends(self._allowed) if metric == EXPECTED_HARM else ends
        return _Open(cases=missing, ends=ends)

    def _by_facts(self, metric: str) -> _Open:
        """Return what is open of a figure of layers, or of retrieved evidence."""
        states = {"failed": self._failed, "unread": self._unread}
        at, there = self._at, self.there
        if metric in EVIDENCE_METRICS:
            cases, high, must = open_evidence(self._panel, at, there, metric, **states)
        else:
            codes = self._codes
            cases, high, must = open_cases(self._panel, at, there, metric, **states, codes=codes)
        return _Open(cases=cases, ends=(0.0, high), must=must)

    def _by_options(self, metric: str) -> _Open:
        """Return what is open of a figure by option probabilities; a reply that declines has none.

        Of an answer that is known a finding can only be that answer's.
        """
        of_answer = {
            "logprob_dangerous_overconfidence_rate": "dangerous_overconfidence_rate",
            "logprob_confident_error_rate": "confident_error_rate",
        }
        high: Any = 1.0
        if metric in of_answer:
            codes = self._codes[of_answer[metric]]
            answers = np.maximum(self._panel.greedy[self._at][self.there], NULL)
            own = codes[np.arange(len(codes)), answers]
            high = np.where(self._unknown, own, codes.any(axis=1))
        return _Open(cases=self.open_probabilities, ends=(0.0, high), must=self._unknown)

    def _sampled(self, metric: str) -> _Open | None:
        if metric == "error_rate":
            return None
        if metric in _MEMBERS:
            return self._over_some(*_MEMBERS[metric])
        find, limits = self._finders[metric]
        return _Open(cases=self.open_samples, ends=self._any_value(find(), limits))

    def _over_some(self, metric: str, belongs: bool) -> _Open:
        """Return the confidence of the cases whose majority has, or has not, what a metric says."""
        codes = self._codes[metric] if belongs else self._allowed & ~self._codes[metric]
        must, may = self._any_value(self.answers.can_be(codes), (False, codes.any(axis=1)))
        return _Open(cases=self.open_samples, ends=self.confidence, may=may, must=must)

    def _any_value(self, ends: Ends, limits: tuple[Any, Any]) -> Ends:
        """Return the ends of answers, and the limits where there are too few of them."""
        low, high = (
            np.where(self.without, limit, end) for limit, end in zip(limits, ends, strict=True)
        )
        return low, high

    @cached_property
    def _allowed(self) -> NDArray[np.bool_]:
        return np.asarray(allowed_answers(self._panel)[self.there])

    def _harm_ends(self, possible: NDArray[np.bool_]) -> Ends:
        return harm_ends(severities(self._panel)[self.there], possible)

    @cached_property
    def _codes(self) -> Mapping[str, NDArray[np.bool_]]:
        return counting_codes(self._panel, self.there)

    @cached_property
    def answers(self) -> OpenAnswers:
        """The samples of the cases; of those that lack some, the ones that came."""
        panel, there = self._panel, self.there
        counts = answer_counts(panel, self._at)[there]
        # Whatever is unreadable was counted as NULL or as a letter the item does not have.
        strangers = np.where(self._allowed, 0, counts).sum(axis=1)
        known = np.where(self._allowed, counts, 0)
        known[:, NULL] -= self._free - strangers
        # Stopping early was right for the samples as they were read.
        undrawn = np.where(
            panel.stopped_early[self._at][there] & (self._free > 0),
            panel.wanted[self._at][there] - panel.drawn[self._at][there],
            0,
        )
        return OpenAnswers(
            counts=known,
            free=self._free + undrawn,
            allowed=self._allowed,
            options=panel.options[there],
        )

    @cached_property
    def _finders(self) -> Mapping[str, tuple[Callable[[], Ends], tuple[Any, Any]]]:
        """By metric: the ends from answers, and those of a case without enough of them."""
        answers, codes = self.answers, self._codes
        truth = codes["accuracy"].argmax(axis=1)
        find: dict[str, Callable[[NDArray[np.bool_]], Ends]] = {
            **dict.fromkeys(("accuracy", *METRIC_OF_FLAG.values()), answers.can_be),
            **dict.fromkeys(("abstention_rate", "null_majority_rate"), answers.can_be),
            "dangerous_overconfidence_rate": answers.can_be_surely,
            "confident_error_rate": answers.can_be_surely,
            "synchronized_failure_rate": self._unanimous,
        }
        return {
            **{
                metric: (partial(found, codes[metric]), (False, codes[metric].any(axis=1)))
                for metric, found in find.items()
            },
            EXPECTED_HARM: (
                lambda: self._harm_ends(answers.majorities),
                self._harm_ends(self._allowed),
            ),
            "mean_confidence": (lambda: answers.confidence, (0.0, 1.0)),
            "agreement_brier_score": (self._brier_scores, (0.0, 1.0)),
            "sample_null_rate": (lambda: answers.share(np.zeros_like(truth)), (0.0, 1.0)),
            "robustness_correctness": (lambda: answers.share(truth), (0.0, 1.0)),
        }

    def _brier_scores(self) -> Ends:
        """Return ends that hold every squared gap of agreement and correctness, if not closely."""
        low, high = self.answers.agreement
        surely, possibly = self.answers.can_be(self._codes["accuracy"])
        if_right, if_wrong = ((1 - high) ** 2, (1 - low) ** 2), (low**2, high**2)
        least = np.where(surely, if_right[0], np.where(possibly, 0.0, if_wrong[0]))
        least = np.where(possibly & ~surely, np.minimum(if_right[0], if_wrong[0]), least)
        most = np.where(surely, if_right[1], if_wrong[1])
        most = np.where(possibly & ~surely, np.maximum(if_right[1], if_wrong[1]), most)
        return least, most

    def _unanimous(self, codes: NDArray[np.bool_]) -> BoolEnds:
        several = self.answers.total >= 2
        low, high = self.answers.can_be_unanimous(codes)
        return low & several, high & several


_MEMBERS = {
    "mean_confidence_correct": ("accuracy", True),
    "mean_confidence_incorrect": ("accuracy", False),
    "mean_confidence_high_risk": ("high_risk_error_rate", True),
    "mean_confidence_unsafe": ("unsafe_answer_rate", True),
}
"""Means over some of the cases: those whose majority counts for a rate, or does not."""


def _opened(known: Span, found: _Open) -> Span:
    """Return what is known with what is open put over it."""
    low, high = (
        np.where(found.cases, end, values)
        for end, values in zip(found.ends, (known.low, known.high), strict=True)
    )
    may = np.where(found.cases, found.may, known.may)
    must = np.where(found.cases, found.must, known.must)
    return Span(low=low, high=high, may=may, must=must)


def span_of_unasked(metric: str, cases: int) -> Span:
    """Return the span of cases that were not asked at all."""
    low, high = 0.0, np.inf if metric == "mean_latency_s" else highest_of(metric)
    if metric not in METRICS and not is_rate(metric):
        low, high = -np.inf, np.inf
    sometimes = {*_MEMBERS, *OPTION_METRICS, *SOMETIMES, *EVIDENCE_METRICS, "mean_latency_s"}
    always = metric in METRICS and metric not in sometimes
    return Span(
        low=np.full(cases, low),
        high=np.full(cases, high),
        may=np.ones(cases, dtype=bool),
        must=np.full(cases, always),
    )
