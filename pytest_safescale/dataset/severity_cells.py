"""The severities of a record's options: a column each, a list, an object, or in the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import LETTERS
from pytest_safescale.dataset.option_cells import LETTER_KEYS
from pytest_safescale.dataset.raw_record import absent
from pytest_safescale.dataset.text_literals import read_literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_safescale.dataset.option_cells import GivenOptions
    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = ["SEVERITY", "read_severities"]

SEVERITY = "severity"
_ALLOWED = "a number from 0 to 1, or nothing"
_FORMS = "an object of letters, or a list with an entry for each option, of numbers from 0 to 1"
_COLUMNS = {f"option_{place}_{SEVERITY}": letter for place, letter in enumerate(LETTERS, 1)}
"""The letter of each column that holds the severity of one option."""


def read_severities(
    record: RawRecord, options: GivenOptions, *, answer: str, labelled: bool
) -> dict[str, float]:
    """Return how bad it is to answer each option, by letter, of those that state it.

    ``labelled`` tells whether the record says anything of labels, which stand in for severities
    that are not stated; else every option but the ``answer`` must state one.
    """
    found: dict[str, float] = {}
    if not options.texts:
        return found
    for key, letter, value in _cells(record, options):
        if absent(value):
            continue
        number = _number(value)
        if letter not in options.texts:
            record.wrong(key, value, f"nothing, as the item has no option {letter}")
        elif number is None:
            record.wrong(key, value, _ALLOWED)
        else:
            found[letter] = number
    lacking = [letter for letter in options.texts if letter not in found and letter != answer]
    if found and lacking and not labelled:
        told = f"a severity of {', '.join(lacking)} too, as the item has no labels"
        record.wrong(SEVERITY, sorted(found), told)
    return found


def _cells(record: RawRecord, options: GivenOptions) -> Iterator[tuple[str, str, object]]:
    """Give where each severity stands, of which option it is, and what stands there."""
    yield from _in_options(record, options)
    given = record.values.get(SEVERITY)
    value = read_literal(given) if isinstance(given, str) else given
    if isinstance(value, dict):
        for name, one in value.items():
            letter = options.letters.get(str(name).strip(), str(name).strip().upper())
            yield f"{SEVERITY}.{name}", letter, one
    elif isinstance(value, list) and len(value) == len(options.texts):
        for letter, one in zip(options.texts, value, strict=True):
            yield f"{SEVERITY}.{letter}", letter, one
    elif not absent(value):
        record.wrong(SEVERITY, given, _FORMS)
    there = record.values.keys() & _COLUMNS.keys()
    for key in sorted(there, key=_COLUMNS.__getitem__):
        yield key, _COLUMNS[key], record.values[key]


def _in_options(record: RawRecord, options: GivenOptions) -> Iterator[tuple[str, str, object]]:
    """Give the severities of options that are objects of letter, text and more."""
    given = record.values.get("options") or record.values.get("choices")
    listed = read_literal(given) if isinstance(given, str) else given
    if not isinstance(listed, list):
        return
    for place, one in enumerate(listed[: len(LETTERS)]):
        if isinstance(one, dict) and SEVERITY in (lower := _by_lower_name(one)):
            own = next((str(lower[name]) for name in LETTER_KEYS if name in lower), LETTERS[place])
            letter = options.letters.get(own.strip(), own.strip(" ().").upper())
            yield f"options.{letter}.{SEVERITY}", letter, lower[SEVERITY]


def _by_lower_name(entry: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name).casefold(): value for name, value in entry.items()}


def _number(value: object) -> float | None:
    """Return a number from 0 to 1; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None
