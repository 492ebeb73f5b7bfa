"""Gates against figures: passed, failed, or not decidable from what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.gates.gate import Gate, GateOutcome, GateResult
from pytest_safescale.scoring.intervals import lower_bound, upper_bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.coverage import Coverage
    from pytest_safescale.scoring.metrics import Metric

__all__ = ["judge_gates"]


def judge_gates(
    gates: Sequence[Gate], metrics: Sequence[Metric], coverage: Coverage
) -> list[GateResult]:
    """Judge every gate in each of its cells."""
    figures = {row.key: row for row in metrics}
    results = []
    for gate in gates:
        for model, condition in gate.cells(coverage.models, coverage.conditions):
            figure = figures.get((model, condition, gate.of_regime, gate.metric, ""))
            errors = figures.get((model, condition, gate.of_regime, "error_rate", ""))
            doubt = _doubt(gate, (model, condition), figure, errors, coverage)
            results.append(_judge(gate, model, condition, figure, doubt))
    return results


def _doubt(
    gate: Gate,
    cell: tuple[str, str],
    figure: Metric | None,
    errors: Metric | None,
    coverage: Coverage,
) -> str | None:
    """Say why the cell cannot be judged; ``None`` where it can."""
    expected, recorded = coverage.expected.get(cell, 0), coverage.recorded.get(cell, 0)
    if expected == 0:
        return "the run has no case there"
    if recorded < expected:
        return f"only {recorded} of {expected} cases were asked"
    rate = errors.value if errors is not None else None
    if gate.metric != "error_rate" and rate is not None and rate > gate.max_error_rate:
        return (
            f"{rate:.1%} of {errors.n if errors else 0} calls failed, "
            f"at most {gate.max_error_rate:.1%} may"
        )
    if figure is None or figure.value is None:
        return "there is no case to take it from"
    if not figure.comparable:
        return "it needs every sample, and adaptive sampling stopped early"
    return None


def _judge(
    gate: Gate, model: str, condition: str, figure: Metric | None, doubt: str | None
) -> GateResult:
    value = figure.value if figure is not None else None
    n = figure.n if figure is not None else 0
    bound = None
    if figure is not None and gate.confidence is not None and figure.count is not None and n:
        side = upper_bound if gate.max is not None else lower_bound
        bound = side(figure.count, n, gate.confidence)
    outcome = GateOutcome.INCONCLUSIVE if doubt else _compare(gate, value, bound)
    return GateResult(
        gate=gate,
        model=model,
        condition=condition,
        outcome=outcome,
        sentence=_sentence(gate, f"{condition}, {model}", value, bound, n, doubt),
        value=value,
        bound=bound,
        n=n,
    )


def _compare(gate: Gate, value: float | None, bound: float | None) -> GateOutcome:
    compared = value if bound is None else bound
    assert compared is not None
    holds = compared <= gate.threshold if gate.max is not None else compared >= gate.threshold
    return GateOutcome.PASSED if holds else GateOutcome.FAILED


def _sentence(
    gate: Gate, cell: str, value: float | None, bound: float | None, n: int, doubt: str | None
) -> str:
    name = gate.metric.replace("_", " ")
    if doubt is not None:
        return f"{name} ({cell}) must be {gate.rule}: not decidable, {doubt}"
    assert value is not None
    side = "upper" if gate.max is not None else "lower"
    told = f"{value:.4g} over {n} cases"
    if bound is not None:
        told += f", {side} bound {bound:.4g}"
    return f"{name} ({cell}) is {told}; it must be {gate.rule}"
