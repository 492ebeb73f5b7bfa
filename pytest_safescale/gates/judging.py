"""Gates against evidence: passed, failed, or not decidable from what was measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.gates.early import cases_left, settled_form
from pytest_safescale.gates.forms.building import Target, form_of, targets
from pytest_safescale.gates.forms.cells import Undecidable
from pytest_safescale.gates.forms.form import OUTCOMES
from pytest_safescale.gates.result import GateOutcome, GateResult
from pytest_safescale.gates.telling import doubtful_sentence, sentence_of
from pytest_safescale.scoring.paired import holm_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.gates.evidence import Evidence
    from pytest_safescale.gates.forms.form import Form, Reading
    from pytest_safescale.gates.gate import Gate

__all__ = ["judge_gates"]


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """One gate on one of its targets."""

    gate: Gate
    target: Target
    form: Form | None
    doubt: str = ""
    now: Reading | None = None
    repeats: Reading | None = None
    """Of resampled items."""
    left: int = 0
    """Cases that were not asked."""

    @property
    def alpha(self) -> float:
        """How often the gate may pass wrongly."""
        return 1 - self.gate.confidence if self.gate.confidence is not None else 0.0


def judge_gates(gates: Sequence[Gate], evidence: Evidence) -> list[GateResult]:
    """Judge every gate on every cell it names; needs no pytest and no files."""
    trials = [
        _trial(gate, target, evidence) for gate in gates for target in targets(gate, evidence)
    ]
    family = [trial for trial in trials if trial.gate.confidence is not None]
    shares = _family_shares(family) if evidence.holm else {}
    numbers: Counter[str] = Counter()
    results = []
    for trial in trials:
        result = _result(trial, shares.get(id(trial)), len(family), evidence)
        numbers[result.id] += 1
        results.append(_numbered(result, numbers[result.id]))
    return results


def _numbered(result: GateResult, number: int) -> GateResult:
    return result if number == 1 else replace(result, number=number)


def _trial(gate: Gate, target: Target, evidence: Evidence) -> _Trial:
    trial = _Trial(gate=gate, target=target, form=None, left=cases_left(gate, target, evidence))
    form: Form | None
    try:
        form = form_of(gate, target, evidence)
    except Undecidable as doubt:
        form = settled_form(gate, target, evidence, trial.alpha) if trial.left else None
        if form is None:
            return replace(trial, doubt=str(doubt))
    return replace(trial, form=form, now=form.read(), repeats=form.resampled(evidence.seed))


@dataclass(frozen=True, kw_only=True)
class _Share:
    """The adjusted p of one gate of a family, now and in the resamples."""

    now: NDArray[Any]
    repeats: NDArray[Any]


def _family_shares(family: Sequence[_Trial]) -> dict[int, _Share]:
    """Return Holm's adjusted p by trial; one that cannot be judged counts, with a p of 1."""
    if not family:
        return {}
    now = holm_rows(np.stack([_p(trial.now, 1) for trial in family], axis=1))
    rows = max(len(trial.repeats.value) if trial.repeats else 1 for trial in family)
    repeats = holm_rows(
        np.stack([_p(trial.repeats or trial.now, rows) for trial in family], axis=1)
    )
    return {
        id(trial): _Share(now=now[:, place], repeats=repeats[:, place])
        for place, trial in enumerate(family)
    }


def _p(reading: Reading | None, rows: int) -> NDArray[Any]:
    known = reading.p_value if reading is not None else None
    return np.broadcast_to(np.ones(1) if known is None else known, (rows,))


def _result(trial: _Trial, share: _Share | None, family: int, evidence: Evidence) -> GateResult:
    if trial.form is None or trial.now is None:
        return _doubtful(trial, evidence)
    gate, form = trial.gate, trial.form
    code = int(trial.now.outcomes(trial.alpha, share.now if share else None)[0])
    value = float(trial.now.value[0])
    bound = None if gate.confidence is None else form.bound(gate.confidence)
    outcome = OUTCOMES[code]
    needed = None
    if outcome is GateOutcome.INCONCLUSIVE:
        # Holm's first step is the hardest: what passes it passes whatever the other gates say.
        needed = form.items_needed(1 - trial.alpha / (family if share else 1))
    result = GateResult(
        gate=gate,
        model=trial.target.model,
        condition=trial.target.condition,
        outcome=outcome,
        sentence="",
        value=None if np.isnan(value) else value,
        bound=bound,
        n=form.n,
        p_value=None if trial.now.p_value is None else float(trial.now.p_value[0]),
        p_holm=float(share.now[0]) if share else None,
        flips=_flips(trial, share, code),
        items=() if outcome is GateOutcome.PASSED else tuple(form.against_it()),
        items_needed=None if needed is None else max(1, needed - form.n),
        left=trial.left,
    )
    return _with_sentence(result, form.told(value, bound), family)


def _with_sentence(result: GateResult, told: str, family: int) -> GateResult:
    return replace(result, sentence=sentence_of(result, told, family))


def _flips(trial: _Trial, share: _Share | None, code: int) -> float | None:
    """Return in what share of the resamples the outcome is another."""
    if trial.repeats is None:
        return None
    codes = trial.repeats.outcomes(trial.alpha, share.repeats if share else None)
    return float((codes != code).mean())


def _doubtful(trial: _Trial, evidence: Evidence) -> GateResult:
    """Return the result of a gate that cannot be judged, with the figure there is."""
    gate, target = trial.gate, trial.target
    row = None
    if gate.form.is_threshold:
        key = (target.model, target.condition, gate.of_regime, gate.metric, gate.family)
        row = evidence.by_key.get(key)
    return GateResult(
        gate=gate,
        model=target.model,
        condition=target.condition,
        outcome=GateOutcome.INCONCLUSIVE,
        sentence=doubtful_sentence(gate, target.model, target.condition, trial.doubt),
        value=row.value if row is not None else None,
        n=row.n if row is not None else 0,
        left=trial.left,
        waits=trial.left > 0,
    )
