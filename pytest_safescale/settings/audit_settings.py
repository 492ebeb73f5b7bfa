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
    count: Literal["not_denied", "rules", "all"] = "not_denied"
    """Which findings count where a model is the auditor: all but those that it denies, those of
    the rules whatever it says of them, or everything."""


class AuditSettings(Table):
    """What an audit allows."""

    gates: tuple[AuditGate, ...] = ()
    auditor: str | None = Field(default=None, min_length=1)
    """A model that judges what the rules bring, named as models are; none unless named."""
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
