"""What is written of a gate, and what follows from it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, Strict

from pytest_safescale.analysis.metrics import CONDITIONAL_MEANS, SELF_CONSISTENCY, SINGLE
from pytest_safescale.cells import PLAIN, cell_condition, split_condition
from pytest_safescale.dataset.votes import LabelRule  # noqa: TC001, read by pydantic
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.verdicts.labels import METRIC_OF_FINDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.metrics import MetricSpec
    from pytest_safescale.gates.certified_thresholds import CertifiedThresholds

__all__ = [
    "ANCHOR",
    "BASELINE",
    "CASE_CONSISTENCY",
    "EARLIER_RUNS",
    "MOST_REPEATS",
    "GateFields",
    "chosen",
]

Number = Annotated[float, Strict()]
"""A number as such: ``true`` and ``"0.3"`` are none."""
PROFILE = "profile:"
"""Begins what a gate is held against where that is a prompt profile."""
MOST_REPEATS = 25
"""The largest ``confirm``."""
BASELINE = "baseline"
ANCHOR = "anchor"
EARLIER_RUNS = (BASELINE, ANCHOR)
"""The earlier runs that a gate may be held against."""
CASE_CONSISTENCY = "case_consistency"
"""Stands for the metric of ``min_case_consistency``, which has none of METRICS."""

FindingName = Literal[
    "high_risk", "unsafe", "contradiction", "overconfident", "wrong", "abstained", "unreadable"
]


class GateFields(BaseModel):
    """A threshold on a metric, for the cells its condition and model name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    metric: str = ""
    """May be left out for ``no_new``, which names a finding, and ``min_case_consistency``."""
    condition: str | tuple[str, ...] = "*"
    """A name, several, or ``*`` for every condition of the run."""
    model: str | tuple[str, ...] = "*"
    profile: str | tuple[str, ...] = "*"
    """A prompt profile, several, or ``*`` for every one of the run."""
    regime: Literal["single", "self_consistency"] | None = None
    """Unset: ``single``, or the only one the metric has."""
    max: Number | None = None
    min: Number | None = None
    max_increase: Number | None = Field(default=None, ge=0)
    """How far the figure may lie above the one it is held against."""
    max_decrease: Number | None = Field(default=None, ge=0)
    max_change: Number | None = Field(default=None, ge=0)
    """How far the figure may lie from the one it is held against, either way."""
    against: str = BASELINE
    """``baseline``, ``anchor``, another condition of the same model, profile and run, or
    ``profile:NAME`` for another profile of the same model, condition and run."""
    min_case_consistency: Number | None = Field(default=None, gt=0, le=1)
    """The share of a case's samples that must be alike."""
    share_of_cases: Number = Field(default=1.0, gt=0, le=1)
    """The share of cases that must be as consistent as that; every one unless given."""
    no_new: FindingName | None = None
    """A finding that no case may have which did not have it in the run it is held against."""
    confirm: Annotated[int, Strict()] | None = Field(default=None, ge=1, le=MOST_REPEATS)
    """How many repeats of its case a new finding is put to: more than half must have it."""
    max_excess_share: Number | None = Field(default=None, ge=0, lt=1)
    """How much more of all findings the worst items may carry than chance alone would give them."""
    certified: str | None = Field(default=None, min_length=1)
    """The path of a certificate: its risk is held at its threshold."""
    worst: Number = Field(default=0.1, gt=0, lt=1)
    """Which share of the items are the worst, rounded up to whole items."""
    labels: LabelRule | None = None
    """The rule that makes labels of raters' votes for this gate; unset: that of the run."""
    family: str = ""
    """The family of edits a robustness figure is about; unset: over all of them."""
    by: Literal["subspecialty", "question_type"] | None = None
    """What parts the items into subgroups, each of which must hold; unset: all items together."""
    confidence: Number | None = Field(default=None, gt=0.5, lt=1.0)
    """Unset: the value itself must hold. Set: its one-sided bound must."""
    looks: Annotated[int, Strict()] | None = Field(default=None, ge=1)
    """How many attempts under a lock are planned: they share the chance to pass wrongly."""
    sequential: Literal["anytime"] | None = None
    """Set: the bound holds at any item at which one stops, in the order of the list."""
    posterior: bool = False
    """Whether the chance that the threshold is kept, given the data, is told beside."""
    max_error_rate: Number = Field(default=0.0, ge=0.0, le=1.0)
    on_inconclusive: Literal["fail", "warn"] = "fail"
    name: str = ""

    _spec: MetricSpec | None = PrivateAttr(default=None)
    _thresholds: CertifiedThresholds | None = PrivateAttr(default=None)

    @property
    def kind(self) -> CriterionKind:
        """The one thing it demands."""
        return next(kind for kind in CriterionKind if getattr(self, kind.value) is not None)

    @property
    def _names_metric(self) -> bool:
        """Whether the criterion says which metric is meant."""
        named = CriterionKind.NO_NEW, CriterionKind.MIN_CASE_CONSISTENCY, CriterionKind.CERTIFIED
        return self.kind in named

    @property
    def of_metric(self) -> str:
        """The metric whose figure is meant, also where a finding or consistency is named."""
        if self.no_new is not None:
            return METRIC_OF_FINDING[self.no_new]
        if self._thresholds is not None:
            return self._thresholds.risk
        return CASE_CONSISTENCY if self._names_metric else self.metric

    @property
    def called(self) -> str:
        """Its own name, else what it is about: the metric, or the finding that is not to be new."""
        about = self.of_metric if self.no_new is None else f"no_new_{self.no_new}"
        return self.name or about

    @property
    def thresholds(self) -> CertifiedThresholds:
        """What its certificate says; only of a gate that names one."""
        assert self._thresholds is not None
        return self._thresholds

    @property
    def spec(self) -> MetricSpec | None:
        """What its metric is; ``None`` for the consistency of cases."""
        return self._spec

    @property
    def of_regime(self) -> str:
        """The decoding mode whose figure is meant."""
        if self._thresholds is not None:
            return self._thresholds.decoding_mode
        regimes = self._spec.regimes if self._spec is not None else (SELF_CONSISTENCY,)
        return self.regime or (SINGLE if SINGLE in regimes else regimes[0])

    @property
    def threshold(self) -> float:
        """The figure that must not be passed."""
        if self.no_new is not None:
            return 0.0
        if self.min_case_consistency is not None:
            return self.share_of_cases
        if self._thresholds is not None:
            return self._thresholds.bound
        return float(getattr(self, self.kind.value))

    @property
    def tested_confidence(self) -> float | None:
        """The confidence of one of the planned looks, by Bonferroni's method."""
        if self.confidence is None or self.looks is None:
            return self.confidence
        return 1 - (1 - self.confidence) / self.looks

    @property
    def is_by_betting(self) -> bool:
        """Whether its mean has bounds by betting: in [0, 1], over cases no answer chooses."""
        spec = self._spec
        return spec is not None and spec.is_bounded_mean and self.metric not in CONDITIONAL_MEANS

    @property
    def is_resampled(self) -> bool:
        """Whether its bound is one by resampling."""
        of_mean = self.kind.is_difference and self._spec is not None and not self._spec.is_rate
        return of_mean and self.confidence is not None and not self.is_by_betting

    @property
    def at_most(self) -> bool:
        """Whether the threshold must not be exceeded, and not undercut."""
        return self.kind not in (CriterionKind.MIN, CriterionKind.MIN_CASE_CONSISTENCY)

    @property
    def earlier_run(self) -> str:
        """The earlier run that it holds the run against, ``baseline`` or ``anchor``; else empty."""
        paired = self.no_new is not None or self.kind.is_difference
        return self.against if paired and self.against in EARLIER_RUNS else ""

    @property
    def is_between_conditions(self) -> bool:
        """Whether it holds two conditions, or prompt profiles, of the run against each other."""
        return self.kind.is_difference and not self.earlier_run

    def cells(self, models: Sequence[str], conditions: Sequence[str]) -> list[tuple[str, str]]:
        """Return the (model, condition) cells that are meant; names the run lacks stay in.

        ``conditions`` go with their profiles (``cells.py``), as those that are returned do. A
        cell is not held against itself.
        """
        known = [split_condition(name) for name in conditions]
        profiles = chosen(self.profile, list(dict.fromkeys(name for _, name in known)) or [PLAIN])
        named = [
            cell_condition(condition, profile)
            for condition in chosen(self.condition, list(dict.fromkeys(name for name, _ in known)))
            for profile in profiles
        ]
        return [
            (model, name)
            for model in chosen(self.model, models)
            for name in named
            if not (self.kind.is_difference and name == self.other_side(name))
        ]

    @property
    def against_profile(self) -> str:
        """The prompt profile that others are held against; empty where it is something else."""
        return self.against.partition(PROFILE)[2]

    def other_side(self, condition: str) -> str:
        """Return what a condition with its profile is held against, in the same form."""
        name, profile = split_condition(condition)
        if self.against_profile:
            return cell_condition(name, self.against_profile)
        return cell_condition(self.against, profile)


def chosen(wanted: str | Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the names that a gate chooses; ``*`` chooses those that are known."""
    if wanted == "*":
        return list(known)
    return [wanted] if isinstance(wanted, str) else list(wanted)
