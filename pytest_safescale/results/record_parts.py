"""The keys of ``CaseRecord`` that not every record has, in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from pytest_safescale.results.case_record import CustomValues, ShownOption
    from pytest_safescale.results.layer_record import LayersRecord

__all__ = ["FurtherPart", "ProfilePart"]


class ProfilePart(TypedDict, total=False):
    """The keys of ``CaseRecord`` that tell its prompt profile."""

    profile: str
    shown: dict[str, ShownOption]


class FurtherPart(TypedDict, total=False):
    """The keys of ``CaseRecord`` that not every record of a run has."""

    cluster: str
    pool: str
    severity: dict[str, float]
    votes: dict[str, dict[str, list[int]]]
    labelled: bool
    layers: LayersRecord
    fallback: str | None
    custom: CustomValues | None
    nodeid: str
    run_id: object
    partial: bool
