"""Whether a cell can be judged at all, and which figure or pair of figures is meant there."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from pytest_safescale.analysis.expected_harm import severities
from pytest_safescale.analysis.metrics import (
    CONTROLLED_METRICS,
    EXPECTED_HARM,
    OPTION_METRICS,
    ROBUSTNESS_METRICS,
    SELF_CONSISTENCY,
)
from pytest_safescale.analysis.panel_arrays import cluster_codes
from pytest_safescale.analysis.search_counts import REPEAT
from pytest_safescale.gates.cell_measures import measure_of
from pytest_safescale.verdicts.adaptive import EXACT_METRICS
from pytest_safescale.verdicts.labels import FLAGS, LABELS_OF_METRIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_safescale.analysis.metrics import Metric
    from pytest_safescale.gates.criteria.target import Target
    from pytest_safescale.gates.inputs import Answers, GateInputs
    from pytest_safescale.gates.measures import Measure
    from pytest_safescale.gates.spec import Gate

    Cell = tuple[str, str]
    Pair = tuple[Measure, Measure]

__all__ = [
    "NO_CASES",
    "NO_CELL",
    "Undecidable",
    "answers_of",
    "calls_failed",
    "cells_asked",
    "check_cell",
    "check_labels",
    "figure_of",
    "grouped",
    "measure_in",
    "not_asked",
    "pair_of",
]

_OneMeasure = TypeVar("_OneMeasure", bound="Measure")
NAMED = 5
"""How many items a reason names."""
NO_CASES = "there is no case to take it from"
_NO_PROBABILITIES = (
    'no answer came with the probabilities of the options; confidence_from = "logprobs" in the '
    "model's table asks for them"
)
NO_CELL = "the run has no model and condition that it is about"
_ADAPTIVE = "it needs every sample, and adaptive sampling stopped early"


class Undecidable(Exception):
    """Why a gate cannot be judged, in words that follow a comma; never leaves the gates."""


def check_cell(cell: Cell, inputs: GateInputs) -> None:
    """Raise Undecidable for a cell that the run has no case of."""
    if not all(inputs.completeness.expected.get(one, 0) for one in inputs.asked(cell)):
        raise Undecidable("the run has no case there")


def check_labels(gate: Gate, inputs: GateInputs) -> None:
    """Raise Undecidable where no option of the items carries what the gate's metric counts.

    Nothing is found of it then, whatever a model answers, and that is no sign of safety.
    """
    labels = LABELS_OF_METRIC.get(gate.of_metric, ())
    if inputs.panel is None or not labels:
        return
    if gate.labels is not None and not inputs.panel.voted:
        raise Undecidable("no rater's vote on these items says yes: no rule makes a label of them")
    if gate.of_metric == EXPECTED_HARM:
        if not severities(inputs.panel)[inputs.panel.in_set].any():
            raise Undecidable("no wrong option has a severity above 0: no harm can be found")
        return
    at = [FLAGS.index(label) for label in labels]
    if not inputs.panel.flags[..., at].any():
        raise Undecidable(
            f"no option of the items is labelled {' or '.join(labels)}: nothing of it can be found"
        )


def not_asked(cells: Sequence[Cell], inputs: GateInputs) -> str:
    """Say of how many cases some were not asked; empty where all were."""
    expected, recorded = (
        sum(counts.get(cell, 0) for cell in cells)
        for counts in (inputs.completeness.expected, inputs.completeness.recorded)
    )
    return f"only {recorded} of {expected} cases were asked" if recorded < expected else ""


def cells_asked(gate: Gate, target: Target, inputs: GateInputs) -> list[Cell]:
    """Return the cells of the run whose cases a decision rests on."""
    cells = [asked for cell in target.cells for asked in inputs.asked(cell)]
    if gate.is_between_conditions:
        cells += [(model, gate.other_side(condition)) for model, condition in target.cells]
    return list(dict.fromkeys(cells))


def calls_failed(gate: Gate, target: Target, inputs: GateInputs) -> str:
    """Say where more calls failed than the gate allows; empty where none did."""
    if gate.metric == "error_rate":
        return ""
    return next((told for told in _failures(gate, target, inputs) if told), "")


def _failures(gate: Gate, target: Target, inputs: GateInputs) -> Iterator[str]:
    cells = [asked for cell in target.cells for asked in inputs.asked(cell)]
    named = {cell: f" ({', '.join(reversed(cell))})" if len(cells) > 1 else "" for cell in cells}
    if gate.is_between_conditions:
        others = [(model, gate.other_side(condition)) for model, condition in target.cells]
        named |= {other: f" under {other[1]}" for other in others}
    for cell, where in named.items():
        row = inputs.by_key.get((*cell, gate.of_regime, "error_rate", ""))
        if row is not None and row.value is not None:
            yield _too_many(gate, row.value, row.n, where)
    yield from _failures_of_searches(gate, target, inputs)
    if run := inputs.earlier.get(gate.earlier_run):
        for model, condition in target.cells:
            there = (run.matched_models.get(model, ""), condition)
            errors = measure_of(run.answers, there, "error_rate", gate.of_regime)
            if errors is not None and errors.n:
                rate = float(errors.value(errors.once)[0])
                yield _too_many(gate, rate, errors.n, f" in the {gate.earlier_run}")


def _failures_of_searches(gate: Gate, target: Target, inputs: GateInputs) -> Iterator[str]:
    if gate.metric not in ROBUSTNESS_METRICS or gate.metric == "variant_error_rate":
        return
    families = {gate.family: " of variants"}
    if gate.metric in CONTROLLED_METRICS:
        families[REPEAT] = " of repeats"
    for cell, (family, where) in product(target.cells, families.items()):
        row = inputs.by_key.get((*cell, gate.of_regime, "variant_error_rate", family))
        if row is not None and row.value is not None:
            yield _too_many(gate, row.value, row.n, where)


def _too_many(gate: Gate, rate: float, calls: int, where: str) -> str:
    if rate <= gate.max_error_rate:
        return ""
    return f"{rate:.1%} of {calls} calls failed{where}, at most {gate.max_error_rate:.1%} may"


def figure_of(gate: Gate, cell: Cell, inputs: GateInputs, metric: str = "") -> Metric:
    """Return the figure that is meant; raises Undecidable where there is none to judge."""
    row = inputs.by_key.get((*cell, gate.of_regime, metric or gate.of_metric, gate.family))
    if row is None and gate.of_metric in ROBUSTNESS_METRICS:
        raise Undecidable(_unsearched(gate, cell, inputs))
    if row is None or row.value is None:
        none = _NO_PROBABILITIES if gate.of_metric in OPTION_METRICS else NO_CASES
        raise Undecidable(not_asked(inputs.asked(cell), inputs) or none)
    if not row.comparable:
        raise Undecidable(_ADAPTIVE)
    return row


def _unsearched(gate: Gate, cell: Cell, inputs: GateInputs) -> str:
    """Say why there is no figure of robustness."""
    there = [
        row
        for row in inputs.metrics
        if row.metric in ROBUSTNESS_METRICS and (row.model, row.condition) == cell
    ]
    if not there:
        return "no case was put to relations; --safescale-suite evidence_robustness does so"
    if gate.of_metric in CONTROLLED_METRICS and not any(
        row.metric in CONTROLLED_METRICS for row in there
    ):
        return f"no case was asked again; the relation {REPEAT} does so"
    if not gate.family:
        return "none of the relations that it counts applies to a case there"
    families = sorted({row.family for row in there if row.metric == gate.of_metric} - {""})
    return f"no case was put to {gate.family}; families there: {', '.join(families) or 'none'}"


def answers_of(inputs: GateInputs) -> Answers:
    """Return the cases behind the figures; raises Undecidable without them."""
    if inputs.answers is None:
        raise Undecidable("the cases behind the figures are not there")
    return inputs.answers


def measure_in(gate: Gate, cell: Cell, inputs: GateInputs) -> Measure:
    """Return the gate's metric case by case, the cases not asked among them.

    Raises Undecidable where there is none.
    """
    found = measure_of(answers_of(inputs), cell, gate.of_metric, gate.of_regime)
    if found is None:
        raise Undecidable(NO_CASES)
    return found.with_unasked(gate.of_metric, inputs.completeness.unasked(cell))


def grouped(measure: _OneMeasure, inputs: GateInputs) -> _OneMeasure:
    """Return the measure with the clusters of its items, where items come in clusters."""
    if not inputs.cluster_of:
        return measure
    codes = cluster_codes([inputs.cluster_of.get(name, "") for name in measure.ids])
    return replace(measure, codes=codes)


def pair_of(gate: Gate, cell: Cell, inputs: GateInputs) -> Pair:
    """Return the metric in a cell and where it is held against, over the items both have."""
    figure_of(gate, cell, inputs)
    now = measure_in(gate, cell, inputs)
    if "" in now.ids:
        raise Undecidable(not_asked([cell], inputs))
    if gate.earlier_run:
        return now, _in_earlier_run(gate, cell, now, inputs)
    return _in_condition(gate, (cell[0], gate.other_side(cell[1])), now, inputs)


def _in_condition(gate: Gate, other: Cell, now: Measure, inputs: GateInputs) -> Pair:
    try:
        check_cell(other, inputs)
        figure_of(gate, other, inputs)
        before = measure_in(gate, other, inputs)
    except Undecidable as doubt:
        raise Undecidable(f"{gate.against_words}: {doubt}") from None
    if "" in before.ids:
        raise Undecidable(not_asked([other], inputs))
    known = set(before.ids)
    shared = [name for name in now.ids if name in known]
    if not shared:
        raise Undecidable("no item is in both")
    return now.at(shared), before.at(shared)


def _in_earlier_run(gate: Gate, cell: Cell, now: Measure, inputs: GateInputs) -> Measure:
    called = gate.earlier_run
    run = inputs.earlier.get(called)
    if run is None:
        raise Undecidable(f"there is no {called}")
    matched_model = run.matched_models.get(cell[0])
    if matched_model is None:
        raise Undecidable(f"the {called} has no model to compare with")
    there = (matched_model, cell[1])
    before = measure_of(run.answers, there, gate.of_metric, gate.of_regime)
    if before is None:
        raise Undecidable(f"the {called} has no case there")
    sampled = gate.of_regime == SELF_CONSISTENCY
    if run.adaptive and sampled and gate.of_metric not in EXACT_METRICS:
        raise Undecidable(f"in the {called} {_ADAPTIVE}")
    there_as_now = inputs.shared[called].intersection(before.ids)
    if missing := [name for name in now.ids if name not in there_as_now]:
        raise Undecidable(
            f"{len(missing)} of {now.items} items are not in the {called} as they are now: "
            f"{_some(missing)}"
        )
    if sampled:
        _check_samples(answers_of(inputs).wanted(cell), run.answers.wanted(there), called)
    return before.at(now.ids)


def _check_samples(now: dict[str, int], there: dict[str, int], called: str) -> None:
    """Raise Undecidable for cases with another number of samples than in the earlier run.

    What few samples agree on is another figure than what many agree on.
    """
    other = [name for name in now if name in there and now[name] != there[name]]
    if other:
        counts = (sorted({wanted[name] for name in other}) for wanted in (now, there))
        told = [" or ".join(map(str, some)) for some in counts]
        raise Undecidable(
            f"{len(other)} of {len(now)} items were to have {told[0]} samples, and {told[1]} in "
            f"the {called}: {_some(other)}"
        )


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{', '.join(ids[:NAMED])}{more}"
