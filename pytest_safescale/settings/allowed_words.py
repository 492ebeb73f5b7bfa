"""What may stand in the place of a refused value, in words of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

__all__ = ["MISSING", "allowed_words"]

MISSING = "missing"
"""The kind of an error that tells of a key which is not there."""
_OUR_OWN = "Value error, "
"""Stands before what a validator of ours says."""
_WORDS: Mapping[str, str] = {
    MISSING: "is missing",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "string_type": "a text",
    "string_too_short": "a text of {min_length} or more characters",
    "string_too_long": "a text of at most {max_length} characters",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "path_type": "a path",
    "tuple_type": "a list",
    "list_type": "a list",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of at most {max_length}",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
"""By the kind of an error, with what its limits are called."""


def allowed_words(detail: ErrorDetails) -> str:
    """Return what is allowed, as a validator of ours says it or by the kind of the error."""
    if detail["msg"].startswith(_OUR_OWN):
        return detail["msg"].removeprefix(_OUR_OWN)
    words = _WORDS.get(detail["type"])
    if words is None or detail["type"] == MISSING:
        return words or detail["msg"]
    limits = {
        name: f"{limit:g}" if isinstance(limit, float) else limit
        for name, limit in detail.get("ctx", {}).items()
    }
    return f"allowed: {words.format(**limits)}"
