"""Whose text stands with a letter: its own option's, another's, or none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_safescale.answers.reader.context import DENIED, ends_text
from pytest_safescale.text.pattern import Pattern

if TYPE_CHECKING:
    from pytest_safescale.answers.reader.option_texts import OptionTexts

__all__ = ["PRAISED", "attached_option"]

_TIES = Pattern(
    r"[\s*_`\"'“”)\]}$.,:;=|–—-]{0,10}"
    r"(?:\\text\{|(?:(?:answer|option) )?(?:text|content|description|"
    r"meaning)[*_\"']{0,3}\s?:\s?[\"']?"
    r"|(?:i\.?e\.?|namely|meaning|that is|which (?:is|means|says)|d\.\s?h\.|nämlich)[,:]?\s)?"
    r"[(\[*_`\"'“ ]{0,6}",
    re.IGNORECASE,
)
"""What may stand between a letter and its option's text."""
_FIELD = Pattern(
    r"[\"'}\]\s]{0,3},\s?[\"'](?:(?:answer|option|choice)_?)?(?:text|option|content|value|name|"
    r"description|diagnosis)[\"']\s?:\s?[\"']",
    re.IGNORECASE,
)
"""The next field of a JSON object, which gives the text."""
PRAISED = Pattern(
    r"[*_`\"'”)\]]{0,4}\s(?:is|would be|seems|remains)\s(?:clearly\s|indeed\s|probably\s)?"
    r"(?:the\s)?(?:most\s|single\s)?"
    r"(?:correct|right|best|answer|appropriate|likely|indicated|safest|preferred)(?!\w)",
    re.IGNORECASE,
)


def attached_option(
    text: str, letter: str, end: int, texts: OptionTexts, *, cut: bool = False
) -> str | None:
    """Return the letter of the option whose whole text stands with a letter that ends at ``end``.

    On the letter's line, or alone on the next. ``None`` where there is none, or where it goes on
    to something else: a paraphrase contradicts nothing. Of a reply that was ``cut``, the text may
    be one that only began.
    """
    for begin in _beginnings(text, end):
        found = texts.at(text, begin)
        if found is None or not _is_whole(text, found.end, new_line="\n" in text[end:begin]):
            continue
        # "CT (with contrast)" is more of "CT with contrast medium" than of "CT".
        own = texts.words_of(letter, text, found.start)
        return letter if own > found.words else found.stands_for(letter)
    begun = texts.begun(text, _beginnings(text, end)[-1]) if cut else ()
    return letter if letter in begun else next(iter(begun), None)


def _beginnings(text: str, end: int) -> list[int]:
    ties, named = _TIES.match(text, end), _FIELD.match(text, end)
    return [match.end() for match in (named, ties) if match is not None]


def _is_whole(text: str, end: int, *, new_line: bool) -> bool:
    if DENIED.match(text, end):
        return False
    if new_line:
        return re.match(r"[\s*_`\"'”)\].]{0,8}(?:$|\n)", text[end : end + 12]) is not None
    return bool(ends_text(text, end) or PRAISED.match(text, end))
