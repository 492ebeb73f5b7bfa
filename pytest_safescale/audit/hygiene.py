"""Hygiene: passages that are no clean text, or that speak to a model instead of a reader.

Each kind is one pattern or one share; all of them are looked for in every passage, and a passage
has at most one finding of a kind. Error rates on planted corpora stand in docs/audit.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.audit.finding import Finding
from pytest_safescale.audit.instructions import HIDDEN, instruction_in
from pytest_safescale.audit.language import other_language
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_safescale.audit.read_corpus import CorpusText
    from pytest_safescale.dataset.corpus import CorpusPassage

__all__ = ["find_unclean"]

_MARKUP = Pattern(
    r"</?(?:p|div|span|br|table|tr|td|th|li|ul|ol|a|b|i|em|strong|script|style|sup|sub|img|h[1-6])"
    r"(?:\s[^<>]*)?/?>|<!--|&(?:nbsp|amp|lt|gt|quot|#\d+);|\]\(https?://|^[ \t]{0,8}#{1,6} ",
    re.IGNORECASE | re.MULTILINE,
)
_MOJIBAKE = Pattern("�|Ã[\u0080-\u00bf]|â€|Â[\u00a0-\u00bf]|\\\\u[0-9a-f]{4}")
_ENDS = Pattern(r"[.!?:;)\]\"'”’]\s*$")
_LETTERS = 0.6
"""Share of letters and space below which a text is no prose."""


def find_unclean(corpus: CorpusText) -> list[Finding]:
    """Return what is wrong with the form of each passage, in the order of the corpus."""
    return [
        Finding(
            finding="hygiene",
            kind=kind,
            sentence=told,
            place=corpus.place(number, words, _field(kind, passage)),
        )
        for number, passage in enumerate(corpus.passages)
        for kind, (told, rule) in _RULES.items()
        if (words := rule(passage)) is not None
    ]


def _field(kind: str, passage: CorpusPassage) -> str:
    """Return where the words stand: in the title alone, or in the text."""
    in_title = kind == "instruction" and instruction_in(passage.text) is None
    return "title" if in_title else "text"


def _empty(passage: CorpusPassage) -> str | None:
    return None if passage.text.strip() else ""


def _cut(passage: CorpusPassage) -> str | None:
    text = passage.text.strip()
    if not text or (_ENDS.search(text) and not text[0].islower()):
        return None
    return text[-80:] if not _ENDS.search(text) else text[:80]


def _garbled(passage: CorpusPassage) -> str | None:
    text = passage.text
    if (found := _MOJIBAKE.search(text)) is not None:
        return _around(text, found)
    plain = sum(letter.isalpha() or letter.isspace() for letter in text)
    return text[:80] if text.strip() and plain < _LETTERS * len(text) else None


def _other_language(passage: CorpusPassage) -> str | None:
    return None if other_language(passage.text) is None else passage.text[:80]


def _instruction(passage: CorpusPassage) -> str | None:
    return instruction_in(passage.text) or instruction_in(passage.title)


def _hidden(passage: CorpusPassage) -> str | None:
    return _first(HIDDEN, passage.text)


def _markup(passage: CorpusPassage) -> str | None:
    return _first(_MARKUP, passage.text)


def _first(pattern: Pattern, text: str) -> str | None:
    found = pattern.search(text)
    return None if found is None else _around(text, found)


def _around(text: str, found: re.Match[str]) -> str:
    return text[max(0, found.start() - 30) : found.end() + 50].strip()


_RULES: dict[str, tuple[str, Callable[[CorpusPassage], str | None]]] = {
    "empty": ("the passage has no text", _empty),
    "cut": ("the text begins or ends within a sentence", _cut),
    "garbled": ("the text is garbled", _garbled),
    "other_language": ("it is not in English", _other_language),
    "instruction": ("it speaks to a model and not to a reader", _instruction),
    "hidden_characters": ("it holds characters that nobody sees", _hidden),
    "markup": ("markup stands in the text", _markup),
}
