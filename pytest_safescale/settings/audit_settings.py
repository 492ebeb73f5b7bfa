"""The table ``[tool.safescale.audit]``: what an audit of a corpus allows."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, field_validator

from pytest_safescale.settings.layer_settings import Table

__all__ = ["FINDING_CLASSES", "AuditGate", "AuditSettings"]

FindingClass = Literal[
    "coverage",
    "contradiction",
    "wrong_support",
    "age",
    "applicability",
    "duplicates",
    "hygiene",
    "provenance",
]
FINDING_CLASSES: tuple[str, ...] = get_args(FindingClass)
"""What an audit may find, in the order in which reports show it."""


class AuditGate(Table):
    """A table ``[[tool.safescale.audit.gates]]``: how many findings of a class there may be."""

    finding: FindingClass
    max: int = Field(ge=0)


class AuditSettings(Table):
    """What an audit allows."""

    gates: tuple[AuditGate, ...] = ()
    max_age_years: dict[str, float] = Field(default_factory=dict)
    """How old a passage may be, by its field; the key ``""`` is for all others, and a number
    alone for all. Nothing is too old where nothing is said."""

    @field_validator("max_age_years", mode="before")
    @classmethod
    def _one_for_all(cls, value: object) -> object:
        found = {"": value} if isinstance(value, (int, float)) else value
        if isinstance(found, dict) and all(
            isinstance(years, (int, float)) and not isinstance(years, bool) and years > 0
            for years in found.values()
        ):
            return found
        raise ValueError("allowed: a number of years above 0, or a table of them by field")
