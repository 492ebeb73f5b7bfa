"""Lists and objects that stand as text in a cell, as Python and numpy write them.

``['CT', 'US']`` and ``{'A': "Crohn's"}`` are Python's, ``['CT' 'US']`` and ``array([...],
dtype=object)`` numpy's: strings without a comma between them are two elements there, where Python
itself would join them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_safescale.dataset.raw_record import strict_json

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_literal"]

_TOKEN = re.compile(
    r"\s*(?:(?P<string>(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))"
    r"|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\w)"
    r"|(?P<word>[A-Za-z_]+)|(?P<mark>[\[\](){},:=]))",
    re.DOTALL,
)
_WORDS = {
    "None": None,
    "null": None,
    "nan": None,
    "NaN": None,
    "True": True,
    "true": True,
    "False": False,
    "false": False,
}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_CLOSING = {"[": "]", "(": ")"}
_DEEPEST = 8


def read_literal(text: str) -> Any:
    """Return the list or object that a text is, in JSON, Python or numpy; else the text itself."""
    if not text.lstrip().startswith(("[", "{", "(", "array(")):
        return text
    with suppress(ValueError, RecursionError):
        return strict_json(text, nan_is_null=True)
    with suppress(ValueError):
        tokens = _tokens(text)
        value, end = _value(tokens, 0, 0)
        if end == len(tokens) and isinstance(value, (list, dict)):
            return value
    return text


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ValueError(text[at : at + 1])
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _value(tokens: Sequence[tuple[str, str]], at: int, depth: int) -> tuple[Any, int]:
    kind, text = tokens[at] if at < len(tokens) else ("", "")
    if depth > _DEEPEST or not kind:
        raise ValueError(text)
    if kind == "string":
        return _ESCAPE.sub(_unescaped, text[1:-1]), at + 1
    if kind == "number":
        return (float(text) if set(text).intersection(".eE") else int(text)), at + 1
    if kind == "word":
        if text == "array" and tokens[at + 1 : at + 2] == [("mark", "(")]:
            return _array(tokens, at + 2, depth)
        if text not in _WORDS:
            raise ValueError(text)
        return _WORDS[text], at + 1
    if text in _CLOSING:
        return _elements(tokens, at + 1, _CLOSING[text], depth)
    if text == "{":
        return _pairs(tokens, at + 1, depth)
    raise ValueError(text)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[4], match[0])


def _elements(
    tokens: Sequence[tuple[str, str]], at: int, closing: str, depth: int
) -> tuple[list[Any], int]:
    found: list[Any] = []
    while at < len(tokens) and tokens[at] != ("mark", closing):
        value, at = _value(tokens, at, depth + 1)
        found.append(value)
        at += at < len(tokens) and tokens[at] == ("mark", ",")
    return found, _after(tokens, at, closing)


def _pairs(tokens: Sequence[tuple[str, str]], at: int, depth: int) -> tuple[dict[Any, Any], int]:
    found: dict[Any, Any] = {}
    while at < len(tokens) and tokens[at] != ("mark", "}"):
        key, at = _value(tokens, at, depth + 1)
        at = _after(tokens, at, ":")
        if not isinstance(key, (str, int)) or key in found:
            raise ValueError(key)
        found[key], at = _value(tokens, at, depth + 1)
        at += at < len(tokens) and tokens[at] == ("mark", ",")
    return found, _after(tokens, at, "}")


def _array(tokens: Sequence[tuple[str, str]], at: int, depth: int) -> tuple[Any, int]:
    value, at = _value(tokens, at, depth + 1)
    # What follows is the type: ``, dtype=object)``.
    while at < len(tokens) and tokens[at] != ("mark", ")"):
        at += 1
    return value, _after(tokens, at, ")")


def _after(tokens: Sequence[tuple[str, str]], at: int, mark: str) -> int:
    if at >= len(tokens) or tokens[at] != ("mark", mark):
        raise ValueError(mark)
    return at + 1
