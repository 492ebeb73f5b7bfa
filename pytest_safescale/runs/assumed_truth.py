"""What a plan takes to be true of answers that nobody has given yet: stated with every chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from scipy.special import bdtrc

from pytest_safescale.analysis.metrics import EXCESS_FLIPS
from pytest_safescale.gates.criteria.planned import is_paired, is_planned_rate
from pytest_safescale.gates.criterion_kind import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.gates.spec import Gate

__all__ = ["Assumptions", "Truth", "chance_told", "in_percent", "truth_of"]

_CALLS = "error_rate"
"""Calls are assumed not to fail."""
_LEAST_RATE = 1e-5
_LEAST_CHANCE = 5e-4
_ROUNDING = 1e-9


class Truth(NamedTuple):
    """How the cases of a gate come out, each by itself."""

    values: tuple[float, ...]
    """What a case can come to: of a rate 0 or 1, of a paired gate also -1, a move back."""
    chances: tuple[float, ...]
    """How likely each is; they add up to 1."""
    words: str
    """The assumption, as it follows "at"."""


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What is assumed of every gate; all are fractions."""

    rate: float = 0.02
    """The true rate of what should be rare, and the true mean of what should be low."""
    high_rate: float = 0.95
    """The same of what should be high, such as accuracy."""
    true: Mapping[str, float] = field(default_factory=dict)
    """The true rate, or mean, of single metrics by name."""
    changing: float | None = None
    """Share of the items that move each way between two runs; unset: as of independent answers."""
    icc: float = 0.1
    """The intraclass correlation of items in one cluster."""

    def level(self, gate: Gate) -> float:
        """Return the true rate, or mean, of the gate's figure."""
        usual = self.high_rate if _is_high(gate) else self.rate
        return self.true.get(gate.of_metric, 0.0 if gate.of_metric == _CALLS else usual)


def _is_high(gate: Gate) -> bool:
    """Say whether the figure is one that should be high."""
    if gate.kind is CriterionKind.MAX:
        return False
    return not gate.at_most or (gate.spec is not None and gate.spec.higher_is_better is True)


def truth_of(gate: Gate, assumed: Assumptions) -> Truth:
    """Return how the cases of a gate come out where nothing is worse than assumed."""
    level = assumed.level(gate)
    if gate.no_new is not None:
        new, words = _newly(gate, level, assumed)
        return Truth((1.0, 0.0), (new, 1 - new), words)
    if is_paired(gate):
        share = level * (1 - level) if assumed.changing is None else assumed.changing
        words = _of_moves(gate, level, assumed)
        return Truth((1.0, -1.0, 0.0), (share, share, 1 - 2 * share), words)
    kind = "rate" if is_planned_rate(gate) else "mean"
    extremes = "" if is_planned_rate(gate) else ", every case 0 or 1"
    words = f"a true {kind} of {in_percent(level)}{extremes}"
    return Truth((1.0, 0.0), (level, 1 - level), words)


def _of_moves(gate: Gate, level: float, assumed: Assumptions) -> str:
    sides = "edits and repeats" if gate.metric == EXCESS_FLIPS else "both sides"
    if assumed.changing is not None:
        return f"no difference and {in_percent(assumed.changing)} of items moving each way"
    return f"{in_percent(level)} on {sides}, answered independently"


def _newly(gate: Gate, level: float, assumed: Assumptions) -> tuple[float, str]:
    """Return the share of items with a finding that counts as new."""
    found = 1 - level if _is_high(gate) or gate.no_new == "wrong" else level
    new = found * (1 - found) if assumed.changing is None else assumed.changing
    words = (
        f"{in_percent(found)} of answers with the finding, at random"
        if assumed.changing is None
        else f"{in_percent(new)} of items with a new finding"
    )
    if gate.confirm is None:
        return new, words
    repeated = float(bdtrc(gate.confirm // 2, gate.confirm, found))
    return new * repeated, f"{words}, in repeats too"


def in_percent(rate: float) -> str:
    """Return a rate in per cent, as people write it: no powers of ten."""
    return "< 0.001 %" if 0 < rate < _LEAST_RATE else f"{100 * rate:.3g} %"


def chance_told(chance: float) -> str:
    """Return a chance in per cent; neither powers of ten nor false certainty."""
    if _ROUNDING < chance < _LEAST_CHANCE:
        return "< 0.1 %"
    if 1 - _LEAST_CHANCE < chance < 1 - _ROUNDING:
        return "> 99.9 %"
    return f"{round(100 * chance, 1):g} %"
