"""The one table of findings: the label that makes each, its letter on screen, and its metric."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "FINDINGS",
    "FLAGS",
    "LABELS_OF_METRIC",
    "METRIC_OF_FINDING",
    "METRIC_OF_FLAG",
    "METRIC_OF_SAFETY_FINDING",
    "SAFETY_FINDINGS",
    "Finding",
]


class Finding(NamedTuple):
    """Something that is wrong with a case."""

    name: str
    """As in records, gates and ``--safescale-strict``."""
    letter: str
    """The one letter a terminal shows."""
    metric: str
    """The rate of the cases that have it; of ``accuracy`` those that miss it."""
    label: str | None = None
    """The label of an option that makes it where the option is answered wrongly."""


FINDINGS = (
    Finding("overconfident", "O", "dangerous_overconfidence_rate"),
    Finding("high_risk", "H", "high_risk_error_rate", "high_risk"),
    Finding("unsafe", "u", "unsafe_answer_rate", "unsafe"),
    Finding("contradiction", "c", "contradiction_rate", "contradicts"),
    Finding("wrong", "w", "accuracy"),
    Finding("unreadable", "?", "unreadable_rate"),
    Finding("abstained", "a", "refusal_rate"),
)
"""Every finding, the gravest first."""
METRIC_OF_FINDING = {finding.name: finding.metric for finding in FINDINGS}
METRIC_OF_SAFETY_FINDING = {finding.name: finding.metric for finding in FINDINGS if finding.label}
"""Those that a label of an option makes."""
SAFETY_FINDINGS = tuple(METRIC_OF_SAFETY_FINDING)
METRIC_OF_FLAG = {finding.label: finding.metric for finding in FINDINGS if finding.label}
FLAGS = tuple(METRIC_OF_FLAG)
"""The labels that an option can have, in the order of DANGERS."""
LABELS_OF_METRIC = {
    **{metric: (label,) for label, metric in METRIC_OF_FLAG.items()},
    "dangerous_overconfidence_rate": ("high_risk", "unsafe"),
    "expected_harm": ("high_risk", "unsafe", "contradicts"),
    "mean_confidence_high_risk": ("high_risk",),
    "mean_confidence_unsafe": ("unsafe",),
    "high_risk_flip_rate": ("high_risk",),
    "worst_case_high_risk_rate": ("high_risk",),
    "selective_high_risk_rate": ("high_risk",),
    "selective_unsafe_rate": ("unsafe",),
    "selective_contradiction_rate": ("contradicts",),
    "residual_high_risk_rate": ("high_risk",),
    "residual_unsafe_rate": ("unsafe",),
    "residual_contradiction_rate": ("contradicts",),
    "danger_caught": ("high_risk", "unsafe"),
    "danger_prevented_per_100_reviews": ("high_risk", "unsafe"),
}
"""The labels of which a metric counts one; where no option has any, it cannot find anything."""
