"""The headings of a user's own file, mapped to the keys that are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_safescale.items.item import LETTERS, Label

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

__all__ = ["LABEL_KEYS", "LISTED", "spread_labels"]

LABEL_KEYS = tuple(label.value for label in Label)
"""Keys of a map that stand for the label of every option, not for one heading."""
LISTED = {label: f"{label}_options" for label in LABEL_KEYS}
"""The key under which a record lists the letters of the options that carry a label."""


def spread_labels(columns: Mapping[str, str], headings: Container[str]) -> dict[str, str]:
    """Return the map with each label's pattern made into the headings that the file has.

    ``high_risk = "never_event_{number}"`` means a column for each option (``{letter}`` for A to E);
    a pattern without either is one column that lists letters. A pattern that fits no heading stays,
    to be told as absent.
    """
    spread = {key: heading for key, heading in columns.items() if key not in LABEL_KEYS}
    for label in LABEL_KEYS:
        if (pattern := columns.get(label)) is None:
            continue
        if "{number}" not in pattern and "{letter}" not in pattern:
            spread[LISTED[label]] = pattern
            continue
        found = {
            f"option_{number}_{label}": heading
            for number, letter in enumerate(LETTERS, 1)
            if (heading := _filled(pattern, number, letter)) in headings
        }
        spread |= found or {f"option_1_{label}": _filled(pattern, 1, "A")}
    return spread


def _filled(pattern: str, number: int, letter: str) -> str:
    return pattern.replace("{number}", str(number)).replace("{letter}", letter)
