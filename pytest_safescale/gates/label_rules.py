"""How far gates depend on the rule that makes labels of raters' votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.votes import RULES
from pytest_safescale.gates.judge import judge_gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.result import GateResult
    from pytest_safescale.gates.spec import Gate

__all__ = ["label_rule_dependence"]


def label_rule_dependence(
    gates: Sequence[Gate], inputs: GateInputs, results: Sequence[GateResult]
) -> dict[str, Any]:
    """Return what the gates would say under the other rules; empty where labels have no votes.

    ``results`` are those of the run. A gate with a rule of its own says the same under each, and so
    does one on searches for counterexamples, whose answers were judged as they came.
    """
    if inputs.panel is None or not inputs.panel.voted:
        return {}
    return {
        "rule": inputs.label_rule,
        "disputed": _disputed(inputs.panel),
        "gates": len(results),
        "blocks": sum(result.blocks for result in results),
        "others": [
            _other(rule, results, judge_gates(gates, inputs.under(rule)))
            for rule in RULES
            if rule != inputs.label_rule
        ],
    }


def _disputed(panel: Panel) -> int:
    """Return on how many labels of options raters differ."""
    counts = (votes for item in panel.items for by in item.votes.values() for votes in by.values())
    return sum(yes > 0 and no > 0 for yes, no in counts)


def _other(rule: str, results: Sequence[GateResult], there: Sequence[GateResult]) -> dict[str, Any]:
    return {
        "rule": rule,
        "blocks": sum(result.blocks for result in there),
        "changed": [
            {"id": one.id, "outcome": one.decision.value, "there": other.decision.value}
            for one, other in zip(results, there, strict=True)
            if one.decision is not other.decision
        ],
    }
