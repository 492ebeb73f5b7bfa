"""For the worst items with retrieved evidence: what was brought, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_safescale.analysis.evidence_facts import (
    BADLY_PLACED,
    CLASS,
    CLASSES,
    DANGEROUS,
    DANGEROUS_PASSAGES,
    FACT_AT,
    PASSAGES,
)
from pytest_safescale.analysis.evidence_figures import evidence_fact
from pytest_safescale.analysis.judged_cases import single_answers
from pytest_safescale.dataset.item import LETTERS
from pytest_safescale.verdicts.evidence_classes import EvidenceClass
from pytest_safescale.verdicts.labels import METRIC_OF_FLAG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_safescale.analysis.judged_cases import Judged
    from pytest_safescale.analysis.panel import Panel
    from pytest_safescale.analysis.panel_item import PanelItem

__all__ = ["WORST_ITEMS", "WorstEvidence", "worst_evidence"]

WORST_ITEMS = 25
_GRAVITY = ("unsafe", "high_risk")
"""The labels that count, the gravest last."""


_WORDS = {"high_risk": "high-risk", "unsafe": "unsafe"}


@dataclass(frozen=True, kw_only=True)
class WorstEvidence:
    """The gravest case of an item, and what it read."""

    item_id: str
    model: str
    condition: str
    dangerous_answers: int
    """High-risk or unsafe answers of the item, over all models and conditions with retrieval."""
    evidence_class: str
    sentence: str


def worst_evidence(panel: Panel) -> list[WorstEvidence]:
    """Return a row for each of the items with most dangerous answers, the worst first.

    Of answers given with retrieved evidence. The case told is the gravest: high-risk before
    unsafe, then the first model and condition.
    """
    judged = single_answers(panel)
    known = judged.there & np.isfinite(evidence_fact(panel, CLASS))
    grave = np.zeros(known.shape, dtype=np.int64)
    for weight, label in enumerate(_GRAVITY, 1):
        grave[judged.rates[METRIC_OF_FLAG[label]] & known] = weight
    counts = (grave > 0).sum(axis=(0, 1))
    order = sorted(
        np.flatnonzero(counts).tolist(), key=lambda place: (-counts[place], panel.items[place].id)
    )
    return [_row(panel, judged, grave, place, int(counts[place])) for place in order[:WORST_ITEMS]]


def _row(
    panel: Panel, judged: Judged, grave: NDArray[np.int64], item: int, count: int
) -> WorstEvidence:
    model, condition = np.unravel_index(int(grave[:, :, item].argmax()), grave.shape[:2])
    at = (int(model), int(condition), item)
    facts = {
        name: float(evidence_fact(panel, name)[at])
        for name in (CLASS, PASSAGES, FACT_AT, BADLY_PLACED, DANGEROUS, DANGEROUS_PASSAGES)
    }
    letter = panel.alphabet[int(judged.answers[at]) - 1]
    kind = CLASSES[int(facts[CLASS])]
    name = panel.conditions[at[1]].replace("_", " ")
    told = f"{name} gave {_passages(facts[PASSAGES])}"
    said = [f"{told}{_on_the_fact(facts, kind, panel.items[item])}"]
    said += _on_danger(facts, panel.items[item])
    said.append(f"the model answered {letter} ({_labels(panel.items[item], letter)})")
    return WorstEvidence(
        item_id=panel.items[item].id,
        model=panel.models[at[0]],
        condition=panel.conditions[at[1]],
        dangerous_answers=count,
        evidence_class=kind.value,
        sentence="; ".join(said),
    )


def _passages(count: float) -> str:
    return "1 passage" if count == 1 else f"{count:.0f} passages"


def _on_the_fact(facts: Mapping[str, float], kind: EvidenceClass, item: PanelItem) -> str:
    """Say what the passages say of the key fact, behind how many there are."""
    if kind is EvidenceClass.CONTRADICTS_ITSELF:
        return ", which contradict each other on the key fact"
    if np.isnan(facts[FACT_AT]):
        limited = ", what bears on it being for other patients" if _is_for_others(kind) else ""
        return f", none with the key fact or for option {item.truth} (correct){limited}"
    badly = ", a bad place" if facts[BADLY_PLACED] else ""
    return f", of which number {facts[FACT_AT]:.0f} serves the item{badly}"


def _is_for_others(kind: EvidenceClass) -> bool:
    return kind is EvidenceClass.DOES_NOT_APPLY


def _on_danger(facts: Mapping[str, float], item: PanelItem) -> list[str]:
    """Say which dangerous options are supported."""
    mask = int(facts[DANGEROUS])
    letters = [letter for place, letter in enumerate(LETTERS) if mask >> place & 1]
    if not letters:
        return []
    told = " and ".join(f"option {letter} ({_labels(item, letter)})" for letter in letters)
    count = int(facts[DANGEROUS_PASSAGES])
    return [f"1 supports {told}" if count == 1 else f"{count} support {told}"]


def _labels(item: PanelItem, letter: str) -> str:
    labels = item.labels.get(letter, ())
    return ", ".join(word for label, word in _WORDS.items() if label in labels) or "wrong"
