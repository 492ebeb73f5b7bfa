"""A record as it stood in its file, before anything is known about it."""

from __future__ import annotations

import json
import reprlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from pytest_safescale.errors import DatasetError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "MISSING",
    "RawRecord",
    "blank",
    "escaped",
    "is_text",
    "shown",
    "strict_json",
    "unusable",
]

_SHOWN = 80
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
    values: Mapping[str, Any]
    id_keys: Sequence[str] = ("question_id", "id")
    """The keys that name the record in a message; the first that is filled is used."""
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, key: str, found: object, allowed: str) -> None:
        """Note a problem."""
        given = (self.values.get(key) for key in self.id_keys)
        name = next((value for value in given if not blank(value)), None)
        where = self.place if name is None else f"{self.place}, item {escaped(str(name))}"
        self.problems.append(
            Problem(file=self.file, where=where, field=key, found=shown(found), allowed=allowed)
        )


def blank(value: object) -> bool:
    """Say whether a value is none at all: null, or a text of nothing but space."""
    return value is None or (isinstance(value, str) and not value.strip())


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
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def escaped(text: str) -> str:
    """Return a name as a message shows it: as ``shown``, without quotation marks."""
    return shown(text)[1:-1]


def strict_json(text: str) -> Any:
    """Return a JSON value; ValueError or RecursionError where it is none.

    Stricter than ``json.loads``: numbers are finite, and an object has each key once.
    """
    return json.loads(
        text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_each_once
    )


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(word: str) -> float:
    number = float(word)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{escaped(word)} is not finite")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {shown(twice)} stands twice in one object")
    return values


def unusable(name: str, found: str, allowed: str, *, where: str = "") -> DatasetError:
    """Return the error of a file of which nothing can be read."""
    problem = Problem(file=name, where=where, field="", found=found, allowed=allowed)
    return DatasetError(f"{name} cannot be used:", [problem])
