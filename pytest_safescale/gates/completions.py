"""A gate on one of its targets, evaluated as counted and on the completions that are its ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.statistics.paired import holm_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation
    from pytest_safescale.gates.criteria.target import Target
    from pytest_safescale.gates.spec import Gate

__all__ = ["JointGates", "Trial"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One gate on one of its targets."""

    gate: Gate
    target: Target
    criterion: Criterion | None = None
    doubt: str = ""
    """Why there is no criterion."""
    calls_failed: str = ""
    """That more calls failed than the gate allows."""
    left: int = 0
    """Cases that were not asked."""
    not_asked: str = ""
    """Of how many cases those are, in words."""
    seed: int

    @property
    def alpha(self) -> float:
        """How often the gate may pass wrongly at this look."""
        confidence = self.gate.tested_confidence
        return 1 - confidence if confidence is not None else 0.0

    @property
    def known_criterion(self) -> Criterion:
        """The criterion, where there is one."""
        assert self.criterion is not None
        return self.criterion

    @cached_property
    def at_worst(self) -> Criterion:
        """The criterion on the completion that is worst for it."""
        return self.known_criterion.completed(worst=True)

    @cached_property
    def at_best(self) -> Criterion:
        """The criterion on the completion that is best for it."""
        return self.known_criterion.completed(worst=False)

    @cached_property
    def counted(self) -> Evaluation:
        """What it comes to as everything is counted."""
        return self.known_criterion.evaluate()

    @cached_property
    def worst(self) -> Evaluation:
        """What it comes to at worst."""
        return self.at_worst.evaluate() if self.known_criterion.missing else self.counted

    @cached_property
    def best(self) -> Evaluation:
        """What it comes to at best."""
        return self.at_best.evaluate() if self.known_criterion.missing else self.counted

    @cached_property
    def repeats(self) -> tuple[Evaluation, Evaluation] | None:
        """What it comes to at worst and at best in each resample; ``None`` without items."""
        if self.criterion is None:
            return None
        worst = self.at_worst.resampled(self.seed)
        best = self.at_best.resampled(self.seed) if self.criterion.missing else worst
        return None if worst is None or best is None else (worst, best)


class JointGates:
    """The gates with confidence, held together by Holm's method where that is wanted.

    One that cannot be judged counts, with a p of 1.
    """

    def __init__(self, trials: Sequence[Trial], *, holm: bool) -> None:
        self.size = len(trials)
        self._places = {id(trial): place for place, trial in enumerate(trials)} if holm else {}
        if not self._places:
            return
        self._counted = _row([_evaluation(trial, "counted") for trial in trials])
        self._worst = _row([_evaluation(trial, "worst") for trial in trials])
        repeats = [
            trial.repeats[0] if trial.repeats else _evaluation(trial, "worst") for trial in trials
        ]
        rows = max((len(evaluation.value) for evaluation in repeats if evaluation), default=1)
        self._repeats = holm_rows(_row(repeats, rows))

    def held(self, trial: Trial) -> bool:
        """Say whether a trial's gate is held with others."""
        return id(trial) in self._places

    def counted(
        self, trial: Trial, evaluation: Evaluation | None = None
    ) -> NDArray[np.float64] | None:
        """Return the adjusted p as counted, with another evaluation of this gate if one is given.

        ``None`` where the gate is held alone.
        """
        if not self.held(trial):
            return None
        place, row = self._places[id(trial)], self._counted.copy()
        if evaluation is not None:
            row[:, place] = _p(evaluation, 1)
        return np.asarray(holm_rows(row)[:, place])

    def worst(self, trial: Trial) -> NDArray[np.float64] | None:
        """Return the adjusted p where every jointly held gate is at its worst.

        It rises with each p among them, so that no completion has a higher one.
        """
        if not self.held(trial):
            return None
        return np.asarray(holm_rows(self._worst)[:, self._places[id(trial)]])

    def repeats(self, trial: Trial) -> NDArray[np.float64] | None:
        """Return the same of each resample."""
        return self._repeats[:, self._places[id(trial)]] if self.held(trial) else None


def _evaluation(trial: Trial, name: str) -> Evaluation | None:
    return None if trial.criterion is None else getattr(trial, name)


def _row(evaluations: Sequence[Evaluation | None], rows: int = 1) -> NDArray[np.float64]:
    """Return the (rows, gates) p of each gate."""
    return np.stack([_p(evaluation, rows) for evaluation in evaluations], axis=1)


def _p(evaluation: Evaluation | None, rows: int) -> NDArray[np.float64]:
    known = evaluation.p_value if evaluation is not None else None
    return np.broadcast_to(np.ones(1) if known is None else known, (rows,))
