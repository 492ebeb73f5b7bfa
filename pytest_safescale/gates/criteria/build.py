"""From a gate and what it is judged by to its criterion in each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.metrics import (
    EXCESS_FLIPS,
    OF_WHO_IS_TAKEN,
    ROBUSTNESS_METRICS,
)
from pytest_safescale.analysis.panel_item import NO_SUBGROUP
from pytest_safescale.analysis.search_events import FLIPS, REPEAT_FLIPS
from pytest_safescale.gates.cell_measures import (
    measure_of,
    measure_of_consistency,
    measure_of_count,
    measure_of_searches,
    measure_of_vote,
)
from pytest_safescale.gates.confirmation import confirmed
from pytest_safescale.gates.criteria.anytime import AnytimeCriterion
from pytest_safescale.gates.criteria.bounded_mean import (
    BoundedDifferenceCriterion,
    BoundedMeanCriterion,
)
from pytest_safescale.gates.criteria.cells import (
    NO_CASES,
    NO_CELL,
    Undecidable,
    answers_of,
    check_cell,
    figure_of,
    grouped,
    measure_in,
    not_asked,
    pair_of,
)
from pytest_safescale.gates.criteria.certified import certified_criterion
from pytest_safescale.gates.criteria.clustered import ClusteredCriterion
from pytest_safescale.gates.criteria.concentration import concentration_of
from pytest_safescale.gates.criteria.difference import (
    DifferenceCriterion,
    ExcessCriterion,
    MeanDifferenceCriterion,
    RateDifferenceCriterion,
)
from pytest_safescale.gates.criteria.equivalence import EquivalenceCriterion
from pytest_safescale.gates.criteria.single_items import ConsistencyCriterion, NoNewCriterion
from pytest_safescale.gates.criteria.subgroups import SubgroupsCriterion, subgroups_of
from pytest_safescale.gates.criteria.threshold import RateCriterion, ValueCriterion
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.gates.gate_fields import CASE_CONSISTENCY
from pytest_safescale.gates.measures import MeanOfCases, Measure, difference_of, newly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.criteria.criterion import Criterion
    from pytest_safescale.gates.criteria.target import Target
    from pytest_safescale.gates.inputs import GateInputs
    from pytest_safescale.gates.spec import Gate

    Cell = tuple[str, str]

__all__ = ["criterion_of", "limit_of"]


def criterion_of(gate: Gate, target: Target, inputs: GateInputs) -> Criterion:
    """Return the gate's criterion on its cases; raises Undecidable where it cannot be judged."""
    if not target.cells:
        raise Undecidable(NO_CELL)
    found = _BUILDERS[gate.kind](gate, target.cells, inputs)
    if not found.n:
        raise Undecidable(NO_CASES)
    if reason := found.unfit():
        raise Undecidable(reason)
    return found


def limit_of(gate: Gate) -> dict[str, Any]:
    """Return what every criterion takes of its gate: threshold, side and tested confidence."""
    return {
        "threshold": gate.threshold,
        "at_most": gate.at_most,
        "confidence": gate.tested_confidence,
    }


def _threshold(gate: Gate, cells: tuple[Cell, ...], inputs: GateInputs) -> Criterion:
    (cell,) = cells
    check_cell(cell, inputs)
    row = figure_of(gate, cell, inputs)
    if gate.metric == EXCESS_FLIPS:
        return _excess(gate, cell, inputs)
    if gate.of_metric == OF_WHO_IS_TAKEN and _unasked(cell, inputs):
        # A case more may push another one beyond the capacity.
        raise Undecidable(not_asked([cell], inputs))
    measure = _measure(gate, cell, inputs)
    if row.count is not None:
        if measure is None:
            measure = measure_of_count(row.count, row.n)
            measure = measure.with_unasked(gate.of_metric, _unasked(cell, inputs))
        assert isinstance(measure, MeanOfCases)
        if gate.sequential is not None:
            return AnytimeCriterion(**limit_of(gate), measure=_as_listed(measure, inputs))
        criterion = RateCriterion(**limit_of(gate), measure=grouped(measure, inputs))
        return _in_subgroups(gate, criterion, inputs)
    assert row.value is not None
    if measure is None and (told := _unmade(gate, cell, inputs)):
        raise Undecidable(told)
    measure = None if measure is None else grouped(measure, inputs)
    if gate.confidence is not None:
        if not isinstance(measure, MeanOfCases):
            raise Undecidable("its cases are not known, so it has no bound")
        return BoundedMeanCriterion(**limit_of(gate), measure=measure)
    return ValueCriterion(**limit_of(gate), value_counted=row.value, cases=row.n, measure=measure)


def _as_listed(measure: MeanOfCases, inputs: GateInputs) -> MeanOfCases:
    """Return the cases in the order in which their items were listed before the first call."""
    known = set(measure.ids)
    listed = [name for name in inputs.completeness.order if name in known]
    if not listed or len(listed) != measure.items:
        raise Undecidable("the order in which its items were listed is not known")
    if inputs.cluster_of:
        raise Undecidable("its items come in clusters, and a test at any stop takes them singly")
    return measure.at(listed)


def _in_subgroups(gate: Gate, whole: Criterion, inputs: GateInputs) -> Criterion:
    """Return the criterion held in every subgroup of the items, where the gate asks for that."""
    if gate.by is None:
        return whole
    assert isinstance(whole, ClusteredCriterion)  # as every rate is
    known, ids = inputs.subgroup_of(gate.by), whole.measure.ids
    field = gate.by.replace("_", " ")
    if not set(ids) <= set(known):
        raise Undecidable(f"of cases that were not asked the {field} is not known")
    names = [known[name] for name in ids]
    if set(names) <= {NO_SUBGROUP}:
        raise Undecidable(f"no item names its {field}")
    subgroups = tuple(subgroups_of(whole, names))
    return SubgroupsCriterion(**limit_of(gate), field=field, whole=whole, subgroups=subgroups)


def _excess(gate: Gate, cell: Cell, inputs: GateInputs) -> Criterion:
    """Return flips under edits less those under repeats, over the items that have both."""
    pair = []
    for metric in (FLIPS, REPEAT_FLIPS):
        found = inputs.searches.items.get((*cell, metric, gate.family))
        if not found:
            raise Undecidable(NO_CASES)
        pair.append(measure_of_searches(found))
    flips, repeats = pair
    known = set(repeats.ids)
    shared = [name for name in flips.ids if name in known]
    measure = grouped(difference_of(flips.at(shared), repeats.at(shared)), inputs)
    return ExcessCriterion(**limit_of(gate), measure=measure)


def _measure(gate: Gate, cell: Cell, inputs: GateInputs) -> Measure | None:
    """Return the figure case by case, the cases not asked among them; ``None`` where unknown."""
    searched = inputs.searches.items.get((*cell, gate.metric, gate.family))
    if searched:
        return measure_of_searches(searched)
    if inputs.answers is None or gate.metric in ROBUSTNESS_METRICS:
        return None
    unasked = _unasked(cell, inputs)
    members = inputs.asked(cell)
    if members == [cell]:
        found = measure_of(inputs.answers, cell, gate.metric, gate.of_regime)
    else:
        names = [model for model, _ in members]
        found = measure_of_vote(inputs.answers, names, cell[1], gate.metric)
    return None if found is None else found.with_unasked(gate.of_metric, unasked)


def _unmade(gate: Gate, cell: Cell, inputs: GateInputs) -> str:
    """Say what is not known to be behind a figure of which there are no cases."""
    if unmade := inputs.searches.unmade.get((*cell, gate.family)):
        return f"{unmade} searches were not made"
    return not_asked(inputs.asked(cell), inputs)


def _unasked(cell: Cell, inputs: GateInputs) -> Sequence[str]:
    """Return the item of each case of a cell, or of a vote, that was not asked.

    Raises Undecidable for a vote of which it is not known which items those are.
    """
    asked, completeness = inputs.asked(cell), inputs.completeness
    found = [completeness.unasked(one) for one in asked]
    if len(asked) == 1:
        return found[0]
    ids = list(dict.fromkeys(name for names in found for name in names))
    if "" in ids:
        raise Undecidable(not_asked(asked, inputs))
    return ids


def _difference(gate: Gate, cells: tuple[Cell, ...], inputs: GateInputs) -> Criterion:
    (cell,) = cells
    check_cell(cell, inputs)
    now, before = pair_of(gate, cell, inputs)
    if gate.kind is CriterionKind.MAX_CHANGE:
        up, down = (_side(gate, now, before, inputs, rising=rising) for rising in (True, False))
        return EquivalenceCriterion(**limit_of(gate), up=up, down=down)
    side = _side(gate, now, before, inputs, rising=gate.kind is CriterionKind.MAX_INCREASE)
    return _in_subgroups(gate, side, inputs)


def _side(
    gate: Gate, now: Measure, before: Measure, inputs: GateInputs, *, rising: bool
) -> DifferenceCriterion:
    """Return the criterion that limits a rise, or a fall."""
    names: dict[str, Any] = {
        **limit_of(gate),
        "rising": rising,
        "other": gate.against_words,
    }
    pair = (now, before) if rising else (before, now)
    if gate.spec is not None and gate.spec.is_rate:
        measure = grouped(difference_of(*map(_cases, pair)), inputs)
        return RateDifferenceCriterion(**names, measure=measure)
    if any(np.isnan(measure.value(measure.once)).any() for measure in (now, before)):
        raise Undecidable(NO_CASES)
    if gate.is_by_betting:
        measure = grouped(difference_of(*map(_cases, pair)), inputs)
        return BoundedDifferenceCriterion(**names, measure=measure)
    now, before = grouped(now, inputs), grouped(before, inputs)
    return MeanDifferenceCriterion(**names, now=now, before=before, seed=inputs.seed)


def _no_new(gate: Gate, cells: tuple[Cell, ...], inputs: GateInputs) -> Criterion:
    (cell,) = cells
    check_cell(cell, inputs)
    now, before = (_cases_with_finding(measure, gate) for measure in pair_of(gate, cell, inputs))
    new = newly(now, before)
    names: dict[str, Any] = {**limit_of(gate), "other": gate.against_words}
    if gate.confirm is None:
        return NoNewCriterion(**names, measure=new)
    assert gate.no_new is not None
    measure = confirmed(
        new,
        gate.no_new,
        items={item.id: item for item in answers_of(inputs).panel.items},
        repeats=inputs.repeats.get(cell, {}),
        wanted=gate.confirm,
    )
    gone = int((new.values.astype(bool) & ~measure.values.astype(bool) & new.over).sum())
    return NoNewCriterion(**names, measure=measure, unconfirmed=gone)


def _cases_with_finding(measure: Measure, gate: Gate) -> MeanOfCases:
    """Return where the finding is: for a metric that should be high, where it is missed."""
    high = gate.spec is not None and gate.spec.higher_is_better
    return _cases(measure).missed() if high else _cases(measure)


def _cases(measure: Measure) -> MeanOfCases:
    assert isinstance(measure, MeanOfCases)  # as every rate is
    return measure


def _consistency(gate: Gate, cells: tuple[Cell, ...], inputs: GateInputs) -> Criterion:
    (cell,) = cells
    check_cell(cell, inputs)
    # Its row tells whether every sample was drawn.
    figure_of(gate, cell, inputs, "robustness_correctness")
    answers, alike = answers_of(inputs), gate.min_case_consistency
    at = answers.place(cell)
    if at is None or alike is None:
        raise Undecidable(NO_CASES)
    panel = answers.panel
    if (panel.exists[at] & (panel.wanted[at] == 1)).any():
        raise Undecidable("a case with a single sample is alike whatever it says")
    measure = measure_of_consistency(answers, at, alike)
    measure = grouped(measure.with_unasked(CASE_CONSISTENCY, _unasked(cell, inputs)), inputs)
    agreement = answers.sampled.agreement[at][panel.exists[at]]
    unasked = np.ones(measure.items - len(agreement))
    worst = np.append(agreement, unasked)
    return ConsistencyCriterion(**limit_of(gate), measure=measure, worst=worst, alike=alike)


def _concentration(gate: Gate, cells: tuple[Cell, ...], inputs: GateInputs) -> Criterion:
    if len(cells) == 1:
        # Whichever items have it, they carry what chance gives them.
        raise Undecidable(
            "one model under one condition has a finding once an item at most, so nothing can be "
            "concentrated; name several conditions or models"
        )
    found = []
    for cell in cells:
        try:
            check_cell(cell, inputs)
            figure_of(gate, cell, inputs)
            if "" in inputs.completeness.unasked(cell):
                raise Undecidable(not_asked([cell], inputs))
            found.append(_cases_with_finding(measure_in(gate, cell, inputs), gate))
        except Undecidable as doubt:
            raise Undecidable(f"{cell[1]}, {cell[0]}: {doubt}") from None
    return concentration_of(
        found, worst=gate.worst, clusters=inputs.cluster_of, seed=inputs.seed, **limit_of(gate)
    )


def _certified(gate: Gate, cells: tuple[Cell, ...], inputs: GateInputs) -> Criterion:
    (cell,) = cells
    return certified_criterion(gate.thresholds, cell, inputs, **limit_of(gate))


_BUILDERS = {
    CriterionKind.MAX: _threshold,
    CriterionKind.MIN: _threshold,
    CriterionKind.MAX_INCREASE: _difference,
    CriterionKind.MAX_DECREASE: _difference,
    CriterionKind.MAX_CHANGE: _difference,
    CriterionKind.MIN_CASE_CONSISTENCY: _consistency,
    CriterionKind.NO_NEW: _no_new,
    CriterionKind.MAX_EXCESS_SHARE: _concentration,
    CriterionKind.CERTIFIED: _certified,
}
