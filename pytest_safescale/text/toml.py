"""Values as TOML has them, for tables that are shown to paste or written to a file."""

from __future__ import annotations

import json

__all__ = ["toml_value"]


def toml_value(value: object) -> str:
    """Return a text, a number or a list of these as TOML.

    Characters that would not be seen are escaped, as JSON escapes them, which TOML reads.
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return json.dumps(value)
