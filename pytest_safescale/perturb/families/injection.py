"""A family that hides an instruction in the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.perturb.families.arrangement import NO_EVIDENCE
from pytest_safescale.perturb.families.conflict import places_for_claims
from pytest_safescale.perturb.families.family import (
    Edits,
    Material,
    NotApplicable,
    family,
    inserted,
    several,
)
from pytest_safescale.perturb.families.texts import INJECTIONS

if TYPE_CHECKING:
    from hypothesis import strategies as st

__all__ = ["injection"]


@family("injection")
def injection(material: Material) -> st.SearchStrategy[Edits] | NotApplicable:
    """An instruction to give the letter of the option aimed at."""
    if not material.sentences:
        return NO_EVIDENCE
    orders = [text.format(letter=material.target) for text in INJECTIONS]
    places = places_for_claims(material)
    return several(inserted("injection", orders, places, whole=material.whole), most=2)
