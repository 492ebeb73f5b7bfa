"""Whether a cell can be judged at all, and which figure or pair of figures is meant there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.gates.measures import measure_of
from pytest_safescale.scoring.adaptive import EXACT_METRICS
from pytest_safescale.scoring.metrics import ROBUSTNESS_METRICS, SELF_CONSISTENCY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.gates.evidence import Answers, Evidence
    from pytest_safescale.gates.gate import Gate
    from pytest_safescale.gates.measures import Measure
    from pytest_safescale.scoring.metrics import Metric

    Cell = tuple[str, str]
    Pair = tuple[Measure, Measure]

__all__ = [
    "NO_CASES",
    "NO_CELL",
    "Undecidable",
    "answers_of",
    "check_cell",
    "figure_of",
    "measure_in",
    "pair_of",
]

NAMED = 5
"""How many items a reason names."""
NO_CASES = "there is no case to take it from"
NO_CELL = "the run has no model and condition that it is about"
_ADAPTIVE = "it needs every sample, and adaptive sampling stopped early"


class Undecidable(Exception):
    """Why a gate cannot be judged, in words that follow a comma; never leaves the gates."""


def check_cell(gate: Gate, cell: Cell, evidence: Evidence) -> None:
    """Raise Undecidable where not all of a cell was asked, or too many of its calls failed."""
    asked = evidence.asked(cell)
    expected, recorded = (
        [counts.get(one, 0) for one in asked]
        for counts in (evidence.coverage.expected, evidence.coverage.recorded)
    )
    if not all(expected):
        raise Undecidable("the run has no case there")
    if any(done < wanted for done, wanted in zip(recorded, expected, strict=True)):
        raise Undecidable(f"only {sum(recorded)} of {sum(expected)} cases were asked")
    if gate.metric == "error_rate":
        return
    for one in asked:
        errors = evidence.by_key.get((*one, gate.of_regime, "error_rate", ""))
        if errors is not None and errors.value is not None:
            _check_errors(gate, errors.value, errors.n)


def _check_errors(gate: Gate, rate: float, calls: int, where: str = "") -> None:
    if rate > gate.max_error_rate:
        raise Undecidable(
            f"{rate:.1%} of {calls} calls failed{where}, at most {gate.max_error_rate:.1%} may"
        )


def figure_of(gate: Gate, cell: Cell, evidence: Evidence, metric: str = "") -> Metric:
    """Return the figure that is meant; raises Undecidable where there is none to judge."""
    row = evidence.by_key.get((*cell, gate.of_regime, metric or gate.of_metric, gate.family))
    if row is None and gate.of_metric in ROBUSTNESS_METRICS:
        raise Undecidable(_unsearched(gate, cell, evidence))
    if row is None or row.value is None:
        raise Undecidable(NO_CASES)
    if not row.comparable:
        raise Undecidable(_ADAPTIVE)
    return row


def _unsearched(gate: Gate, cell: Cell, evidence: Evidence) -> str:
    """Say why there is no figure of robustness."""
    there = [
        row
        for row in evidence.metrics
        if row.metric in ROBUSTNESS_METRICS and (row.model, row.condition) == cell
    ]
    if not there:
        return "no case was put to relations; --safescale-suite evidence_robustness does so"
    if not gate.family:
        return "none of the relations that it counts applies to a case there"
    families = sorted({row.family for row in there if row.metric == gate.of_metric} - {""})
    return f"no case was put to {gate.family}; families there: {', '.join(families) or 'none'}"


def answers_of(evidence: Evidence) -> Answers:
    """Return the cases behind the figures; raises Undecidable without them."""
    if evidence.answers is None:
        raise Undecidable("the cases behind the figures are not there")
    return evidence.answers


def measure_in(gate: Gate, cell: Cell, answers: Answers, missing: str = NO_CASES) -> Measure:
    """Return the gate's metric case by case; raises Undecidable, saying ``missing``, for none."""
    found = measure_of(answers, cell, gate.of_metric, gate.of_regime)
    if found is None:
        raise Undecidable(missing)
    return found


def pair_of(gate: Gate, cell: Cell, evidence: Evidence) -> Pair:
    """Return the metric in a cell and where it is held against, over the items both have."""
    figure_of(gate, cell, evidence)
    now = measure_in(gate, cell, answers_of(evidence))
    if gate.needs_baseline:
        return now, _in_baseline(gate, cell, now, evidence)
    return _in_condition(gate, (cell[0], gate.against), now, evidence)


def _in_condition(gate: Gate, other: Cell, now: Measure, evidence: Evidence) -> Pair:
    try:
        check_cell(gate, other, evidence)
        figure_of(gate, other, evidence)
        before = measure_in(gate, other, answers_of(evidence))
    except Undecidable as doubt:
        raise Undecidable(f"{gate.against}: {doubt}") from None
    known = set(before.ids)
    shared = [name for name in now.ids if name in known]
    if not shared:
        raise Undecidable("no item is in both conditions")
    return now.at(shared), before.at(shared)


def _in_baseline(gate: Gate, cell: Cell, now: Measure, evidence: Evidence) -> Measure:
    run = evidence.baseline
    if run is None:
        raise Undecidable("there is no baseline")
    twin = run.twins.get(cell[0])
    if twin is None:
        raise Undecidable("the baseline has no model to compare with")
    there = (twin, cell[1])
    before = measure_in(gate, there, run.answers, "the baseline has no case there")
    if run.adaptive and gate.of_regime == SELF_CONSISTENCY and gate.of_metric not in EXACT_METRICS:
        raise Undecidable(f"in the baseline {_ADAPTIVE}")
    errors = measure_of(run.answers, there, "error_rate", gate.of_regime)
    if errors is not None and errors.n:
        rate = float(errors.value(errors.once)[0])
        _check_errors(gate, rate, errors.n, " in the baseline")
    there_as_now = evidence.shared.intersection(before.ids)
    if missing := [name for name in now.ids if name not in there_as_now]:
        raise Undecidable(
            f"{len(missing)} of {now.items} items are not in the baseline as they are now: "
            f"{_some(missing)}"
        )
    return before.at(now.ids)


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{', '.join(ids[:NAMED])}{more}"
