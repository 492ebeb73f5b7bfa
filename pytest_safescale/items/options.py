"""The options of a record: an object, a list, JSON text in a cell, or a column each."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_safescale.items.item import LETTERS
from pytest_safescale.items.raw import MISSING, blank, is_text, strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_safescale.items.raw import RawRecord

__all__ = ["OPTION_KEYS", "read_options"]

_COLUMNS = {
    letter: (
        f"option_{letter}",
        f"option_{letter.lower()}",
        letter,
        letter.lower(),
        f"option_{number}",
    )
    for number, letter in enumerate(LETTERS, 1)
}
OPTION_KEYS = frozenset(key for keys in _COLUMNS.values() for key in keys)
"""The columns that options can stand in."""

_ALLOWED = "two to five texts, lettered from A without a gap"


def read_options(record: RawRecord) -> dict[str, str]:
    """Return the option texts by letter, in order; empty where they cannot be told apart.

    Empty texts behind the last option are no options: tables and exports have a place for five.
    """
    given = _given(record)
    if given is None:
        return {}
    while given and blank(given[max(given)]):
        del given[max(given)]
    letters = "".join(sorted(given))
    if len(letters) < 2 or letters != LETTERS[: len(letters)]:
        record.wrong("options", sorted(given) if given else MISSING, _ALLOWED)
        return {}
    return _texts(record, given)


def _given(record: RawRecord) -> dict[str, Any] | None:
    """Return whatever stands for each letter; ``None`` where that cannot be told."""
    raw = record.values.get("options")
    if isinstance(raw, str) and not blank(raw):
        with suppress(ValueError, RecursionError):
            raw = strict_json(raw)
    if blank(raw):
        return _columns(record.values)
    if isinstance(raw, list) and len(raw) <= len(LETTERS):
        return dict(zip(LETTERS, raw, strict=False))
    if isinstance(raw, dict):
        named = {str(letter).strip().upper(): text for letter, text in raw.items()}
        if len(named) == len(raw):
            return named
    record.wrong("options", raw, _ALLOWED)
    return None


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for letter, keys in _COLUMNS.items():
        present = [values[key] for key in keys if key in values]
        if present:
            found[letter] = next((text for text in present if not blank(text)), present[0])
    return found


def _texts(record: RawRecord, given: Mapping[str, Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    seen: dict[str, str] = {}
    for letter in sorted(given):
        value = given[letter]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        texts[letter] = value if is_text(value) else ""
        if blank(texts[letter]):
            record.wrong(f"options.{letter}", value, "a text")
            continue
        twin = seen.setdefault(value.strip().casefold(), letter)
        if twin != letter:
            record.wrong(f"options.{letter}", value, f"a text that differs from option {twin}")
    return texts
