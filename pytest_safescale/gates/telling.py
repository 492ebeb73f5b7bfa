"""What a gate says, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.gates.gate import GateForm
from pytest_safescale.gates.result import GateOutcome

if TYPE_CHECKING:
    from pytest_safescale.gates.gate import Gate
    from pytest_safescale.gates.result import GateResult

__all__ = ["doubtful_sentence", "sentence_of"]

NAMED = 5
"""How many items a sentence names."""


def sentence_of(result: GateResult, told: str, family: int) -> str:
    """Return value, n, bound and threshold, the worst items and the flips.

    ``told`` are value, n and bound in the form's words; ``family`` counts the gates held together.
    """
    gate = result.gate
    parts = [f"{_subject(gate)} ({_cell(gate, result.model, result.condition)}) is {told}"]
    parts.append(f"it must be {gate.rule}")
    if result.left:
        parts.append(f"the {result.left} cases not asked can change nothing")
    parts += _undecided(result, family) + _against(result)
    if result.flips is not None:
        parts.append(f"{result.flips:.1%} of resamples decide otherwise")
    return "; ".join(parts)


def doubtful_sentence(gate: Gate, model: str, condition: str, doubt: str) -> str:
    """Return why a gate cannot be decided."""
    cell = _cell(gate, model, condition)
    return f"{_subject(gate)} ({cell}) must be {gate.rule}: not decidable, {doubt}"


def _subject(gate: Gate) -> str:
    if gate.no_new is not None:
        return gate.no_new.replace("_", " ")
    name = gate.of_metric.replace("_", " ")
    if gate.form is GateForm.MAX_SHARE_OF_WORST:
        missed = gate.spec is not None and gate.spec.higher_is_better
        found = f"misses of {name}" if missed else name
        return f"share of the worst {100 * gate.worst:g} % of items in {found}"
    return name


def _cell(gate: Gate, model: str, condition: str) -> str:
    return ", ".join(part for part in (condition, gate.family, model) if part)


def _undecided(result: GateResult, family: int) -> list[str]:
    if result.outcome is not GateOutcome.INCONCLUSIVE:
        return []
    held = ""
    if result.p_holm is not None and result.p_value is not None:
        held = f" (p {result.p_value:.3g}, {result.p_holm:.3g} among {family} gates)"
    if result.items_needed is None:
        return [f"undecided{held}, and no number of items at this rate would decide"]
    more = f"{result.items_needed} more items at the same rate would"
    return [f"undecided{held}: about {more}"]


def _against(result: GateResult) -> list[str]:
    if not result.items:
        return []
    rest = len(result.items) - NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return [f"against it: {', '.join(result.items[:NAMED])}{more}"]
