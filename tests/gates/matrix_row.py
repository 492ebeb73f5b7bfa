"""One row of the matrix of gates and missing replies: a gate, and what it is to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_safescale.gates.criteria.criterion import Criterion


@dataclass(frozen=True, kw_only=True)
class Row:
    """A criterion of a gate, with a limit that holds for the whole and with one that does not."""

    built: type[Criterion]
    """The criterion that it becomes."""
    gate: dict[str, Any]
    holds: dict[str, Any]
    breaks: dict[str, Any]
    said: tuple[str, str]
    """Of the gate that holds and of the one that breaks, by state as in STATES; ``---`` where the
    state cannot be."""
    why: str = ""
    """Why something failed or unreadable does not say ``pii`` or ``fii`` as it does elsewhere."""
    kind: str = "cell"
    """``cell``, ``vote`` of three models, ``search`` for counterexamples, ``own`` metric."""
    side: str = "now"
    """What lacks replies: this run, or the one ``before``."""
    proven: bool = True
    """Whether it passes, or fails, as soon as every completion does."""


RISK = {"metric": "high_risk_error_rate", "regime": "single"}
RIGHT = {"metric": "accuracy", "regime": "single"}
SAMPLED_RISK = {**RISK, "regime": "self_consistency"}
MEAN = {"metric": "robustness_correctness", "regime": "self_consistency"}
SURE = {"confidence": 0.95}
