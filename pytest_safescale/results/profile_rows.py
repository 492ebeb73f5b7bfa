"""Rows of ``run.json`` with condition and prompt profile apart, and together as inside the program.

Only a run with other profiles than the plain one has the key ``profile``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.cells import PLAIN, cell_condition, split_condition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.results.manifest import Manifest

__all__ = [
    "apart",
    "conditions_with_profiles",
    "has_profiles",
    "profile_hashes",
    "profile_names",
    "together",
    "with_other_texts",
]

EVERY = "*"
"""Stands for every condition together."""
_SIDES = ("left", "right")


def has_profiles(manifest: Manifest) -> bool:
    """Say whether a run tells the profile of its cases."""
    return bool(manifest.get("profiles"))


def profile_names(manifest: Manifest) -> list[str]:
    """Return the prompt profiles of a run; the plain one alone where it tells of none."""
    return [one["name"] for one in manifest.get("profiles", ())] or [PLAIN]


def conditions_with_profiles(manifest: Manifest) -> list[str]:
    """Return the conditions of a run, each with all its profiles, as names of cells.

    None where the manifest names no condition.
    """
    return [
        cell_condition(condition, profile)
        for condition in manifest.get("conditions", ())
        for profile in profile_names(manifest)
    ]


def profile_hashes(manifest: Manifest) -> dict[str, str]:
    """Return a hash of the texts of each prompt profile, by its name."""
    return {one["name"]: one["sha256"] for one in manifest.get("profiles", ())}


def with_other_texts(one: Manifest, other: Manifest) -> list[str]:
    """Return the prompt profiles that both have, with other texts."""
    ours, theirs = profile_hashes(one), profile_hashes(other)
    return [name for name in ours if ours[name] != theirs.get(name, ours[name])]


def apart(value: Any) -> Any:
    """Return plain data whose objects with a condition have its profile beside it, at any depth."""
    if isinstance(value, dict):
        return _row_apart({key: apart(part) for key, part in value.items()})
    if isinstance(value, list | tuple):
        return [apart(part) for part in value]
    return value


def _row_apart(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("kind") == "condition" and isinstance(row.get("left"), str):
        pairs = [split_condition(row[side]) for side in _SIDES]
        return {**row, "left": pairs[0][0], "right": pairs[1][0], "profile": pairs[0][1]}
    condition = row.get("condition")
    if not isinstance(condition, str) or condition == EVERY:
        return row
    name, profile = split_condition(condition)
    told: dict[str, Any] = {}
    for key, part in row.items():
        told[key] = part
        if key == "condition":
            told |= {"condition": name, "profile": profile}
    return told


def together(value: Any) -> Any:
    """Return what ``apart`` was given."""
    if isinstance(value, dict):
        return _row_together({key: together(part) for key, part in value.items()})
    if isinstance(value, list):
        return [together(part) for part in value]
    return value


def _row_together(row: Mapping[str, Any]) -> dict[str, Any]:
    profile = row.get("profile")
    if not isinstance(profile, str):
        return dict(row)
    rest = {key: part for key, part in row.items() if key != "profile"}
    sides = _SIDES if row.get("kind") == "condition" else ("condition",)
    named = {key: cell_condition(rest[key], profile) for key in sides if isinstance(rest[key], str)}
    return {**rest, **named}
