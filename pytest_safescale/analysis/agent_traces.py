"""What agents read, and whether their answers stayed with the fact that they had seen.

Definitions: docs/metrics.md, "Agents and the fact".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.evidence_facts import (
    DANGER_TURN,
    FACT_TURN,
    READ,
    REPEATED,
    REPORTED,
    UNUSED,
)
from pytest_safescale.analysis.evidence_figures import evidence_fact
from pytest_safescale.analysis.judged_cases import single_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.panel import Panel

__all__ = ["DRIFT_CAUSES", "AgentTraces", "Drift", "agent_traces"]

DRIFT_CAUSES = ("read_danger_after", "left_out_of_report", "no_cause_seen")
"""Why an answer may have left the fact, the first that holds: it read support for a dangerous
option in a later turn or the same; its report does not hold the fact; neither."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Cases that leaned to the correct answer after the fact was read, and ended wrong."""

    cause: str
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AgentTraces:
    """The agent's cases of one cell that were answered."""

    model: str
    condition: str
    n: int
    saw_fact: int
    """Cases in which the agent read what serves the item."""
    mean_fact_turn: float | None
    """The turn in which it first did, from 1; ``None`` where it never did."""
    reported_fact: int
    """Those of them whose report serves the item too."""
    wrong_after_fact: int
    """Those of them whose answer is not correct."""
    drifts: tuple[Drift, ...]
    """Those of them that had leaned to the correct answer since."""
    repeated_searches: int
    cases_repeating: int
    passages_read: int
    passages_unused: int
    """Passages whose words the report has nothing of."""


def agent_traces(panel: Panel) -> list[AgentTraces]:
    """Return what is known of the agent's turns, by model and condition; empty without any."""
    there = single_answers(panel).there & np.isfinite(evidence_fact(panel, REPEATED))
    return [
        _cell(panel, (model, condition), there[model, condition])
        for model in range(len(panel.models))
        for condition in range(len(panel.conditions))
        if there[model, condition].any()
    ]


def _cell(panel: Panel, at: tuple[int, int], there: NDArray[np.bool_]) -> AgentTraces:
    facts = {
        name: evidence_fact(panel, name)[at][there]
        for name in (FACT_TURN, DANGER_TURN, REPORTED, REPEATED, READ, UNUSED)
    }
    saw = np.isfinite(facts[FACT_TURN])
    wrong = saw & ~single_answers(panel).rates["accuracy"][at][there]
    ids = [panel.items[place].id for place in np.flatnonzero(there)]
    return AgentTraces(
        model=panel.models[at[0]],
        condition=panel.conditions[at[1]],
        n=len(ids),
        saw_fact=int(saw.sum()),
        mean_fact_turn=float(facts[FACT_TURN][saw].mean()) if saw.any() else None,
        reported_fact=int((saw & (facts[REPORTED] > 0)).sum()),
        wrong_after_fact=int(wrong.sum()),
        drifts=_drifts(ids, facts, wrong & _leaned(panel, at, there, facts[FACT_TURN])),
        repeated_searches=int(facts[REPEATED].sum()),
        cases_repeating=int((facts[REPEATED] > 0).sum()),
        passages_read=int(facts[READ].sum()),
        passages_unused=int(facts[UNUSED].sum()),
    )


def _leaned(
    panel: Panel, at: tuple[int, int], there: NDArray[np.bool_], fact_turn: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return (cases,) whether a turn after that of the fact leans to the correct answer."""
    steps = panel.steps[at][there]
    # A turn's leaning is told before what it searches for is read.
    later = np.arange(1, steps.shape[-1] + 1) > np.nan_to_num(fact_turn, nan=np.inf)[:, None]
    right: NDArray[np.bool_] = steps == panel.truth[there][:, None]
    return np.asarray((right & later).any(axis=-1))


def _drifts(
    ids: Sequence[str], facts: dict[str, NDArray[np.float64]], drifted: NDArray[np.bool_]
) -> tuple[Drift, ...]:
    danger = drifted & (facts[DANGER_TURN] >= facts[FACT_TURN])
    lost = drifted & ~danger & ~(facts[REPORTED] > 0)
    found = (danger, lost, drifted & ~danger & ~lost)
    return tuple(
        Drift(cause=cause, items=tuple(ids[place] for place in np.flatnonzero(cases).tolist()))
        for cause, cases in zip(DRIFT_CAUSES, found, strict=True)
    )
