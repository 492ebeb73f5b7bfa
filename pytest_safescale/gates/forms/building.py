"""From a gate and the evidence to its form in each cell."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_safescale.gates.forms.cells import (
    NO_CASES,
    NO_CELL,
    Undecidable,
    answers_of,
    check_cell,
    figure_of,
    measure_in,
    pair_of,
)
from pytest_safescale.gates.forms.concentration import ConcentrationForm
from pytest_safescale.gates.forms.difference import MeanDifferenceForm, RateDifferenceForm
from pytest_safescale.gates.forms.items import ConsistencyForm, NoNewForm
from pytest_safescale.gates.forms.threshold import FigureForm, RateForm
from pytest_safescale.gates.gate import BASELINE, GateForm
from pytest_safescale.gates.measures import (
    Measure,
    measure_of,
    measure_of_count,
    measure_of_events,
)

if TYPE_CHECKING:
    from pytest_safescale.gates.evidence import Evidence
    from pytest_safescale.gates.forms.form import Form
    from pytest_safescale.gates.gate import Gate

    Cell = tuple[str, str]

__all__ = ["Target", "form_of", "targets"]


class Target(NamedTuple):
    """What one verdict of a gate is about: a cell, or several taken together."""

    model: str
    condition: str
    cells: tuple[Cell, ...]


def targets(gate: Gate, evidence: Evidence) -> list[Target]:
    """Return what the gate is judged on: every cell it names, concentration over all at once.

    A gate that is about no cell has a target all the same: it cannot be decided.
    """
    coverage = evidence.coverage
    cells = gate.cells(coverage.models, coverage.conditions)
    if gate.form is GateForm.MAX_SHARE_OF_WORST or not cells:
        return [Target(_named(gate.model), _named(gate.condition), tuple(cells))]
    return [Target(*cell, (cell,)) for cell in cells]


def _named(names: str | tuple[str, ...]) -> str:
    return names if isinstance(names, str) else "+".join(names)


def form_of(gate: Gate, target: Target, evidence: Evidence) -> Form:
    """Return the gate's form on its cases; raises Undecidable where it cannot be judged."""
    if not target.cells:
        raise Undecidable(NO_CELL)
    found = _BUILDERS[gate.form](gate, target.cells, evidence)
    if not found.n:
        raise Undecidable(NO_CASES)
    if reason := found.unfit():
        raise Undecidable(reason)
    return found


def _limit(gate: Gate) -> dict[str, Any]:
    return {
        "threshold": gate.threshold,
        "at_most": gate.at_most,
        "confidence": gate.confidence,
    }


def _threshold(gate: Gate, cells: tuple[Cell, ...], evidence: Evidence) -> Form:
    (cell,) = cells
    check_cell(gate, cell, evidence)
    row = figure_of(gate, cell, evidence)
    measure = None
    events = evidence.searched.get((*cell, gate.metric, gate.family))
    if events:
        measure = measure_of_events(events)
    elif evidence.answers is not None and not gate.family:
        measure = measure_of(evidence.answers, cell, gate.metric, gate.of_regime)
    if row.count is not None:
        return RateForm(**_limit(gate), measure=measure or measure_of_count(row.count, row.n))
    if gate.confidence is not None:
        raise Undecidable("it is no share of cases, and has no exact bound")
    assert row.value is not None
    return FigureForm(**_limit(gate), figure=row.value, cases=row.n, measure=measure)


def _difference(gate: Gate, cells: tuple[Cell, ...], evidence: Evidence) -> Form:
    (cell,) = cells
    check_cell(gate, cell, evidence)
    now, before = pair_of(gate, cell, evidence)
    names: dict[str, Any] = {
        **_limit(gate),
        "now": now,
        "before": before,
        "rising": gate.max_increase is not None,
        "other": f"the {BASELINE}" if gate.needs_baseline else gate.against,
    }
    if gate.spec is not None and gate.spec.is_rate:
        return RateDifferenceForm(**names)
    if any(np.isnan(measure.value(measure.once)).any() for measure in (now, before)):
        raise Undecidable(NO_CASES)
    return MeanDifferenceForm(**names, seed=evidence.seed)


def _no_new(gate: Gate, cells: tuple[Cell, ...], evidence: Evidence) -> Form:
    (cell,) = cells
    check_cell(gate, cell, evidence)
    now, before = (_finding(measure, gate) for measure in pair_of(gate, cell, evidence))
    new = replace(now, values=now.values & ~before.values, over=now.over & before.over)
    return NoNewForm(**_limit(gate), measure=new)


def _finding(measure: Measure, gate: Gate) -> Measure:
    """Return where the finding is: for a metric that should be high, where it is missed."""
    values = measure.values.astype(bool)
    high = gate.spec is not None and gate.spec.higher_is_better
    return replace(measure, values=(~values if high else values) & measure.over)


def _consistency(gate: Gate, cells: tuple[Cell, ...], evidence: Evidence) -> Form:
    (cell,) = cells
    check_cell(gate, cell, evidence)
    # Its row tells whether every sample was drawn.
    figure_of(gate, cell, evidence, "robustness_correctness")
    answers, alike = answers_of(evidence), gate.min_case_consistency
    at = answers.place(cell)
    if at is None or alike is None:
        raise Undecidable(NO_CASES)
    there, drawn = answers.panel.exists[at], answers.panel.drawn[at]
    if ((drawn == 1) & there).any():
        raise Undecidable("a case with a single sample is alike whatever it says")
    agreement = answers.agreement[at][there]
    ids = [item.id for item, here in zip(answers.panel.items, there, strict=True) if here]
    measure = Measure(ids=tuple(ids), values=agreement >= alike, over=drawn[there] > 1)
    return ConsistencyForm(**_limit(gate), measure=measure, worst=agreement, alike=alike)


def _concentration(gate: Gate, cells: tuple[Cell, ...], evidence: Evidence) -> Form:
    answers = answers_of(evidence)
    counts: Counter[str] = Counter()
    for cell in cells:
        try:
            check_cell(gate, cell, evidence)
            figure_of(gate, cell, evidence)
        except Undecidable as doubt:
            raise Undecidable(f"{cell[1]}, {cell[0]}: {doubt}") from None
        found = _finding(measure_in(gate, cell, answers), gate)
        for place in np.flatnonzero(found.over):
            counts[found.ids[place]] += int(found.values[place])
    ids = sorted(counts)
    return ConcentrationForm(
        **_limit(gate),
        ids=tuple(ids),
        counts=np.array([counts[name] for name in ids], dtype=np.int64),
        worst=gate.worst,
    )


_BUILDERS = {
    GateForm.MAX: _threshold,
    GateForm.MIN: _threshold,
    GateForm.MAX_INCREASE: _difference,
    GateForm.MAX_DECREASE: _difference,
    GateForm.MIN_CASE_CONSISTENCY: _consistency,
    GateForm.NO_NEW: _no_new,
    GateForm.MAX_SHARE_OF_WORST: _concentration,
}
