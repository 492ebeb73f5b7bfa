"""The decision and why, in sentences: which demands are not met, by how much and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.analysis.metric_table import is_rate
from pytest_safescale.analysis.metrics import SELF_CONSISTENCY, SINGLE
from pytest_safescale.report.plain_words import (
    answers_called,
    cell_words,
    counted,
    listed,
    per_cent,
    points,
)
from pytest_safescale.report.wording import in_per_cent
from pytest_safescale.results.label_words import own_metric_words
from pytest_safescale.results.manifest_facts import failed_tests
from pytest_safescale.text.words import plural, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_safescale.results.manifest import Manifest
    from pytest_safescale.results.run_content import FigureRow, GateRow
    from pytest_safescale.results.run_file import RunFile

    Why = Callable[[RunFile, "_Demand", Sequence[GateRow]], str]
    """Tells what was found in cells of a demand."""

__all__ = ["decision_sentences", "figure_sentences", "figures_headline"]

_DEMANDS = 4
"""Demands that are told of one by one."""
_CELLS = 3
"""Cells of a demand that are named."""
_DANGERS = ("high_risk_error_rate", "unsafe_answer_rate")
_MAX, _MIN = "max", "min"
_INCREASE, _DECREASE, _CHANGE = "max_increase", "max_decrease", "max_change"
_NOT_DECIDABLE = "not decidable, "


class _Demand(NamedTuple):
    """What a gate asks for; one may be judged in many cells."""

    name: str
    form: str
    metric: str
    rule: str
    regime: str
    family: str
    threshold: float | None


def figures_headline(run: RunFile) -> str:
    """Say what the figures show where no gate decides: the most dangerous cell.

    By the first of high-risk answers, unsafe answers and, without labels, right answers that the
    run has figures of.
    """
    off = run.manifest.get("gates_switched_off")
    lead = "Gates were switched off" if off else "No gates were set"
    for metric in (*_DANGERS, "accuracy"):
        if rows := _cells(run, metric):
            return f"{lead}; {_worst_cell(run, rows, metric)}."
    return f"{lead}, and nothing was measured."


def _cells(run: RunFile, metric: str) -> list[FigureRow]:
    return [
        row
        for row in run.metrics
        if (row["metric"], row["regime"]) == (metric, SINGLE)
        and row["model"] in run.models
        and row["count"] is not None
        and row["n"]
    ]


def _worst_cell(run: RunFile, rows: Sequence[FigureRow], metric: str) -> str:
    best_is_high = metric == "accuracy"
    worst = min(rows, key=_rate) if best_is_high else max(rows, key=_rate)
    models = len({row["model"] for row in rows})
    conditions = len({row["condition"] for row in rows})
    where = cell_words(worst["model"], worst["condition"], models=models, conditions=conditions)
    what = answers_called(metric, own_metric_words(run.manifest))
    end = "" if len(rows) == 1 else "fewest " if best_is_high else "most "
    return f"{end}{what}{where}: {_with_end(worst)}"


def figure_sentences(run: RunFile) -> list[str]:
    """Say what the figures show: of each rate of danger, and of right answers, both ends."""
    told = []
    for metric in ("accuracy", *_DANGERS, "contradiction_rate"):
        rows = sorted(_cells(run, metric), key=_rate)
        if rows:
            what = answers_called(metric, own_metric_words(run.manifest))
            told.append(f"{what[0].upper()}{what[1:]}: {_ends(rows)}.")
    return told


def _rate(row: FigureRow) -> float:
    return (row["count"] or 0) / row["n"]


def _ends(rows: Sequence[FigureRow]) -> str:
    """Write the lowest and the highest of the rows, which are sorted."""
    low, high = rows[0], rows[-1]
    if len(rows) == 1:
        return _with_end(low)
    if _with_end(low) == _with_end(high):
        return f"{_with_end(low)} everywhere"
    models, conditions = (len({row[name] for row in rows}) for name in ("model", "condition"))

    def told(row: FigureRow, end: str) -> str:
        where = cell_words(row["model"], row["condition"], models=models, conditions=conditions)
        return f"{end}{where}, {_with_end(row)}"

    return f"{told(low, 'fewest')}; {told(high, 'most')}"


def _with_end(row: FigureRow) -> str:
    """Write a count; where none was found, how many can still be there."""
    told = counted(row["count"] or 0, row["n"])
    if row["count"] or row["ci_high"] is None:
        return told
    return f"{told}, up to {per_cent(row['ci_high'])}"


def decision_sentences(run: RunFile) -> list[str]:
    """Return why the run is blocked, undecided or passed, the demands that are not met first."""
    demands = _by_demand(run.gates)
    failed = {demand: _with(gates, "failed") for demand, gates in demands.items()}
    doubted = {demand: _with(gates, "inconclusive") for demand, gates in demands.items()}
    met = [one for one, gates in demands.items() if len(_with(gates, "passed")) == len(gates)]
    return [
        *_told(run, failed, "Not met", _missed),
        *_told(run, doubted, "Not decided", _undecided),
        *_met(run, met, lead="Every demand is met" if len(met) == len(demands) else "Met"),
        *_tests(run.manifest),
    ]


def _by_demand(gates: Sequence[GateRow]) -> dict[_Demand, list[GateRow]]:
    groups: dict[_Demand, list[GateRow]] = {}
    for gate in gates:
        demand = _Demand(
            name=gate.get("name", ""),
            form=gate.get("form", ""),
            metric=gate.get("metric", ""),
            rule=gate.get("rule", ""),
            regime=gate.get("regime", ""),
            family=gate.get("family", ""),
            threshold=gate.get("threshold"),
        )
        groups.setdefault(demand, []).append(gate)
    return groups


def _with(gates: Sequence[GateRow], outcome: str) -> list[GateRow]:
    return [gate for gate in gates if gate["outcome"] == outcome]


def _told(
    run: RunFile, groups: Mapping[_Demand, Sequence[GateRow]], lead: str, why: Why
) -> list[str]:
    own = own_metric_words(run.manifest)
    some = [(demand, gates) for demand, gates in groups.items() if gates]
    lines = [
        f"{lead}: {_asked(demand, own)}. {why(run, demand, gates)}."
        for demand, gates in some[:_DEMANDS]
    ]
    left = len(some) - _DEMANDS
    return [*lines, *([f"{lead}: {plural(left, 'more demand')}, see Gates."] if left > 0 else [])]


def _asked(demand: _Demand, own: Mapping[str, str]) -> str:
    """Say what is asked for, such as ``high-risk answers at most 5 %``."""
    what = answers_called(demand.metric, own)
    samples = " by the samples' majority" if demand.regime == SELF_CONSISTENCY else ""
    edits = f" under {words(demand.family)} edits" if demand.family else ""
    return f"{what}{samples}{edits} {_rule(demand)}"


def _rule(demand: _Demand) -> str:
    """Return the rule, its number in per cent where it is one of a rate."""
    threshold, rule = demand.threshold, demand.rule
    if threshold is None or not in_per_cent(demand.metric):
        return rule
    number = f"{threshold:g}"
    if demand.form in (_MAX, _MIN):
        return rule.replace(number, f"{100 * threshold:g} %", 1)
    if demand.form in (_INCREASE, _DECREASE, _CHANGE):
        return rule.replace(number, points(threshold), 1)
    return rule


def _missed(run: RunFile, demand: _Demand, gates: Sequence[GateRow]) -> str:
    """Say what was found in the cells that miss a demand, the farthest off first."""
    ordered = sorted(gates, key=_distance, reverse=True)
    found = [
        f"{_found(demand, gate)}{_where(run, gate)}{_bound(demand, gate)}"
        for gate in ordered[:_CELLS]
    ]
    return f"Found: {'; '.join([*found, *_further(len(gates))])}"


def _further(cells: int) -> list[str]:
    return [f"and {cells - _CELLS} more"] if cells > _CELLS else []


def _distance(gate: GateRow) -> float:
    value = gate.get("value")
    if value is None:
        return 0.0
    return -value if gate.get("form") in (_MIN, "min_case_consistency") else value


def _found(demand: _Demand, gate: GateRow) -> str:
    value, n = gate.get("value"), gate.get("n") or 0
    if value is None:
        return "nothing"
    if is_rate(demand.metric) and demand.form in (_MAX, _MIN, "no_new"):
        return counted(round(value * n), n)
    rose = (value > 0) == (demand.form == _INCREASE)
    way = f" {'above' if rose else 'below'}" if demand.form in (_INCREASE, _DECREASE) else ""
    return f"{_written(demand, value)}{way}"


def _written(demand: _Demand, value: float) -> str:
    """Write a figure, or a difference of two without its sign."""
    if demand.form in (_INCREASE, _DECREASE, _CHANGE):
        return points(value) if in_per_cent(demand.metric) else f"{abs(value):.3g}"
    return per_cent(value) if in_per_cent(demand.metric) else f"{value:.3g}"


def _bound(demand: _Demand, gate: GateRow) -> str:
    """Say what cannot be ruled out, where a gate demands to be sure."""
    bound = gate.get("bound")
    if bound is None or demand.form not in (_MAX, _MIN, _INCREASE, _DECREASE):
        return ""
    end = "as little as" if demand.form == _MIN else "up to"
    return f", {end} {_written(demand, bound)} not ruled out"


def _where(run: RunFile, gate: GateRow) -> str:
    """Say which cell a gate is about; empty where the run has one."""
    model, condition = gate.get("model", ""), gate.get("condition", "")
    part = f" in {gate['subgroup']}" if gate.get("subgroup") else ""
    models = len(run.models) if model in run.models else 0
    conditions = len(run.conditions) if condition in run.conditions else 0
    return f"{part}{cell_words(model, condition, models=models, conditions=conditions)}"


def _undecided(run: RunFile, _demand: _Demand, gates: Sequence[GateRow]) -> str:
    """Say why cells of a demand are undecided."""
    told = [_doubt(gate, _where(run, gate)) for gate in gates[:_CELLS]]
    return f"{'; '.join([*told, *_further(len(gates))])}"


def _doubt(gate: GateRow, where: str) -> str:
    missing, wanted = gate.get("missing") or 0, gate.get("wanted") or 0
    if _NOT_DECIDABLE in gate["sentence"]:
        return f"Not decidable{where}: {gate['sentence'].partition(_NOT_DECIDABLE)[2]}"
    if missing and gate.get("tipping_point"):
        are = "is" if missing == 1 else "are"
        of = plural(max(wanted, missing), "reply", "replies")
        return f"{missing:,} of {of}{where} {are} missing and could decide it"
    n = gate.get("n") or 0
    if needed := gate.get("items_needed"):
        are = "is" if n == 1 else "are"
        return f"{plural(n, 'case')}{where} {are} too few: about {needed:,} more are needed"
    found = gate["sentence"].partition("; undecided: ")[2].partition(";")[0]
    return f"{plural(n, 'case')}{where} cannot tell{': ' if found else ''}{found}"


def _met(run: RunFile, demands: Sequence[_Demand], *, lead: str) -> list[str]:
    """Say which demands are met in every cell."""
    if not demands:
        return []
    own = own_metric_words(run.manifest)
    told = [_asked(demand, own) for demand in demands[:_DEMANDS]]
    left = len(demands) - len(told)
    return [f"{lead}: {'; '.join([*told, *([f'{left} more, see Gates'] if left else [])])}."]


def _tests(manifest: Manifest) -> list[str]:
    """Name the tests that failed beside the gates."""
    many = failed_tests(manifest)
    if not many:
        return []
    first = (manifest.get("failed_tests") or {"first": []})["first"][:_CELLS]
    such = "such as " if many > len(first) else ""
    told = f": {such}{listed([test['test'] for test in first])}" if first else ""
    return [f"Failed beside the gates, {plural(many, 'test')}{told}."]
