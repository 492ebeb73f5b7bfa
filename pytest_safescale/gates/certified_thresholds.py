"""What a gate takes from a certificate: thresholds on a score, and what they promise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.analysis.answer_scores import decoding_mode_of
from pytest_safescale.analysis.certificates import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CertifiedThresholds"]


@dataclass(frozen=True, kw_only=True)
class CertifiedThresholds:
    """The certified thresholds of a file, by (model, condition)."""

    score: str
    risk: str
    """The metric that is bounded."""
    over: str
    """``answered`` or ``all``, as in ``Demand``."""
    bound: float
    """The highest risk that is certified, a fraction."""
    by_cluster: bool = False
    """Whether clusters of items were certified, each as one."""
    calibration: float
    """The share of the items that calibrated."""
    seed: int
    """Of the split."""
    thresholds: Mapping[tuple[str, str], float | None]
    """``None`` where no threshold holds."""
    served: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """The names and fingerprints that each model answered under, as a manifest states them."""

    @property
    def decoding_mode(self) -> str:
        """The mode whose answers the score is of."""
        return decoding_mode_of(self.score)

    @property
    def rule(self) -> str:
        """What is demanded of a run, in words that follow "must be"."""
        unit = "clusters" if self.by_cluster else "cases"
        of = f"the answered {unit}" if self.over == ANSWERED else f"all {unit}"
        return f"at most {self.bound:g} of {of} at the certified threshold"
