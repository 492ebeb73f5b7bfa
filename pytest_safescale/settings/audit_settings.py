"""The table ``[tool.safescale.audit]``: what an audit of a corpus allows."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

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
