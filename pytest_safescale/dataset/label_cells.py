"""The safety labels of a record's options: a cell each, or a list of letters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.dataset.headings import LISTED
from pytest_safescale.dataset.item import LETTERS, PAPER_LETTERS, Label
from pytest_safescale.dataset.raw_record import absent
from pytest_safescale.dataset.text_literals import read_literal

if TYPE_CHECKING:
    from collections.abc import Container

    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = [
    "EMPTY_CELLS",
    "FILLED_CELLS",
    "STRAY_LABEL",
    "note_cells",
    "read_flag",
    "read_labels",
    "truth_of",
]

STRAY_LABEL = "labels on options that the item does not have"
"""Findings: a label that is set, and no option to carry it."""
EMPTY_CELLS = "empty cells: "
FILLED_CELLS = "filled cells: "
"""Findings by label: options whose cell says nothing, and whose cell says something."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TRUE = _words(
    "1 1.0 true yes y t x ✓ ✔ wahr ja vrai oui verdadero sí si vero verdadeiro sim waar prawda tak "
    "doğru evet sant sann sand pravda ano igaz igen истина да"
)
_FALSE = _words(
    "0 0.0 false no n f falsch nein faux non falso não nao onwaar nee fałsz nie yanlış hayır "
    "falskt nej usann nei falsk nepravda ne hamis nem ложь нет"
)
"""As programs and spreadsheets write the two truth values, in their languages."""


_KEYS = {
    label.value: {f"option_{n}_{label.value}": letter for n, letter in enumerate(LETTERS, 1)}
    for label in Label
}


def read_labels(record: RawRecord, letters: str) -> dict[str, dict[str, bool]]:
    """Return the labels of each option by letter; a label of no option is noted, not read."""
    flags = {letter: dict.fromkeys(_KEYS, False) for letter in letters}
    for label, keys in _KEYS.items():
        listed = _listed(record, label, letters)
        stated = keys.keys() & record.values.keys()
        carried = {keys[key] for key in stated if read_flag(record, key)}.union(listed or "")
        said = {keys[key] for key in stated if not absent(record.values[key])}
        for letter in carried.intersection(letters):
            flags[letter][label] = True
        note_cells(record, label, letters, said=letters if listed is not None else said)
        if letters:
            for letter in sorted(carried.difference(letters)):
                record.finds(STRAY_LABEL, f"{letter} {label}")
    return flags


def note_cells(record: RawRecord, label: str, letters: str, *, said: Container[str]) -> None:
    """Note of which options, named by their letters, something is said of a label."""
    filled = [letter for letter in letters if letter in said]
    empty = [letter for letter in letters if letter not in said]
    for kind, places in ((FILLED_CELLS, filled), (EMPTY_CELLS, empty)):
        if places:
            record.finds(kind + label, *places)


def read_flag(record: RawRecord, key: str, allowed: str = "0 or 1") -> bool:
    """Return a yes or no in any of its spellings; missing is no."""
    value = record.values.get(key)
    if absent(value):
        return False
    truth = truth_of(value)
    if truth is None:
        record.wrong(key, value, allowed)
    return truth is True


def truth_of(value: object) -> bool | None:
    """Return what a value says in any spelling of yes and no; ``None`` for any other."""
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _listed(record: RawRecord, label: str, letters: str) -> str | None:
    """Return the letters a record lists for a label: a list, or text such as ``B, D``."""
    key = LISTED[label]
    given = record.values.get(key)
    if key not in record.values:
        return None
    value = read_literal(given) if isinstance(given, str) else given
    if absent(value):
        return None
    words = re.split(r"[\s,;/|]+", value) if isinstance(value, str) else value
    named = [str(word).strip().upper() for word in words] if isinstance(words, list) else [""]
    # An empty end of a list such as "B;" is no letter.
    named = [word for word in named if word] or ([] if value == [] else [""])
    if not all(word and word in LETTERS and len(word) == 1 for word in named):
        allowed = f"letters among {', '.join(letters or PAPER_LETTERS)}, or nothing"
        record.wrong(key, given, allowed)
        return None
    return "".join(named)
