"""``analyses.attribution`` of run.json as plain data: evidence against outcome.

Each row has the fields of the data class named in its docstring, which says what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from pytest_safescale.results.checked import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AgentTracesRow",
    "AttributionRows",
    "CausePartRow",
    "DriftRow",
    "EvidenceOutcomeRow",
    "GapSplitRow",
    "WorstEvidenceRow",
    "attribution_in",
]


class EvidenceOutcomeRow(TypedDict):
    """``EvidenceOutcome``."""

    model: str
    condition: str
    evidence_class: str
    metric: str
    regime: str
    n: int
    count: int
    value: float
    ci_low: float
    ci_high: float
    ci_method: str
    relative_risk: float | None
    risk_low: float | None
    risk_high: float | None


class CausePartRow(TypedDict):
    """``CausePart``."""

    cause: str
    cases: int
    points: float
    points_low: float
    points_high: float
    share: float | None
    share_low: float | None
    share_high: float | None


class GapSplitRow(TypedDict):
    """``GapSplit``."""

    model: str
    condition: str
    n: int
    items: int
    clean: float
    retrieved: float
    gap: float
    gap_low: float
    gap_high: float
    parts: list[CausePartRow]


class DriftRow(TypedDict):
    """``Drift``."""

    cause: str
    items: list[str]


class AgentTracesRow(TypedDict):
    """``AgentTraces``."""

    model: str
    condition: str
    n: int
    saw_fact: int
    mean_fact_turn: float | None
    reported_fact: int
    wrong_after_fact: int
    drifts: list[DriftRow]
    repeated_searches: int
    cases_repeating: int
    passages_read: int
    passages_unused: int


class WorstEvidenceRow(TypedDict):
    """``WorstEvidence``."""

    item_id: str
    model: str
    condition: str
    dangerous_answers: int
    evidence_class: str
    sentence: str


class AttributionRows(TypedDict):
    """``Attribution``."""

    classes: list[EvidenceOutcomeRow]
    gap: list[GapSplitRow]
    agents: list[AgentTracesRow]
    worst: list[WorstEvidenceRow]


def attribution_in(analyses: Mapping[str, Any]) -> AttributionRows | None:
    """Return evidence against outcome of a run's analyses; ``None`` where nothing was retrieved.

    Raises DatasetError with the first key that holds something else.
    """
    found = analyses.get("attribution")
    return None if found is None else checked(found, AttributionRows, "analyses.attribution")
