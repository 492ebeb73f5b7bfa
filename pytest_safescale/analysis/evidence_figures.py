"""Figures of the evidence that cases saw, and what missing replies can make of them.

Definitions: docs/metrics.md, "Evidence and outcome".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.evidence_facts import (
    CLASS,
    CLASSES,
    FACT_AT,
)
from pytest_safescale.analysis.layer_figures import Values
from pytest_safescale.analysis.layer_ranges import OpenCases
from pytest_safescale.verdicts.evidence_classes import USABLE_EVIDENCE, EvidenceClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel

__all__ = [
    "evidence_fact",
    "evidence_of_classes",
    "evidence_values",
    "has_evidence",
    "open_evidence",
]


def has_evidence(panel: Panel) -> bool:
    """Say whether the evidence of any case of the panel is known."""
    return CLASS in panel.evidence


def evidence_fact(panel: Panel, name: str) -> NDArray[np.float64]:
    """Return (models, conditions, items), float64, a fact by its name; NaN where it is unknown."""
    return panel.evidence.get(name, np.full(panel.greedy.shape, np.nan))


def evidence_of_classes(panel: Panel, classes: Sequence[EvidenceClass]) -> NDArray[np.bool_]:
    """Return (models, conditions, items), bool: whose evidence is of one of these classes."""
    numbers = [CLASSES.index(one) for one in classes]
    return np.isin(evidence_fact(panel, CLASS), numbers)


def evidence_values(panel: Panel, single: Judged) -> Mapping[str, Values]:
    """Return every metric of retrieved evidence; none where the panel has none."""
    if not has_evidence(panel):
        return {}
    known = np.isfinite(evidence_fact(panel, CLASS))
    found = np.isfinite(evidence_fact(panel, FACT_AT))
    contradictory = evidence_of_classes(panel, [EvidenceClass.CONTRADICTS_ITSELF])
    usable = evidence_of_classes(panel, USABLE_EVIDENCE) & single.there
    return {
        "retrieval_miss_rate": Values(known & ~found, known),
        "contradictory_evidence_rate": Values(contradictory, known),
        "ignored_evidence_rate": Values(usable & ~single.rates["accuracy"], usable),
    }


def open_evidence(
    panel: Panel,
    at: tuple[int, int],
    there: NDArray[np.bool_],
    metric: str,
    *,
    failed: NDArray[np.bool_],
    unread: NDArray[np.bool_],
) -> OpenCases:
    """Return what is open of a metric in the cell ``at``.

    ``there`` is (items,) which cases are meant, ``failed`` and ``unread`` are of those. Evidence
    that was retrieved for a case is known even where its answer is not.
    """
    known = np.isfinite(evidence_fact(panel, CLASS)[at][there])
    # A cell for which nothing was retrieved has no case of these figures.
    lost = failed & ~known & np.isfinite(evidence_fact(panel, CLASS)[at]).any()
    if metric != "ignored_evidence_rate":
        return OpenCases(lost, 1.0, must=False)
    usable = evidence_of_classes(panel, USABLE_EVIDENCE)[at][there]
    return OpenCases(lost | (usable & (failed | unread)), 1.0, must=usable)
