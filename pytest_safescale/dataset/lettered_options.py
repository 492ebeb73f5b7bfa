"""Texts in which options carry their letters: ``A. CT``, ``(B) MRI``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.dataset.item import LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["choices_behind", "without_letters", "without_marks"]

_STYLES = ("({})", "（{}）", "[{}]", "{})", "{}.", "{}:", "{}、", "{}．")
_FIRST = tuple(style.format("A") for style in _STYLES)
_LABEL = re.compile(
    r"(?:\b(?:the\s+)?(?:answer\s+)?(?:choices|options)(?:\s+are)?\s*[:：])\s*(?=[(\[]?[Aa][)\].:、．])",
    re.IGNORECASE,
)
_LINE = re.compile(r"\n[ \t]*(?=[(\[]?A[)\].:、．]\s*\S)")


def without_letters(text: str) -> list[str] | None:
    """Return the options that a text lists with their letters; ``None`` where it is no such list.

    A letter counts where it begins a line; only in a text on one line wherever it stands.
    """
    stripped = text.strip()
    for style in _STYLES:
        for lower in (False, True):
            found = _split(stripped, style, lower=lower)
            if found is not None:
                return found
    return None


def without_marks(texts: Sequence[str]) -> list[str]:
    """Return option texts without their letters, where every one begins with its own."""
    if not texts or not texts[0].lstrip().startswith(_FIRST):
        return list(texts)
    for style in _STYLES:
        marks = [style.format(letter) for letter in LETTERS[: len(texts)]]
        bare = [
            text.strip()[len(mark) :].strip()
            for text, mark in zip(texts, marks, strict=True)
            if text.strip().startswith(mark)
        ]
        if len(bare) == len(texts) and all(bare):
            return bare
    return list(texts)


def choices_behind(question: str) -> tuple[str, list[str]] | None:
    """Return a question and the options listed behind it; ``None`` where none are."""
    places = [match.span() for match in _LABEL.finditer(question)]
    places += [match.span() for match in _LINE.finditer(question)]
    for start, end in sorted(places, reverse=True):
        found = without_letters(question[end:])
        if found is not None and question[:start].strip():
            return question[:start].rstrip(), found
    return None


def _split(text: str, style: str, *, lower: bool) -> list[str] | None:
    letters = LETTERS.lower() if lower else LETTERS
    if not text.startswith(style.format(letters[0])):
        return None
    lines = "\n" in text
    starts: list[tuple[int, int]] = []
    for letter in letters:
        mark = re.escape(style.format(letter))
        before = r"(?:^|\n)[ \t]*" if lines else r"(?:^|(?<=[\s;,.]))"
        match = re.compile(before + mark).search(text, starts[-1][1] if starts else 0)
        if match is None:
            break
        starts.append(match.span())
    ends = [start for start, _ in starts[1:]] + [len(text)]
    found = [text[end:stop].strip(" \t\r\n;,") for (_, end), stop in zip(starts, ends, strict=True)]
    return found if len(found) > 1 and all(found) else None
