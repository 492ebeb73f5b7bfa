"""What a figure is: its row, its specification, and the groups that metrics belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AGREEMENT_CALIBRATION",
    "AGREEMENT_METRICS",
    "CALIBRATION_METRICS",
    "CHANGE_METRICS",
    "CONDITIONAL_MEANS",
    "CONTROLLED_METRICS",
    "EFFORT_METRICS",
    "ENSEMBLE",
    "EVIDENCE_METRICS",
    "EXCESS_FLIPS",
    "EXPECTED_HARM",
    "LAYER_METRICS",
    "MEAN_OVER_MODELS",
    "OF_WHO_IS_TAKEN",
    "OPTION_CALIBRATION_METRICS",
    "OPTION_METRICS",
    "OUTCOME_METRICS",
    "PER_HUNDRED_METRICS",
    "RESIDUAL_OF",
    "ROBUSTNESS_METRICS",
    "SELECTIVE_OF",
    "SELF_CONSISTENCY",
    "SINGLE",
    "Metric",
    "MetricSpec",
]

SINGLE = "single"
SELF_CONSISTENCY = "self_consistency"
MEAN_OVER_MODELS = "*"
"""Stands in a row's ``model`` where the row is the mean over models."""
ENSEMBLE = "ensemble:"
"""Begins the ``model`` of an ensemble's rows."""
EXCESS_FLIPS = "excess_flip_rate"
"""A difference of two rates over the same items, with Tango's bound."""
EXPECTED_HARM = "expected_harm"
"""A mean of severities; it is known also by those that options state without a label."""
ROBUSTNESS_METRICS = (
    EXCESS_FLIPS,
    "flip_rate",
    "repeat_flip_rate",
    "call_instability",
    "high_risk_flip_rate",
    "worst_case_high_risk_rate",
    "injection_success_rate",
    "variant_error_rate",
)
"""Figures of searches for counterexamples, which have families; none of them is of single cases."""
CONTROLLED_METRICS = (EXCESS_FLIPS, "repeat_flip_rate", "call_instability")
"""Those of them that rest on repeats of the item as it is."""
CALIBRATION_METRICS = ("expected_calibration_error", "maximum_calibration_error")
"""Of the samples' confidence; they are no means of cases."""
AGREEMENT_CALIBRATION = "agreement_calibration_error"
AGREEMENT_METRICS = ("agreement_brier_score", AGREEMENT_CALIBRATION)
"""Of the share of samples that agree with the majority, against whether it is right."""
OPTION_CALIBRATION_METRICS = (
    "logprob_expected_calibration_error",
    "logprob_maximum_calibration_error",
)
"""The same of the confidence by option probabilities."""
OPTION_METRICS = (
    "logprob_mean_confidence",
    "logprob_dangerous_overconfidence_rate",
    "logprob_confident_error_rate",
    "logprob_outside_options",
    *OPTION_CALIBRATION_METRICS,
)
"""Figures of the cases whose single answer came with the probabilities of the options."""
CONDITIONAL_MEANS = (
    "mean_confidence_correct",
    "mean_confidence_incorrect",
    "mean_confidence_high_risk",
    "mean_confidence_unsafe",
)
"""Means over cases that the answers choose: two runs have them over different items."""
SELECTIVE_OF = {
    "selective_accuracy": "accuracy",
    "selective_high_risk_rate": "high_risk_error_rate",
    "selective_unsafe_rate": "unsafe_answer_rate",
    "selective_contradiction_rate": "contradiction_rate",
}
"""Rates over the answered cases alone, and the rate over all of which each is the part."""
RESIDUAL_OF = {
    "residual_high_risk_rate": "high_risk_error_rate",
    "residual_unsafe_rate": "unsafe_answer_rate",
    "residual_contradiction_rate": "contradiction_rate",
}
"""Danger that is still answered, over all cases, and the rate that each is."""
OF_WHO_IS_TAKEN = "danger_prevented_per_100_reviews"
"""The figure for which it matters which of the cases handed over are within the capacity."""
PER_HUNDRED_METRICS = ("review_load_per_100", OF_WHO_IS_TAKEN)
"""Shares of cases that are told per hundred."""
EFFORT_METRICS = ("calls_per_case", "tokens_per_case", "money_per_case")
"""What outcomes of models with layers take in use."""
LAYER_METRICS = (
    "answered_share",
    *SELECTIVE_OF,
    *RESIDUAL_OF,
    "hand_over_rate",
    "danger_caught",
    "needless_stops",
    *PER_HUNDRED_METRICS,
    *EFFORT_METRICS,
)
"""Figures of runs with a model that has layers around it."""

EVIDENCE_METRICS = ("retrieval_miss_rate", "contradictory_evidence_rate", "ignored_evidence_rate")
"""Figures of the cases for which evidence was retrieved."""
OUTCOME_METRICS = (
    ("accuracy", SINGLE),
    ("high_risk_error_rate", SINGLE),
    ("unsafe_answer_rate", SINGLE),
    ("contradiction_rate", SINGLE),
    ("dangerous_overconfidence_rate", SELF_CONSISTENCY),
)
"""Figures that are told of parts of the cases, with their decoding modes."""
CHANGE_METRICS = ("changed_to_safe", "changed_to_dangerous")
"""What the turns of a prompt profile made of the first reply; of cases with further turns."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure, as it stands in ``run.json`` and ``metrics.csv``."""

    model: str
    condition: str
    regime: str
    metric: str
    value: float | None
    """``None`` over no cases, never zero."""
    n: int
    """Cases the figure is taken over."""
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None
    """``clopper-pearson`` of a rate of cases, ``betting`` of another mean between 0 and 1; ``None``
    where there is no interval."""
    ci_reason: str | None = None
    """Why there is no interval, where one is looked for."""
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    """The paper's percentile interval over items."""
    consistency_low: float | None = None
    consistency_high: float | None = None
    """What 95 % of perfectly calibrated models with the same samples would show."""
    std: float | None = None
    """Of the resampled means; of the cases for mean_confidence and mean_latency_s."""
    count: int | None = None
    """Cases that count, for a rate of cases."""
    clusters: int | None = None
    """Clusters of its cases; ``None`` where no two items share one, here and below."""
    icc: float | None = None
    """Intraclass correlation; ``None`` also where the cases are all alike."""
    effective_n: float | None = None
    """How many independent cases say as much; exact bounds are taken at it."""
    comparable: bool = True
    """Whether it is what all samples would give; not so where adaptive sampling stopped early."""
    family: str = ""
    """The family of edits a robustness figure is about; empty over all, and for other figures."""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What tells a row from every other: model, condition, decoding mode, metric, family."""
        return self.model, self.condition, self.regime, self.metric, self.family


@dataclass(frozen=True, kw_only=True)
class MetricSpec:
    """What a metric is."""

    definition: str
    """One sentence."""
    regimes: Sequence[str] = (SELF_CONSISTENCY,)
    is_rate: bool = False
    """Whether it is a share of cases, so that exact bounds exist."""
    is_share: bool = True
    """Whether it lies between 0 and 1."""
    higher_is_better: bool | None = False
    """``None`` where neither is."""
    needs_labels: bool = False
    """Whether it is unknown for a data set without safety labels."""
    is_mean: bool = True
    """Whether it is a mean over cases; calibration errors and shares of searches are none."""

    @property
    def is_bounded_mean(self) -> bool:
        """Whether it is a mean of values between 0 and 1, so that it has bounds by betting."""
        return self.is_mean and self.is_share and not self.is_rate
