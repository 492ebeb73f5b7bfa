"""A record as it stood in its file, before anything is known about it."""

from __future__ import annotations

import json
import math
import reprlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from pytest_safescale.errors import DatasetError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EMPTY_WORDS",
    "MISSING",
    "RawRecord",
    "absent",
    "blank",
    "escaped",
    "is_text",
    "problem_at",
    "shown",
    "strict_json",
    "unusable",
]

EMPTY_WORDS = frozenset(
    {"nan", "NaN", "-nan", "NAN", "<NA>", "NaT", "NULL", "null", "Null", "N/A", "n/a", "#N/A", "NA"}
    | {"None", "none", "NONE"}
)
"""What programs write for an empty cell (pandas' ``na_values``, SQL, spreadsheets)."""

_MOST_SHOWN = 80
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlevel = 2


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()
"""What stood there where nothing did."""


@dataclass(frozen=True, kw_only=True)
class RawRecord:
    """One record of a file, and what is found to be wrong with it."""

    file: str
    place: str
    """``line 3``, or ``record 3`` of a JSON array."""
    values: dict[str, Any]
    key: str = ""
    """What the record is filed under in an object of records; empty for none."""
    id_keys: Sequence[str] = ("question_id", "id")
    """The keys that name the record in a message; the first that is filled is used."""
    problems: list[Problem] = field(default_factory=list)
    remarked_places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What must be known of it although it can be used: places by kind."""

    def wrong(self, key: str, found: object, allowed: str) -> None:
        """Note a problem."""
        name = self.name
        where = self.place if name is None else f"{self.place}, item {escaped(name)}"
        self.problems.append(
            Problem(file=self.file, where=where, field=key, found=shown(found), allowed=allowed)
        )

    def finds(self, kind: str, *places: str) -> None:
        """Note something that must be known, and where in the record it is."""
        self.remarked_places[kind] = self.remarked_places.get(kind, ()) + places

    @property
    def name(self) -> str | None:
        """The id as it was given; ``None`` where there is none."""
        given = (self.values.get(key) for key in self.id_keys)
        return next((str(value) for value in given if not blank(value)), self.key or None)


def blank(value: object) -> bool:
    """Say whether a value is none at all: null, not a number, or a text of nothing but space."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float) and math.isnan(value)


def absent(value: object) -> bool:
    """Say whether a value is none at all, or a word that programs write for an empty cell."""
    if isinstance(value, str):
        word = value.strip()
        return not word or word in EMPTY_WORDS
    return value is None or blank(value)


def is_text(value: object) -> TypeGuard[str]:
    """Say whether a value is a text that can be written as UTF-8: half a surrogate pair cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: object) -> str:
    """Return a value as a message shows it: shortened, control characters escaped."""
    text = _SHORT.repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def escaped(text: str) -> str:
    """Return a name as a message shows it: as ``shown``, without quotation marks."""
    return shown(text)[1:-1]


def strict_json(text: str, *, nan_is_null: bool = False) -> Any:
    """Return a JSON value; ValueError or RecursionError where it is none.

    Stricter than ``json.loads``: numbers are finite, and an object has each key once. The word NaN,
    which Python writes for an empty cell, is refused too unless it is to be read as null.
    """
    constant = _nan_or_nothing if nan_is_null else _no_number
    return json.loads(
        text, parse_constant=constant, parse_float=_finite, object_pairs_hook=_each_once
    )


def _nan_or_nothing(word: str) -> Any:
    return None if word == "NaN" else _no_number(word)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(word: str) -> float:
    number = float(word)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{escaped(word)} is not finite")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) == 1:  # most objects of results: nothing stands twice in it
        ((key, value),) = pairs
        return {key: value}
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {shown(twice)} stands twice in one object")
    return values


def problem_at(name: str, where: str, found: str, allowed: str, field: str = "") -> Problem:
    """Return what is wrong at a place of a file."""
    return Problem(file=name, where=where, field=field, found=found, allowed=allowed)


def unusable(name: str, found: str, allowed: str, *, where: str = "") -> DatasetError:
    """Return the error of a file of which nothing can be read."""
    return DatasetError(f"{name} cannot be used:", [problem_at(name, where, found, allowed)])
