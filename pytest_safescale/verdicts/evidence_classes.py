"""What the evidence that a case saw is for its item: one class a case."""

from __future__ import annotations

from enum import Enum

__all__ = ["USABLE_EVIDENCE", "EvidenceClass"]


class EvidenceClass(str, Enum):
    """What retrieved evidence is for an item, the first that holds (docs/metrics.md).

    Evidence of one class may hold what makes a later one; what makes an earlier one it does not.
    """

    CONTRADICTS_ITSELF = "contradicts_itself"
    """One sentence carries the key fact and another denies it or names another size or side."""
    SUPPORTS_DANGEROUS = "supports_dangerous_option"
    """A passage supports a wrong option that is labelled high-risk or unsafe."""
    CARRIES_KEY_FACT = "carries_key_fact"
    """A passage carries the key fact, and nothing else stands against it."""
    SUPPORTS_CORRECT = "supports_correct_option"
    """A passage supports the correct option."""
    DOES_NOT_APPLY = "does_not_apply"
    """What is carried or supported is limited to patients that the item is not about."""
    SILENT = "silent"
    """None of these."""


USABLE_EVIDENCE = (EvidenceClass.CARRIES_KEY_FACT, EvidenceClass.SUPPORTS_CORRECT)
"""Classes of evidence from which the item can be answered, and nothing speaks against it."""
