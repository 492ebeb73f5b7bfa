"""Sheets of raters, filled in as a rater does."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

LABELS = ("high_risk", "unsafe", "contradicts")
Place = tuple[str, str, str]
"""Item, letter and label."""


def fill_in(sheet: Path, yes: Collection[Place], *, empty: Collection[Place] = ()) -> None:
    """Write yes in the places named, nothing in those left empty, and no in all others."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    start = next(place for place, row in enumerate(rows) if row[0] == "line")
    for row in rows[start + 1 :]:
        for column, label in enumerate(LABELS, rows[start].index(LABELS[0])):
            place = (row[1], row[4], label)
            row[column] = "" if place in empty else "yes" if place in yes else "no"
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
