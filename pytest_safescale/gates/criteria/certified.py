"""``certified``: the danger of a run at the threshold that a certificate names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.answer_scores import clusters_in, lacking_score, scored_cases
from pytest_safescale.analysis.certificates import ANSWERED, calibrating
from pytest_safescale.analysis.completion_ranges import Lack, Span
from pytest_safescale.gates.criteria.cells import Undecidable, answers_of, check_cell, not_asked
from pytest_safescale.gates.criteria.threshold import RateCriterion
from pytest_safescale.gates.measures import MeanOfCases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.answer_scores import ScoredCases
    from pytest_safescale.gates.certified_thresholds import CertifiedThresholds
    from pytest_safescale.gates.inputs import Answers, GateInputs

    Cell = tuple[str, str]

__all__ = ["CertifiedCriterion", "certified_criterion"]


@dataclass(frozen=True, kw_only=True)
class CertifiedCriterion(RateCriterion):
    """A rate of danger among the items that did not calibrate, at the certified threshold."""

    score: str
    score_at_least: float
    unit: str
    """What is counted: items, or clusters of them."""
    over_answered: bool
    """Whether the rate is over the cases that answer, and not over all."""

    def sentence(self, value: float, bound: float | None) -> str:
        """Return rate, cases, the threshold, and which items those are."""
        sure = "" if bound is None else f", {self.bound_text(bound)}"
        over = f"{self.n} of the {self.items}" if self.over_answered else f"the {self.items}"
        return (
            f"{value:.4g} over {over} {self.unit} that did not calibrate{sure}, answered where "
            f"{self.score} is at least {self.score_at_least:.9g}"
        )


def certified_criterion(
    certified: CertifiedThresholds, cell: Cell, inputs: GateInputs, **limit: Any
) -> CertifiedCriterion:
    """Return the criterion of a gate on a certificate; raises Undecidable where there is none.

    The items that calibrated are left out: what a threshold was tuned on is no evidence for it.
    """
    check_cell(cell, inputs)
    threshold = certified.thresholds[cell]
    if threshold is None:
        raise Undecidable("the certificate says that no threshold holds there")
    if told := not_asked([cell], inputs):
        raise Undecidable(told)
    answers = answers_of(inputs)
    at = answers.place(cell)
    if at is None or not answers.panel.exists[at].any():
        raise Undecidable("the run has no case there")
    if told := lacking_score(answers.panel, at, certified.score):
        raise Undecidable(told)
    measure = _measure(certified, answers, at, threshold)
    if not measure.items:
        raise Undecidable("every item of the run calibrated the threshold")
    if not (measure.over | measure.ends.may).any():
        raise Undecidable(f"no case answers with {certified.score} of at least {threshold:.9g}")
    return CertifiedCriterion(
        **limit,
        measure=measure,
        score=certified.score,
        score_at_least=threshold,
        unit="clusters" if certified.by_cluster else "items",
        over_answered=certified.over == ANSWERED,
    )


def _measure(
    certified: CertifiedThresholds, answers: Answers, at: tuple[int, int], threshold: float
) -> MeanOfCases:
    """Return what each item that did not calibrate adds to the danger at a threshold.

    What is missing of a case may make it dangerous, or no case of the rate.
    """
    cases = scored_cases(answers.panel, at, certified.score, certified.risk)
    named = [""] * len(cases.ids)
    clusters = clusters_in(answers.panel, at) if certified.by_cluster else named
    units = cases.by_cluster(clusters)
    part = units.part(~calibrating(units.ids, certified.calibration, certified.seed))
    lacks = _lacks(answers, at, certified, cases, clusters)
    return MeanOfCases(
        ids=part.ids,
        lacks=tuple(lacks.get(name) for name in part.ids),
        **_ends(part, threshold, over_answered=certified.over == ANSWERED),
    )


def _ends(part: ScoredCases, threshold: float, *, over_answered: bool) -> dict[str, Any]:
    """Return the fields of a measure: what is counted, and the span of what is missing."""
    worst = part.dangerous_up_to >= threshold
    certain = worst & ~part.missing
    # Dangerous cases answer, where nothing of them is missing.
    answers = certain | (part.answered_up_to >= threshold)
    whole = np.ones(len(part.ids), dtype=bool)
    must = answers if over_answered else whole
    may = answers | worst if over_answered else whole
    return {
        "values": certain,
        "over": must,
        "span": Span.between(certain, worst, may=may, must=must),
    }


def _lacks(
    answers: Answers,
    at: tuple[int, int],
    certified: CertifiedThresholds,
    cases: ScoredCases,
    clusters: Sequence[str],
) -> dict[str, Lack]:
    """Return what is missing of a cluster, or of a case without one, by its name."""
    told = answers.spans(at).lacks(certified.decoding_mode, "logprob_mean_confidence")
    return {
        cluster or name: lack or Lack.SAMPLES
        for name, cluster, lack, missing in zip(
            cases.ids, clusters, told, cases.missing, strict=True
        )
        if missing
    }
