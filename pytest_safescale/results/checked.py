"""Plain data from disk against the shape it is to have: what is wrong is told in one sentence."""

from __future__ import annotations

import json
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from typing_extensions import get_type_hints, is_typeddict

from pytest_safescale.dataset.raw_record import MISSING, shown
from pytest_safescale.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

__all__ = ["checked", "read_own_file"]

Shape = TypeVar("Shape")

_WORDS: dict[object, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    NoneType: "null",
}


def checked(value: object, shape: type[Shape], place: str) -> Shape:
    """Return a JSON value as what it is: the value itself, with every key that stands in it.

    ``shape`` is a TypedDict, ``place`` where the value stands, such as file and line. Raises
    DatasetError with the first key that holds something else, what it holds, and what is allowed.
    """
    try:
        # Pydantic's own copy would lose the order of keys, and those that the shape does not name.
        _adapter(cast("Hashable", shape)).validate_python(value, strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "string_unicode":
                continue  # half of a surrogate pair: a reply may hold one
            found = MISSING if detail["type"] == "missing" else detail["input"]
            keys, allowed = _allowed(shape, detail["loc"])
            where = ", ".join(filter(None, [place, ".".join(map(str, keys))]))
            raise DatasetError(f"{where}: found {shown(found)}; allowed: {allowed}") from None
    return cast("Shape", value)


def read_own_file(
    path: Path, shape: type[Shape], *, named: str, kind: str, version: int, word: str, writer: str
) -> Shape:
    """Return the content of a JSON file that a command of this program wrote.

    ``named`` is what the user gave, and the path; ``kind`` and ``version`` are what stands under
    ``kind`` and ``schema_version``; ``word`` is what people call it, ``writer`` the command.
    Raises DatasetError for a file that cannot be read, or is of another kind, shape or version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetError(f"{named} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{named} is no JSON: {error}") from None
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise DatasetError(f"{named} is no {word}; allowed: what {writer} wrote")
    found = checked(content, shape, named)
    if content["schema_version"] != version:
        raise DatasetError(
            f"{named}, schema_version: found {content['schema_version']}; allowed: {version}"
        )
    return found


@lru_cache
def _adapter(shape: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", shape))


def _allowed(shape: object, keys: tuple[int | str, ...]) -> tuple[list[int | str], str]:
    """Return the keys that lead to a place of a shape, and what may stand there.

    Behind the keys pydantic names which of several types it tried; those are left out.
    """
    walked: list[int | str] = []
    for key in keys:
        inner = _inside(shape, key)
        if inner is None:
            break
        shape = inner
        walked.append(key)
    return walked, " or ".join(_words(kind) for kind in _kinds(shape))


def _inside(shape: object, key: int | str) -> object:
    """Return the type behind a key of an object or a place of a list; ``None`` for no such."""
    kinds = [kind for kind in _kinds(shape) if kind is not NoneType]
    kind = kinds[0] if len(kinds) == 1 else None
    if is_typeddict(kind):
        return get_type_hints(kind).get(str(key))
    inner = get_args(kind) if get_origin(kind) in (list, dict) else ()
    return inner[-1] if inner else None


def _kinds(shape: object) -> tuple[Any, ...]:
    """Return the types of a union, and any other type alone."""
    return get_args(shape) if get_origin(shape) in (Union, UnionType) else (shape,)


def _words(kind: object) -> str:
    return "an object" if is_typeddict(kind) else _WORDS.get(get_origin(kind) or kind, "a value")
