"""What each configured gate can say of the items: told with the plan, before the first call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from pytest_safescale.analysis.metrics import ROBUSTNESS_METRICS, SELF_CONSISTENCY
from pytest_safescale.gates.criteria.planned import has_range
from pytest_safescale.gates.criterion_kind import CriterionKind
from pytest_safescale.runs.assumed_truth import chance_told, truth_of
from pytest_safescale.runs.planned_chances import PlannedGate
from pytest_safescale.runs.planned_simulation import RUNS, SimulatedGate
from pytest_safescale.statistics.paired import holm
from pytest_safescale.statistics.power import POWER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_safescale.gates.spec import Gate
    from pytest_safescale.runs.assumed_truth import Assumptions
    from pytest_safescale.runs.planned_simulation import Layout

    Judged = PlannedGate | SimulatedGate

__all__ = ["GatesOutlook", "Plans", "gates_outlook"]

_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Plans:
    """What gates are planned over."""

    sizes: Mapping[str, int]
    """The items of each condition, with its profile."""
    models: int
    layout: Layout
    assumed: Assumptions
    seed: int
    holm: bool = False
    """Whether the gates with confidence share their chance."""
    runs: int = RUNS
    """How many are drawn where a chance is simulated."""
    samples: int = 20
    """How many are drawn for a case."""
    searches: bool = False
    """Whether cases are put to relations."""


class GatesOutlook(NamedTuple):
    """What is told of the gates."""

    lines: list[str]
    impossible: bool
    """Whether one that blocks cannot pass, whatever is answered."""


class _Target(NamedTuple):
    """A gate over cells with as many items each."""

    gate: Gate
    conditions: tuple[str, ...]
    items: int
    decisions: int
    """How many times it is decided."""


def gates_outlook(gates: Sequence[Gate], plans: Plans) -> GatesOutlook:
    """Return what each gate comes to in 80 columns; nothing without gates."""
    targets = [target for gate in gates for target in _targets(gate, plans)]
    held = sum(one.decisions for one in targets if one.gate.confidence is not None)
    shared = held if plans.holm and held > 1 else 1
    told = [_sentence(one, plans, shared) for one in targets]
    cannot = _that_cannot_pass(targets, plans)
    said = [*_introduction(targets, shared), *told, *_of_impossible(targets, cannot)]
    lines = [line for one in said for line in wrap(one, 80, subsequent_indent="  ")]
    blocks = any(targets[at].gate.on_inconclusive == "fail" for at in cannot)
    return GatesOutlook(["", *lines] if lines else [], blocks)


def _introduction(targets: Sequence[_Target], shared: int) -> Iterator[str]:
    if targets:
        yield "The configured gates, each at what is assumed to be true"
    if shared > 1:
        yield (
            f"By Holm's method {shared} gates share their chance: each is told as the hardest of "
            "them, and passes more often where others pass clearly"
        )


def _targets(gate: Gate, plans: Plans) -> Iterator[_Target]:
    """Give the gate over all conditions with as many items, or over all its cells at once."""
    names = dict.fromkeys(name for _, name in gate.cells(["*"], list(plans.sizes)))
    known = [name for name in names if name in plans.sizes]
    if gate.kind is CriterionKind.MAX_EXCESS_SHARE:
        if known:
            most = max(plans.sizes[name] for name in known)
            yield _Target(gate, tuple(known), most, 1)
        return
    by_size: defaultdict[int, list[str]] = defaultdict(list)
    for name in known:
        by_size[_items_of(gate, plans.sizes[name])].append(name)
    for items, conditions in by_size.items():
        yield _Target(gate, tuple(conditions), items, len(conditions) * plans.models)


def _items_of(gate: Gate, items: int) -> int:
    """Return how many items it is judged on: a certificate leaves out those that calibrated."""
    if gate.certified is None:
        return items
    return max(1, round(items * (1 - gate.thresholds.calibration)))


def _sentence(target: _Target, plans: Plans, shared: int) -> str:
    gate = target.gate
    start = f"{gate.called} ({', '.join(target.conditions)}), {gate.rule}"
    if reason := _undecidable(target, plans):
        return f"{start}: {reason}"
    if not _is_planned(gate):
        return (
            f"{start}: {target.items} items decide it by the value alone; how such a figure "
            "scatters is not known before, so that no chance is told"
        )
    hardest = _at_first_step(gate, shared)
    judged = _judged(hardest, target, plans)
    alpha = 0.0 if hardest.tested_confidence is None else 1 - hardest.tested_confidence
    if judged.best_p(target.items) > alpha + _ROUNDING:
        needed = judged.items_at_best()
        more = f"; it takes {needed}" if needed else ""
        as_hardest = " as the hardest of them" if gate.confidence and shared > 1 else ""
        return (
            f"{start}: {target.items} items cannot pass it{as_hardest}, whatever they answer{more}"
        )
    chances = judged.chances(target.items)
    parts = [
        f"{target.items} {_unit(gate)}{_allowance(judged, target)}",
        f"at {_truth(gate, plans)}, it passes {chance_told(chances.passed)} of runs, fails "
        f"{chance_told(chances.failed)} and is inconclusive in {chance_told(chances.inconclusive)}",
        _from(judged, target, chances.passed),
    ]
    how = _how(judged)
    return f"{start}: {'; '.join(part for part in parts if part)}{how}"


def _undecidable(target: _Target, plans: Plans) -> str:
    """Say why nothing of a gate can be judged, whatever is answered; empty where it can."""
    gate, cells = target.gate, len(target.conditions) * plans.models
    if gate.metric in ROBUSTNESS_METRICS and not plans.searches:
        return "no case is put to relations; --suite evidence_robustness does so"
    if gate.kind is CriterionKind.MAX_EXCESS_SHARE and cells == 1:
        return (
            "one model under one condition has a finding once an item at most, so nothing can be "
            "concentrated; name several conditions or models"
        )
    fewest = 2 if gate.min_case_consistency is not None else 1
    if gate.of_regime == SELF_CONSISTENCY and plans.samples < fewest:
        return f"it is taken from {fewest} samples a case or more, and --samples is {plans.samples}"
    return ""


def _unit(gate: Gate) -> str:
    return "items that did not calibrate, if all answer" if gate.certified else "items"


def _truth(gate: Gate, plans: Plans) -> str:
    if gate.is_resampled:
        return "no difference, one item's scattering by five margins"
    if gate.kind is CriterionKind.MAX_EXCESS_SHARE:
        return f"{truth_of(gate, plans.assumed).words}, evenly spread"
    return truth_of(gate, plans.assumed).words


def _allowance(judged: Judged, target: _Target) -> str:
    """Say how many cases may count against it, or how soon it can be decided."""
    if not isinstance(judged, PlannedGate):
        return ""
    if target.gate.sequential is not None:
        return (
            f", which pass it after {judged.items_at_best()} without a case against it and decide "
            f"it after {judged.asked_on_average(target.items):.0f} on the average"
        )
    most = judged.most_against(target.items)
    return "" if most is None else f", of which {most or 'none'} may count against it"


def _from(judged: Judged, target: _Target, passed: float) -> str:
    """Say from how many items on it passes mostly."""
    if target.gate.kind is CriterionKind.MAX_EXCESS_SHARE:
        return ""
    of_every_case = target.gate.min_case_consistency is not None and target.gate.threshold >= 1
    if target.gate.no_new is not None or of_every_case:
        return "the more items, the less often"
    needed = judged.items_from()
    if needed is None:
        return f"no number of items looked at passes {chance_told(POWER)} of runs"
    if isinstance(judged, SimulatedGate) and passed >= POWER:
        return ""
    about = "about " if isinstance(judged, SimulatedGate) else ""
    items = "item" if needed == 1 else "items"
    return f"from {about}{needed} {items} on it passes {chance_told(POWER)}"


def _how(judged: Judged) -> str:
    if isinstance(judged, PlannedGate):
        return ""
    clustered = f", {judged.icc:g} correlated in clusters" if judged.layout.has_clusters else ""
    return f" (simulated{clustered})"


def _is_planned(gate: Gate) -> bool:
    return has_range(gate) or gate.is_resampled


def _at_first_step(gate: Gate, shared: int) -> Gate:
    """Return the gate as Holm's first step holds it."""
    if gate.confidence is None or shared == 1:
        return gate
    return gate.model_copy(update={"confidence": 1 - (1 - gate.confidence) / shared})


def _judged(gate: Gate, target: _Target, plans: Plans) -> Judged:
    """Return the gate on independent cases, exact, or where they hang together, simulated."""
    truth = truth_of(gate, plans.assumed)
    together = plans.layout.has_clusters and gate.confidence is not None and not gate.certified
    over_cells = gate.kind is CriterionKind.MAX_EXCESS_SHARE
    if not (together or gate.by or gate.is_resampled or over_cells):
        return PlannedGate(gate, truth)
    return SimulatedGate(
        gate=gate,
        truth=truth,
        layout=plans.layout.of(target.items),
        icc=plans.assumed.icc,
        seed=plans.seed,
        runs=plans.runs,
        cells=len(target.conditions) * plans.models,
    )


def _that_cannot_pass(targets: Sequence[_Target], plans: Plans) -> list[int]:
    """Return the places of those that no answers could pass, held together or each by itself."""
    alphas, lowest = [], []
    for one in targets:
        confidence = one.gate.tested_confidence
        alphas.append(0.0 if confidence is None else 1 - confidence)
        lowest.append(_best_p(one, plans))
    adjusted = lowest
    if plans.holm:
        held = [at for at, one in enumerate(targets) if one.gate.confidence is not None]
        places = [at for at in held for _ in range(targets[at].decisions)]
        ends = dict(zip(places, holm([lowest[at] for at in places]), strict=True))
        adjusted = [ends.get(at, p) for at, p in enumerate(lowest)]
    return [
        at
        for at, (p, alpha) in enumerate(zip(adjusted, alphas, strict=True))
        if p > alpha + _ROUNDING
    ]


def _best_p(target: _Target, plans: Plans) -> float:
    """Return the lowest p that a gate can have; 1 where nothing of it can be judged."""
    gate = target.gate
    if _undecidable(target, plans):
        return 1.0
    return _judged(gate, target, plans).best_p(target.items) if _is_planned(gate) else 0.0


def _of_impossible(targets: Sequence[_Target], cannot: Sequence[int]) -> Iterator[str]:
    if cannot:
        names = dict.fromkeys(targets[at].gate.called for at in cannot)
        yield f"Whatever is answered, a run cannot pass: {', '.join(names)}"
