"""Words that carry no meaning of their own, names of figures as words, nouns with their number."""

from __future__ import annotations

import re

__all__ = ["FUNCTION_WORDS", "plural", "words"]

FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be been before being but by can could did do does for "
        "from had has have he her his how if in into is it its may might more most no not "
        "of on or other our she should so some such than that the their them then there "
        "these they this those to was were what when where which while who whom whose why "
        "will with would you your",
    )
)
"""Words of English that stand in any text."""


def words(name: str) -> str:
    """Return ``high_risk_error_rate`` as ``high risk error rate``, and ``rag`` as ``RAG``."""
    return re.sub(r"(?<![^_/])rag(?![^_/])", "RAG", name).replace("_", " ")


def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun, such as ``1 item`` and ``2 items``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
