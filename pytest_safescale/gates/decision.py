"""Passed, failed or open: what a gate says whatever the missing replies had been.

It passes only if it would hold whatever they had been, and fails only if it would fail whatever
they had been: if it passes on the completion that is worst for what it demands, and if it fails on
the one that is best. Every other completion lies between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.gates.criteria.criterion import DECISIONS
from pytest_safescale.gates.tipping_point import tipping_point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_safescale.gates.completions import JointGates, Trial
    from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation
    from pytest_safescale.gates.result import Decision

__all__ = ["DECIDED", "DecidedGate", "decide"]

DECIDED = "every gate is decided, and none needs the cases left"
"""Why a run is stopped whose decisions are certain."""

_PASSED, _FAILED, _OPEN = range(len(DECISIONS))


@dataclass(frozen=True, kw_only=True)
class DecidedGate:
    """What a gate says of a target, and on what it rests."""

    decision: Decision
    too_few: bool
    """Whether as counted the value keeps the threshold and the bound does not."""
    doubts: tuple[str, ...]
    """Why it does not pass although the figures do."""
    tipping_point: int | None
    """The fewest missing cases that would change the decision as counted, where they leave it open;
    ``None`` where none could."""
    instability: float | None
    """Share of resamples of the items in which the decision is another; ``None`` if unknown."""
    waits: bool
    """Whether cases that were not asked could still decide it otherwise."""


def decide(trial: Trial, joint_gates: JointGates) -> DecidedGate:
    """Return what a gate with a criterion says."""
    criterion, alpha = trial.known_criterion, trial.alpha
    counted = _code(trial.counted, alpha, joint_gates.counted(trial))
    doubts = _doubts(trial)
    codes = _decided(
        trial.worst.decision_codes(alpha, joint_gates.worst(trial)),
        trial.best.decision_codes(alpha),
        criterion,
        doubts,
    )
    code = int(codes[0])
    return DecidedGate(
        decision=DECISIONS[code],
        too_few=counted == _OPEN,
        doubts=doubts if code == _OPEN else (),
        tipping_point=_tipping_point(trial, joint_gates, counted) if code == _OPEN else None,
        instability=_instability(trial, joint_gates, code, doubts),
        waits=trial.left > 0 and code == _OPEN and _may_change(trial, doubts),
    )


def _code(evaluation: Evaluation, alpha: float, p_value: NDArray[np.float64] | None = None) -> int:
    return int(evaluation.decision_codes(alpha, p_value)[0])


def _doubts(trial: Trial) -> tuple[str, ...]:
    criterion = trial.known_criterion
    unproven = criterion.unproven() if criterion.missing else ""
    return tuple(doubt for doubt in (trial.calls_failed, unproven) if doubt)


def _decided(
    worst: NDArray[np.int64], best: NDArray[np.int64], criterion: Criterion, doubts: tuple[str, ...]
) -> NDArray[np.int64]:
    """Return the codes that hold whatever is missing, of what is said at worst and at best."""
    passes = (worst == _PASSED) & (not doubts)
    fails = (best == _FAILED) & (criterion.always_there or not criterion.missing)
    return np.where(passes, _PASSED, np.where(fails, _FAILED, _OPEN))


def _tipping_point(trial: Trial, joint_gates: JointGates, counted: int) -> int | None:
    criterion = trial.known_criterion
    proven = not (criterion.missing and criterion.unproven())

    def changes(moved: Criterion) -> bool:
        evaluation = moved.evaluate()
        code = _code(evaluation, trial.alpha, joint_gates.counted(trial, evaluation))
        # Without a bound that holds it is only known where the value itself fails.
        return code != counted if proven else (code == _FAILED) != (counted == _FAILED)

    return tipping_point(criterion, changes) if criterion.missing else None


def _instability(
    trial: Trial, joint_gates: JointGates, code: int, doubts: tuple[str, ...]
) -> float | None:
    if trial.repeats is None:
        return None
    worst, best = trial.repeats
    said = worst.decision_codes(trial.alpha, joint_gates.repeats(trial))
    codes = _decided(said, best.decision_codes(trial.alpha), trial.known_criterion, doubts)
    return float((codes != code).mean())


def _may_change(trial: Trial, doubts: tuple[str, ...]) -> bool:
    """Say whether answers to the cases not asked could make the gate pass or fail.

    One that shares its chance by Holm's method passes only where it would by itself.
    """
    criterion = trial.known_criterion
    ends = criterion.asked_completely(worst=False), criterion.asked_completely(worst=True)
    if doubts or None in ends:
        return True
    asked_well, asked_badly = ends
    return _passes(asked_well, trial.alpha) or _fails(asked_badly, trial.alpha)


def _passes(criterion: Criterion | None, alpha: float) -> bool:
    return (
        criterion is not None
        and _code(criterion.completed(worst=True).evaluate(), alpha) == _PASSED
    )


def _fails(criterion: Criterion | None, alpha: float) -> bool:
    return (
        criterion is not None
        and _code(criterion.completed(worst=False).evaluate(), alpha) == _FAILED
    )
