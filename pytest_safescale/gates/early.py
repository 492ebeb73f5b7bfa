"""Gates whose cases were not all asked, which the rest cannot change.

A rate of cases moves one way with every further case that counts and the other way with every one
that does not. Where it gives the same outcome when all cases left count and when none does, it
gives it whatever they would be answered: between the two lies every other end of the run. Calls
that fail take cases out of the rate, which stays between the two as well; only where more fail
than the gate's ``max_error_rate`` allows would the whole run have been undecided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_safescale.gates.forms.building import form_of
from pytest_safescale.gates.forms.cells import Undecidable
from pytest_safescale.gates.forms.threshold import RateForm
from pytest_safescale.gates.gate import CASE_CONSISTENCY, GateForm
from pytest_safescale.scoring.metrics import METRICS, ROBUSTNESS_METRICS

if TYPE_CHECKING:
    from pytest_safescale.gates.evidence import Evidence
    from pytest_safescale.gates.forms.building import Target
    from pytest_safescale.gates.gate import Gate

__all__ = ["cases_left", "settled_form"]

_OF_CASES = frozenset(METRICS).difference(ROBUSTNESS_METRICS)
_COUNTS = (GateForm.MAX, GateForm.MIN, GateForm.MIN_CASE_CONSISTENCY)
"""Forms that hold every case left alike; the others compare it with something of its own."""


def cases_left(gate: Gate, target: Target, evidence: Evidence) -> int:
    """Return how many cases that the gate is about were not asked."""
    cells = {asked for cell in target.cells for asked in evidence.asked(cell)}
    if gate.form.is_difference and not gate.needs_baseline:
        cells |= {(model, gate.against) for model, _ in target.cells}
    coverage = evidence.coverage
    return sum(
        max(0, coverage.expected.get(cell, 0) - coverage.recorded.get(cell, 0)) for cell in cells
    )


def settled_form(gate: Gate, target: Target, evidence: Evidence, alpha: float) -> RateForm | None:
    """Return the form on the cases asked, where no answers to the others change its outcome.

    ``None`` where they could, or it cannot be known. Gates that share their chance by Holm's
    method depend on one another, and a metric of the user's own may leave cases out.
    """
    known = gate.of_metric in _OF_CASES or gate.of_metric == CASE_CONSISTENCY
    shared = evidence.holm and gate.confidence is not None
    if gate.form not in _COUNTS or gate.family or not known or shared:
        return None
    coverage = evidence.coverage
    asked = replace(coverage, expected={**coverage.expected, **coverage.recorded})
    try:
        form = form_of(gate, target, replace(evidence, coverage=asked))
    except Undecidable:
        return None
    if not isinstance(form, RateForm) or not form.measure.ids:
        return None
    left = cases_left(gate, target, evidence)
    ends = [form.with_more(left, counting=counting).read() for counting in (False, True)]
    codes = {int(end.outcomes(alpha)[0]) for end in ends}
    return form if len(codes) == 1 else None
