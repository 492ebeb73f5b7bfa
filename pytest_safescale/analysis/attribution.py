"""Evidence against outcome: all that a panel with retrieved evidence says of why models fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_safescale.analysis.agent_traces import agent_traces
from pytest_safescale.analysis.evidence_figures import has_evidence
from pytest_safescale.analysis.evidence_outcomes import evidence_outcomes
from pytest_safescale.analysis.evidence_sentences import worst_evidence
from pytest_safescale.analysis.gap_split import gap_splits
from pytest_safescale.statistics.intervals import SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_safescale.analysis.agent_traces import AgentTraces
    from pytest_safescale.analysis.evidence_outcomes import EvidenceOutcome
    from pytest_safescale.analysis.evidence_sentences import WorstEvidence
    from pytest_safescale.analysis.gap_split import GapSplit
    from pytest_safescale.analysis.panel import Panel

__all__ = ["Attribution", "attribution"]


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Definitions: docs/metrics.md, "Evidence and outcome"."""

    classes: Sequence[EvidenceOutcome]
    gap: Sequence[GapSplit]
    agents: Sequence[AgentTraces]
    worst: Sequence[WorstEvidence]


def attribution(panel: Panel, *, adaptive: bool = False, seed: int = SEED) -> Attribution | None:
    """Return evidence against outcome; ``None`` where nothing was retrieved."""
    if not has_evidence(panel):
        return None
    return Attribution(
        classes=evidence_outcomes(panel, adaptive=adaptive),
        gap=gap_splits(panel, seed=seed),
        agents=agent_traces(panel),
        worst=worst_evidence(panel),
    )
