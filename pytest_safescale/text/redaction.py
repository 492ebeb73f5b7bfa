"""Keys taken out of what servers and applications say, in whatever form they repeat them."""

from __future__ import annotations

import base64
import html
import re
import string
import sys
from typing import TYPE_CHECKING, Any

from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["REDACTED", "Redactor", "is_secret"]

REDACTED = "[key]"
"""Stands where a key stood."""
SHORTEST = 8
"""Characters of the shortest key that is taken for a secret."""
LONGEST_WORD = 20
"""Letters from which on even a single word is taken for a secret."""
_ROUNDS = 6
"""How many encodings around one another are undone."""

_ESCAPED = Pattern(
    r"\\+(?:u(?P<u>[0-9a-f]{4})|x(?P<x>[0-9a-f]{2})|(?P<mark>[^\w\s]))"
    r"|%(?:(?P<hex>[0-9a-f]{2})|u(?P<wide>[0-9a-f]{4}))"
    r"|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|\w{2,31});?",
    re.IGNORECASE | re.ASCII,
)
"""A character as JSON and programs (``\\/``, ``\\u002B``), URLs and HTML may write it."""
_DIGITS = f"{string.ascii_letters}{string.digits}+/-_"
"""Those of base64, in both alphabets."""
_REST = Pattern(rf"[{re.escape(_DIGITS)}]*={{0,2}}")


def is_secret(key: str) -> bool:
    """Say whether a key is a secret: placeholders such as ``none`` are ordinary words.

    A secret has eight characters or more, and is no single word of fewer than 20 letters in
    lower case, upper case or with a capital.
    """
    word = key.isalpha() and key in (key.lower(), key.upper(), key.capitalize())
    return len(key) >= (LONGEST_WORD if word else SHORTEST)


class Redactor:
    """Knows some keys, and takes them out of text and of JSON data.

    Found are a key itself, in either case and with its characters escaped for JSON, URLs or HTML,
    also several times over; its hexadecimal form; and base64 of any text that holds it, such as
    ``Bearer KEY`` or ``user:KEY``. Keys that are no secret (`is_secret`) are left alone.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        secrets = [key for key in dict.fromkeys(keys) if is_secret(key)]
        plain = {spelling.lower() for key in secrets for spelling in _plain_spellings(key)}
        packed = {spelling for key in secrets for spelling in _base64_spellings(key)}
        self._needles = [*plain, *(spelling.lower() for spelling in packed)]
        self._shortest = min(map(len, self._needles), default=sys.maxsize)
        # The longest first: a key may begin with another.
        ordered = sorted(plain, key=len, reverse=True)
        self._plain = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE)
        self._packed = re.compile("|".join(map(re.escape, packed)))

    def text(self, text: str) -> str:
        """Return the text without the keys; where one was escaped, with its escapes undone."""
        if len(text) < self._shortest:
            return text
        shown = text
        for _ in range(_ROUNDS):
            without = self._without(text)
            if without != text:
                shown = without
            text = _unescaped(without)
            if text == without:
                break
        return shown

    def data(self, value: Any) -> Any:
        """Return JSON data with every string in it redacted, names of objects included."""
        if not self._needles:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.data(part) for part in value]
        if isinstance(value, dict):
            return {self.text(name): self.data(part) for name, part in value.items()}
        return value

    def _without(self, text: str) -> str:
        lowered = text.lower()
        if not any(needle in lowered for needle in self._needles):
            return text
        text = self._plain.sub(REDACTED, text)
        return "".join(self._unpacked(text))

    def _unpacked(self, text: str) -> Iterator[str]:
        """Give the parts of a text without the runs of base64 that hold a key."""
        start = 0
        while match := self._packed.search(text, start):
            yield text[start : match.start()].rstrip(_DIGITS)
            yield REDACTED
            rest = _REST.match(text, match.end())
            start = rest.end() if rest is not None else match.end()
        yield text[start:]


def _plain_spellings(key: str) -> Iterator[str]:
    yield key
    yield key.encode("utf-8").hex()
    undone = _unescaped(key)
    while undone != key:  # the escapes of a text are undone together, those of the key included
        yield undone
        key, undone = undone, _unescaped(undone)


def _base64_spellings(key: str) -> Iterator[str]:
    """Give what base64 of any text that holds the key has of it, by the place the key begins at.

    The key's first and last characters may share a digit with what stands beside them.
    """
    content = key.encode("utf-8")
    for offset in range(3):
        packed = base64.b64encode(bytes(offset) + content).decode("ascii")
        own = packed[-(-offset * 8 // 6) : (offset + len(content)) * 8 // 6]
        yield own
        yield own.translate(str.maketrans("+/", "-_"))


def _unescaped(text: str) -> str:
    """Return the text with every escaped character undone once."""
    if "\\" not in text and "%" not in text and "&" not in text:
        return text
    return _ESCAPED.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind is None:
        return html.unescape(match[0])
    return match[kind] if kind == "mark" else chr(int(match[kind], 16))
