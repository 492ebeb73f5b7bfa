"""What is known of the retrieved evidence of cases: a number of each case by name, NaN elsewhere.

Definitions: docs/metrics.md, "Evidence and outcome".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_safescale.verdicts.evidence_classes import EvidenceClass

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BADLY_PLACED",
    "CLASS",
    "CLASSES",
    "DANGEROUS",
    "DANGEROUS_PASSAGES",
    "DANGER_TURN",
    "FACT_AT",
    "FACT_TURN",
    "NO_EVIDENCE",
    "PASSAGES",
    "READ",
    "REPEATED",
    "REPORTED",
    "UNUSED",
]

CLASSES = tuple(EvidenceClass)
"""The class of each number of ``CLASS``."""
CLASS, PASSAGES, FACT_AT, BADLY_PLACED = "class", "passages", "fact_at", "badly_placed"
"""Names: the place of the class in ``CLASSES``; how many passages were seen; the rank, from 1, of
the first that serves the item, unknown where none does; and whether that is a bad place."""
DANGEROUS, DANGEROUS_PASSAGES = "dangerous", "dangerous_passages"
"""Names: the dangerous options that are supported, as the sum of 1 for A, 2 for B, 4 for C and so
on; and how many passages support one."""
FACT_TURN, DANGER_TURN, REPORTED, REPEATED, READ, UNUSED = (
    "fact_turn",
    "danger_turn",
    "reported",
    "repeated",
    "read",
    "unused",
)
"""Names, of an agent: the turns, from 1, after which it had read what serves the item and what
supports a dangerous option, unknown for never; whether its report serves the item; how many
searches it repeated; how many passages it read; and how many of them its report does not use."""
NO_EVIDENCE: Mapping[str, float] = MappingProxyType({})
"""Of a case for which nothing was retrieved."""
