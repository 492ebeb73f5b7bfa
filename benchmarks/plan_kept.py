"""Whether plans keep their promise: planted runs of the planned size, judged by the real gates.

    python -m benchmarks.plan_kept [RUNS [FORM ...]]

For each form of gate ``safescale plan`` says from how many items on it passes in 80 % of runs, and
how often it passes and fails with so many. Runs of just that size are drawn as the plan assumes, as
answers of a panel, and each is judged as the gates of a run are, from the answers on. Printed are
the plan's chances and the shares of the drawn runs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_safescale.analysis.estimates import values_alone
from pytest_safescale.analysis.panel import CaseAnswers, PanelBuilder, PanelItem
from pytest_safescale.gates.completeness import Completeness
from pytest_safescale.gates.completions import JointGates, Trial
from pytest_safescale.gates.confirmation import Repeat
from pytest_safescale.gates.criteria.build import criterion_of
from pytest_safescale.gates.criteria.cells import Undecidable
from pytest_safescale.gates.criteria.criterion import DECISIONS
from pytest_safescale.gates.criteria.target import targets
from pytest_safescale.gates.inputs import EarlierRun, GateInputs
from pytest_safescale.gates.result import Decision
from pytest_safescale.gates.written_gates import parse_gates
from pytest_safescale.runs.assumed_truth import Assumptions, truth_of
from pytest_safescale.runs.planned_chances import Chances, PlannedGate
from pytest_safescale.runs.planned_simulation import Layout, SimulatedGate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.gates.spec import Gate

RUNS = 2_000
SEED = 7
SAMPLES = 4
"""Of figures over samples."""
LABELS = {"B": ("high_risk", "unsafe"), "C": ("unsafe",)}
SURE = {"confidence": 0.95}
CLUSTER = 3
SPREAD = 5.0
"""Standard deviation of differences without a range, in margins."""
SUBGROUPS = 4


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of gate and what its runs are made of."""

    name: str
    keys: dict[str, Any]
    wrong: str = "B"
    """The letter of the answers that count, or of those that are not correct."""
    conditions: int = 1
    in_clusters: bool = False
    items: int | None = None
    """Where no number of items is planned."""
    often: float | None = None
    """How often the answers count, where it is not what is usually assumed."""

    @property
    def assumed(self) -> Assumptions:
        """What the plan assumes."""
        return Assumptions() if self.often is None else Assumptions(rate=self.often)


HIGH = {"metric": "high_risk_error_rate"}
FORMS = (
    Form(name="`max`, by value", keys={**HIGH, "max": 0.05}),
    Form(name="`max`, with confidence", keys={**HIGH, "max": 0.05, **SURE}),
    Form(name="`min` on accuracy", keys={"metric": "accuracy", "min": 0.9, **SURE}, wrong="D"),
    Form(name="`looks = 3`", keys={**HIGH, "max": 0.06, **SURE, "looks": 3}),
    Form(name="at any stop", keys={**HIGH, "max": 0.06, **SURE, "sequential": "anytime"}),
    Form(name="`max_increase`", keys={**HIGH, "max_increase": 0.05, **SURE}),
    Form(
        name="`max_decrease` of accuracy",
        keys={"metric": "accuracy", "max_decrease": 0.08, **SURE},
        wrong="D",
    ),
    Form(name="`max_change`", keys={"metric": "accuracy", "max_change": 0.08, **SURE}, wrong="D"),
    Form(
        name="mean by betting",
        keys={"metric": "robustness_correctness", "min": 0.85, **SURE},
        wrong="D",
    ),
    Form(
        name="difference by betting",
        keys={"metric": "robustness_correctness", "max_decrease": 0.1, **SURE},
        wrong="D",
    ),
    Form(name="`expected_harm`", keys={"metric": "expected_harm", "max": 0.08, **SURE}),
    Form(
        name="`min_case_consistency`",
        keys={"min_case_consistency": 1.0, "share_of_cases": 0.88, **SURE},
    ),
    Form(name="`no_new`", keys={"no_new": "high_risk"}, items=20),
    Form(name="`confirm = 3`", keys={"no_new": "high_risk", "confirm": 3}, items=150, often=0.2),
    Form(
        name="by resampling",
        keys={"metric": "mean_latency_s", "max_increase": 1.0, **SURE},
    ),
    Form(
        name="`by` subgroup",
        keys={**HIGH, "max": 0.1, **SURE, "by": "subspecialty"},
    ),
    Form(name="in clusters", keys={**HIGH, "max": 0.06, **SURE}, in_clusters=True),
    Form(
        name="in clusters, `max_increase`",
        keys={**HIGH, "max_increase": 0.05, **SURE},
        in_clusters=True,
    ),
    Form(
        name="`max_excess_share`",
        keys={"metric": "unsafe_answer_rate", "max_excess_share": 0.06},
        conditions=3,
        items=100,
    ),
)


def planned(form: Form, gate: Gate) -> PlannedGate | SimulatedGate:
    """Return how the plan reckons with a gate."""
    truth = truth_of(gate, form.assumed)
    together = gate.by or gate.is_resampled or gate.max_excess_share is not None
    if not (form.in_clusters or together):
        return PlannedGate(gate, truth)
    return SimulatedGate(
        gate=gate,
        truth=truth,
        layout=layout(form, form.items or 120),
        icc=form.assumed.icc,
        seed=42,
        cells=form.conditions,
    )


def layout(form: Form, items: int) -> Layout:
    """Return clusters of three, where there are any, and four subgroups."""
    return Layout(
        clusters=[f"c{place // CLUSTER}" if form.in_clusters else "" for place in range(items)],
        subgroups={"subspecialty": [f"s{place % SUBGROUPS}" for place in range(items)]},
    )


def drawn(form: Form, gate: Gate, items: int, generator: np.random.Generator) -> GateInputs:
    """Return a run of so many items, and where it is held against one, that one."""
    where = layout(form, items)
    level = form.assumed.level(gate)
    wrong = 1 - level if form.wrong == "D" or gate.min_case_consistency else level
    cells = [
        _events(form, where, wrong, generator)
        for _ in range(form.conditions + bool(gate.earlier_run))
    ]
    seconds: list[NDArray[np.float64] | None] = [None, None]
    if gate.is_resampled:
        moved = generator.normal(0.0, SPREAD * gate.threshold, items)
        seconds = [100.0 + moved, np.full(items, 100.0)]
    now = _panel(form, gate, where, cells[: form.conditions], seconds[0])
    earlier = {}
    if gate.earlier_run:
        before = _panel(form, gate, where, cells[-1:], seconds[1])
        earlier = {"baseline": EarlierRun(panel=before, matched_models={"m": "m"})}
    asked = {("m", f"c{cell}"): items for cell in range(form.conditions)}
    order = [item.id for item in now.items]
    return GateInputs(
        metrics=list(values_alone(now)),
        completeness=Completeness(expected=asked, recorded=asked, order=order),
        panel=now,
        earlier=earlier,
        repeats={("m", "c0"): _repeats(gate, order, wrong, generator)},
    )


def _repeats(
    gate: Gate, items: Sequence[str], wrong: float, generator: np.random.Generator
) -> dict[str, list[Repeat]]:
    """Return what each item's repeats answered, where new findings are put to some."""
    found = generator.random((len(items), gate.confirm or 0)) < wrong
    return {
        name: [Repeat("B" if one else "A") for one in row]
        for name, row in zip(items, found, strict=True)
    }


def _events(
    form: Form, where: Layout, rate: float, generator: np.random.Generator
) -> Sequence[bool]:
    items = len(where.clusters)
    chances = np.full(items, rate)
    if form.in_clusters:
        scale = (1 - form.assumed.icc) / form.assumed.icc
        of_clusters = generator.beta(rate * scale, (1 - rate) * scale, items // CLUSTER + 1)
        chances = of_clusters[np.arange(items) // CLUSTER]
    return [bool(one) for one in generator.random(items) < chances]


def _panel(
    form: Form,
    gate: Gate,
    where: Layout,
    cells: Sequence[Sequence[bool]],
    seconds: NDArray[np.float64] | None,
) -> Panel:
    builder = PanelBuilder()
    for place, cluster in enumerate(where.clusters):
        name, subgroup = f"i{place:05d}", where.subgroups["subspecialty"][place]
        builder.add_item(
            PanelItem(
                id=name,
                truth="A",
                letters="ABCD",
                labels=LABELS,
                cluster=cluster,
                subspecialty=subgroup,
            )
        )
        for cell, events in enumerate(cells):
            letter = form.wrong if events[place] else "A"
            samples = [letter] * SAMPLES
            if gate.min_case_consistency:
                samples = ["A"] * (SAMPLES - events[place]) + ["C"] * events[place]
            builder.add(
                CaseAnswers(
                    model="m",
                    condition=f"c{cell}",
                    item_id=name,
                    letter=letter,
                    samples=samples,
                    wanted=SAMPLES,
                    latency_s=None if seconds is None else float(seconds[place]),
                )
            )
    return builder.build()


def decided(gate: Gate, inputs: GateInputs) -> Decision:
    """Return the decision of a gate as a run judges it."""
    (target,) = targets(gate, inputs)
    try:
        criterion = criterion_of(gate, target, inputs)
    except Undecidable:
        return Decision.INCONCLUSIVE
    trial = Trial(gate=gate, target=target, criterion=criterion, seed=SEED)
    joint_gates = JointGates([trial], holm=False)
    codes = trial.counted.decision_codes(trial.alpha, joint_gates.counted(trial))
    return DECISIONS[int(codes[0])]


def kept(form: Form, runs: int = RUNS) -> tuple[int, Chances, Chances]:
    """Return the planned items, what the plan says of them, and what drawn runs come to."""
    (gate,) = parse_gates([form.keys], "here")
    plan = planned(form, gate)
    items = form.items or plan.items_from()
    assert items is not None
    generator = np.random.default_rng(SEED)
    found = [decided(gate, drawn(form, gate, items, generator)) for _ in range(runs)]
    shares = [found.count(one) / runs for one in (Decision.PASSED, Decision.FAILED)]
    return items, plan.chances(items), Chances(*shares)


def main() -> None:
    """Print a row for each form."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    wanted = sys.argv[2:]
    print("| gate | items from | passes: plan, runs | fails: plan, runs |")
    print("|---|---|---|---|")
    for form in [one for one in FORMS if not wanted or one.name.strip("`") in wanted]:
        items, said, seen = kept(form, runs)
        passed, failed = (
            f"{100 * getattr(said, name):.1f} %, {100 * getattr(seen, name):.1f} %"
            for name in ("passed", "failed")
        )
        print(f"| {form.name} | {items} | {passed} | {failed} |", flush=True)


if __name__ == "__main__":
    main()
