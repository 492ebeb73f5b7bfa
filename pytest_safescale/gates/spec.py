"""A gate: one threshold on one figure, as written in TOML, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationInfo, model_validator

from pytest_safescale.analysis.metric_table import METRICS
from pytest_safescale.analysis.metrics import (
    AGREEMENT_CALIBRATION,
    CALIBRATION_METRICS,
    ENSEMBLE,
    EXCESS_FLIPS,
    OF_WHO_IS_TAKEN,
    OPTION_CALIBRATION_METRICS,
    ROBUSTNESS_METRICS,
    SELF_CONSISTENCY,
    SINGLE,
)
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.gate_fields import BASELINE, EARLIER_RUNS, GateFields, chosen
from pytest_safescale.verdicts.labels import LABELS_OF_METRIC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.analysis.metrics import MetricSpec
    from pytest_safescale.gates.certified_thresholds import CertifiedThresholds

    Certificates = Callable[[str], CertifiedThresholds]
    """Takes the path of a certificate; raises UsageError for one that cannot be read."""

__all__ = ["Gate"]

_OWN_KEYS = {
    "against": (
        CriterionKind.MAX_INCREASE,
        CriterionKind.MAX_DECREASE,
        CriterionKind.MAX_CHANGE,
        CriterionKind.NO_NEW,
    ),
    "posterior": (CriterionKind.MAX, CriterionKind.MIN),
    "share_of_cases": (CriterionKind.MIN_CASE_CONSISTENCY,),
    "worst": (CriterionKind.MAX_EXCESS_SHARE,),
    "confirm": (CriterionKind.NO_NEW,),
    "family": (CriterionKind.MAX, CriterionKind.MIN),
    "by": (
        *(CriterionKind.MAX, CriterionKind.MIN),
        *(CriterionKind.MAX_INCREASE, CriterionKind.MAX_DECREASE),
    ),
}
"""Keys that say something of some criteria only."""
_NO_INTERVAL = (*CALIBRATION_METRICS, *OPTION_CALIBRATION_METRICS, AGREEMENT_CALIBRATION)
"""They are no means: gaps of bins grow with their noise, and no resampling tells by how much."""


_SIDES = {
    CriterionKind.MAX_INCREASE: "above",
    CriterionKind.MAX_DECREASE: "below",
    CriterionKind.MAX_CHANGE: "above or below",
}


class Gate(GateFields):
    """A threshold on a metric, for the cells its condition and model name."""

    @model_validator(mode="before")
    @classmethod
    def _replaced(cls, table: Any) -> Any:
        if isinstance(table, dict) and "max_share_of_worst" in table:
            raise ValueError(
                "max_share_of_worst is no key any more, as few findings alone raise that share; "
                "max_excess_share says how far it may lie above what chance makes of it"
            )
        return table

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
        self._check_sequential(metric)
        self._check_labels(metric)
        self._check_posterior(metric)
        self._check_confirm()
        self._check_by(metric)
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
        if self.no_new is not None and not self.earlier_run:
            raise ValueError(
                f"against: found {self.against!r}; no_new is held against an earlier run; allowed: "
                f"{', '.join(EARLIER_RUNS)}"
            )
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
        if self.max_excess_share is not None and not specs[self.metric].is_rate:
            raise ValueError(f"max_excess_share needs a rate of cases; {self.metric} is none")
        if self.metric == EXCESS_FLIPS and self.min is not None:
            raise ValueError(f"{self.metric} is to be low; give max")
        return self.metric

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
        if self.confidence is None and self.looks is not None:
            raise ValueError("looks share the chance to pass wrongly; give confidence beside it")
        if self.confidence is None:
            return
        spec = self._spec
        has_bound = not spec or spec.is_rate or spec.is_bounded_mean or metric == EXCESS_FLIPS
        if self.kind.is_threshold and not has_bound:
            raise ValueError(
                f"confidence needs a rate or a mean between 0 and 1 over cases, and {metric} is "
                "neither; leave it out"
            )
        if self.kind.is_difference and metric in _NO_INTERVAL:
            raise ValueError(
                f"{metric} is no mean over cases, and no bound of its change by resampling is "
                "known to hold; leave confidence out"
            )
        if self.kind in (CriterionKind.NO_NEW, CriterionKind.MAX_EXCESS_SHARE):
            raise ValueError(f"{self.kind.value} is a rule for these items; leave confidence out")
        if self.kind is CriterionKind.MIN_CASE_CONSISTENCY and self.share_of_cases == 1:
            raise ValueError(
                "confidence needs a share_of_cases below 1: no bound reaches every case"
            )

    def _check_sequential(self, metric: str) -> None:
        """Refuse what is no stream of items that each count or do not."""
        if self.sequential is None:
            return
        if not self.kind.is_threshold:
            raise ValueError(f"sequential goes with max and min, not with {self.kind.value}")
        if self.confidence is None:
            raise ValueError("sequential is a test; give confidence beside it")
        is_rate = self._spec is not None and self._spec.is_rate
        if not is_rate or metric in ROBUSTNESS_METRICS or metric == OF_WHO_IS_TAKEN:
            raise ValueError(
                f"sequential needs a rate of which each case counts by itself; {metric} is none"
            )

    def _check_by(self, metric: str) -> None:
        if self.by is None:
            return
        if self._spec is not None and not self._spec.is_rate:
            raise ValueError(f"by needs a rate over cases, and {metric} is none; leave by out")
        if self.sequential is not None:
            raise ValueError("by is judged once all items are asked; leave sequential out")

    def _check_posterior(self, metric: str) -> None:
        if self.posterior and self._spec is not None and not self._spec.is_rate:
            raise ValueError(f"posterior needs a rate of cases; {metric} is none; leave it out")

    def _check_labels(self, metric: str) -> None:
        if self.labels is not None and metric not in LABELS_OF_METRIC:
            raise ValueError(f"labels goes with a metric that counts labels, not with {metric}")
        if self.labels is not None and metric in ROBUSTNESS_METRICS:
            raise ValueError(f"{metric} is taken by the labels of the run; leave labels out")

    def _check_confirm(self) -> None:
        if self.confirm is None:
            return
        if self.of_regime != SINGLE:
            raise ValueError(
                "confirm asks for single answers again, and this is a finding of the samples, a "
                "majority already; leave confirm out"
            )
        if self.labels is not None:
            raise ValueError("confirm goes with the rule for labels of the run; leave labels out")

    @property
    def rule(self) -> str:
        """The rule in words, such as ``at most 0.05 with 95 % confidence``."""
        votes = "" if self.labels is None else f", labels = {self.labels}"
        each = "" if self.by is None else f" in every {self.by.replace('_', ' ')}"
        return f"{self._demand()}{each}{self._surety()}{votes}"

    def _surety(self) -> str:
        if self.confidence is None or self.tested_confidence is None:
            return ""
        sure = f" with {100 * self.confidence:g} % confidence"
        sure += " at any stop" if self.sequential else ""
        if self.looks is None:
            return sure
        each = f"{100 * self.tested_confidence:.4g} % at each" if self.looks > 1 else "planned"
        return f"{sure} over {self.looks} look{'s' if self.looks > 1 else ''} ({each})"

    def _demand(self) -> str:
        if self.no_new is not None:
            since = "" if self.against == BASELINE else f" since the {self.against}"
            often = f", in more than half of {self.confirm} repeats" if self.confirm else ""
            return f"new for no item{since}{often}"
        if self._thresholds is not None:
            return self._thresholds.rule
        if self.min_case_consistency is not None:
            share = self.share_of_cases
            cases = "every case" if share == 1 else f"{100 * share:g} % of cases"
            return f"at least {self.min_case_consistency:g} for {cases}"
        if self.kind.is_difference:
            side = _SIDES[self.kind]
            return f"at most {self.threshold:g} {side} {self.against_words}"
        if self.max_excess_share is not None:
            return f"at most {self.threshold:g} for the worst {100 * self.worst:g} % of items"
        return f"{'at most' if self.at_most else 'at least'} {self.threshold:g}"

    @property
    def against_words(self) -> str:
        """What it is held against, as sentences call it."""
        if self.earlier_run:
            return f"the {self.earlier_run}"
        return f"the {self.against_profile} prompt" if self.against_profile else self.against


def _listed(words: object) -> str:
    return ", ".join(sorted(map(str, words)))  # type: ignore[call-overload]
