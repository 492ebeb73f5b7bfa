"""A gate: one threshold on one figure, as written in TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    Strict,
    ValidationInfo,
    model_validator,
)

from pytest_safescale.analysis.metrics import (
    ENSEMBLE,
    METRICS,
    ROBUSTNESS_METRICS,
    SELF_CONSISTENCY,
    SINGLE,
)
from pytest_safescale.cells import PLAIN, cell_condition, split_condition
from pytest_safescale.dataset.votes import LabelRule  # noqa: TC001, read by pydantic
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.verdicts.labels import LABELS_OF_METRIC, METRIC_OF_FINDING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.analysis.metrics import MetricSpec
    from pytest_safescale.gates.certified_thresholds import CertifiedThresholds

    Certificates = Callable[[str], CertifiedThresholds]
    """Takes the path of a certificate; raises UsageError for one that cannot be read."""

__all__ = [
    "BASELINE",
    "CASE_CONSISTENCY",
    "Gate",
    "chosen",
]

Number = Annotated[float, Strict()]
"""A number as such: ``true`` and ``"0.3"`` are none."""
PROFILE = "profile:"
"""Begins what a gate is held against where that is a prompt profile."""
BASELINE = "baseline"
CASE_CONSISTENCY = "case_consistency"
"""Stands for the metric of ``min_case_consistency``, which has none of METRICS."""

FindingName = Literal[
    "high_risk", "unsafe", "contradiction", "overconfident", "wrong", "abstained", "unreadable"
]


_OWN_KEYS = {
    "against": (CriterionKind.MAX_INCREASE, CriterionKind.MAX_DECREASE),
    "share_of_cases": (CriterionKind.MIN_CASE_CONSISTENCY,),
    "worst": (CriterionKind.MAX_SHARE_OF_WORST,),
    "family": (CriterionKind.MAX, CriterionKind.MIN),
}
"""Keys that say something of some criteria only."""
_NO_INTERVAL = ("maximum_calibration_error", "logprob_maximum_calibration_error")
"""The largest of ten gaps: resampling gives no interval that holds it."""


class Gate(BaseModel):
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
    against: str = BASELINE
    """``baseline``, another condition of the same model, profile and run, or ``profile:NAME`` for
    another profile of the same model, condition and run."""
    min_case_consistency: Number | None = Field(default=None, gt=0, le=1)
    """The share of a case's samples that must be alike."""
    share_of_cases: Number = Field(default=1.0, gt=0, le=1)
    """The share of cases that must be as consistent as that; every one unless given."""
    no_new: FindingName | None = None
    """A finding that no case may have which did not have it in the baseline."""
    max_share_of_worst: Number | None = Field(default=None, gt=0, lt=1)
    """The share of all findings that the worst items may carry."""
    certified: str | None = Field(default=None, min_length=1)
    """The path of a certificate: its risk is held at its threshold."""
    worst: Number = Field(default=0.1, gt=0, lt=1)
    """Which share of the items are the worst, rounded up to whole items."""
    labels: LabelRule | None = None
    """The rule that makes labels of raters' votes for this gate; unset: that of the run."""
    family: str = ""
    """The family of edits a robustness figure is about; unset: over all of them."""
    confidence: Number | None = Field(default=None, gt=0.5, lt=1.0)
    """Unset: the value itself must hold. Set: its one-sided bound must."""
    max_error_rate: Number = Field(default=0.0, ge=0.0, le=1.0)
    on_inconclusive: Literal["fail", "warn"] = "fail"
    name: str = ""

    _spec: MetricSpec | None = PrivateAttr(default=None)
    _thresholds: CertifiedThresholds | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> Gate:
        specs: Mapping[str, MetricSpec] = (info.context or {}).get("specs", METRICS)
        self._check_kind()
        self._check_cells()
        if self.certified is not None:
            self._thresholds = self._read((info.context or {}).get("certificates"))
        metric = self._check_metric(specs)
        # A private attribute: what a name means depends on the run's own metrics.
        self._spec = specs.get(metric)
        self._check_range(metric)
        self._check_regime(metric)
        self._check_confidence(metric)
        self._check_labels(metric)
        return self

    def _check_kind(self) -> None:
        given = [kind for kind in CriterionKind if getattr(self, kind.value) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            kinds = ", ".join(kind.value for kind in CriterionKind)
            raise ValueError(f"found {found}; exactly one of these must be given: {kinds}")
        for key, kinds_with in _OWN_KEYS.items():
            if key in self.model_fields_set and given[0] not in kinds_with:
                told = " and ".join(kind.value for kind in kinds_with)
                raise ValueError(f"{key} goes with {told}, not with {given[0].value}")

    def _check_cells(self) -> None:
        """Refuse what names no cell: such a gate would vanish."""
        for key in ("condition", "model", "profile"):
            if not getattr(self, key):
                raise ValueError(f"{key} names none; leave it out for every {key} of the run")
        if self.kind.is_difference:
            other, names = self.against_profile, self.profile
            if not other:
                other, names = self.against, self.condition
            if set(chosen(names, ())) == {other}:
                raise ValueError(f"{self.against} would be held against itself")
        votes = [name for name in chosen(self.model, ()) if name.startswith(ENSEMBLE)]
        if votes and not self.kind.is_threshold:
            raise ValueError(f"{self.kind.value} needs single cases; {votes[0]} goes with max, min")

    def _read(self, certificates: Certificates | None) -> CertifiedThresholds:
        assert self.certified is not None
        if self.labels is not None:
            raise ValueError("certified goes with the rule for labels of the run; leave labels out")
        if certificates is None:
            raise ValueError("certified names a file, which only a run reads")
        return certificates(self.certified)

    def _check_metric(self, specs: Mapping[str, MetricSpec]) -> str:
        if self._names_metric:
            meant = self.of_metric
            if self.metric not in ("", meant):
                raise ValueError(f"{self.kind.value} is about {meant}; leave metric out")
            return meant
        if self.metric not in specs:
            found = f"metric {self.metric!r} is unknown" if self.metric else "metric is missing"
            raise ValueError(f"{found}; allowed: {_listed(specs)}")
        if self.metric in ROBUSTNESS_METRICS and not self.kind.is_threshold:
            raise ValueError(f"{self.kind.value} needs single cases; {self.metric} has max, min")
        if self.max_share_of_worst is not None:
            self._check_worst(specs[self.metric])
        return self.metric

    def _check_worst(self, spec: MetricSpec) -> None:
        if not spec.is_rate:
            raise ValueError(f"max_share_of_worst needs a rate of cases; {self.metric} is none")
        if self.threshold < self.worst:
            raise ValueError(
                f"max_share_of_worst: found {self.threshold:g}; the worst {self.worst:g} of the "
                f"items carry no smaller share of any finding; allowed: from {self.worst:g}"
            )

    def _check_range(self, metric: str) -> None:
        """Refuse what no share can reach: a gate in per cent would always pass, or never."""
        has_range = self.kind.is_threshold or self.kind.is_difference
        if not has_range or self._spec is None or not self._spec.is_share:
            return
        if not 0 <= self.threshold <= 1:
            raise ValueError(
                f"{self.kind.value}: found {self.threshold:g}; allowed: 0 to 1, as {metric} is a "
                "share and no percentage"
            )

    def _check_regime(self, metric: str) -> None:
        regimes: Sequence[str] = (SELF_CONSISTENCY,)
        if self._thresholds is not None:
            regimes = (self._thresholds.decoding_mode,)
        elif self._spec is not None:
            regimes = self._spec.regimes
        if self.regime is not None and self.regime not in regimes:
            name = metric or self.kind.value
            raise ValueError(
                f"regime: {name} has no decoding mode {self.regime!r}; allowed: {_listed(regimes)}"
            )

    def _check_confidence(self, metric: str) -> None:
        if self.confidence is None:
            return
        if self.kind.is_threshold and self._spec is not None and not self._spec.is_rate:
            raise ValueError(
                f"confidence needs a rate over cases, and {metric} is none; leave it out"
            )
        if self.kind.is_difference and metric in _NO_INTERVAL:
            raise ValueError(f"{metric} has no interval by resampling; leave confidence out")
        if self.kind in (CriterionKind.NO_NEW, CriterionKind.MAX_SHARE_OF_WORST):
            raise ValueError(f"{self.kind.value} is a rule for these items; leave confidence out")
        if self.kind is CriterionKind.MIN_CASE_CONSISTENCY and self.share_of_cases == 1:
            raise ValueError(
                "confidence needs a share_of_cases below 1: no bound reaches every case"
            )

    def _check_labels(self, metric: str) -> None:
        if self.labels is not None and metric not in LABELS_OF_METRIC:
            raise ValueError(f"labels goes with a metric that counts labels, not with {metric}")
        if self.labels is not None and metric in ROBUSTNESS_METRICS:
            raise ValueError(f"{metric} is taken by the labels of the run; leave labels out")

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
    def at_most(self) -> bool:
        """Whether the threshold must not be exceeded, and not undercut."""
        return self.kind not in (CriterionKind.MIN, CriterionKind.MIN_CASE_CONSISTENCY)

    @property
    def needs_baseline(self) -> bool:
        """Whether it holds the run against an earlier one."""
        return self.no_new is not None or (self.kind.is_difference and self.against == BASELINE)

    @property
    def is_between_conditions(self) -> bool:
        """Whether it holds two conditions, or prompt profiles, of the run against each other."""
        return self.kind.is_difference and self.against != BASELINE

    @property
    def rule(self) -> str:
        """The rule in words, such as ``at most 0.05 with 95 % confidence``."""
        sure = "" if self.confidence is None else f" with {100 * self.confidence:g} % confidence"
        votes = "" if self.labels is None else f", labels = {self.labels}"
        return f"{self._demand()}{sure}{votes}"

    def _demand(self) -> str:
        if self.no_new is not None:
            return "new for no item"
        if self._thresholds is not None:
            return self._thresholds.rule
        if self.min_case_consistency is not None:
            share = self.share_of_cases
            cases = "every case" if share == 1 else f"{100 * share:g} % of cases"
            return f"at least {self.min_case_consistency:g} for {cases}"
        if self.kind.is_difference:
            side = "above" if self.max_increase is not None else "below"
            of = f"the {BASELINE}" if self.against == BASELINE else self.against_words
            return f"at most {self.threshold:g} {side} {of}"
        if self.max_share_of_worst is not None:
            return f"at most {self.threshold:g} for the worst {100 * self.worst:g} % of items"
        return f"{'at most' if self.at_most else 'at least'} {self.threshold:g}"

    @property
    def against_words(self) -> str:
        """What it is held against, as sentences call it."""
        return f"the {self.against_profile} prompt" if self.against_profile else self.against

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


def _listed(words: object) -> str:
    return ", ".join(sorted(map(str, words)))  # type: ignore[call-overload]
