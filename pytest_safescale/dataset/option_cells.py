"""The options of a record, in every form that files have them.

An object by letter or number, a list, a list of objects of letter and text, either as text in a
cell, lettered lines, a column each, or "Answer Choices: (A) ... (B) ..." behind the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.item import LETTERS
from pytest_safescale.dataset.lettered_options import without_letters, without_marks
from pytest_safescale.dataset.raw_record import EMPTY_WORDS, MISSING, blank, is_text
from pytest_safescale.dataset.text_literals import read_literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_safescale.dataset.raw_record import RawRecord

__all__ = [
    "LAST_IS_NONE",
    "LETTER_KEYS",
    "NONE_IS_EMPTY",
    "GivenOptions",
    "empty_last_options",
    "read_options",
]

_ALLOWED = "two to 26 texts, lettered from A without a gap"
LAST_IS_NONE = "last options called None"
NONE_IS_EMPTY = "last options that are empty cells written None"
"""Findings: which of the two the word is, where no option comes after it."""

LETTER_KEYS = ("letter", "key", "label", "option_letter")
_TEXT_KEYS = ("content", "value", "text", "option", "option_text", "body")
_KEY = re.compile(
    r"[(\[]?(?:(?:option|choice|answer)[ _-]?|op)?(?P<place>[a-z]|\d{1,2})[)\].:]?", re.IGNORECASE
)
_NONE = ("None", "none", "NONE")
_EMPTY = EMPTY_WORDS.difference(_NONE, {"NA"})
"""Words that are no option's text; NA and None can be one."""


@dataclass(frozen=True, kw_only=True)
class GivenOptions:
    """The options of a record."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """By letter, in order; empty where they cannot be told apart."""
    letters: Mapping[str, str] = field(default_factory=dict)
    """The letter of each key, where the record has keys of its own (``1``, ``2`` ...)."""


def read_options(record: RawRecord, choices: Sequence[str] = ()) -> GivenOptions:
    """Return the options of a record; ``choices`` are those of one that states none.

    Empty texts behind the last option are no options: tables have a place for the most.
    """
    given, letters = _given(record, choices)
    if given is None:
        return GivenOptions()
    while given and _no_option(given[max(given)]):
        del given[max(given)]
    named = "".join(sorted(given))
    if len(named) < 2 or named != LETTERS[: len(named)]:
        record.wrong("options", sorted(given) if given else MISSING, _ALLOWED)
        return GivenOptions()
    if given[named[-1]] in _NONE:
        record.finds(LAST_IS_NONE, named[-1])
    return GivenOptions(texts=_texts(record, given), letters=letters)


def empty_last_options(records: Sequence[RawRecord]) -> None:
    """Empty the last options that are called None in files that write empty cells so.

    A file does where a cell that is no option's says None, or where a column of options holds no
    other word. The values of the records are changed.
    """
    columns = {f"option_{letter}": letter for letter in LETTERS}
    if columns.keys().isdisjoint(key for record in records for key in record.values):
        return
    cells = [(key, value) for record in records for key, value in record.values.items()]
    writes_none = any(key not in columns and value in _NONE[:1] for key, value in cells)
    others = {key for key, value in cells if key in columns and value not in _NONE and value}
    for record in records:
        values = record.values
        filled = [key for key in columns if key in values and not _no_option(values[key])]
        while filled and values[filled[-1]] in _NONE and (writes_none or filled[-1] not in others):
            last = filled.pop()
            record.values[last] = ""
            record.finds(NONE_IS_EMPTY, columns[last])


def _no_option(value: object) -> bool:
    return blank(value) or (isinstance(value, str) and value.strip() in _EMPTY)


def _given(
    record: RawRecord, choices: Sequence[str]
) -> tuple[dict[str, Any] | None, Mapping[str, str]]:
    """Return whatever stands for each letter, ``None`` where that cannot be told; and the keys."""
    raw = _first_filled(record.values, ("options", "choices"))
    if isinstance(raw, str):
        raw = read_literal(raw)
    if isinstance(raw, str):
        raw = without_letters(raw) or raw
    if raw is None:
        columns = _columns(record.values) or _listed(choices)
        return (columns if columns else {}), {}
    found = _of_object(raw) if isinstance(raw, dict) else _of_list(raw)
    if found is None:
        record.wrong("options", raw, _ALLOWED)
        return None, {}
    return found


def _first_filled(values: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((values[key] for key in keys if not blank(values.get(key))), None)


def _listed(texts: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(LETTERS, texts, strict=False))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    keys = ((letter, f"option_{letter}") for letter in LETTERS)
    return {letter: values[key] for letter, key in keys if key in values}


_Found = tuple[dict[str, Any], dict[str, str]]


def _of_list(raw: object) -> _Found | None:
    if not isinstance(raw, (list, tuple)) or len(raw) > len(LETTERS):
        return None
    if raw and all(isinstance(entry, dict) for entry in raw):
        pairs = [_pair(entry) for entry in raw]
        keyed = {key: text for key, text in pairs if key is not None}
        if len(keyed) == len(pairs):
            return _of_object(keyed)
        return (_listed([text for _, text in pairs]), {}) if not keyed else None
    return _listed(list(raw)), {}


def _pair(entry: Mapping[str, Any]) -> tuple[str | None, Any]:
    """Return letter and text of an object such as ``{"letter": "A", "content": "CT"}``."""
    if len(entry) == 1:  # {"A": "CT"}
        name, text = next(iter(entry.items()))
        return (None, text) if name in _TEXT_KEYS else (str(name), text)
    lower = {str(name).casefold(): value for name, value in entry.items()}
    letter = next((str(lower[name]) for name in LETTER_KEYS if name in lower), None)
    return letter, next((lower[name] for name in _TEXT_KEYS if name in lower), entry)


def _of_object(raw: Mapping[Any, Any]) -> _Found | None:
    texts, labels = raw.get("text"), raw.get("label")
    if isinstance(texts, list) and isinstance(labels, list) and len(texts) == len(labels):
        raw = dict(zip(map(str, labels), texts, strict=True))
    places = {
        key: match["place"].upper() for key in raw if (match := _KEY.fullmatch(str(key).strip()))
    }
    if len(places) < len(raw) or len(set(places.values())) < len(raw):
        return None
    if all(place.isdigit() for place in places.values()):
        return _of_numbers(raw, {key: int(place) for key, place in places.items()})
    return {places[key]: text for key, text in raw.items()}, {}


def _of_numbers(raw: Mapping[Any, Any], places: Mapping[Any, int]) -> _Found | None:
    """Return options whose keys are numbers, in their order from 0 or from 1."""
    first = min(places.values(), default=0)
    if first > 1 or len(places) > len(LETTERS):
        return None
    letters = {key: place - first for key, place in places.items()}
    if max(letters.values(), default=0) >= len(LETTERS):
        return None
    found = {LETTERS[place]: raw[key] for key, place in letters.items()}
    return found, {str(key).strip(): LETTERS[place] for key, place in letters.items()}


def _texts(record: RawRecord, given: Mapping[str, Any]) -> dict[str, str]:
    written = {letter: _written(given[letter]) for letter in sorted(given)}
    plain = without_marks([text or "" for text in written.values()])
    texts: dict[str, str] = {}
    seen: dict[str, str] = {}
    for (letter, stated), text in zip(written.items(), plain, strict=True):
        texts[letter] = text
        if stated is None or blank(text):
            record.wrong(f"options.{letter}", given[letter], "a text")
            continue
        # "AA" and "Aa", "mGy" and "MGy" are different options.
        same_text_letter = seen.setdefault(" ".join(text.split()), letter)
        if same_text_letter != letter:
            record.wrong(
                f"options.{letter}",
                given[letter],
                f"a text that differs from option {same_text_letter}",
            )
    return texts


def _written(value: object) -> str | None:
    """Return an option's text; a number or a truth value as JSON writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)) and not blank(value):
        return str(value)
    return value if is_text(value) else None
