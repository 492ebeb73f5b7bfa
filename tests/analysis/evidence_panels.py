"""Panels whose cases saw evidence of known classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.analysis.evidence_facts import (
    BADLY_PLACED,
    CLASS,
    CLASSES,
    DANGEROUS,
    DANGEROUS_PASSAGES,
    FACT_AT,
    PASSAGES,
)
from pytest_safescale.analysis.panel import CaseAnswers, Panel, PanelBuilder
from pytest_safescale.verdicts.evidence_classes import EvidenceClass
from tests.analysis.panels import item

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKS = {
    "k": (EvidenceClass.CARRIES_KEY_FACT, 1),
    "K": (EvidenceClass.CARRIES_KEY_FACT, 7),
    "o": (EvidenceClass.SUPPORTS_CORRECT, 2),
    "x": (EvidenceClass.CONTRADICTS_ITSELF, 1),
    "d": (EvidenceClass.SUPPORTS_DANGEROUS, None),
    "D": (EvidenceClass.SUPPORTS_DANGEROUS, 3),
    "n": (EvidenceClass.DOES_NOT_APPLY, None),
    "s": (EvidenceClass.SILENT, None),
}
"""By mark: the class, and the rank of the fact, which is badly placed at the seventh."""


def facts_of(mark: str) -> dict[str, float]:
    if mark == " ":
        return {}
    kind, at = MARKS[mark]
    facts = {CLASS: float(CLASSES.index(kind)), PASSAGES: 10.0, BADLY_PLACED: float(mark == "K")}
    dangerous = kind is EvidenceClass.SUPPORTS_DANGEROUS
    facts |= {DANGEROUS: 2.0 if dangerous else 0.0, DANGEROUS_PASSAGES: float(dangerous)}
    return facts if at is None else {**facts, FACT_AT: at}


def evidence_panel(answers: Mapping[str, Mapping[str, str]], evidence: Mapping[str, str]) -> Panel:
    """Answers by model and condition as in ``panel_of``, ``?`` being one that nobody can read;
    evidence by condition, a mark an item."""
    builder = PanelBuilder()
    most = max(len(text) for rows in answers.values() for text in rows.values())
    for place in range(most):
        builder.add_item(item(f"{place + 1:04d}"))
    for model, rows in answers.items():
        for condition, text in rows.items():
            for place, letter in enumerate(text):
                marks = evidence.get(condition, "")
                builder.add(
                    CaseAnswers(
                        model=model,
                        condition=condition,
                        item_id=f"{place + 1:04d}",
                        letter=None if letter in "-!?" else letter,
                        error=letter == "!",
                        unread=letter == "?",
                        evidence=facts_of(marks[place]) if marks else {},
                    )
                )
    return builder.build()
