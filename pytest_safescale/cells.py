"""What the cells of a run are called: a model under a condition, asked with a prompt profile.

Inside the program a condition and a profile go as one name, ``clean_evidence/verify``; the plain
profile leaves the condition's own. Files and test ids hold the two apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BETWEEN",
    "PLAIN",
    "base_profile",
    "cell_condition",
    "id_part",
    "is_repaired",
    "repaired",
    "split_condition",
    "unrepaired",
]

PLAIN = "plain"
"""The profile that a run has unless others are asked for."""
BETWEEN = "/"
"""Stands between condition and profile, and in no name of either."""
_REPAIRED = "_repaired"
"""Ends the name of a condition that reads the repaired corpus, and no other."""


def cell_condition(condition: str, profile: str = PLAIN) -> str:
    """Return the name under which a condition stands with a profile."""
    return condition if profile == PLAIN else f"{condition}{BETWEEN}{profile}"


def split_condition(name: str) -> tuple[str, str]:
    """Return the condition and the profile of a name."""
    condition, _, profile = name.partition(BETWEEN)
    return condition, profile or PLAIN


def base_profile(profiles: Sequence[str]) -> str:
    """Return the profile that the others are compared with: the plain one, else the first."""
    return PLAIN if PLAIN in profiles or not profiles else profiles[0]


def id_part(name: str) -> str:
    """Return the name as it stands in ids of tests: ``clean_evidence-verify``."""
    return name.replace(BETWEEN, "-")


def repaired(condition: str) -> str:
    """Return the name of a condition as it reads the repaired corpus."""
    return f"{condition}{_REPAIRED}"


def is_repaired(condition: str) -> bool:
    """Say whether a condition, without its profile, reads the repaired corpus."""
    return condition.endswith(_REPAIRED)


def unrepaired(condition: str) -> str:
    """Return the name of the condition that a repaired one stands beside; any other unchanged."""
    return condition.removesuffix(_REPAIRED)
