"""Gates judged: passed, failed, or not decidable from what was measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.gates.answered_replies import answered_in
from pytest_safescale.gates.completions import JointGates, Trial
from pytest_safescale.gates.criteria.cells import (
    Undecidable,
    calls_failed,
    cells_asked,
    check_labels,
    not_asked,
)
from pytest_safescale.gates.criteria.target import Target, targets
from pytest_safescale.gates.decision import DecidedGate, decide
from pytest_safescale.gates.result import Decision, GateResult
from pytest_safescale.gates.sentences import doubtful_sentence, sentence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.spec import Gate

__all__ = ["judge_gates"]


def judge_gates(gates: Sequence[Gate], inputs: GateInputs) -> list[GateResult]:
    """Judge every gate on every cell it names; needs no pytest and no files."""
    trials = [
        _trial(gate, target, inputs.under(gate.labels))
        for gate in gates
        for target in targets(gate, inputs)
    ]
    held = [trial for trial in trials if trial.gate.confidence is not None]
    joint_gates = JointGates(held, holm=inputs.holm)
    numbers: Counter[str] = Counter()
    results = []
    for trial in trials:
        result = _result(trial, joint_gates, inputs.under(trial.gate.labels))
        numbers[result.id] += 1
        results.append(_numbered(result, numbers[result.id]))
    return results


def _numbered(result: GateResult, number: int) -> GateResult:
    return result if number == 1 else replace(result, number=number)


def _trial(gate: Gate, target: Target, inputs: GateInputs) -> Trial:
    # Criteria take long to load, and a run without gates needs none.
    from pytest_safescale.gates.criteria.build import criterion_of

    cells = cells_asked(gate, target, inputs)
    trial = Trial(
        gate=gate,
        target=target,
        left=sum(map(inputs.completeness.left, cells)),
        not_asked=not_asked(cells, inputs),
        seed=inputs.seed,
    )
    try:
        criterion = criterion_of(gate, target, inputs)
        check_labels(gate, inputs)
    except Undecidable as doubt:
        return replace(trial, doubt=str(doubt))
    return replace(trial, criterion=criterion, calls_failed=calls_failed(gate, target, inputs))


def _result(trial: Trial, joint_gates: JointGates, inputs: GateInputs) -> GateResult:
    if trial.criterion is None:
        return _doubtful(trial, inputs)
    gate, criterion = trial.gate, trial.criterion
    decided = decide(trial, joint_gates)
    answered, wanted = answered_in(gate, trial.target, inputs)
    missing = criterion.missing
    p_holm = joint_gates.counted(trial)
    passed = decided.decision is Decision.PASSED
    result = GateResult(
        gate=gate,
        model=trial.target.model,
        condition=trial.target.condition,
        decision=decided.decision,
        sentence="",
        value=_value(trial.counted),
        bound=_bound(criterion),
        worst_value=_value(trial.worst),
        worst_bound=_bound(trial.at_worst),
        best_value=_value(trial.best),
        n=criterion.n,
        clusters=criterion.clusters,
        subgroups=tuple(criterion.rows),
        subgroup=criterion.worst_subgroup,
        effective_n=criterion.effective_n,
        answered=answered,
        wanted=wanted,
        missing=Counter(one.lack.value for one in missing),
        missing_items=tuple(dict.fromkeys(one.id for one in missing if one.id)),
        tipping_point=decided.tipping_point,
        p_value=None if trial.counted.p_value is None else float(trial.counted.p_value[0]),
        p_holm=None if p_holm is None else float(p_holm[0]),
        instability=decided.instability,
        repeat_pass=criterion.repeat_pass(trial.alpha),
        posterior=criterion.posterior() if gate.posterior else None,
        items=() if passed else tuple(criterion.against_it()),
        items_needed=_items_needed(trial, decided, joint_gates),
        left=trial.left,
        waits=decided.waits,
    )
    return replace(result, sentence=sentence_of(result, trial, decided, joint_gates.size))


def _value(evaluation: Evaluation) -> float | None:
    """Return the value; ``None`` over no cases, and where it has no limit."""
    value = float(evaluation.value[0])
    return value if np.isfinite(value) else None


def _bound(criterion: Criterion) -> float | None:
    return None if criterion.confidence is None else criterion.bound(criterion.confidence)


def _items_needed(trial: Trial, decided: DecidedGate, joint_gates: JointGates) -> int | None:
    """Return about how many further items would decide, where there are too few."""
    if decided.decision is not Decision.INCONCLUSIVE or not decided.too_few:
        return None
    # Holm's first step is the hardest: what passes it passes whatever the other gates say.
    share = trial.alpha / (joint_gates.size if joint_gates.held(trial) else 1)
    needed = trial.known_criterion.items_needed(1 - share)
    return None if needed is None else max(1, needed - trial.known_criterion.n)


def _doubtful(trial: Trial, inputs: GateInputs) -> GateResult:
    """Return the result of a gate that cannot be judged, with the figure there is."""
    gate, target = trial.gate, trial.target
    row = None
    if gate.kind.is_threshold:
        key = (target.model, target.condition, gate.of_regime, gate.metric, gate.family)
        row = inputs.by_key.get(key)
    answered, wanted = answered_in(gate, target, inputs)
    return GateResult(
        gate=gate,
        model=target.model,
        condition=target.condition,
        decision=Decision.INCONCLUSIVE,
        sentence=doubtful_sentence(gate, target.model, target.condition, trial.doubt),
        value=row.value if row is not None else None,
        n=row.n if row is not None else 0,
        answered=answered,
        wanted=wanted,
        left=trial.left,
        waits=trial.left > 0,
    )
