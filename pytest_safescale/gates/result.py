"""What a gate says of one cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytest_safescale.cells import id_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.gates.spec import Gate

__all__ = ["Decision", "GateResult", "SubgroupResult"]


class Decision(str, Enum):
    """What a gate says."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class SubgroupResult:
    """What a gate with ``by`` says about one subgroup of a cell's items."""

    name: str
    n: int
    value: float | None
    bound: float | None
    """One-sided, at the gate's confidence; ``None`` without one."""
    clusters: int | None
    effective_n: float | None
    p_holm: float | None
    """Adjusted over the subgroups; ``None`` without confidence."""
    decision: Decision
    too_few: bool
    """Whether its cases could not decide the gate whatever had been answered."""

    def record(self) -> dict[str, Any]:
        """Return the object of run.json."""
        fields = {name: value for name, value in vars(self).items() if name != "decision"}
        return {**fields, "outcome": self.decision.value}


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What one gate says about one cell."""

    gate: Gate
    model: str
    condition: str
    decision: Decision
    sentence: str
    """Names the value, the bound, n, the threshold, the worst items and the instability."""
    value: float | None = None
    """The figure; of a difference, how far it lies on the side that is limited."""
    bound: float | None = None
    """The one-sided bound that was compared; ``None`` where the value itself was."""
    worst_value: float | None = None
    """The figure of the completion that is worst for the gate: what is missing at its worst.
    ``None`` also where it has no limit."""
    worst_bound: float | None = None
    """The bound of that completion."""
    best_value: float | None = None
    """The figure of the completion that is best for the gate."""
    n: int = 0
    clusters: int | None = None
    """Clusters its cases are in; ``None`` where no two items share one."""
    effective_n: float | None = None
    """How many independent cases say as much; ``None`` also of means."""
    answered: int | None = None
    """Replies that commit to an option; ``None`` where the cases are not known."""
    wanted: int = 0
    """Replies that were to come: single answers, or samples for a gate on those."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Cases whose missing replies could have changed the figure, by what is missing."""
    missing_items: tuple[str, ...] = ()
    """Their items, where they are known."""
    tipping_point: int | None = None
    """The fewest of those cases that would change the decision as counted; ``None`` where none
    could."""
    p_value: float | None = None
    """Of the one-sided test that the threshold is not kept; ``None`` without confidence."""
    p_holm: float | None = None
    """Adjusted over all gates with confidence, where family-wise control is on."""
    instability: float | None = None
    """Share of resamples of the items in which the decision is another; ``None`` if unknown."""
    repeat_pass: float | None = None
    """The chance that a new run of as many items passes; ``None`` where unknown."""
    posterior: float | None = None
    """The chance, given the data, that the threshold is kept, for a gate that asks for it."""
    items: tuple[str, ...] = ()
    """The items that count against it, worst first, where it did not pass."""
    subgroups: tuple[SubgroupResult, ...] = ()
    """By name, of a gate with ``by``."""
    subgroup: str = ""
    """The worst of them, whose the value is."""
    items_needed: int | None = None
    """About how many further items at the same rate would decide, where more can."""
    left: int = 0
    """Cases it is about that were not asked."""
    waits: bool = False
    """Whether their answers could still decide it otherwise."""
    number: int = 1
    """Counts the gates that have metric, condition and model in common."""

    @property
    def id(self) -> str:
        """``METRIC-CONDITION-MODEL``, or the gate's own name in the metric's place.

        Of ``no_new`` the finding stands there, as ``no_new_high_risk``.

        A profile other than the plain one stands behind the condition. A second gate of the same
        id ends in ``-2``.
        """
        again = f"-{self.number}" if self.number > 1 else ""
        return f"{self.gate.called}-{id_part(self.condition)}-{self.model}{again}"

    @property
    def blocks(self) -> bool:
        """Whether the session fails because of it."""
        if self.decision is Decision.INCONCLUSIVE:
            return self.gate.on_inconclusive == "fail"
        return self.decision is Decision.FAILED

    def record(self) -> dict[str, Any]:
        """Return the object of run.json."""
        gate = self.gate
        return {
            "id": self.id,
            "name": gate.name,
            "form": gate.kind.value,
            "metric": gate.of_metric,
            "model": self.model,
            "condition": self.condition,
            "regime": gate.of_regime,
            "family": gate.family,
            "rule": gate.rule,
            "labels": gate.labels,
            "threshold": gate.threshold,
            "confidence": gate.confidence,
            "looks": gate.looks,
            "sequential": gate.sequential,
            "value": self.value,
            "bound": self.bound,
            "worst_value": self.worst_value,
            "worst_bound": self.worst_bound,
            "best_value": self.best_value,
            "n": self.n,
            "clusters": self.clusters,
            "effective_n": self.effective_n,
            "answered": self.answered,
            "wanted": self.wanted,
            "missing": sum(self.missing.values()),
            "missing_by_reason": dict(self.missing),
            "missing_items": list(self.missing_items),
            "tipping_point": self.tipping_point,
            "p_value": self.p_value,
            "p_holm": self.p_holm,
            "outcome": self.decision.value,
            "blocks": self.blocks,
            "flips": self.instability,
            "repeat_pass": self.repeat_pass,
            "posterior": self.posterior,
            "items_needed": self.items_needed,
            "items": list(self.items),
            "not_asked": self.left,
            "by": gate.by,
            "subgroup": self.subgroup,
            "subgroups": [one.record() for one in self.subgroups],
            "sentence": self.sentence,
        }
