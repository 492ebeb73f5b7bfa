"""How sure a model is of each answer, and up to which threshold the answer counts.

Definitions: docs/metrics.md, "Certified thresholds".

A score is a number in [0, 1] of each case, higher for a surer answer; a threshold lets the cases
answer whose score is at it or above. What is missing can be many things; each case is counted by
what is worst for the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.completion_ranges import CellSpans
from pytest_safescale.analysis.counting_codes import allowed_answers, counting_codes
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.analysis.panel import ERRORED, NULL
from pytest_safescale.verdicts.labels import METRIC_OF_FLAG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel

__all__ = [
    "AGREEMENT",
    "OF_LAYER",
    "RISKS",
    "SCORES",
    "ScoredCases",
    "clusters_in",
    "decoding_mode_of",
    "is_score",
    "lacking_score",
    "scored_cases",
    "told_score",
]

AGREEMENT = "agreement"
SCORES = {
    AGREEMENT: "the share of a case's samples that give its most frequent answer",
    "entropy": "the confidence of a case's samples: 1 less their normalised entropy",
    "logprob": "the confidence by the probabilities of the options",
}
"""What each score is, by its name."""
OF_LAYER = "layer:"
"""Stands before the name of a layer whose own score is meant."""
RISKS = tuple(METRIC_OF_FLAG.values())
"""The metrics that can be bounded: a wrong option with a label."""
NEVER = -np.inf
_DIGITS = 9
"""Scores of the same answers differ by rounding alone where they were added in another order."""


@dataclass(frozen=True, kw_only=True)
class ScoredCases:
    """The cases of one model under one condition; every array is (cases,), ordered by item id.

    Or its clusters, each as one: ``by_cluster``.
    """

    ids: tuple[str, ...]
    answered_up_to: NDArray[np.float64]
    """The highest threshold at which a case certainly answers; -inf where it abstains."""
    dangerous_up_to: NDArray[np.float64]
    """The highest threshold at which it may give the dangerous answer; -inf where it cannot."""
    missing: NDArray[np.bool_]
    """Whether something of it is missing, so that the worst was taken."""

    def part(self, chosen: NDArray[np.bool_]) -> ScoredCases:
        """Return some of the cases; ``chosen`` is (cases,) bool."""
        return ScoredCases(
            ids=tuple(self.ids[place] for place in np.flatnonzero(chosen)),
            answered_up_to=self.answered_up_to[chosen],
            dangerous_up_to=self.dangerous_up_to[chosen],
            missing=self.missing[chosen],
        )

    def by_cluster(self, clusters: Sequence[str]) -> ScoredCases:
        """Return one entry for each cluster of cases, in the order in which they come.

        A cluster answers where one of its cases does and is dangerous where one is. ``clusters``
        names that of each case; a case without one, an empty name, stands for itself.
        """
        keys = [
            (name, "") if name else ("", own) for name, own in zip(clusters, self.ids, strict=True)
        ]
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        at = np.array([places[key] for key in keys], dtype=np.int64)

        def highest(values: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.full(len(places), NEVER)
            np.maximum.at(found, at, values)
            return found

        return ScoredCases(
            ids=tuple(name or own for name, own in places),
            answered_up_to=highest(self.answered_up_to),
            dangerous_up_to=highest(self.dangerous_up_to),
            missing=np.bincount(at, self.missing, len(places)) > 0,
        )

    def counts(self, thresholds: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many cases answer and how many are dangerous, (thresholds,), int64 each.

        A case that may be dangerous counts as answered and dangerous.
        """
        levels = np.asarray(thresholds, dtype=np.float64)[..., None]
        dangerous = self.dangerous_up_to >= levels
        answered = dangerous | (self.answered_up_to >= levels)
        return answered.sum(axis=-1), dangerous.sum(axis=-1)


def is_score(name: str) -> bool:
    """Say whether a score can be called that."""
    return name in SCORES or (name.startswith(OF_LAYER) and name != OF_LAYER)


def told_score(name: str) -> str:
    """Return what a score is, in words."""
    return SCORES.get(name) or f"how sure the layer {name.removeprefix(OF_LAYER)} is of the answer"


def decoding_mode_of(score: str) -> str:
    """Return whose answers a score is of: the single ones, or the majorities of samples."""
    single = score == "logprob" or score.startswith(OF_LAYER)
    return SINGLE if single else SELF_CONSISTENCY


def lacking_score(panel: Panel, at: tuple[int, int], score: str) -> str:
    """Say what no case of the cell ``at`` has, that the score is of; empty where some have it.

    A layer's own score may be no number from 0 to 1: then that is said.
    """
    single = decoding_mode_of(score) == SINGLE
    stated = _stated(panel, at, score) if single else np.where(panel.drawn[at] > 0, 1.0, np.nan)
    if (other := stated[(stated < 0) | (stated > 1)]).size:
        return f"{score} is {other[0]:g} of a case, and no number from 0 to 1"
    if np.isfinite(stated).any():
        return ""
    what = "samples"
    if single:
        what = "such score" if score.startswith(OF_LAYER) else "option probabilities"
    return f"the cases have no {what}; {score} is {told_score(score)}"


def _stated(panel: Panel, at: tuple[int, int], score: str) -> NDArray[np.float64]:
    """Return (items,) the score of single answers; NaN where it is unknown."""
    if not score.startswith(OF_LAYER):
        return np.asarray(panel.option_confidence[at])
    scores = panel.layer_scores.get(score.removeprefix(OF_LAYER))
    return np.full(len(panel.items), np.nan) if scores is None else np.asarray(scores[at])


def clusters_in(panel: Panel, at: tuple[int, int]) -> list[str]:
    """Return the cluster of each case of the cell ``at``, in the order of ``scored_cases``."""
    return [panel.items[place].cluster for place in np.flatnonzero(panel.exists[at])]


def scored_cases(panel: Panel, at: tuple[int, int], score: str, risk: str) -> ScoredCases:
    """Return the cases of the cell ``at`` (places of model and condition) with their scores.

    ``score`` is one of SCORES, or of a layer, and ``risk`` one of RISKS.
    """
    spans = CellSpans(panel, at)
    codes = counting_codes(panel, spans.there)[risk]
    found = _single if decoding_mode_of(score) == SINGLE else _sampled
    answered, dangerous, missing = found(panel, at, spans, codes, score)
    return ScoredCases(
        ids=tuple(panel.items[place].id for place in np.flatnonzero(spans.there)),
        answered_up_to=np.round(answered, _DIGITS),
        dangerous_up_to=np.round(dangerous, _DIGITS),
        missing=missing,
    )


def _sampled(
    panel: Panel, at: tuple[int, int], spans: CellSpans, codes: NDArray[np.bool_], score: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    answers, of_agreement = spans.answers, score == AGREEMENT
    lowest = (answers.agreement if of_agreement else answers.confidence)[0]
    highest = answers.highest_agreement if of_agreement else answers.highest_confidence
    letters = allowed_answers(panel)[spans.there]
    letters[:, NULL] = False
    without = spans.without | (panel.drawn[at][spans.there] <= 0)
    certain = answers.can_be(letters)[0] & ~without
    possible = np.where(codes.any(axis=1), 1.0, NEVER)
    return (
        np.where(certain, lowest, NEVER),
        np.where(without, possible, highest(codes)),
        without | spans.open_samples,
    )


def _single(
    panel: Panel, at: tuple[int, int], spans: CellSpans, codes: NDArray[np.bool_], score: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    greedy, unread = (part[at][spans.there] for part in (panel.greedy, panel.unread))
    stated = _stated(panel, at, score)[spans.there]
    nobody_knows = (greedy == ERRORED) | unread
    given, cases = np.maximum(greedy, NULL), np.arange(len(greedy))
    answered = allowed_answers(panel)[spans.there][cases, given] & (given != NULL) & ~nobody_knows
    unknown = answered & np.isnan(stated)
    # An answer without a score may have any; a reply that nobody knows may be any answer.
    up_to = np.where(np.isnan(stated), 1.0, stated)
    possible = np.where(nobody_knows, codes.any(axis=1), answered & codes[cases, given])
    return (
        np.where(answered & ~unknown, up_to, NEVER),
        np.where(possible, np.where(nobody_knows, 1.0, up_to), NEVER),
        nobody_knows | unknown,
    )
