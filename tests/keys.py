"""The planted key, and the forms in which a server may repeat it."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MARKED = "sk/a+b=c&d<e%41\\f\"g'h-0123456789"
"""A key of the characters that encodings escape."""


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02X}" for char in text)


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "JSON": json.dumps,
    "JSON in JSON": lambda key: json.dumps(json.dumps({"error": key})),
    "JSON in JSON in JSON": lambda key: json.dumps(json.dumps(json.dumps([key]))),
    "JSON with escaped slashes": lambda key: json.dumps(key).replace("/", "\\/"),
    "every character as \\u": lambda key: "".join(f"\\u{ord(char):04x}" for char in key),
    "every second character as \\u": lambda key: "".join(
        f"\\u{ord(char):04X}" if n % 2 else json.dumps(char)[1:-1] for n, char in enumerate(key)
    ),
    "every character as \\x": lambda key: "".join(f"\\x{ord(char):02x}" for char in key),
    "a Python repr": lambda key: repr({"authorization": f"Bearer {key}"}),
    "percent": lambda key: urllib.parse.quote(key, safe=""),
    "percent of a query": urllib.parse.quote_plus,
    "percent, twice": lambda key: urllib.parse.quote(urllib.parse.quote(key, safe=""), safe=""),
    "percent of every character": _percent,
    "percent in lower case": lambda key: _percent(key).lower(),
    "percent with u": lambda key: "".join(f"%u{ord(char):04x}" for char in key),
    "HTML": html.escape,
    "HTML, twice": lambda key: html.escape(html.escape(key)),
    "HTML in decimal": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "HTML in hexadecimal": lambda key: "".join(f"&#x{ord(char):X};" for char in key),
    "HTML of JSON of percent": lambda key: html.escape(json.dumps(_percent(key))),
    "percent of JSON": lambda key: _percent("".join(f"\\u{ord(char):04x}" for char in key)),
    "hexadecimal": lambda key: key.encode().hex(),
    "base64": _packed,
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 without padding": lambda key: _packed(key).rstrip("="),
    "base64 of the header": lambda key: _packed(f"Bearer {key}"),
    "base64 of user and key": lambda key: _packed(f"user:{key}"),
    "base64 of a longer text": lambda key: _packed(f"authorization: Bearer {key}\r\naccept: */*"),
    "percent of base64": lambda key: urllib.parse.quote(_packed(f"api:{key}"), safe=""),
    "base64 in JSON": lambda key: json.dumps(_packed(f"me:{key}")).replace("/", "\\/"),
}


def forms_of(key: str) -> list[str]:
    """Return what must not be found of a key, however it is decoded."""
    return [key, key.encode().hex(), *(_packed("x" * n + key)[4:-4] for n in range(3))]
