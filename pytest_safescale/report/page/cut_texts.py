"""Texts that are cut to fit into the page, with a note of what is left out."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Lengths", "ends", "head"]

_TAIL = 3
"""A reply that is cut keeps its end as well, where the answer stands: a third."""


class Lengths:
    """How long texts are together when each is cut at a limit."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._sorted = sorted(map(len, texts))
        self._sums = [0, *accumulate(self._sorted)]

    @property
    def longest(self) -> int:
        """Characters of the longest; 0 without texts."""
        return self._sorted[-1] if self._sorted else 0

    def within(self, limit: int) -> int:
        """Return how many characters they have together where each has at most ``limit``."""
        short = bisect_right(self._sorted, limit)
        return self._sums[short] + (len(self._sorted) - short) * limit


def head(text: str, limit: int) -> str:
    """Return the beginning of a text, and how much of it that is where some is cut."""
    if len(text) <= limit:
        return text
    note = f"[cut: {limit:,} of {len(text):,} characters are shown here]"
    return f"{text[:limit]}\n\n{note}"


def ends(text: str, limit: int) -> str:
    """Return the beginning and the end of a text, and how much is left out between them."""
    if len(text) <= limit:
        return text
    tail = limit // _TAIL
    left = len(text) - limit
    return f"{text[: limit - tail]}\n[cut: {left:,} characters left out here]\n{text[-tail:]}"
