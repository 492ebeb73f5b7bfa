"""What a gate says, in one sentence."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, isnan
from typing import TYPE_CHECKING

from pytest_safescale.analysis.completion_ranges import Lack
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.result import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.completions import Trial
    from pytest_safescale.gates.criteria.criterion import Criterion, Evaluation
    from pytest_safescale.gates.decision import DecidedGate
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.gates.spec import Gate

__all__ = ["doubtful_sentence", "sentence_of"]

NAMED = 5
"""How many items a sentence names."""


def sentence_of(
    result: GateResult, trial: Trial, decided: DecidedGate, gates_held_together: int
) -> str:
    """Return value, n, bound and threshold, what is missing, the worst items and the instability.

    ``gates_held_together`` counts those that share their chance by Holm's method.
    """
    gate, told = (
        result.gate,
        trial.known_criterion.sentence(float(trial.counted.value[0]), result.bound),
    )
    parts = [
        f"{_subject(gate)} ({_cell(gate, result.model, result.condition)}) is {told}",
        *_answered(result),
        f"it must be {gate.rule}{_jointly(result, gates_held_together)}",
        *_missing(result, trial),
        *(f"undecided: {doubt}" for doubt in decided.doubts),
        *_undecided(result, decided),
        *_against(result),
    ]
    if result.instability is not None:
        parts.append(f"{result.instability:.1%} of resamples of these items decide otherwise")
    if result.repeat_pass is not None:
        parts.append(f"{_chance(result.repeat_pass, 0)} of new runs of as many items would pass")
    if result.posterior is not None:
        parts.append(
            f"given these data, it is kept with a chance of {_chance(result.posterior, 1)}"
        )
    return "; ".join(parts)


def _chance(value: float, digits: int) -> str:
    """Write a chance in per cent; one that is not certain is never rounded to none or to all."""
    step = 10.0 ** -(digits + 2)
    if 0 < value < step / 2:
        return f"less than {step:.{digits}%}"
    if 1 - step / 2 <= value < 1:
        return f"more than {1 - step:.{digits}%}"
    return f"{value:.{digits}%}"


def _answered(result: GateResult) -> list[str]:
    """Say how many replies commit to an option, where not all do."""
    if result.answered is None or result.answered >= result.wanted:
        return []
    what = " samples" if result.gate.of_regime == SELF_CONSISTENCY else ""
    return [f"answered {result.answered} of {result.wanted}{what}"]


def _missing(result: GateResult, trial: Trial) -> list[str]:
    """Say how many cases lack replies, what they could make of the figure, and which they are."""
    count = sum(result.missing.values())
    if not count:
        return []
    if result.decision is Decision.FAILED:
        best = _end(trial.at_best, trial.best, None)
        return [f"the {_lacking(result)} can change nothing: at best {best}"]
    worst = _end(trial.at_worst, trial.worst, result.worst_bound)
    if result.decision is Decision.PASSED and result.gate.sequential is not None:
        return _missing_at_a_stop(result, worst)
    if result.decision is Decision.PASSED:
        return [f"the {_lacking(result)} can change nothing: at worst {worst}"]
    parts = [trial.not_asked] if trial.left else []
    if trial.left and not result.waits:
        parts = [f"the {trial.left} cases not asked can change nothing"]
    named = f": {_some(result.missing_items)}" if result.missing_items else ""
    if result.tipping_point is None:
        return [*parts, f"with the {_lacking(result)} at worst {worst}{named}"]
    decides = "decides it" if result.tipping_point == 1 else "decide it"
    told = f"with the {_lacking(result)} at worst {worst}"
    return [*parts, told, f"undecided: {result.tipping_point} of them {decides}{named}"]


def _missing_at_a_stop(result: GateResult, worst: str) -> list[str]:
    """Say the same of a gate that needs no more cases than those that were asked."""
    left = result.missing.get(Lack.NOT_ASKED.value, 0)
    asked = {what: many for what, many in result.missing.items() if what != Lack.NOT_ASKED.value}
    told = []
    if asked:
        lacking = _lacking(replace(result, missing=asked))
        told = [f"the {lacking} can change nothing: at worst {worst}"]
    if left:
        told.append(f"the {left} cases not asked are not needed, and say nothing here")
    return told


def _lacking(result: GateResult) -> str:
    """Return the cases that lack replies in words that follow "the"."""
    count = sum(result.missing.values())
    cases = "1 case" if count == 1 else f"{count} cases"
    if set(result.missing) == {Lack.NOT_ASKED.value}:
        return f"{cases} not asked"
    lacks = "lacks" if count == 1 else "lack"
    reasons = ", ".join(f"{many} {what}" for what, many in result.missing.items())
    return f"{cases} that {lacks} replies ({reasons})"


def _end(criterion: Criterion, evaluation: Evaluation, bound: float | None) -> str:
    value = float(evaluation.value[0])
    if not isfinite(value):
        return "nothing" if isnan(value) else "anything"
    sure = "" if bound is None else f", {criterion.bound_text(bound)}"
    return f"{criterion.value_text(value)}{sure}"


def doubtful_sentence(gate: Gate, model: str, condition: str, doubt: str) -> str:
    """Return why a gate cannot be decided."""
    cell = _cell(gate, model, condition)
    return f"{_subject(gate)} ({cell}) must be {gate.rule}: not decidable, {doubt}"


def _subject(gate: Gate) -> str:
    if gate.no_new is not None:
        return gate.no_new.replace("_", " ")
    name = gate.of_metric.replace("_", " ")
    if gate.kind is CriterionKind.MAX_EXCESS_SHARE:
        missed = gate.spec is not None and gate.spec.higher_is_better
        found = f"misses of {name}" if missed else name
        return f"excess share of the worst {100 * gate.worst:g} % of items in {found}"
    return name


def _cell(gate: Gate, model: str, condition: str) -> str:
    return ", ".join(part for part in (condition, gate.family, model) if part)


def _jointly(result: GateResult, gates_held_together: int) -> str:
    """Say how many gates share the chance to pass wrongly, and what that makes of this one's p."""
    if result.p_holm is None or result.p_value is None or gates_held_together < 2:
        return ""
    return (
        f", a chance that {gates_held_together} gates share (p {result.p_value:.3g}, "
        f"{result.p_holm:.3g} by Holm)"
    )


def _undecided(result: GateResult, decided: DecidedGate) -> list[str]:
    if result.decision is not Decision.INCONCLUSIVE or not decided.too_few:
        return []
    if result.items_needed is None:
        return ["undecided, and no number of items at this rate would decide"]
    # Whoever adds items and looks again has two chances to pass wrongly.
    planned = result.gate.looks is not None or result.gate.sequential is not None
    once = "" if planned else " in a run of its own; looking twice is not free"
    return [f"undecided: about {result.items_needed} more items at the same rate would{once}"]


def _against(result: GateResult) -> list[str]:
    return [f"against it: {_some(result.items)}"] if result.items else []


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{', '.join(ids[:NAMED])}{more}"
