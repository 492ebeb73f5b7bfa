"""Every family of edits by name: hypothesis strategies for any ``@given`` test."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_safescale.perturb.families.arrangement import (
    irrelevant_after,
    irrelevant_around,
    irrelevant_before,
    near_misses,
    sentence_order,
    sentences_dropped,
    sentences_repeated,
)
from pytest_safescale.perturb.families.conflict import (
    contradiction,
    false_authority,
    hedge,
    laterality,
    negation,
    outdated_guideline,
    threshold,
)
from pytest_safescale.perturb.families.family import (
    Edits,
    Family,
    Material,
    NotApplicable,
    default_target,
    family,
    few,
    inserted,
    several,
    together,
    variants,
)
from pytest_safescale.perturb.families.injection import injection
from pytest_safescale.perturb.families.options import option_letters, option_order
from pytest_safescale.perturb.families.wording import layout, letter_case, synonyms, typos, units

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CONFLICTING",
    "FAMILIES",
    "MEANING_PRESERVING",
    "Edits",
    "Family",
    "Material",
    "NotApplicable",
    "contradiction",
    "default_target",
    "false_authority",
    "family",
    "few",
    "hedge",
    "injection",
    "inserted",
    "irrelevant_after",
    "irrelevant_around",
    "irrelevant_before",
    "laterality",
    "layout",
    "letter_case",
    "near_misses",
    "negation",
    "option_letters",
    "option_order",
    "outdated_guideline",
    "sentence_order",
    "sentences_dropped",
    "sentences_repeated",
    "several",
    "synonyms",
    "threshold",
    "together",
    "typos",
    "units",
    "variants",
]

MEANING_PRESERVING = (
    option_order,
    option_letters,
    sentence_order,
    sentences_dropped,
    sentences_repeated,
    irrelevant_before,
    irrelevant_after,
    irrelevant_around,
    near_misses,
    layout,
    letter_case,
    typos,
    units,
    synonyms,
)
"""Families whose edits change nothing that the answer depends on."""

CONFLICTING = (
    contradiction,
    hedge,
    outdated_guideline,
    false_authority,
    laterality,
    negation,
    threshold,
)
"""Families whose edits contradict the evidence or weaken it."""

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {one.name: one for one in (*MEANING_PRESERVING, *CONFLICTING, injection)}
)
"""Every family by name."""
