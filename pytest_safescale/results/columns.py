"""Columns of tables that other programs read: each of one kind, which its typed row tells."""

from __future__ import annotations

import json
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from typing_extensions import get_type_hints

from pytest_safescale.text.escaping import writable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Columns", "Kind", "columns_of", "in_columns"]


class Kind(Enum):
    """What stands in a column; each cell may be unknown, ``None``."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    YES_NO = "true or false"
    TEXTS = "list of texts"
    DATA = "plain data"
    """Objects, and lists of them."""


Columns = dict[str, Kind]
"""The kinds by the names of the columns, in their order."""
_OF_TYPE: dict[object, Kind] = {
    str: Kind.TEXT,
    int: Kind.WHOLE,
    float: Kind.NUMBER,
    bool: Kind.YES_NO,
}


def columns_of(shape: type) -> Columns:
    """Return the columns of rows that are of a TypedDict."""
    return {name: _kind(hint) for name, hint in get_type_hints(shape).items()}


def _kind(hint: Any) -> Kind:
    if get_origin(hint) in (Union, UnionType):
        kinds = {_kind(part) for part in get_args(hint) if part is not NoneType}
        return kinds.pop() if len(kinds) == 1 else Kind.DATA
    if get_origin(hint) is list and get_args(hint) in ((str,), (str | None,)):
        return Kind.TEXTS
    return _OF_TYPE.get(hint, Kind.DATA)


def in_columns(rows: Iterable[Mapping[str, Any]], columns: Columns) -> dict[str, list[Any]]:
    """Return the cells by column; plain data as JSON text, and text that UTF-8 can carry."""
    found: dict[str, list[Any]] = {name: [] for name in columns}
    for row in rows:
        for name, kind in columns.items():
            found[name].append(_cell(row.get(name), kind))
    return found


def _cell(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind is Kind.DATA:
        return json.dumps(value)
    if kind is Kind.TEXTS:
        return [None if text is None else writable(text) for text in value]
    if kind is Kind.TEXT:
        return writable(value)
    return float(value) if kind is Kind.NUMBER else value
