"""What a gate says of one cell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_safescale.gates.gate import Gate

__all__ = ["GateOutcome", "GateResult"]


class GateOutcome(str, Enum):
    """What a gate says."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What one gate says about one cell."""

    gate: Gate
    model: str
    condition: str
    outcome: GateOutcome
    sentence: str
    """Names the value, the bound, n, the threshold, the worst items and the flips."""
    value: float | None = None
    """The figure; of a difference, how far it lies on the side that is limited."""
    bound: float | None = None
    """The one-sided bound that was compared; ``None`` where the value itself was."""
    n: int = 0
    p_value: float | None = None
    """Of the one-sided test that the threshold is not kept; ``None`` without confidence."""
    p_holm: float | None = None
    """Adjusted over all gates with confidence, where family-wise control is on."""
    flips: float | None = None
    """Share of resamples of the items in which the outcome is another; ``None`` if unknown."""
    items: tuple[str, ...] = ()
    """The items that count against it, worst first, where it did not pass."""
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

        A second gate of the same id ends in ``-2``.
        """
        again = f"-{self.number}" if self.number > 1 else ""
        return f"{self.gate.name or self.gate.of_metric}-{self.condition}-{self.model}{again}"

    @property
    def blocks(self) -> bool:
        """Whether the session fails because of it."""
        if self.outcome is GateOutcome.INCONCLUSIVE:
            return self.gate.on_inconclusive == "fail"
        return self.outcome is GateOutcome.FAILED

    def record(self) -> dict[str, Any]:
        """Return the object of run.json."""
        gate = self.gate
        return {
            "id": self.id,
            "name": gate.name,
            "form": gate.form.value,
            "metric": gate.of_metric,
            "model": self.model,
            "condition": self.condition,
            "regime": gate.of_regime,
            "family": gate.family,
            "rule": gate.rule,
            "threshold": gate.threshold,
            "confidence": gate.confidence,
            "value": self.value,
            "bound": self.bound,
            "n": self.n,
            "p_value": self.p_value,
            "p_holm": self.p_holm,
            "outcome": self.outcome.value,
            "blocks": self.blocks,
            "flips": self.flips,
            "items_needed": self.items_needed,
            "items": list(self.items),
            "not_asked": self.left,
            "sentence": self.sentence,
        }
